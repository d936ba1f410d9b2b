"""What a name in the inbox was probably meant for: a month, a claim file, a transfer that has not ended.

Only names are looked at here, of entries of any kind. Nothing is taken in by a name that is only like the
right one: people are told which it is like.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection

from drg_pipeline.periods import MONTH, Period

# Names that programs give to what they are still writing.
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".uploading")
_TABLES = {"", "csv", "tsv", "txt", "dat", "xls", "xlsx", "xlsm", "et", "ods", "parquet", "pq"}
_PACKED = (".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar")
_YEAR_FIRST = re.compile(
    r"\D{0,6}(?P<year>20\d\d)(?:\D{0,3}(?P<month>\d{1,2})(?!\d)|(?P<joined>\d\d)(?:\d\d)?(?!\d)).*", re.DOTALL
)
_MONTH_FIRST = re.compile(r"(?P<month>\d{1,2})(?:\W|_|月){1,3}(?P<year>20\d\d)(?!\d).*", re.DOTALL)
_YEAR_ALONE = re.compile(r"20\d\d\s*年?")
_LIKE = 0.8


def _plain(name: str) -> str:
    """A name in narrow characters and lower case."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def is_like_a_month(name: str) -> bool:
    """Whether a name that is no month reads like one, or like a year."""
    plain = _plain(name)
    return any(form.fullmatch(plain) for form in (_YEAR_FIRST, _MONTH_FIRST, _YEAR_ALONE))


def meant_month(name: str) -> str:
    """The month, YYYY-MM, that a name was probably meant for; '' where none can be told."""
    plain = _plain(name)
    found = _YEAR_FIRST.fullmatch(plain) or _MONTH_FIRST.fullmatch(plain)
    if not found:
        return ""
    parts = found.groupdict()
    month = int(parts["month"] or parts.get("joined") or 0)
    text = f"{parts['year']}-{month:02}"
    return text if Period.read(text, MONTH) else ""


def meant_file(name: str, files: Collection[str]) -> str:
    """The claim file, with its ending, that a table's name was probably meant for; '' where none is near."""
    stem, *endings = _plain(name).lstrip(".").split(".")
    if any(ending.strip() not in _TABLES for ending in endings):
        return ""
    words = re.split(r"[^a-z]+", stem)
    near = next((word for word in words if word in files), None) or next(
        iter(difflib.get_close_matches("".join(words), list(files), n=1, cutoff=_LIKE)), None
    )
    if not near:
        return ""
    return f"{near}.{'parquet' if endings and endings[-1].strip() in ('parquet', 'pq') else 'csv'}"


def is_unfinished(name: str, files: Collection[str] = ()) -> bool:
    """Whether a name is one that programs give to what they are still writing, here or as a hidden file."""
    plain = _plain(name)
    return plain.endswith(_UNFINISHED) or (plain.startswith(".") and any(file in plain for file in files))


def is_packed(name: str) -> bool:
    return _plain(name).endswith(_PACKED)
