"""The made-up region: the same bytes from the same seed, amounts that add up, every kind of fault."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.claim_files import LAYOUT
from support.generated import CLAIMS, FILES, SPAN, make, read_back, shared_region

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.ingest.arrival import still_arriving
from drg_pipeline.ingest.inbox import find_deliveries
from drg_pipeline.ingest.reference import load_reference
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.ingest.sums import SUMS
from drg_pipeline.periods import Period
from drg_pipeline.settings import PROJECT
from drg_pipeline.synthetic import generate


def digests(at: Path) -> dict[str, str]:
    return {
        str(path.relative_to(at)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(at.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    return shared_region(tmp_path_factory)


@pytest.fixture(scope="module")
def con(
    region: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    return read_back(region[0] / "inbox", tmp_path_factory.mktemp("plain"))


def one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    return row[0] if row and len(row) == 1 else row


def test_the_same_seed_writes_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "claims": 400,
        "first_month": Period.of("2025-01"),
        "last_month": Period.of("2025-02"),
        "hospitals": 8,
    }
    make(tmp_path / "one", **small, threads=1)
    make(tmp_path / "two", **small)
    make(tmp_path / "other", **small, seed=2)
    first, second = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert first == second
    assert (
        digests(tmp_path / "other")["inbox/2025-01/main/setlinfo.csv"]
        != first["inbox/2025-01/main/setlinfo.csv"]
    )


def test_what_is_told_was_written(
    region: tuple[Path, dict[str, Any]], con: duckdb.DuckDBPyConnection
) -> None:
    at, told = region
    assert told["claims"] == CLAIMS and told["months"] == 5 and told["groups"] == 623
    for name in FILES:
        assert told["rows"][name] == one(con, f"SELECT count(*) FROM {name}")
    # Refunds and stays that are settled a second time come under ids of their own.
    again = one(con, "SELECT count(DISTINCT setl_id) FILTER (setl_id LIKE '%D') FROM setlinfo")
    assert one(con, "SELECT count(DISTINCT setl_id) FROM setlinfo") == CLAIMS + told["refunds"] + again
    folders = [path for path in (at / "inbox").glob("*/*") if path.is_dir()]
    assert told["deliveries"] == len(folders)
    assert all(
        {path.name for path in folder.iterdir()} == {*(f"{name}.csv" for name in FILES), SUMS}
        for folder in folders
    )
    assert one(con, "SELECT count(DISTINCT folder) FROM setlinfo WHERE folder LIKE '%/main'") == 5


def test_what_was_just_made_is_whole_and_nothing_is_waited_for(region: tuple[Path, dict[str, Any]]) -> None:
    inbox = find_deliveries(region[0] / "inbox", LAYOUT)
    assert inbox.asides == [] and len(inbox.deliveries) == region[1]["deliveries"]
    assert still_arriving(inbox, {}, region[0].stat().st_ctime, 10**9) == []


def test_every_fatal_kind_is_as_told(
    region: tuple[Path, dict[str, Any]], con: duckdb.DuckDBPyConnection
) -> None:
    _, told = region
    seen = {
        "date_missing": "adm_time IS NULL OR dscg_time IS NULL OR setl_end_date IS NULL OR brdy IS NULL",
        "adm_after_dscg": "left(adm_time, 10) > left(dscg_time, 10)",
        "date_implausible": "left(dscg_time, 10) > left(dcla_time, 10)",
        "hospital_unknown": "fixmedins_code LIKE '%99999'",
        "hospital_not_under_agreement": "fixmedins_code = 'H41900100020'",
        "not_drg_scheme": "hi_paymtd = '1'",
        "sex_invalid": "gend NOT IN ('1', '2')",
        "insutype_invalid": "insutype NOT IN ('310', '390')",
    }
    for name, condition in seen.items():
        found = one(con, f"SELECT count(DISTINCT (setl_id, dcla_time)) FROM setlinfo WHERE {condition}")
        assert found == told["flaws"].get(name, 0), name
    unknown = """
        SELECT count(*) FROM diseinfo
        WHERE folder NOT LIKE '%/repeated' AND diag_srt_no = '1' AND diag_code LIKE '%x99_'"""
    assert one(con, unknown) == told["flaws"].get("principal_code_unknown", 0)
    principal = """
        SELECT count(*) FROM (
            SELECT setl_id, dcla_time FROM diseinfo WHERE folder NOT LIKE '%/repeated'
            GROUP BY ALL HAVING count(*) FILTER (maindiag_flag = '1') <> 1
        )"""
    assert one(con, principal) == told["flaws"].get("principal_diagnosis", 0)


def test_amounts_add_up_to_the_cent(
    region: tuple[Path, dict[str, Any]], con: duckdb.DuckDBPyConnection
) -> None:
    _, told = region
    off = """
        WITH claim AS (
            SELECT DISTINCT ON (setl_id, dcla_time) * FROM setlinfo
            WHERE folder NOT LIKE '%/repeated' AND regexp_full_match(medfee_sumamt, '-?[0-9]+[.][0-9]{2}')
                AND (setl_id, dcla_time) NOT IN (SELECT (setl_id, dcla_time) FROM payinfo WHERE NOT regexp_full_match(fund_payamt, '[-0-9.]+'))
        ),
        item AS (
            SELECT setl_id, dcla_time, sum(amt::DECIMAL(18,2)) AS items,
                sum(claa_sumfee::DECIMAL(18,2) + clab_amt::DECIMAL(18,2) + fulamt_ownpay_amt::DECIMAL(18,2)
                    + oth_amt::DECIMAL(18,2)) AS classes
            FROM iteminfo WHERE folder NOT LIKE '%/repeated' GROUP BY ALL
        ),
        pay AS (
            SELECT setl_id, dcla_time, sum(fund_payamt::DECIMAL(18,2)) AS funds
            FROM payinfo WHERE folder NOT LIKE '%/repeated' AND regexp_full_match(fund_payamt, '[-0-9.]+') GROUP BY ALL
        )
        SELECT
            count(*) FILTER (items <> medfee_sumamt::DECIMAL(18,2)),
            count(*) FILTER (funds + psn_selfpay::DECIMAL(18,2) + psn_ownpay::DECIMAL(18,2)
                <> medfee_sumamt::DECIMAL(18,2)),
            count(*) FILTER (acct_pay::DECIMAL(18,2) + psn_cashpay::DECIMAL(18,2)
                <> psn_selfpay::DECIMAL(18,2) + psn_ownpay::DECIMAL(18,2)),
            count(*) FILTER (classes <> items)
        FROM claim
        JOIN item ON item.setl_id = claim.setl_id AND item.dcla_time = claim.dcla_time
        JOIN pay ON pay.setl_id = claim.setl_id AND pay.dcla_time = claim.dcla_time"""
    flaws = told["flaws"]
    assert one(con, off) == (
        flaws["fee_sum_mismatch"],
        flaws["fee_payment_mismatch"],
        flaws["fee_payment_mismatch"],
        flaws["fee_sum_mismatch"] + flaws["charge_category_sum"],
    )


def test_claims_arrive_late_corrected_again_and_over_new_year(con: duckdb.DuckDBPyConnection) -> None:
    kinds = dict(
        con.execute("SELECT split_part(folder, '/', 2), count(*) FROM setlinfo GROUP BY 1").fetchall()
    )
    assert kinds.keys() == {"main", "late", "correction", "repeated"}
    assert 0.01 < kinds["late"] / CLAIMS < 0.06 and 0.005 < kinds["correction"] / CLAIMS < 0.04
    over_new_year = "left(adm_time, 10) < '2025-01-01' AND left(dscg_time, 10) >= '2025-01-01'"
    assert one(con, f"SELECT count(*) > 10 FROM setlinfo WHERE {over_new_year}")
    assert one(con, "SELECT max(dcla_time) < '2025-05-12' FROM setlinfo")
    assert one(con, "SELECT count(*) FROM drginfo") < one(con, "SELECT count(*) FROM setlinfo")
    readmitted = (
        "SELECT count(*) FROM (SELECT psn_no FROM setlinfo GROUP BY 1 HAVING count(DISTINCT setl_id) > 1)"
    )
    assert one(con, readmitted) > 100
    too_early = "folder LIKE '%/late' AND left(setl_end_date, 7) > left(folder, 7)"
    assert one(con, f"SELECT count(*) FROM setlinfo WHERE {too_early}") == 0


def test_one_delivery_is_gb18030_and_one_has_bom_and_crlf(region: tuple[Path, dict[str, Any]]) -> None:
    at, _ = region
    raw = {path: path.read_bytes() for path in (at / "inbox").glob("*/main/setlinfo.csv")}
    assert sum(content.startswith(b"\xef\xbb\xbf") and b"\r\n" in content for content in raw.values()) == 1
    not_utf8 = [path for path, content in raw.items() if b"\xbf" in content and not _is_utf8(content)]
    assert len(not_utf8) == 1


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_the_reference_files_load(region: tuple[Path, dict[str, Any]]) -> None:
    at, _ = region
    con = duckdb.connect()
    layout = load_reference_layout(PROJECT / "data" / "interface" / "reference_files.yml")
    load_reference(at / "reference", layout, con)
    assert one(con, "SELECT count(DISTINCT fixmedins_code) FROM reference.hospital") == 20
    closed = con.execute(
        "SELECT agreement_status, valid_from, valid_to FROM reference.hospital "
        "WHERE agreement_status <> 'active' ORDER BY fixmedins_code"
    ).fetchall()
    assert closed == [
        ("suspended", date(2025, 4, 1), date(2025, 6, 30)),
        ("terminated", date(2025, 7, 1), None),
        ("terminated", date(2023, 1, 1), None),
    ]
    assert one(con, "SELECT count(*), count(DISTINCT pool), min(amount) > 0 FROM reference.budget") == (
        8,
        4,
        True,
    )
    assert (
        one(
            con,
            "SELECT max(n) FROM (SELECT count(*) AS n FROM reference.key_specialty GROUP BY fixmedins_code)",
        )
        == 2
    )


def test_only_an_own_folder_is_replaced(tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "claims": 50,
        "first_month": Period.of("2025-01"),
        "last_month": Period.of("2025-01"),
    }
    (tmp_path / "inbox").mkdir()
    make(tmp_path, **small)
    first = digests(tmp_path)
    make(tmp_path, **small, seed=5)
    assert digests(tmp_path) != first
    assert {path.name for path in tmp_path.iterdir()} == {"inbox", "reference"}
    (tmp_path / "reference" / "workday.csv").write_text("date,is_workday,source\n")
    with pytest.raises(WrongUse, match=r"reference: holds more than was generated: workday.csv"):
        make(tmp_path, **small)
    (tmp_path / "inbox" / ".generated").unlink()
    before = digests(tmp_path)
    with pytest.raises(WrongUse, match="was not generated"):
        make(tmp_path, **small)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"first_month": Period.of("2025-05")}, "lies before the first"),
        ({"claims": 0}, "cannot be made"),
        ({"hospitals": 5}, "too few"),
    ],
)
def test_wrong_use_is_said(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        make(tmp_path, **{"claims": CLAIMS, **SPAN, **given})
    assert list(tmp_path.iterdir()) == []


def test_the_two_folders_are_apart_and_the_calendar_must_reach(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="lie in each other"):
        generate(tmp_path / "a", tmp_path / "a" / "b", claims=1, report=lambda _: None)
    with pytest.raises(DrgError, match="calendar has no 2002"):
        make(tmp_path, first_month=Period.of("2003-01"), last_month=Period.of("2004-01"), claims=10)
    assert list(tmp_path.iterdir()) == []
