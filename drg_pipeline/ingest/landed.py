"""The tables of a landed delivery, described once: what an accepted row carries, files, rejected rows.

What the rows themselves hold is said by the layout; how they come about, by those who read and write them.
"""

from __future__ import annotations

from collections.abc import Mapping

from drg_pipeline.forms import Column

LANDING = "landing"

LANDED = {
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "line": Column("BIGINT", "line", "Physical line where the record starts"),
    "fields_found": Column("INTEGER", "fields", "Fields of the record"),
    "fields_expected": Column("INTEGER", "fields", "Fields of the file's header"),
    "respelled": Column(
        "STRUCT(column_name VARCHAR, given VARCHAR)[]",
        "list",
        "Cells that are read in another spelling than came, with the text that came; masked if personal",
    ),
}
FILE = {
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "file": Column("VARCHAR", "path", "File, relative to the inbox"),
    "format": Column("VARCHAR", "code", "csv or parquet"),
    "encoding": Column("VARCHAR", "code", "Text encoding"),
    "bom": Column("BOOLEAN", "true or false", "Starts with a byte order mark"),
    "sha256": Column("VARCHAR", "hex", "SHA-256 of the file's bytes"),
    "bytes": Column("BIGINT", "bytes", "Size"),
    "physical_lines": Column("BIGINT", "lines", "Physical lines"),
    "blank_lines": Column("BIGINT", "lines", "Blank lines"),
    "records": Column("BIGINT", "records", "Records"),
    "accepted": Column("BIGINT", "records", "Accepted records"),
    "rejected": Column("BIGINT", "records", "Rejected records"),
    "odd_field_count": Column("BIGINT", "records", "Records with too few or too many fields"),
    "note": Column("VARCHAR", "text", "Columns kept out or missing"),
    "respelled": Column("BIGINT", "cells", "Cells of accepted records read in another spelling"),
}
REJECTED_ROW = {
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "file": Column("VARCHAR", "path", "File, relative to the inbox"),
    "claim_file": Column("VARCHAR", "name", "Which of the claim files it is"),
    "line": Column("BIGINT", "line", "Physical line where the record starts"),
    "column_name": Column("VARCHAR", "name", "First column that could not be read"),
    "raw": Column("VARCHAR", "text", "Text of that field, masked in personal columns"),
    "reason": Column("VARCHAR", "text", "Why"),
}


def rejected_row(keys: Mapping[str, Column]) -> dict[str, Column]:
    """The columns of rejected rows: what is told of them, and the keys of their claim version.

    A key is empty where it cannot be read, or where the record cannot be taken apart.
    """
    return {**REJECTED_ROW, **keys}


def declared(columns: Mapping[str, Column]) -> str:
    """The columns as SQL that makes a table of them."""
    return ", ".join(f"{name} {column.type}" for name, column in columns.items())
