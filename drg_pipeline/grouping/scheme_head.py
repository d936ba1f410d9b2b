"""Reads `scheme.toml`: what a scheme is called, where it comes from and how its search goes.

Only this one file is judged here; whether it fits the tables is checked in `scheme_checks.py`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from drg_pipeline.errors import Fault
from drg_pipeline.ingest.foreign import START, kind_of
from drg_pipeline.ingest.reference_cells import shown

HEAD = "scheme.toml"
LAYOUT_VERSION = 1
LARGEST_HEAD = 256 * 1024  # bytes; a parsed key takes hundreds of times those of a short line
_NOTED = 5  # unknown keys that are told one by one
RETRY, AMBIGUOUS = "retry_with_each_other_procedure", "ambiguous_groups"

_TEXTS = ("name", "version", "title", "issuer", "region", "family", "source")
_FLAGS = (RETRY, AMBIGUOUS)
_TABLES = ("counts", "notes")
_KNOWN = ("layout_version", *_TEXTS, *_FLAGS, "fields_used", *_TABLES)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_NAME_LINE = re.compile(r"""[ \t]*(?:name|"name"|'name')[ \t]*=""")
NAME_RULE = "letters, digits, _, - and . only, no leading . and no .."


@dataclass(frozen=True)
class Head:
    """What `scheme.toml` says; `texts` and `flags` by their keys, those that are wrong left out."""

    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    fields_used: tuple[str, ...] | None = None
    counts: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()


def is_name(name: str) -> bool:
    """Whether a scheme may be called so: its name becomes a folder's."""
    return bool(_NAME.fullmatch(name)) and ".." not in name


def decode(raw: bytes, where: str, faults: list[Fault]) -> str | None:
    """The text of a file in UTF-8 without BOM; None, with a fault, for anything else."""
    if kind := kind_of(raw[:START]):
        faults.append(Fault(where, f"is {kind}, not plain text: export it again as UTF-8"))
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        faults.append(Fault(where, "starts with a BOM: save it as UTF-8 without BOM (signature)"))
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        faults.append(Fault(f"{where} line {line}", "is not UTF-8: save the file as UTF-8 without BOM"))
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        faults.append(Fault(f"{where} line {line}", "holds a zero byte: save the file as UTF-8 text"))
        return None
    return text


def read_head(raw: bytes, faults: list[Fault]) -> Head | None:
    """What the file says, with a fault for each key that is wrong; None where it cannot be read."""
    if len(raw) > LARGEST_HEAD:
        what = (
            f"has {len(raw):,} bytes, and at most {LARGEST_HEAD:,} are read: it only says what the scheme is"
        )
        faults.append(Fault(HEAD, what))
        return None
    text = decode(raw, HEAD, faults)
    if text is None:
        return None
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a plain ValueError
        faults.append(Fault(HEAD, f"is not valid TOML ({error}): mend it there"))
        return None
    found = _Keys(given, faults)
    version = found.take("layout_version", int, "a whole number")
    if version is not None and version != LAYOUT_VERSION:
        found.fault(
            "layout_version", f"is {version}, and version {LAYOUT_VERSION} is read: export it in that layout"
        )
    texts = {key: found.take(key, str, 'a text: write it in "quotes"') for key in _TEXTS}
    for key, value in texts.items():
        if value and any(unicodedata.category(sign) == "Cc" for sign in value):
            found.fault(key, "holds a control character or a line break: write it on one line")
    name = texts["name"]
    if name is not None and not is_name(name):
        found.fault("name", f"{shown(name)} cannot name a folder: {NAME_RULE}")
    flags = {key: found.take(key, bool, "true or false") for key in _FLAGS}
    used = found.take("fields_used", list, "a list of texts")
    if any(not isinstance(entry, str) for entry in used or ()):
        found.fault("fields_used", "must be a list of texts: write each field in quotes")
    for key in _TABLES:
        if key in given:
            found.take(key, dict, f"a table: head it with [{key}]")
    return Head(
        texts={key: value for key, value in texts.items() if value is not None},
        flags={key: value for key, value in flags.items() if value is not None},
        fields_used=None if used is None else tuple(str(entry) for entry in used),
        counts=_counts(given.get("counts"), found),
        notes=tuple(_unread(given)),
    )


def _unread(given: Mapping[str, Any]) -> Iterator[str]:
    keys = [shown(key) for key in given if key not in _KNOWN]
    yield from (f"{HEAD}: key {key} is not one of the layout, not read" for key in keys[:_NOTED])
    if len(keys) > _NOTED:
        yield f"{HEAD}: {len(keys) - _NOTED} more keys are not of the layout, not read"


@dataclass
class _Keys:
    given: Mapping[str, Any]
    faults: list[Fault]

    def fault(self, key: str, what: str) -> None:
        self.faults.append(Fault(f"{HEAD}: {key}", what))

    def take(self, key: str, kind: type, wanted: str) -> Any:
        value = self.given.get(key)
        if key not in self.given:
            self.fault(key, "missing key: add it")
        elif type(value) is not kind:  # true is an int to isinstance, not to a person
            self.fault(key, f"must be {wanted}")
            return None
        return value


def _counts(given: object, found: _Keys) -> Mapping[str, int] | None:
    if not isinstance(given, dict):
        return None
    for key, value in given.items():
        if type(value) is not int:
            found.fault(f"counts.{key}", "must be a whole number")
    return {key: value for key, value in given.items() if type(value) is int}


def renamed(raw: bytes, name: str) -> bytes | None:
    """The file with another scheme name and nothing else changed; None where that cannot be done."""
    try:
        text = raw.decode("utf-8")
        wanted = tomllib.loads(text) | {"name": name}
        lines = text.split("\n")
        for place, line in enumerate(lines):
            if _NAME_LINE.match(line):
                lines[place] = f'name = "{name}"'
                break
        changed = "\n".join(lines)
        return changed.encode() if tomllib.loads(changed) == wanted else None
    except (ValueError, RecursionError):
        return None
