"""Kinds of values in the files of a closing, which are JSON and come from whoever hands a closing on.

All that becomes a path when a closing is read or computed again is a kind of this module, and no other: it
leads to a place below the folder that it is put behind. Whether it is the right one is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from drg_pipeline.forms import Place, Reader, listed, named, shown
from drg_pipeline.lake.store import place_of
from drg_pipeline.periods import MONTH, NONE, YEAR, Period

_TABLE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")
# A type of a column as DuckDB writes it: names, sizes, records of these, lists. It becomes a part of SQL.
_PLAIN = r"[A-Za-z][A-Za-z0-9_ ]{0,60}(\([0-9]{1,3}(, ?[0-9]{1,3})?\))?"
_FIELD = rf"[a-z][a-z0-9_]{{0,60}} {_PLAIN}"
_TYPE = re.compile(rf"({_PLAIN}|STRUCT\({_FIELD}(, {_FIELD}){{0,20}}\))(\[\])*")
_MOST = 2**53


def words(place: Place, node: Any) -> str:
    """Any text, also an empty one."""
    if not isinstance(node, str):
        place.fault(f"must be a text; found {shown(node)}")
        return ""
    return node


def whole(place: Place, node: Any) -> int:
    if type(node) is not int or not 0 <= node < _MOST:
        place.fault(f"must be a whole number; found {shown(node)}")
        return 0
    return node


def truth(place: Place, node: Any) -> bool:
    if type(node) is not bool:
        place.fault(f"must be true or false; found {shown(node)}")
    return node is True


def _form(pattern: re.Pattern[str], what: str, *, empty: bool = False) -> Reader:
    def read(place: Place, node: Any) -> str:
        text = words(place, node)
        if isinstance(node, str) and not (pattern.fullmatch(text) or (empty and not text)):
            place.fault(f"{shown(text)} is not {what}")
            return ""
        return text

    return read


table = _form(_TABLE, "a table's name (layer.table)")
table_or_none = _form(_TABLE, "a table's name (layer.table)", empty=True)
digest = _form(_DIGEST, "a SHA-256 (64 hexadecimal digits)")
digest_or_none = _form(_DIGEST, "a SHA-256 (64 hexadecimal digits)", empty=True)
folder = _form(_FOLDER, "the name of a folder of rows")
column_type = _form(_TYPE, "the type of a column")


def path(place: Place, node: Any) -> str:
    """The place of a file in a closing, below its folder."""
    text = words(place, node)
    pure = PurePosixPath(text)
    fits = str(pure) == text and text.isprintable() and not pure.is_absolute() and "\\" not in text
    if isinstance(node, str) and (not fits or text == "." or ".." in pure.parts):
        place.fault(f"{shown(text)} is not a place in the closing: it leads outside, or is written otherwise")
        return ""
    return text


def period(place: Place, node: Any) -> Period:
    """A month, a year, or '' for the whole."""
    found = Period.read(words(place, node), MONTH, YEAR, NONE) if isinstance(node, str) else None
    if found is None:
        place.fault(f"{shown(node)} is not a month, a year or nothing")
    return found or Period.of("9999")


def periods(place: Place, node: Any) -> list[Period]:
    """The partitions of a table; of one without partitions the list is empty."""
    return list(listed(period, empty=True)(place, node)) or [Period.of("", NONE)]


def head(place: Place, node: Any) -> list[Any]:
    """Number and digest of a trail's last entry, 0 and '' of an empty trail."""
    pair = place.sequence(node, "a number and a digest")
    if len(pair) != 2:
        place.fault(f"must be a number and a digest; found {shown(node)}")
        return [0, ""]
    return [whole(place.item(1), pair[0]), digest_or_none(place.item(2), pair[1])]


def month_taken(place: Place, node: Any) -> dict[str, Any]:
    """The closing of a month that a year rests on."""
    given = place.mapping(node, ("number", "manifest"))
    return {
        "number": whole(place.at("number"), given.get("number", 0)),
        "manifest": digest(place.at("manifest"), given.get("manifest", "0" * 64)),
    }


def delivery(place: Place, node: Any) -> dict[str, Any]:
    """A delivery with the folder of its rows and its raw files."""
    given = place.mapping(node, ("delivery", "digest", "taken_in", "files"))
    if len(given) != 4:
        return {"delivery": "", "digest": "", "taken_in": "", "files": []}
    return {
        "delivery": words(place.at("delivery"), given["delivery"]),
        "digest": folder(place.at("digest"), given["digest"]),
        "taken_in": words(place.at("taken_in"), given["taken_in"]),
        "files": list(listed(_raw_file, empty=True)(place.at("files"), given["files"])),
    }


def _raw_file(place: Place, node: Any) -> dict[str, Any]:
    given = place.mapping(node, ("file", "sha256", "size"))
    if len(given) != 3:
        return {"file": "", "sha256": "", "size": 0}
    return {
        "file": words(place.at("file"), given["file"]),
        "sha256": digest(place.at("sha256"), given["sha256"]),
        "size": whole(place.at("size"), given["size"]),
    }


def methods(place: Place, node: Any) -> Mapping[str, Sequence[str]] | None:
    return None if node is None else named(listed(words, empty=True), words, empty=True)(place, node)


by_name = named(words, words, empty=True)

Words = Annotated[str, words]
Whole = Annotated[int, whole]
Truth = Annotated[bool, truth]
Path = Annotated[str, path]
Table = Annotated[str, table]
Digest = Annotated[str, digest]
OnePeriod = Annotated[Period, period]
Texts = Annotated[Sequence[str], listed(words, empty=True)]
ByName = Annotated[Mapping[str, str], by_name]


def check_place(place: Place, file: str, table: str, period: Period, lake: str) -> None:
    """A fault where a held file does not lie where the lake has that partition: it is shown there again."""
    expected = f"{lake}/{place_of(table, period)}" if table else ""
    if file and file != expected:
        place.at("file").fault(f"{shown(file)} is not the place of {table} {period}".rstrip())
