"""Spellings in what comes from the side: reference files, and the code tables of a scheme that binds a month."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.grouping.scheme import LAYOUT_FILE as SCHEME_FILES
from drg_pipeline.grouping.scheme import fill_schemes, read_scheme
from drg_pipeline.ingest.reference import load_reference
from drg_pipeline.ingest.reference_layout import LAYOUT_FILE, load_reference_layout
from drg_pipeline.settings import PROJECT

INTERFACE = PROJECT / "data" / "interface"
REFERENCE, SCHEMES = (load_reference_layout(INTERFACE / name) for name in (LAYOUT_FILE, SCHEME_FILES))
HOSPITAL = "fixmedins_code,name,level,agreement_status,valid_from\n"
BUDGET = "year,pool,amount,reserve_ratio\n2025,employee_local,1000000.00,0.03\n"


def loaded(folder: Path, **files: str) -> duckdb.DuckDBPyConnection:
    for name, text in {"hospital": HOSPITAL, "budget": BUDGET, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    con = duckdb.connect()
    load_reference(folder, REFERENCE, con)
    return con


def test_every_text_and_mark_of_a_reference_file_has_a_spelling():
    columns = [c for file in REFERENCE.files for c in file.columns if c.kind in ("text", "boolean01")]
    assert [c.name for c in columns if c.spelling is None] == []


def test_reference_cells_are_read_in_their_normal_form(tmp_path):
    con = loaded(
        tmp_path,
        hospital=HOSPITAL
        + "'h4190010000３,\u200b济渎（人民）医院 ,ｔｅｒｔｉａｒｙ,\ufeffactive,2021-01-01\n",
        workday="date,is_workday,source\n2025-01-26,1.0,调休　\n",
        tcm_group="drg,diag_code,mode,western_drg,valid_from\nｅr1a,i10.X00X002,share,Fr15 ,2021-01-01\n",
        review_deduction="setl_id,amount,reason\n'S1,1.00,复核\n123.0,2.00,复核\n",
    )
    hospital = con.execute("SELECT fixmedins_code, name, level, agreement_status FROM reference.hospital")
    assert hospital.fetchall() == [("H41900100003", "济渎（人民）医院", "tertiary", "active")]
    assert con.execute("SELECT is_workday, source FROM reference.workday").fetchall() == [(True, "调休")]
    tcm = con.execute("SELECT drg, diag_code, mode, western_drg FROM reference.tcm_group").fetchall()
    assert tcm == [("ER1A", "I10.x00x002", "share", "FR15")]
    assert con.execute("SELECT setl_id FROM reference.review_deduction ORDER BY 1").fetchall() == [
        ("123",),
        ("S1",),
    ]


def test_an_id_in_a_reference_file_that_has_lost_digits_names_nothing(tmp_path):
    lost = ["4.19001E+15", "4190010000005819.0"]
    con = loaded(tmp_path, review_deduction="setl_id,amount\n" + "".join(f"{one},1.00\n" for one in lost))
    assert con.execute("SELECT setl_id FROM reference.review_deduction").fetchall() == [
        (one,) for one in lost
    ]


def test_two_keys_that_become_equal_are_one(tmp_path):
    with pytest.raises(DrgError) as refused:
        loaded(tmp_path, review_deduction="setl_id,amount,reason\nS1,1.00,复核\n'S1,1.00,复核\n")
    assert [str(fault) for fault in refused.value.faults] == [
        "review_deduction.csv line 3: setl_id S1, reason 复核 stands twice (first in line 2)"
    ]


# --- schemes ---------------------------------------------------------------------------------


def starter(folder: Path, *diagnoses: str) -> Path:
    """The starter scheme with further diagnoses."""
    shutil.copytree(PROJECT / "data" / "schemes" / "starter", folder)
    with (folder / "diagnosis.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{one},病,0\n" for one in diagnoses)
    return folder


def test_a_scheme_that_binds_has_its_codes_as_claims_have_theirs(tmp_path):
    scheme = read_scheme(starter(tmp_path / "starter", " q99.X00x001 "), SCHEMES)
    for normal, code in ((False, " q99.X00x001 "), (True, "Q99.x00x001")):
        con = duckdb.connect()
        fill_schemes(con, SCHEMES, [scheme], normal=normal)
        assert con.execute("SELECT code FROM scheme.diagnosis WHERE name = '病'").fetchall() == [(code,)]


def test_a_scheme_whose_codes_become_one_is_refused(tmp_path):
    scheme = read_scheme(starter(tmp_path / "starter", "Q99.x00", "q99.X00"), SCHEMES)
    with pytest.raises(DrgError) as refused:
        fill_schemes(duckdb.connect(), SCHEMES, [scheme], normal=True)
    assert [str(fault) for fault in refused.value.faults] == ["starter/diagnosis.csv: Q99.x00 stands twice"]


def test_the_starter_is_in_its_normal_form(tmp_path):
    scheme = read_scheme(starter(tmp_path / "starter"), SCHEMES)
    exact, normal = duckdb.connect(), duckdb.connect()
    fill_schemes(exact, SCHEMES, [scheme])
    fill_schemes(normal, SCHEMES, [scheme], normal=True)
    for file in SCHEMES.files:
        rows = f'FROM scheme."{file.name}"'
        assert exact.execute(rows).fetchall() == normal.execute(rows).fetchall()
