"""One file: every bad input by name, and what becomes of each of its records."""

from __future__ import annotations

import csv
import hmac
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.claim_files import KEY, LAYOUT, PAY, TIME, Outcome, T, read

from drg_pipeline.ingest import quoting
from drg_pipeline.ingest.file_column import CellType
from drg_pipeline.ingest.layout import ClaimColumn, ClaimFile
from drg_pipeline.ingest.scan import BLOCK, LONGEST_LINE, FileFault, scan_file


def pay(*records: str, end: str = "\n") -> str:
    return end.join([PAY, *records]) + end


# --- good files ------------------------------------------------------------------------------


def test_a_clean_file_comes_back_typed(tmp_path):
    found = read(tmp_path, pay(f"S1,{T},310100,12.30", f"S2,{T},,-5"))
    assert found.rows == [
        {
            "setl_id": "S1", "dcla_time": TIME, "fund_pay_type": "310100", "fund_payamt": Decimal("12.30"),
            "delivery": "2025-01/d-1", "folder_month": "2025-01",
            "line": 2, "fields_found": 4, "fields_expected": 4, "respelled": None,
        },
        {
            "setl_id": "S2", "dcla_time": TIME, "fund_pay_type": None, "fund_payamt": Decimal("-5.00"),
            "delivery": "2025-01/d-1", "folder_month": "2025-01",
            "line": 3, "fields_found": 4, "fields_expected": 4, "respelled": None,
        },
    ]  # fmt: skip
    assert (found.counts.physical_lines, found.counts.blank_lines, found.counts.records) == (3, 0, 2)
    assert (found.counts.encoding, found.counts.bom, found.counts.note) == ("utf-8", False, None)


def test_a_header_without_records_is_fine(tmp_path):
    for content in (PAY, PAY + "\n", PAY + "\r\n", PAY + "\n\n \n"):
        found = read(tmp_path, content)
        assert (found.rows, found.rejected) == ([], [])


def test_a_truncated_last_line_is_read_as_far_as_it_goes(tmp_path):
    found = read(tmp_path, pay(f"S1,{T},310100,12.30") + f"S2,{T},310100,7.1")
    assert found.values("setl_id", "fund_payamt") == [("S1", Decimal("12.30")), ("S2", Decimal("7.10"))]
    found = read(tmp_path, pay(f"S1,{T},310100,12.30") + f"S2,{T},310100")
    assert found.rejected == [(3, "fund_payamt", "", "empty")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoted", [False, True])
def test_blank_lines_are_counted_and_keep_the_numbering(tmp_path, end, quoted):
    amount = '"1"' if quoted else "1"
    content = end.join([PAY, "", f"S1,{T},1,{amount}", "  ", "\t", f"S2,{T},1,2", ""]) + end
    found = read(tmp_path, content)
    assert found.values("setl_id", "line") == [("S1", 3), ("S2", 6)]
    assert (found.counts.physical_lines, found.counts.blank_lines) == (7, 4)


def test_line_ends_may_be_mixed(tmp_path):
    found = read(tmp_path, f"{PAY}\r\nS1,{T},a,1\nS2,{T},b,2\r\nS3,{T},c,3")
    assert found.values("setl_id", "fund_payamt", "line") == [("S1", 1, 2), ("S2", 2, 3), ("S3", 3, 4)]


def test_columns_come_in_any_order_with_extra_ones_and_without_optional_ones(tmp_path):
    header = " AMT ,secret,Setl_Id,dcla_time,med_chrgitm,"
    found = read(tmp_path, f"{header}\n1.5,x,S1,{T},09,\n", "iteminfo")
    assert found.values("setl_id", "amt", "claa_sumfee", "fields_expected") == [
        ("S1", Decimal("1.50"), None, 6)
    ]
    assert "secret" not in found.rows[0]
    assert found.counts.note == (
        "columns kept out: secret, (unnamed); "
        "optional columns missing: claa_sumfee, clab_amt, fulamt_ownpay_amt, oth_amt"
    )


def test_short_and_long_records_are_read_as_far_as_they_go(tmp_path):
    head = "setl_id,dcla_time,med_chrgitm,amt,oth_amt"
    found = read(tmp_path, f"{head}\nS1,{T},09,1\nS2,{T},09,1,2,3\nS3,{T},09,1,2\n", "iteminfo")
    assert found.values("setl_id", "oth_amt", "fields_found") == [("S1", None, 4), ("S2", 2, 6), ("S3", 2, 5)]
    assert found.counts.odd_field_count == 2


# --- encodings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "told", "bom"),
    [("utf-8", "utf-8", False), ("utf-8-sig", "utf-8", True), ("gb18030", "gb18030", False)],
)
def test_encodings_with_characters_beyond_the_bmp(tmp_path, encoding, told, bom):
    found = read(tmp_path, pay(f"济源𠮷,{T},𪚥,1", f"S2,{T},职工,2").encode(encoding))
    assert found.values("setl_id", "fund_pay_type") == [("济源𠮷", "𪚥"), ("S2", "职工")]
    assert (found.counts.encoding, found.counts.bom) == (told, bom)


def test_a_character_across_two_blocks_is_no_fault(tmp_path):
    filler = "x" * 997 + "\n"
    start = pay(f"S1,{T},1,1").encode()
    rest = BLOCK - len(start) - 1
    body = start + (filler.encode() * (rest // len(filler) + 1))[: rest - 1] + b"\n" + "济".encode()
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    scan = scan_file(path)
    assert body[BLOCK - 1] > 0x7F and scan.clean and scan.physical_lines == body.count(b"\n") + 1
    path.write_bytes(body[:-1])
    assert not scan_file(path).valid_utf8


def test_single_lines_in_another_encoding_are_rejected_not_guessed(tmp_path):
    good = [f"S{i},{T},职工,1".encode() for i in range(5)]
    found = read(tmp_path, b"\n".join([PAY.encode(), *good, f"S9,{T},居民,1".encode("gb18030")]))
    assert found.counts.encoding == "utf-8" and found.counts.accepted == 5
    assert found.rejected == [(7, "setl_id", f"S9,{T},????,1", "not UTF-8 / GB18030")]
    good = [line.decode().encode("gb18030") for line in good]
    found = read(tmp_path, b"\n".join([PAY.encode(), *good, f"S9,{T},".encode() + b"\xff,1", good[0]]))
    assert found.counts.encoding == "gb18030" and found.counts.accepted == 6
    assert found.rejected == [(7, "setl_id", f"S9,{T},?,1", "not UTF-8 / GB18030")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf16_and_utf32_stop_the_file(tmp_path, encoding):
    with pytest.raises(FileFault, match=r"UTF-16|UTF-32"):
        read(tmp_path, pay(f"S1,{T},1,1").encode(encoding))


def test_a_file_without_any_readable_record_is_a_fault(tmp_path):
    with pytest.raises(FileFault, match="none of its 2 records is UTF-8 or GB18030"):
        read(tmp_path, PAY.encode() + b"\n\xff\xff\xff\n\xff\xff\n")
    with pytest.raises(FileFault, match="header is neither"):
        read(tmp_path, b"\xff\xff\xff\n")


# --- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "empty"),
        ("\n" + pay(), "line 1 is blank"),
        (f"S1,{T},310100,1\n", "line 1 is no header"),
        (
            "setl_id,dcla_time,fund_pay_type,fund_paymt\n",
            r"column fund_payamt is missing \(found: fund_paymt",
        ),
        (PAY + ",SETL_ID\n", "column setl_id stands 2 times"),
        (PAY + ",x,x\n", "column x stands 2 times"),
        ('setl_id,"dcla_time\n', "broken quoting"),
        (PAY + "\rS1\r", "CR alone"),
        (PAY + "," + "x" * LONGEST_LINE, "longer than"),
    ],
)
def test_a_file_with_a_bad_header_is_a_fault(tmp_path, content, what):
    with pytest.raises(FileFault, match=what):
        read(tmp_path, content)


def test_a_headerless_file_shows_nothing_of_its_first_record(tmp_path):
    with pytest.raises(FileFault) as error:
        read(tmp_path, "S1,M1,H1,Name,P4711,1,1960-01-01\n", "setlinfo")
    assert "P4711" not in str(error.value)


def test_all_missing_columns_are_told_at_once(tmp_path):
    with pytest.raises(FileFault, match="column dcla_time is missing; column fund_pay_type is missing"):
        read(tmp_path, "setl_id,fund_payamt\n")


@pytest.mark.parametrize("second", [PAY, PAY.upper(), '"' + PAY.replace(",", '","') + '"', "\ufeff" + PAY])
def test_a_doubled_header_is_a_fault_that_names_both_lines(tmp_path, second):
    with pytest.raises(FileFault, match=r"the header stands twice \(lines 1, 4\)"):
        read(tmp_path, pay(f"S1,{T},1,1", "", second, f"S2,{T},1,1"))


def test_a_second_header_in_another_order_is_a_fault_too(tmp_path):
    with pytest.raises(FileFault, match="stands 3 times"):
        read(tmp_path, pay(PAY, "fund_payamt,fund_pay_type,dcla_time,setl_id"))


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1.00"), ("+1.5", "1.50"), ("-0.05", "-0.05"), ("5.", "5.00"), (".5", "0.50"),
        (" 7.10\t", "7.10"), ("9999999999999999.99", "9999999999999999.99"), ("007", "7.00"),
    ],
)  # fmt: skip
def test_amounts(tmp_path, text, value):
    assert read(tmp_path, pay(f"S1,{T},1,{text}")).values("fund_payamt") == [(Decimal(value),)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.005", "more than two decimals"), ("1.000", "more than two decimals"),
        ("1e300", "not an amount"), ("1e2", "not an amount"), ('"1,234.50"', "not an amount"),
        ("nan", "not an amount"), (".", "not an amount"), ("1 2", "not an amount"), ("１", "not an amount"),
        ("10000000000000000.00", "too large for an amount"), ("", "empty"), ("  ", "empty"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_rejected_with_its_text(tmp_path, text, reason):
    found = read(tmp_path, pay(f"S1,{T},1,{text}", f"S2,{T},1,1"))
    assert found.rejected == [(2, "fund_payamt", text.strip('"'), reason)]
    assert found.values("setl_id") == [("S2",)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-01-05 10:00:00", TIME), ("2025/1/5 10:00", TIME), ("2025-1-05T10:00:00", TIME),
        ("2025-01-05", datetime(2025, 1, 5)), ("2025/01/05", datetime(2025, 1, 5)),
        ("2025-01-05 9:05:07.25", datetime(2025, 1, 5, 9, 5, 7, 250000)), (" 2025-01-05 10:00 ", TIME),
        ("2024-02-29", datetime(2024, 2, 29)), ("2025/1/5T9:05", datetime(2025, 1, 5, 9, 5)),
    ],
)  # fmt: skip
def test_moments(tmp_path, text, value):
    assert read(tmp_path, pay(f"S1,{text},1,1")).values("dcla_time") == [(value,)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2025-02-30", "day is out of range for month"),
        ("2025-02-30 08:00:00", "day is out of range for month"),
        ("2025/04/31", "day is out of range for month"), ("2025-01-00", "day is out of range for month"),
        ("2025-13-01", "month is out of range"), ("0000-01-01", "year 0000 does not exist"),
        ("2025-01-05 10:00:00+08:00", "carries a time zone"), ("2025-01-05T10:00:00Z", "carries a time zone"),
        ("2025-01-05 25:00:00", "not a time of day"), ("2025-01-05 24:00:00", "not a time of day"),
        ("2025-01-05 10:61", "not a time of day"), ("2025-01-05 10", "not a time of day"),
        ("2025-01/05", "not a date"), ("20250105", "not a date"), ("05.01.2025", "not a date"),
        ("epoch", "not a date"), ("infinity", "not a date"), ("44-03-15 (BC)", "not a date"), ("", "empty"),
    ],
)  # fmt: skip
def test_what_is_no_moment_is_rejected_with_its_text(tmp_path, text, reason):
    assert read(tmp_path, pay(f"S1,{text},1,1")).rejected == [(2, "dcla_time", text, reason)]


DISE = "setl_id,dcla_time,diag_srt_no,maindiag_flag,diag_code"


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("+2", 2), ("3.0", 3), ("4.", 4), ("-1", -1), ("", None)]
)
def test_whole_numbers(tmp_path, text, value):
    found = read(tmp_path, f"{DISE}\nS1,{T},{text},1,I10\n", "diseinfo")
    assert found.values("diag_srt_no") == [(value,)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1x", "not a whole number"), ("1.5", "not a whole number"), ("1e3", "not a whole number"),
        ("9" * 19, "too large for a whole number"),
    ],
)  # fmt: skip
def test_what_is_no_whole_number_is_rejected(tmp_path, text, reason):
    found = read(tmp_path, f"{DISE}\nS1,{T},{text},1,I10\n", "diseinfo")
    assert found.rejected == [(2, "diag_srt_no", text, reason)]


def test_the_first_bad_column_is_that_of_the_files_own_order(tmp_path):
    assert read(tmp_path, pay("S1,x,1,y")).rejected == [(2, "dcla_time", "x", "not a date")]
    turned = "fund_payamt,dcla_time,setl_id,fund_pay_type\ny,x,S1,1\n"
    assert read(tmp_path, turned).rejected == [(2, "fund_payamt", "y", "not an amount")]


def test_an_empty_key_rejects_and_other_empty_required_values_do_not(tmp_path):
    found = read(tmp_path, pay(f",{T},1,1", f" ,{T},1,1", f"S1,{T},,1"))
    assert found.rejected == [(2, "setl_id", "", "empty"), (3, "setl_id", " ", "empty")]
    assert found.values("setl_id", "fund_pay_type") == [("S1", None)]


def test_text_stays_as_it_is(tmp_path):
    found = read(tmp_path, pay(f"S1,{T},a  b,1", f'S2,{T},"""q"", x",1'))
    assert found.values("fund_pay_type") == [("a  b",), ('"q", x',)]


def test_a_long_raw_value_is_cut(tmp_path):
    assert read(tmp_path, pay(f"S1,{T},1,{'济' * 300}")).rejected[0][2] == "济" * 200


def test_a_hundred_thousand_bad_rows(tmp_path):
    rows = [f"S{i},{T},310100,{'x' if i % 2 else '1'}" for i in range(200_000)]
    found = read(tmp_path, pay(*rows))
    assert (found.counts.accepted, found.counts.rejected) == (100_000, 100_000)
    assert found.rejected[-1] == (200_001, "fund_payamt", "x", "not an amount")


# --- bytes that break a record ---------------------------------------------------------------


def test_a_nul_byte_rejects_its_record_alone(tmp_path):
    found = read(tmp_path, pay(f"S1,{T},1,1", f"S\0 2,{T},1,1", f"S3,{T},1,1"))
    assert found.values("setl_id", "line") == [("S1", 2), ("S3", 4)]
    assert found.rejected == [(3, "setl_id", f"S? 2,{T},1,1", "NUL byte")]


def test_an_overlong_line_rejects_its_record_alone(tmp_path):
    found = read(tmp_path, pay(f"S1,{T},1,1", f"济{'x' * LONGEST_LINE},{T},1,1", f"S3,{T},1,1"))
    assert found.values("setl_id", "line") == [("S1", 2), ("S3", 4)]
    assert found.rejected == [(3, "setl_id", "济" + "x" * 199, f"longer than {LONGEST_LINE:,} bytes")]
    edge = f"{'x' * (LONGEST_LINE - len(T) - 5)},{T},1,1"
    assert len(edge) == LONGEST_LINE and read(tmp_path, pay(edge)).counts.accepted == 1


def test_a_quoted_line_break_belongs_to_its_record(tmp_path):
    found = read(tmp_path, pay(f'"S\n1",{T},"a\r\nb, ""c""\n\nd",1', f"S2,{T},1,1"))
    assert found.values("setl_id", "fund_pay_type", "line") == [
        ("S\n1", 'a\r\nb, "c"\n\nd', 2),
        ("S2", "1", 7),
    ]
    assert (found.counts.physical_lines, found.counts.blank_lines, found.counts.records) == (7, 0, 2)


@pytest.mark.parametrize(
    "bad",
    [f'S9,{T},"a,1', f'"S9,{T},a,1', f'S9,{T},a"b,1', f'S9,{T},a"b"c,1', f'S9,{T},"a"b,1', f'S9,{T}, "a",1'],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [3, 60, quoting.PIECE])
def test_broken_quoting_swallows_no_good_record(tmp_path, bad, end, piece, monkeypatch):
    monkeypatch.setattr(quoting, "PIECE", piece)
    good = [f"S{i},{T},1,1" for i in range(4)]
    found = read(tmp_path, pay(good[0], bad, good[1], f'S5,{T},"x{end}y",1', good[2], bad, good[3], end=end))
    assert found.values("setl_id", "line") == [("S0", 2), ("S1", 4), ("S5", 5), ("S2", 7), ("S3", 9)]
    assert found.rejected == [(3, "setl_id", bad, "broken quoting"), (8, "setl_id", bad, "broken quoting")]


def test_two_unclosed_quotes_one_after_the_other(tmp_path):
    bad = [f'S8,{T},"a,1', f'S9,{T},"b,1']
    found = read(tmp_path, pay(f"S1,{T},1,1", *bad, f"S2,{T},1,1"))
    assert found.values("setl_id", "line") == [("S1", 2), ("S2", 5)]
    assert [row[::3] for row in found.rejected] == [(3, "broken quoting"), (4, "broken quoting")]


def test_a_fault_inside_a_record_of_several_lines_rejects_it_where_it_starts(tmp_path):
    found = read(tmp_path, pay(f'S1,{T},"a\nb\0\nc",1', f"S2,{T},1,1"))
    assert found.rejected == [(2, "setl_id", f'S1,{T},"a\nb?\nc",1', "NUL byte")]
    assert found.values("setl_id", "line") == [("S2", 5)]


@pytest.mark.parametrize("record", ['""', '" "', '"\t"', '" ""'])
def test_a_record_of_one_empty_quoted_field_is_no_blank_line(tmp_path, record):
    found = read(tmp_path, pay(f"S1,{T},1,1", record, f"S2,{T},1,1"))
    assert found.values("setl_id", "line") == [("S1", 2), ("S2", 4)]
    assert [row[0] for row in found.rejected] == [3] and found.counts.blank_lines == 0


def test_control_characters_of_a_text_come_back(tmp_path):
    text = "a\x1f\x1e\x1d\x1c\rb"
    found = read(tmp_path, pay(f"S1,{T},{text},1", f'S2,{T},"x\ny",1'))
    assert found.values("fund_pay_type") == [(text,), ("x\ny",)]


# --- personal columns ------------------------------------------------------------------------

SETL = [column.name for column in LAYOUT.file("setlinfo").columns if column.required]
PERSON = dict(
    zip(
        SETL,
        ["S1", "H1", "P4711", "1", "1960-01-01", "310", "419001", T, T, "2025-01-05", T, "1"],
        strict=True,
    )
)


def setl(**changes: str) -> str:
    record = PERSON | changes
    return ",".join(SETL) + "\n" + ",".join(record.values()) + "\n"


def test_a_person_becomes_a_pseudonym_and_keeps_it(tmp_path):
    found = read(tmp_path, setl(brdy="1960/1/1 08:00"), "setlinfo")
    pseudonym = hmac.new(KEY, b"P4711", "sha256").hexdigest()
    assert found.values("psn_no", "brdy", "age") == [(pseudonym, date(1960, 1, 1), None)]
    assert b"P4711" not in (tmp_path / "out" / "setlinfo.parquet").read_bytes()
    assert read(tmp_path, setl(psn_no=""), "setlinfo").values("psn_no") == [(None,)]


def test_personal_values_are_masked_among_rejected_ones(tmp_path):
    found = read(tmp_path, setl(brdy="1960-02-30"), "setlinfo")
    assert found.rejected == [(2, "brdy", "***", "day is out of range for month")]
    found = read(tmp_path, setl(fixmedins_code='H"1'), "setlinfo")
    assert found.rejected == [(2, "setl_id", "***", "broken quoting")]
    found = read(tmp_path, setl(adm_time="x"), "setlinfo")
    assert found.rejected == [(2, "adm_time", "x", "not a date")]


# --- Parquet ---------------------------------------------------------------------------------


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


# --- anything that a CSV writer can write ----------------------------------------------------

TEXTS = CellType("text")
ANY = ClaimFile(
    "any",
    "",
    True,
    (ClaimColumn("a", TEXTS, "", required=True), ClaimColumn("b", TEXTS, ""), ClaimColumn("c", TEXTS, "")),
)
TEXT = st.text(
    st.one_of(
        st.sampled_from('\n\r,"\t \x1e\x1f济𠮷'),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=12,
)


def complete_by_itself(line: str) -> bool:
    try:
        return any(len(fields) == 3 for fields in csv.reader([line], strict=True))
    except csv.Error:
        return False


def is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]),
    st.booleans(),
    st.sampled_from([5, 40, quoting.PIECE]),
)
def test_what_a_csv_writer_writes_comes_back_equal(
    tmp_path, records, encoding, dialect, final_newline, piece
):
    style, end = dialect
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=style, lineterminator=end)
    writer.writerow(["a", "b", "c"])
    for record in records:
        start = buffer.tell()
        writer.writerow(record)
        # A quoted text with a line that could be a record is not believed (an unclosed quote looks the same).
        assume(not any(complete_by_itself(line) for line in buffer.getvalue()[start:].split("\n")[1:-1]))
    text = buffer.getvalue()
    raw = (text if final_newline else text.removesuffix(end)).encode(encoding)
    if encoding == "gb18030":  # bytes that happen to be valid UTF-8 are taken for it
        assume(not any(is_utf8(line) for line in raw.split(b"\n") if not line.isascii()))
    with mock.patch.object(quoting, "PIECE", piece):
        found = read(tmp_path, raw, ANY)
    assert found.rejected == []
    assert found.values("a", "b", "c") == [tuple(field or None for field in record) for record in records]
