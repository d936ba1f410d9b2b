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


# --- values, whatever their type ---


def codes(folder: Path, value: str) -> list[tuple]:
    found = parquet(
        folder, f"SELECT 'S1' AS setl_id, '{T}' AS dcla_time, {value} AS fund_pay_type, 1 AS fund_payamt"
    )
    return found.values("fund_pay_type")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("419001.0::DOUBLE", "419001"), ("419001.0::FLOAT", "419001"), ("419001::DECIMAL(18,4)", "419001"),
        ("419001::BIGINT", "419001"), ("419001::UTINYINT::DOUBLE", None), ("'419001.0'", "419001"),
        ("9007199254740992::DOUBLE", "9007199254740992"), ("-0.0::DOUBLE", "0"), ("'nan'::DOUBLE", None),
        ("NULL::DOUBLE", None), ("'310100'::BLOB", "310100"), ("'职工'::VARCHAR::BLOB", None),
    ],
)  # fmt: skip
def test_a_number_of_a_code_column_is_its_digits(tmp_path, value, text):
    if "UTINYINT" in value:
        value, text = "41::UTINYINT", "41"
    if "职工" in value:
        value, text = "encode('职工')", "职工"
    assert codes(tmp_path, value) == [(text,)]


@pytest.mark.parametrize(
    "value", ["4190010019600101123::DOUBLE", "9007199254740994::DOUBLE", "419001981::FLOAT"]
)
def test_a_float_that_has_lost_digits_is_no_number_that_could_be_an_id(tmp_path, value):
    (((text,),),) = (codes(tmp_path, value),)
    assert text is not None and "e+" in text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("419001.5::DOUBLE", "column fund_pay_type is DOUBLE and has numbers that are not whole"),
        ("419001.5::FLOAT", "column fund_pay_type is FLOAT and has numbers that are not whole"),
        ("'inf'::DOUBLE", "not whole"),
        ("419001.5::DECIMAL(18,4)", r"column fund_pay_type is DECIMAL\(18,4\) and has numbers that are not whole"),
        ("true", "column fund_pay_type is BOOLEAN: write the code"),
    ],
)  # fmt: skip
def test_a_code_that_is_no_code_stops_the_file(tmp_path, value, told):
    with pytest.raises(FileFault, match=told) as fault:
        codes(tmp_path, value)
    assert "419001" not in str(fault.value)


def amounts(folder: Path, value: str) -> Outcome:
    return parquet(
        folder, f"SELECT 'S1' AS setl_id, '{T}' AS dcla_time, '1' AS fund_pay_type, {value} AS fund_payamt"
    )


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("12.3000::DECIMAL(18,4)", "12.30"), ("12.34::DECIMAL(38,10)", "12.34"), ("12::DECIMAL(18,0)", "12.00"),
        ("1234567.89::DOUBLE", "1234567.89"), ("0.1::DOUBLE + 0.2::DOUBLE - 0.3::DOUBLE", None),
        ("-0.07::DOUBLE", "-0.07"), ("70368744177663.99::DOUBLE", "70368744177663.99"), ("12::HUGEINT", "12.00"),
    ],
)  # fmt: skip
def test_an_amount_is_what_it_is_in_any_exact_type(tmp_path, value, amount):
    found = amounts(tmp_path, value)
    assert found.values("fund_payamt") == ([(Decimal(amount),)] if amount else [])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("12.3450::DECIMAL(18,4)", "more than two decimals"), ("12.345::DOUBLE", "more than two decimals"),
        ("900719925474099.25::DOUBLE", "not an amount"), ("'nan'::DOUBLE", "not an amount"),
        ("1e300::DOUBLE", "not an amount"),
    ],
)  # fmt: skip
def test_an_amount_that_is_not_whole_fen_rejects_its_record(tmp_path, value, reason):
    assert [row[3] for row in amounts(tmp_path, value).rejected] == [reason]


def test_amounts_as_floats_of_seven_digits_stop_the_file(tmp_path):
    told = r"column fund_payamt is FLOAT, which keeps about seven digits: write amounts as DECIMAL\(18,2\)"
    with pytest.raises(FileFault, match=told):
        amounts(tmp_path, "1234567.89::FLOAT")
    with pytest.raises(FileFault, match=r"fund_pay_type is BOOLEAN.*; column fund_payamt is BOOLEAN"):
        parquet(
            tmp_path,
            f"SELECT 'S1' AS setl_id, '{T}' AS dcla_time, true AS fund_pay_type, true AS fund_payamt",
        )


def test_a_text_that_is_no_text_is_told_without_it(tmp_path):
    with pytest.raises(FileFault) as fault:
        parquet(
            tmp_path,
            f"SELECT 'S1' AS setl_id, '{T}' AS dcla_time, '1' AS fund_payamt, 'P4711\\xFF'::BLOB AS fund_pay_type",
        )
    assert "cannot be read" in str(fault.value) and "P4711" not in str(fault.value)
