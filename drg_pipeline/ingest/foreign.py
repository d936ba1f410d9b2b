"""What a file is that is not the CSV file it is called: a workbook, a page, other separators, a title above.

Only what the file is is told, never what stands in it: a line may be a record. No column is named here.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

START = 64 * 1024  # bytes that are looked at
_LINES = 20  # lines among which a header is looked for
_ENOUGH = 2  # columns by which a header is known

PARQUET, GZIP = "a Parquet file", "packed with gzip"
_KINDS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls)"),
    (b"PAR1", PARQUET),
    (b"\x1f\x8b", GZIP),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
)
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<style", b"<table", b"<body", b"<div")
_SEPARATORS = {
    "\t": "tabs",
    ";": "semicolons",
    "|": "vertical bars",
    "，": "full-width commas",
    "^": "carets",
}


def start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START)


def kind_of(start: bytes) -> str:
    """What a file with these first bytes is; '' for what may be text in columns."""
    for mark, kind in _KINDS:
        if start.startswith(mark):
            return kind
    if start.startswith(b"PK\x03\x04"):
        is_book = b"xl/" in start or b"[Content_Types].xml" in start
        return "an Excel workbook (.xlsx)" if is_book else "a ZIP archive"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        return "a page in HTML, as some systems export tables"
    if text.startswith(b"<?xml"):
        return "an XML document, as some systems export tables"
    return "a JSON document" if text.startswith((b'{"', b'[{"')) else ""


def header_hint(start: bytes, known: frozenset[str]) -> str:
    """Where and how the columns stand that are not in the first line, separated by commas; '' for nowhere."""
    lines = _text(start).splitlines()[:_LINES]
    excel = lines[:1] and lines[0].strip().strip('"').lower().startswith("sep=")
    for number, line in enumerate(lines, start=1):
        for separator, name in {",": "", **_SEPARATORS}.items():
            if len(known & _names(line, separator)) < _ENOUGH:
                continue
            apart = f"its fields are separated by {name}, not by commas" if name else ""
            if number == 1:
                return apart
            above = (
                "line 1 is Excel's sep="
                if excel
                else "line 1 is a title"
                if lines[0].strip()
                else "line 1 is blank"
            )
            what = f"{above}, and the header is line {number}: take out what stands above it"
            return f"{what}; {apart}" if apart else what
    return ""


def one_column_hint(header: Sequence[str]) -> str:
    """How a header is separated of which commas make one name; '' where nothing tells."""
    if header and header[0].lower().startswith("sep="):
        return "line 1 is Excel's sep=, not the header: take it out"
    found = [name for separator, name in _SEPARATORS.items() if len(header) == 1 and separator in header[0]]
    return f"its fields are separated by {found[0]}, not by commas" if found else ""


def _names(line: str, separator: str) -> set[str]:
    try:
        fields = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return set()
    return {field.strip().lower() for field in fields}


def _text(start: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return start[: start.rfind(b"\n") + 1 or len(start)].decode(encoding)
        except UnicodeDecodeError:
            continue
    return start.decode("utf-8", "replace")
