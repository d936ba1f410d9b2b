"""Persons stay unknown: pseudonyms, what is shown of a rejected record, and records that slipped.

A record with more or fewer fields than the header may have a person's number in any column.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.claim_files import KEY, LAYOUT, Outcome, T, read

from drg_pipeline.ingest.scan import FileFault

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
    found = read(tmp_path, setl(adm_time="2025-02-30 8:00"), "setlinfo")
    assert found.rejected == [(2, "adm_time", "2025-02-30 8:00", "day is out of range for month")]
    # A text in no form of its column may be the neighbour's.
    found = read(tmp_path, setl(adm_time="P4711"), "setlinfo")
    assert found.rejected == [(2, "adm_time", "***", "not a date")]
    found = read(tmp_path, setl(adm_time="1960-02-30", psn_no=""), "setlinfo")
    assert found.rejected == [(2, "adm_time", "***", "day is out of range for month")]


# --- records of another number of fields ---

WHY = "not as many fields as the header, and from this column on a value may be another column's"


def test_short_and_long_records_are_read_where_no_field_can_be_anothers(tmp_path):
    head = "setl_id,dcla_time,med_chrgitm,amt,oth_amt"
    records = [
        f"S1,{T},bed,1",  # the bed is no amount, so that nothing but the last field is missing
        f"S2,{T},09,1",  # 9.00 of no category, 1.00 of it other, as well
        f"S3,{T},09,1,2,x",  # x is no amount
        f"S4,{T},09,1,234.50,3",  # 1,234.50 as well
        f"S5,{T},09,1,2",
    ]
    found = read(tmp_path, "\n".join([head, *records]), "iteminfo")
    assert found.values("setl_id", "amt", "oth_amt", "fields_found") == [
        ("S1", 1, None, 4), ("S3", 1, 2, 6), ("S5", 1, 2, 5),
    ]  # fmt: skip
    assert found.rejected == [(3, "med_chrgitm", "***", WHY), (5, "med_chrgitm", "***", WHY)]
    assert found.counts.odd_field_count == 4


NAMES = [column.name for column in LAYOUT.file("setlinfo").columns]
WHOLE = PERSON | {
    **{"mdtrt_id": "M1", "fixmedins_name": "城东医院", "age": "65", "act_ipt_days": "4", "dscg_way": "1"},
    **{
        "dscg_caty": "A03",
        "ipt_med_type": "1",
        "hi_paymtd": "4",
        "psn_selfpay": "1.00",
        "psn_ownpay": "2.00",
    },
    **{"acct_pay": "3.00", "psn_cashpay": "4.00", "nwb_age": "", "nwb_adm_wt": ""},
}
TEXTS = [column.name for column in LAYOUT.file("setlinfo").columns if column.kind == "text"]
NUMBER = "P419001196001011234"
BORN = "1961-07-23"


def row(order: Sequence[str], **changes: str) -> list[str]:
    record = WHOLE | changes
    return [record.get(name, "note") for name in order]


def table(order: Sequence[str], *rows: Sequence[str]) -> str:
    return "\n".join(",".join(fields) for fields in [order, *rows]) + "\n"


def test_a_field_behind_the_last_column_is_no_others(tmp_path):
    for surplus in ("more", "", "-", "2025-01-01"):
        slipped = [*row(NAMES, setl_id="S2", psn_no=NUMBER), surplus]
        found = read(tmp_path, table(NAMES, row(NAMES), slipped), "setlinfo")
        assert found.values("setl_id", "psn_cashpay", "fields_found") == [("S1", 4, 26), ("S2", 4, 27)]


def test_an_empty_field_at_the_end_may_be_the_last_column_where_that_is_empty_elsewhere(tmp_path):
    slipped = [*row(NAMES, setl_id="S2"), ""]
    found = read(tmp_path, table(NAMES, row(NAMES, psn_cashpay=""), slipped), "setlinfo")
    assert found.rejected == [(3, "act_ipt_days", "***", WHY)]
    found = read(tmp_path, table(NAMES, slipped), "setlinfo")
    assert found.rejected == [(2, "act_ipt_days", "***", WHY)]


ORDERS = {
    "before a whole number": [*NAMES[:4], "psn_no", "age", *(n for n in NAMES[5:] if n != "age")],
    "before the last column": [
        *(n for n in NAMES if n not in ("psn_no", "fixmedins_name")),
        "psn_no",
        "fixmedins_name",
    ],
    "at the end": [*(n for n in NAMES if n != "psn_no"), "psn_no"],
    "at the front": ["psn_no", *(n for n in NAMES if n != "psn_no")],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("end", ["", "x"])
def test_one_comma_too_many_before_the_number_shows_nobody(tmp_path, order, end):
    at = order.index("psn_no")
    slipped = row(order, setl_id="S2", psn_no=NUMBER, brdy=BORN)
    slipped[-1] = end if order[-1] != "psn_no" else slipped[-1]
    slipped.insert(at, "")
    found = read(tmp_path, table(order, row(order), slipped), "setlinfo")
    assert found.values("setl_id") == [("S1",)] and found.rejected[0][2] == "***"
    assert NUMBER not in told(found) and BORN not in told(found)


def test_a_column_that_nobody_knows_may_hold_persons_in_any_file(tmp_path):
    order = ["setl_id", "dcla_time", "psn_no", "diag_name", "diag_srt_no", "maindiag_flag", "diag_code"]
    good = ["S1", T, NUMBER, "高血压", "1", "1", "I10"]
    slipped = [*good[:2], "", *good[2:]]
    broken = [*good[:6], 'I"10']
    for bad in (slipped, broken, good[:2] + good[3:]):
        found = read(tmp_path, table(order, good, bad), "diseinfo")
        assert found.values("line") == [(2,)] and NUMBER not in told(found)


def test_a_header_that_ran_into_its_first_record_shows_none_of_it(tmp_path):
    header = ",".join([*NAMES[:-1], "psn_cashpay" + "S0", *row(NAMES, psn_no=NUMBER)[1:]])
    with pytest.raises(FileFault, match="line 1 seems to go on with the first record") as fault:
        read(tmp_path, header + "\n", "setlinfo")
    assert NUMBER.lower() not in str(fault.value)
    with pytest.raises(FileFault) as fault:
        read(tmp_path, f"{','.join(NAMES[:4])},psn_no{NUMBER[:8]},{NUMBER},{NUMBER}\n", "setlinfo")
    assert NUMBER[:8].lower() not in str(fault.value).lower()
    found = read(tmp_path, table([*NAMES, NUMBER], [*row(NAMES), ""]), "setlinfo")
    assert found.counts.note == "columns kept out: 1 whose names look like values"


def told(found: Outcome) -> str:
    """All that is kept and told of a file, but for the birth dates in their own column."""
    rows = [{name: value for name, value in row.items() if name != "brdy"} for row in found.rows]
    dates = [value.isoformat() for row in rows for value in row.values() if isinstance(value, date)]
    return f"{rows}{dates}{found.rejected}{found.counts}"


def quoted(fields: Sequence[str]) -> str:
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields)


@st.composite
def slips(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """A header in any order, and the line of a record whose fields are more, fewer, torn or joined."""
    optional = [column.name for column in LAYOUT.file("setlinfo").columns if not column.required]
    left_out = draw(st.sets(st.sampled_from(optional)))
    order = draw(st.permutations([name for name in NAMES if name not in left_out]))
    if draw(st.booleans()):  # texts last, which take any field
        order.sort(key=lambda name: name in TEXTS)
    order = [*order, *draw(st.sampled_from([[], ["remark"], ["remark", "bed"]]))]
    empty = draw(st.sets(st.sampled_from(optional)))
    fields = row(order, setl_id="S2", psn_no=NUMBER, brdy=BORN, **dict.fromkeys(empty, ""))
    kind = draw(st.sampled_from(["more", "fewer", "joined", "nul", "quote", "bytes"]))
    line = None
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(fields) - 1))
        if kind == "more":
            fields.insert(at, draw(st.sampled_from(["", "x", "7", "2025-01-05", " ", NUMBER])))
        elif kind == "fewer":
            del fields[at]
        elif kind == "joined":
            fields[at : at + 2] = [",".join(fields[at : at + 2])]
        elif kind == "nul":
            fields[at] += "\0"
        elif kind == "bytes":
            fields[at] += "\udcff"
        else:
            line = ",".join([*fields[:at], '"' + fields[at], *fields[at + 1 :]])
    assert len(fields) != len(order) or kind in ("nul", "quote", "bytes", "joined")
    quote = kind == "joined" or (kind != "quote" and draw(st.booleans()))
    return order, [line or (quoted(fields) if quote else ",".join(fields))]


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(slips(), st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
def test_a_slipped_record_never_shows_its_person(tmp_path, slipped, encoding):
    order, lines = slipped
    good = [",".join(order), ",".join(row(order))]
    raw = io.StringIO("\n".join([*good, *lines, good[1]]) + "\n").getvalue()
    try:
        found = read(tmp_path, raw.encode(encoding, "surrogateescape"), "setlinfo")
    except FileFault as fault:
        assert NUMBER not in str(fault)
        return
    assert NUMBER not in told(found) and NUMBER not in repr(found.rejected)
    assert BORN not in repr(found.rejected)
