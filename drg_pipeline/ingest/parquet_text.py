"""The columns of a Parquet file as the texts by which they are typed: by value, not by the writer's type.

A whole number is its digits, whether the writer had it as an integer, a decimal or a float; zeros behind the
second decimal of an amount are none of its value. A type that cannot hold what the column says is refused.
No column is named here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.ingest.layout import ClaimColumn

# Up to these a float has every whole number, and a double every amount of two decimals.
_WHOLE = {"FLOAT": 2**24, "DOUBLE": 2**53}
_LARGEST_AMOUNT = 2**46
_DECIMAL = re.compile(r"DECIMAL\([0-9]+,([0-9]+)\)")


@dataclass(frozen=True)
class ParquetColumn:
    """SQL for a column's text; `refused`: SQL true of a value that the column cannot have; `fault`: why."""

    text: str
    refused: str = ""
    fault: str = ""


def parquet_column(column: ClaimColumn, name: str, kind: str) -> ParquetColumn:
    """How the column of this name and DuckDB type is read as the layout's column."""
    value = quoted(name)
    text = f"CAST({value} AS VARCHAR)"
    if column.kind == "text":
        return _code(column, value, text, kind)
    if column.kind == "amount":
        return _amount(column, value, text, kind)
    if kind == "BOOLEAN":
        return _refused(column, kind, "write a number or a date")
    return ParquetColumn(text)


def _code(column: ClaimColumn, value: str, text: str, kind: str) -> ParquetColumn:
    if kind == "BOOLEAN":
        return _refused(column, kind, "write the code, such as 1 and 0, as text or as a whole number")
    decimal = _DECIMAL.fullmatch(kind)
    if kind not in _WHOLE and not (decimal and decimal[1] != "0"):
        return ParquetColumn(text)
    broken = f"{value} <> floor({value})"
    fault = (
        f"column {column.name} is {kind} and has numbers that are not whole, so no codes: write it as text"
    )
    if decimal:
        return ParquetColumn(f"CAST(CAST({value} AS DECIMAL(38,0)) AS VARCHAR)", broken, fault)
    # A larger float may be any of several numbers. Written as a power of ten it is known as one that has lost
    # digits.
    lost = f"format('{{:e}}', {value})"
    whole = f"CAST(CAST({value} AS HUGEINT) AS VARCHAR)"
    return ParquetColumn(
        f"CASE WHEN {value} IS NULL OR isnan({value}) THEN NULL "
        f"WHEN abs({value}) <= {_WHOLE[kind]} THEN {whole} ELSE {lost} END",
        f"NOT isnan({value}) AND (isinf({value}) OR {broken})",
        fault,
    )


def _amount(column: ClaimColumn, value: str, text: str, kind: str) -> ParquetColumn:
    if kind in ("FLOAT", "BOOLEAN"):
        what = "which keeps about seven digits: write" if kind == "FLOAT" else "write"
        return _refused(column, kind, f"{what} amounts as DECIMAL(18,2)")
    if decimal := _DECIMAL.fullmatch(kind):
        more = int(decimal[1]) > 2
        return ParquetColumn(f"regexp_replace({text}, '(\\.\\d\\d)0+$', '\\1')" if more else text)
    if kind == "DOUBLE":
        # The shortest text of a double is the amount that was written while doubles lie closer than fen.
        lost = f"format('{{:e}}', {value})"
        return ParquetColumn(f"CASE WHEN abs({value}) <= {_LARGEST_AMOUNT} THEN {text} ELSE {lost} END")
    return ParquetColumn(text)


def _refused(column: ClaimColumn, kind: str, remedy: str) -> ParquetColumn:
    joined = f", {remedy}" if remedy.startswith("which") else f": {remedy}"
    return ParquetColumn("", fault=f"column {column.name} is {kind}{joined}")


def parquet_faults(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, ParquetColumn], source: str
) -> list[str]:
    """What types the columns have that they cannot have, and which hold values that they cannot have."""
    faults = [column.fault for column in columns.values() if column.fault and not column.refused]
    asked = [column for column in columns.values() if column.refused]
    if asked:
        counts = ", ".join(f"count(*) FILTER ({column.refused})" for column in asked)
        found = con.execute(f"SELECT {counts} FROM {source}").fetchone() or ()
        faults += [
            f"{column.fault} ({count} records)" for column, count in zip(asked, found, strict=True) if count
        ]
    return faults
