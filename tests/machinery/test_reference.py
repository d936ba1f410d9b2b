"""Reference files: typed tables out of what people type, and every fault at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support import regions

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.reference import load_reference
from drg_pipeline.ingest.reference_layout import ReferenceLayout, load_reference_layout
from drg_pipeline.region import Region
from drg_pipeline.region.catalog import CALENDAR_OVERLAY
from drg_pipeline.settings import PROJECT

HOSPITAL = "fixmedins_code,name,level,kind,agreement_status,status_reason,valid_from,valid_to\n"
ONE_HOSPITAL = HOSPITAL + "H1,甲医院,tertiary,general,active,,2021-01-01,\n"
BUDGET = "year,pool,amount,reserve_ratio\n2025,employee_local,1000000.00,0.03\n"
MONTHS = ",".join(f"month_{month:02d}" for month in range(1, 13))


@pytest.fixture(scope="module")
def layout() -> ReferenceLayout:
    return load_reference_layout(PROJECT / "data" / "interface" / "reference_files.yml")


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def folder(at: Path, **files: str | bytes) -> Path:
    for name, content in {"hospital": ONE_HOSPITAL, "budget": BUDGET, **files}.items():
        (at / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return at


def faults(at: Path, layout: ReferenceLayout) -> list[str]:
    with pytest.raises(DrgError) as error:
        load_reference(at, layout, duckdb.connect())
    return [str(fault) for fault in error.value.faults]


def test_every_file_becomes_a_typed_table(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    notes = load_reference(folder(tmp_path), layout, con)
    assert len(notes) == 1 and "basic_group.csv" in notes[0] and notes[0].endswith("each taken as empty")
    for file in layout.files:
        described = con.execute(
            f"SELECT column_name, column_type FROM (DESCRIBE reference.{file.name})"
        ).fetchall()
        assert described == [(column.name, column.type.sql) for column in file.columns]
    assert con.execute("SELECT * FROM reference.hospital").fetchall() == [
        ("H1", "甲医院", "tertiary", "general", "active", None, date(2021, 1, 1), None)
    ]
    assert con.execute(
        "SELECT year, pool, amount, reserve_ratio, month_01 FROM reference.budget"
    ).fetchall() == [(2025, "employee_local", Decimal("1000000.00"), Decimal("0.030000"), None)]
    assert con.execute("SELECT count(*) FROM reference.workday").fetchall() == [(0,)]


def test_one_absent_file_reads_as_one(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    for file in layout.files:
        header = ",".join(column.name for column in file.columns if file.name != "tcm_group")
        if header and not file.required:
            (tmp_path / file.file_name).write_text(header + "\n")
    assert load_reference(folder(tmp_path), layout, con) == [
        "reference: tcm_group.csv is absent, taken as empty"
    ]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("gb18030"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("\n", "\n\n,,,,,,,\n").encode(),
    ],
    ids=["gb18030", "bom", "crlf", "no last newline", "blank lines"],
)
def test_encodings_and_line_ends(
    tmp_path: Path,
    layout: ReferenceLayout,
    con: duckdb.DuckDBPyConnection,
    encode: Callable[[str], bytes],
) -> None:
    load_reference(folder(tmp_path, hospital=encode(ONE_HOSPITAL)), layout, con)
    assert con.execute("SELECT fixmedins_code, name FROM reference.hospital").fetchall() == [("H1", "甲医院")]


def test_columns_in_any_order_extra_ones_noted_and_quotes_kept(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    header = "valid_from,phone,agreement_status,level,name,fixmedins_code\n"
    text = header + '2021-01-01,1,active,primary,"a, ""b""\nc",H1\n'
    notes = load_reference(folder(tmp_path, hospital=text, hospitals=ONE_HOSPITAL), layout, con)
    assert notes[1:] == [
        "reference: hospital.csv has columns that are not used: phone",
        "warning: reference: not a reference file, not read: hospitals.csv",
    ]
    assert con.execute("SELECT name, kind, valid_to FROM reference.hospital").fetchall() == [
        ('a, "b"\nc', None, None)
    ]


def test_cells_stay_text(tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection) -> None:
    names = ["=1+1", "'); DROP TABLE reference.budget; --", "$1", "?"]
    rows = "".join(f"H{n},{name},primary,,active,,2021-01-01,\n" for n, name in enumerate(names))
    load_reference(folder(tmp_path, hospital=HOSPITAL + rows), layout, con)
    assert [
        row[0]
        for row in con.execute("SELECT name FROM reference.hospital ORDER BY fixmedins_code").fetchall()
    ] == names
    assert con.execute("SELECT count(*) FROM reference.budget").fetchall() == [(1,)]


def test_all_faults_of_all_files_at_once_and_nothing_is_loaded(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    folder(
        tmp_path,
        hospital=HOSPITAL
        + "H1,甲,teritary,general,active,,2021-13-01,\n"
        + "H2,,primary,general,active,,2021-01-01\n",
        budget="year,pool,amount,reserve_ratio\n2025,p,1e6,1.5\n２０２５,p,1.005,0.03\n2025,p,-1,0.0300000000\n",
        workday="date,is_workday\n2027-02-30,yes\n",
        basic_group="group\nR1\n",
        assessment="fixmedins_code,year,year\n",
        violation=b"\xff\xfef\x00",
        prepayment="",
    )
    found = faults(tmp_path, layout)
    assert found == [
        "hospital.csv line 2, level: 'teritary' is not one of: tertiary, secondary, primary",
        "hospital.csv line 2, valid_from: '2021-13-01' is a day that does not exist",
        "hospital.csv line 3: has 7 fields, the header has 8",
        "budget.csv line 2, amount: '1e6' is not a number (digits, and a point before the decimals)",
        "budget.csv line 2, reserve_ratio: '1.5' is above 1",
        "budget.csv line 3, year: '２０２５' is not a whole number",
        "budget.csv line 3, amount: '1.005' has more than 2 decimals",
        "budget.csv line 4, amount: '-1' is below 0",
        "workday.csv line 2, date: '2027-02-30' is a day that does not exist",
        "workday.csv line 2, is_workday: 'yes' is neither 0 nor 1",
        "basic_group.csv: column drg is missing (found: group)",
        "basic_group.csv: column valid_from is missing (found: group)",
        "assessment.csv: column year stands twice in the header",
        "violation.csv: is neither UTF-8 nor GB18030 text: save it as CSV (UTF-8)",
        "prepayment.csv: has no header: its first line has to name the columns",
    ]
    with pytest.raises(DrgError):
        load_reference(tmp_path, layout, con)
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_required_files_and_the_folder_itself(tmp_path: Path, layout: ReferenceLayout) -> None:
    assert faults(tmp_path, layout) == [
        "hospital.csv: is missing, and it is required",
        "budget.csv: is missing, and it is required",
    ]
    with pytest.raises(
        DrgError, match=r"is not there.\nNothing was loaded. Create it with at least: hospital.csv"
    ):
        load_reference(tmp_path / "none", layout, duckdb.connect())


def test_rows_of_one_key_do_not_hold_on_one_day(tmp_path: Path, layout: ReferenceLayout) -> None:
    row = "H{},n,primary,,active,,{},{}\n"
    touching = row.format(1, "2021-01-01", "2025-06-30") + row.format(1, "2025-07-01", "")
    load_reference(folder(tmp_path, hospital=HOSPITAL + touching), layout, duckdb.connect())
    overlapping = (
        row.format(1, "2025-06-30", "2025-12-31")
        + row.format(1, "2021-01-01", "2025-06-30")
        + row.format(2, "2021-01-01", "")
        + row.format(2, "2022-01-01", "2022-12-31")
        + row.format(3, "2022-01-01", "2021-12-31")
    )
    assert faults(folder(tmp_path, hospital=HOSPITAL + overlapping), layout) == [
        "hospital.csv line 6, valid_to: 2021-12-31 lies before valid_from 2022-01-01",
        "hospital.csv line 2: fixmedins_code H1 holds from 2025-06-30, when line 3 still holds",
        "hospital.csv line 5: fixmedins_code H2 holds from 2022-01-01, when line 4 still holds: "
        "end line 4 on 2021-12-31",
    ]


def test_a_key_stands_once_and_days_may_repeat_where_they_agree(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    days = "date,is_workday,source\n2027-01-04,1,a\n2027-01-04,1,b\n"
    load_reference(folder(tmp_path, workday=days), layout, con)
    assert con.execute("SELECT * FROM reference.workday").fetchall() == [(date(2027, 1, 4), True, "a")]
    folder(tmp_path, workday=days + "2027-01-04,0,c\n", budget=BUDGET + "2025,employee_local,1,0\n")
    assert faults(tmp_path, layout) == [
        "budget.csv line 3: year 2025, pool employee_local stands twice (first in line 2)",
        "workday.csv line 4: date 2027-01-04 contradicts line 2 in is_workday",
    ]


def test_the_months_of_a_budget(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    # 100.50 x (1 - 0.01) = 99.495, half up 99.50
    header = f"year,pool,amount,reserve_ratio,{MONTHS}\n"
    parts = ["9.00"] * 11
    good = "2025,p,100.50,0.01," + ",".join([*parts, "0.50"]) + "\n"
    load_reference(folder(tmp_path, budget=header + good), layout, con)
    assert con.execute("SELECT month_01, month_12 FROM reference.budget").fetchall() == [
        (Decimal("9.00"), Decimal("0.50"))
    ]
    a_cent_off = "2025,p,100.50,0.01," + ",".join([*parts, "0.49"]) + "\n"
    partial = "2025,q,100.50,0.01," + ",".join([*parts, ""]) + "\n"
    assert faults(folder(tmp_path, budget=header + a_cent_off + partial), layout) == [
        "budget.csv line 2: month_01 … month_12 add up to 99.49, not to amount × (1 − reserve_ratio) = 99.50 "
        "(difference -0.01)",
        "budget.csv line 3: month_12 is empty: fill all of month_01 … month_12 or none",
    ]


def test_one_of_several_columns_has_to_be_filled(tmp_path: Path, layout: ReferenceLayout) -> None:
    text = "finding_id,setl_id,fixmedins_code,behaviour\nV1,,,17-1\n"
    assert faults(folder(tmp_path, violation=text), layout) == [
        "violation.csv line 2: one of setl_id, fixmedins_code has to be filled"
    ]


def test_loading_again_replaces(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    folder(tmp_path, basic_group="drg,valid_from\nR1,2022-01-01\n")
    load_reference(tmp_path, layout, con)
    load_reference(tmp_path, layout, con)
    assert con.execute("SELECT * FROM reference.basic_group").fetchall() == [("R1", date(2022, 1, 1), None)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("review_deductions.csv", "is no reference file: was review_deduction.csv meant?"),
        ("Basic_Group.csv", "is no reference file: was basic_group.csv meant?"),
        ("basic_group.xlsx", "is no reference file: was basic_group.csv meant?"),
        ("basic_group .csv", "is no reference file: was basic_group.csv meant?"),
        (
            "basic_group.csv.part",
            "is still being written, or its transfer broke off: was basic_group.csv meant?",
        ),
        (
            ".basic_group.csv.X1y2",
            "is still being written, or its transfer broke off: was basic_group.csv meant?",
        ),
    ],
)
def test_a_file_in_the_place_of_one_that_is_absent_is_refused(
    tmp_path: Path, layout: ReferenceLayout, name: str, told: str
) -> None:
    (folder(tmp_path) / name).write_text("drg,valid_from\n", encoding="utf-8")
    assert faults(tmp_path, layout) == [f"{name}: {told}"]


def test_other_files_are_warned_of_or_none_of_our_business(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    for name in ("budget_2024.csv", "list.csv", "README.md", "~$budget.xlsx", ".DS_Store"):
        (folder(tmp_path) / name).write_text("x", encoding="utf-8")
    assert load_reference(tmp_path, layout, con)[1:] == [
        "warning: reference: not a reference file, not read: budget_2024.csv, list.csv"
    ]


def test_a_column_that_is_like_one_that_lacks_is_warned_of(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    text = "year,pool,amount,reserve_ratio,ajustment,remark\n2025,employee_local,1.00,0.03,5.00,x\n"
    assert load_reference(folder(tmp_path, budget=text), layout, con)[1:] == [
        "warning: reference: budget.csv has columns that are not used: "
        "ajustment (did you mean adjustment?), remark"
    ]


def test_each_cell_that_names_something_is_kept_with_its_place(
    tmp_path: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection
) -> None:
    specialty = "fixmedins_code,drg,grade,uplift,valid_from\n\nH1,A1,policy,0.1,2021-01-01\n"
    load_reference(folder(tmp_path, key_specialty=specialty), layout, con)
    assert con.execute("FROM reference.mention ORDER BY ALL").fetchall() == [
        ("key_specialty.csv", 3, "drg", "group", "A1"),
        ("key_specialty.csv", 3, "fixmedins_code", "hospital", "H1"),
    ]
    (tmp_path / "key_specialty.csv").unlink()
    load_reference(tmp_path, layout, con)
    assert con.execute("SELECT count(*) FROM reference.mention").fetchall() == [(0,)]


def test_the_layout_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "reference_files.yml"
    path.write_text(
        "version: 1\n"
        "files:\n"
        "  Odd-name:\n"
        "    describe: d\n"
        "    key: [a, b]\n"
        "    requird: true\n"
        "    names: {d: claim}\n"
        "    columns:\n"
        "      a: {type: float, meaning: m}\n"
        '      c: {type: "decimal(2,4)", meaning: m, minimum: few}\n'
        "    rules:\n"
        "      - adds_up: [a]\n"
    )
    with pytest.raises(DrgError) as error:
        load_reference_layout(path)
    message = "\n".join(str(fault) for fault in error.value.faults)
    assert "files.Odd-name.requird: unknown key: did you mean required?" in message
    assert "a name has lower-case letters, digits and _ only" in message
    assert "'float' is not one of: text, date, month, whole, boolean01, decimal(p,s)" in message
    assert "not more places than digits" in message
    assert "'few' is not a number" in message
    assert "key: b is not one of the columns" in message
    assert "names: d is not one of the columns" in message
    assert "rules[1]: a rule is any_of, all_or_none, or adds_up with total and less" in message


@pytest.mark.parametrize("region", ["examples/region-1", "real/ny_discharges"])
def test_real_folders_load(layout: ReferenceLayout, con: duckdb.DuckDBPyConnection, region: str) -> None:
    samples = os.environ.get("DRG_SAMPLES")
    if not samples:
        pytest.skip("DRG_SAMPLES is not set: the folder with sample regions")
    load_reference(Path(samples) / region / "reference", layout, con)
    assert con.execute("SELECT count(*) > 0 FROM reference.hospital").fetchall() == [(True,)]


def test_a_region_that_asks_for_what_is_not_computed_yet_stops(tmp_path: Path) -> None:
    samples = os.environ.get("DRG_SAMPLES")
    if not samples:
        pytest.skip("DRG_SAMPLES is not set: the folder with sample regions")
    regions.copy(Path(samples) / "examples" / "region-2" / "reference", tmp_path / "reference")
    (tmp_path / "inbox").mkdir()
    region = Region(regions.settings(tmp_path))
    with pytest.raises(DrgError, match="would have no effect") as error:
        region.side.publish_reference(lambda note: None)
    named = {str(fault).split(".csv: has ")[0] for fault in error.value.faults}
    assert {"special_case_application", "violation", "special_drug", "outside_drg", "prepayment"} <= named
    assert not named & {"hospital", "budget", "basic_group", "assessment"}
    assert not list(region.store.root.rglob("part.parquet"))


def test_files_that_nothing_reads_stop_the_run_where_somebody_has_filled_them(tmp_path: Path) -> None:
    region = Region(regions.settings(regions.empty(tmp_path)))
    unread = [
        file.name
        for file in region.layouts.reference.files
        if f"reference.{file.name}" not in region.project.read and file.name != CALENDAR_OVERLAY
    ]
    assert unread, "every file has a reader: this test has nothing to show any more"
    there = region.settings.reference
    for name in unread:
        file = region.layouts.reference.file(name)
        (there / file.file_name).write_text(",".join(column.name for column in file.columns) + "\n")
    region.side.publish_reference(lambda note: None)  # a header alone asks for nothing
    (there / "special_drug.csv").write_text("setl_id,approved_amount\nS1,10.00\nS2,20.00\n")
    with pytest.raises(DrgError) as error:
        region.side.publish_reference(lambda note: None)
    assert [str(fault) for fault in error.value.faults] == [
        "special_drug.csv: has 2 rows, and nothing reads it here"
    ]
    assert str(there) in error.value.remedy
