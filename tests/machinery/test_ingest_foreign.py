"""A file that is not what its name says is refused with what it is, and with nothing that stands in it."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import duckdb
import pytest
from support.claim_files import PAY, T, read

from drg_pipeline.ingest.reference_cells import read_records
from drg_pipeline.ingest.scan import FileFault

RECORD = f"S1,{T},310100,1.00"
TABLE = f"{PAY}\n{RECORD}\n"


def workbook() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as there:
        there.writestr("payinfo.csv", TABLE)
    return packed.getvalue()


def parquet(folder: Path) -> bytes:
    duckdb.sql("select 1 as a").write_parquet(str(folder / "one.parquet"))
    return (folder / "one.parquet").read_bytes()


FOREIGN = {
    "an Excel workbook (.xlsx)": workbook(),
    "a ZIP archive": archive(),
    "an Excel workbook (.xls)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a page in HTML": b"\r\n<html xmlns:x='x'><table><tr><td>setl_id</td></tr></table></html>",
    "an XML document": "\ufeff<?xml version='1.0'?><Workbook/>".encode(),
    "a JSON document": b'[{"setl_id": "S1"}]',
    "packed with gzip": gzip.compress(TABLE.encode()),
    "a PDF document": b"%PDF-1.7\n",
}


@pytest.mark.parametrize(("kind", "content"), FOREIGN.items(), ids=FOREIGN)
@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_a_file_of_another_kind_is_called_by_it(tmp_path, kind, content, name):
    with pytest.raises(FileFault) as fault:
        read(tmp_path, content, kind=name)
    assert kind in str(fault.value)
    (tmp_path / "hospital.csv").write_bytes(content)
    assert [kind in told.what for told in read_records(tmp_path / "hospital.csv").faults] == [True]


def test_text_under_the_name_of_parquet_and_the_other_way_round(tmp_path):
    with pytest.raises(FileFault, match=r"no Parquet file; if it is text in columns, name it \.csv"):
        read(tmp_path, TABLE, kind="parquet")
    with pytest.raises(FileFault, match="it is a Parquet file, not a CSV file"):
        read(tmp_path, parquet(tmp_path))


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (TABLE.replace(",", "\t"), "its fields are separated by tabs, not by commas"),
        (TABLE.replace(",", ";"), "its fields are separated by semicolons, not by commas"),
        ("\ufeff" + TABLE.replace(",", "|"), "its fields are separated by vertical bars, not by commas"),
        (TABLE.replace(",", "，"), "its fields are separated by full-width commas, not by commas"),
        (
            "sep=,\r\n" + TABLE,
            "line 1 is Excel's sep=, and the header is line 2: take out what stands above it",
        ),
        (
            '"sep=;"\n' + TABLE.replace(",", ";"),
            "the header is line 2: take out what stands above it; its fields",
        ),
        ("2025年3月 结算清单,,,\n" + TABLE, "line 1 is a title, and the header is line 2"),
        ("2025年3月\n\n制表：医保局,,\n" + TABLE.upper(), "line 1 is a title, and the header is line 4"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_columns_that_stand_otherwise_are_found(tmp_path, content, hint, encoding):
    with pytest.raises(FileFault) as fault:
        read(tmp_path, content.encode(encoding))
    assert "line 1 is no header: " in str(fault.value) and hint in str(fault.value)
    assert "S1" not in str(fault.value) and "医保局" not in str(fault.value)


def test_where_no_column_is_found_nothing_is_guessed(tmp_path):
    with pytest.raises(FileFault, match="none of the columns of this file stands in it"):
        read(tmp_path, "\n".join(["a\tb;c", RECORD.replace(",", "\t")] * 30))


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("name\tlevel\nA\tprimary\n", "separated by tabs"),
        ("name;level\nA;primary\n", "separated by semicolons"),
        ("sep=,\nname,level\n", "Excel's sep="),
    ],
)
def test_reference_files_say_it_too(tmp_path, content, hint):
    (tmp_path / "hospital.csv").write_text(content, encoding="utf-8")
    (told,) = read_records(tmp_path / "hospital.csv").faults
    assert hint in told.what
