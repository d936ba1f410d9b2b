"""Parquet files: values are taken by what they are, not by how a writer happened to type them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.claim_files import TIME, Outcome, T, read

from drg_pipeline.ingest.scan import FileFault


def parquet(folder: Path, select: str, file: str = "payinfo") -> Outcome:
    duckdb.sql(f"COPY ({select}) TO '{folder}/{file}.parquet'")
    return read(folder, None, file, "parquet")


def test_parquet_is_typed_by_the_same_rules(tmp_path):
    rows = f"""VALUES ('S1', TIMESTAMP '{T}', 310100, 12.3::DECIMAL(9, 1)), ('S2', '{T}', NULL, NULL),
        (chr(0), '{T}', 1, 1), ('S4', '{T}', 1, 4)"""
    names = "setl_id, DCLA_TIME, fund_pay_type, fund_payamt"
    found = parquet(tmp_path, f"SELECT *, 1 AS extra FROM ({rows}) t({names})")
    assert found.values("setl_id", "dcla_time", "fund_pay_type", "fund_payamt", "line") == [
        ("S1", TIME, "310100", Decimal("12.30"), 2),
        ("S4", TIME, "1", Decimal("4.00"), 5),
    ]
    assert found.rejected == [(3, "fund_payamt", "", "empty"), (4, "setl_id", "", "NUL byte")]
    assert (found.counts.format, found.counts.encoding, found.counts.physical_lines) == ("parquet", None, 5)
    assert found.counts.note == "columns kept out: extra"


def test_parquet_faults(tmp_path):
    with pytest.raises(FileFault, match="column fund_payamt is missing"):
        parquet(tmp_path, "SELECT 1 AS setl_id, 2 AS dcla_time, 3 AS fund_pay_type")
    for content, what in ((b"", "empty"), (b"setl_id,dcla_time", "cannot be read")):
        with pytest.raises(FileFault, match=what):
            read(tmp_path, content, kind="parquet")
