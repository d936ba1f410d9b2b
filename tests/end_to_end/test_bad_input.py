"""Bad deliveries, reference files and law: a clear message, and nothing lost or half-published.

Months run without Dagster, on the first quarter of the example region; one case goes through Dagster.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from support import regions
from support.regions import Claim, as_csv, deliver

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region

MONTH = "2025-03"
BAD = f"{MONTH}/delivery-bad"


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture(scope="module")
def quarter(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January to March, settled; read only."""
    return regions.shared(tmp_path_factory, "quarter", regions.first_quarter(year))


@pytest.fixture
def own(quarter: Path, tmp_path: Path) -> Path:
    """A copy of the quarter that a test may change."""
    regions.copy(quarter, tmp_path)
    return tmp_path


def settle(folder: Path, months: list[str] | None = None, through: str | None = None) -> list[str]:
    return regions.settle(Region(regions.settings(folder)), months or [MONTH], through=through)


def refused(folder: Path, action: Callable[[], object], *words: str, but: Collection[str] = ()) -> DrgError:
    """The error of an action that is stopped, says these words and changes nothing but the named tables."""
    before = regions.state(folder)
    with pytest.raises(DrgError) as stopped:
        action()
    error = stopped.value
    assert type(error) is DrgError and error.exit_code == 1
    told = error.message()
    assert [word for word in words if word not in told] == [], told
    assert regions.changed(before, regions.state(folder)) == sorted(but)
    return error


# -- a delivery that is not taken in -----------------------------------------------------------

GOOD = Claim("GOOD").rows()
SETLINFO = as_csv([GOOD["setlinfo"]])
HEADER, RECORD = SETLINFO.splitlines()

STOPPED: dict[str, tuple[dict[str, str | bytes | None], tuple[str, ...]]] = {
    "empty": ({"payinfo": b""}, (f"{BAD}/payinfo.csv", "is empty", "0 bytes")),
    "missing file": ({"iteminfo": None}, (f"{BAD}/iteminfo.csv", "is missing")),
    "utf-16": (
        {"setlinfo": SETLINFO.encode("utf-16")},
        (f"{BAD}/setlinfo.csv", "UTF-16", "UTF-8 or GB18030"),
    ),
    "latin-1": (
        {"setlinfo": SETLINFO.replace("示范区妇幼保健院", "Santé").encode("latin-1")},
        (f"{BAD}/setlinfo.csv", "none of its 1 records is UTF-8 or GB18030"),
    ),
    "missing column": (
        {"setlinfo": SETLINFO.replace("medfee_sumamt", "medfee_sum")},
        (f"{BAD}/setlinfo.csv", "column medfee_sumamt is missing (found: medfee_sum, line 1)"),
    ),
    "doubled header": (
        {"setlinfo": f"{HEADER}\n{RECORD}\n{HEADER}\n{RECORD}\n"},
        (f"{BAD}/setlinfo.csv", "the header stands twice (lines 1, 3)"),
    ),
    "nul bytes throughout": (
        {"setlinfo": b"\0" * 4096},
        (f"{BAD}/setlinfo.csv", "NUL"),
    ),
    "no table at all": ({"setlinfo": "<html>404</html>\n"}, (f"{BAD}/setlinfo.csv", "a page in HTML")),
}


@pytest.mark.parametrize("fault", STOPPED)
def test_a_delivery_with_a_broken_file_is_left_out_whole(own: Path, fault: str) -> None:
    changes, words = STOPPED[fault]
    deliver(own, BAD, Claim("GOOD"), **changes)
    stands = f"Nothing of {BAD} was taken in"
    refused(own, lambda: settle(own), f"{BAD} was not taken in", stands, "drg run --months 2025-03", *words)


def test_a_truncated_parquet_file_is_left_out_and_the_corrected_one_is_taken_in(own: Path) -> None:
    deliver(own, BAD, Claim("GOOD"), payinfo=None)
    path = own / "inbox" / BAD / "payinfo.parquet"
    with duckdb.connect() as con:
        con.execute(
            "copy (select 'GOOD' as setl_id, timestamp '2025-03-12 12:00:00' as dcla_time, "
            f"'310100' as fund_pay_type, 6000.00 as fund_payamt) to '{path}' (format parquet)"
        )
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    refused(own, lambda: settle(own), f"{BAD}/payinfo.parquet", "cannot be read")
    path.write_bytes(whole)
    settle(own)
    assert regions.rows(own, "select fee, fund from pricing.case_point where setl_id = 'GOOD'") == [
        (9000, 6000)
    ]


def test_a_path_outside_the_inbox_is_not_followed(
    own: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    deliver(own, BAD, Claim("GOOD"))
    shutil.move(own / "inbox" / BAD / "setlinfo.csv", outside / "setlinfo.csv")
    (own / "inbox" / BAD / "setlinfo.csv").symlink_to(outside / "setlinfo.csv")
    refused(own, lambda: settle(own), f"{BAD}/setlinfo.csv", "outside the inbox", "copy the file instead")
    assert (outside / "setlinfo.csv").read_text() == SETLINFO


def test_a_delivery_that_changed_after_it_was_taken_in_stops_the_month(own: Path) -> None:
    path = own / "inbox" / MONTH / "delivery-1" / "payinfo.csv"
    path.unlink()
    path.write_text("setl_id,dcla_time,fund_pay_type,fund_payamt\n")
    refused(
        own,
        lambda: settle(own),
        f"{MONTH}/delivery-1/payinfo.csv",
        "was changed after it was taken in",
        "put the old files back",
    )


# -- records and claims that do not stop the month ---------------------------------------------


@pytest.fixture(scope="module")
def mixed(quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quarter after deliveries with all the faults below at once, and April, for which none came."""
    folder = tmp_path_factory.mktemp("mixed")
    regions.copy(quarter, folder)
    setlinfo = as_csv([GOOD["setlinfo"], Claim("CUT").rows()["setlinfo"]])
    deliver(
        folder, f"{MONTH}/truncated", Claim("GOOD"), setlinfo=setlinfo[: setlinfo.index("9000.00", 300) - 30]
    )
    deliver(folder, f"{MONTH}/february", Claim("FEBRUARY", {"adm_time": "2025-02-30 08:00:00"}))
    deliver(folder, f"{MONTH}/huge", Claim("HUGE", {"medfee_sumamt": "1e300"}))
    deliver(folder, f"{MONTH}/nul", Claim("NUL", {"fixmedins_name": "a\0b"}), Claim("BESIDE_NUL"))
    items = as_csv([Claim("MANY").rows()["iteminfo"]])
    bad = "MANY,2025-03-12 12:00:00,09,x\n"
    deliver(folder, f"{MONTH}/many", Claim("MANY"), iteminfo=items + bad * 100_000)
    deliver(folder, f"{MONTH}/negative", Claim("NEGATIVE", fee="-90.00", pooled="-60.00"))
    deliver(folder, f"{MONTH}/stranger", Claim("STRANGER", {"fixmedins_code": "H99999999999"}))
    deliver(folder, f"{MONTH}/orphans", Claim("PARENT"), setlinfo=HEADER + "\n")
    regions.settle(Region(regions.settings(folder)), [MONTH, "2025-04"])
    return folder


def rejected(folder: Path, delivery: str) -> list[tuple[object, ...]]:
    return regions.rows(
        folder,
        "select regexp_extract(file, '[a-z]+[.]csv'), line, column_name, raw, count(*) over () from claims.rejected_row "
        "where starts_with(file, ?) order by line limit 3",
        f"{MONTH}/{delivery}/",
    )


def points(folder: Path, setl_id: str) -> list[tuple[object, ...]]:
    return regions.rows(
        folder, "select category, fee > 0, points > 0 from pricing.case_point where setl_id = ?", setl_id
    )


def findings(folder: Path, setl_id: str) -> list[tuple[object, ...]]:
    return regions.rows(
        folder, "select check_id, severity from quality.claim_check where setl_id = ? order by all", setl_id
    )


def test_all_other_claims_of_the_month_keep_their_points(quarter: Path, mixed: Path) -> None:
    query = "select * exclude (month) from pricing.case_point where month = '2025-03' and setl_id like 'S%' order by setl_id"
    before = regions.rows(quarter, query)
    assert before == regions.rows(mixed, query)
    assert len(before) == 133


def test_every_record_is_accepted_or_rejected_and_every_pool_closes(mixed: Path) -> None:
    counts = "select count(*), count(*) filter (where records = accepted + rejected) from claims.delivered_file where month = '2025-03'"
    assert regions.rows(mixed, counts) == [(12 * 6, 12 * 6)]
    assert (
        regions.rows(mixed, "select * from settlement.monthly_pool where settled + residual <> budget_used")
        == []
    )


def test_a_truncated_record_is_rejected_and_the_one_before_it_settled(mixed: Path) -> None:
    assert rejected(mixed, "truncated") == [("setlinfo.csv", 3, "setl_end_date", "***", 1)]
    assert points(mixed, "GOOD") == [("normal", True, True)]
    assert points(mixed, "CUT") == []


def test_the_30th_of_february_is_rejected(mixed: Path) -> None:
    assert rejected(mixed, "february") == [("setlinfo.csv", 2, "adm_time", "2025-02-30 08:00:00", 1)]
    assert findings(mixed, "FEBRUARY") == [("orphan", "warn")]


def test_1e300_is_no_amount(mixed: Path) -> None:
    assert rejected(mixed, "huge") == [("setlinfo.csv", 2, "medfee_sumamt", "1e300", 1)]


def test_a_nul_byte_rejects_its_record_alone(mixed: Path) -> None:
    assert [row[:2] for row in rejected(mixed, "nul")] == [("setlinfo.csv", 2)]
    assert points(mixed, "BESIDE_NUL") == [("normal", True, True)]


def test_a_hundred_thousand_bad_rows_are_all_listed(mixed: Path) -> None:
    assert rejected(mixed, "many") == [("iteminfo.csv", line, "amt", "x", 100_000) for line in (3, 4, 5)]
    # What came of the claim is not the whole of it.
    assert ("child_row_rejected", "fatal") in findings(mixed, "MANY")
    assert points(mixed, "MANY") == []


def test_a_negative_fee_is_a_refund_and_is_not_settled(mixed: Path) -> None:
    assert findings(mixed, "NEGATIVE") == [
        ("fee_below_floor", "warn"),
        ("negative_amount", "warn"),
        ("refund", "fatal"),
        ("refund_unpaired", "warn"),
    ]
    assert points(mixed, "NEGATIVE") == []


def test_a_hospital_that_is_not_in_the_reference_makes_its_claim_fatal(mixed: Path) -> None:
    assert ("hospital_unknown", "fatal") in findings(mixed, "STRANGER")
    assert regions.rows(
        mixed, "select status, reason, in_month from quality.claim_status where setl_id = 'STRANGER'"
    ) == [("non_normal", "quality_fatal", 1)]
    assert points(mixed, "STRANGER") == []


def test_child_records_without_their_claim_are_counted(mixed: Path) -> None:
    assert regions.rows(
        mixed, "select file, line from claims.orphan_row where setl_id = 'PARENT' order by all"
    ) == [(name, 2) for name in ("diseinfo", "drginfo", "iteminfo", "payinfo")]
    assert findings(mixed, "PARENT") == [("orphan", "warn")]


def test_a_pool_without_points_has_a_row_without_a_point_value(mixed: Path) -> None:
    april = regions.rows(
        mixed,
        "select cases, points, point_value, settled, residual, carry_out = available from settlement.monthly_pool "
        "where month = '2025-04'",
    )
    assert april == [(0, 0, None, 0, 0, True)] * 4
    assert regions.rows(mixed, "select * from settlement.monthly_settlement where month = '2025-04'") == []


# -- reference files and law that stop the month -----------------------------------------------


def add_line(folder: Path, file: str, line: str) -> None:
    path = folder / "reference" / file
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + f"\n{line}\n", encoding="utf-8")


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "reference" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_pool_without_a_budget_stops_the_month_and_names_it(own: Path) -> None:
    change(own, "budget.csv", "2025,resident_nonlocal,235000.00,0.06,\n", "")
    region = Region(regions.settings(own))

    def run() -> None:
        regions.take_in(region)
        regions.compute(region, ["settlement.month_budget"], ["2025"])
        regions.settle(region, [MONTH])

    words = (
        "settlement.month_value was not published for 2025-03",
        "resident_nonlocal",
        "budget.csv",
        "month=2025-03",
    )
    refused(own, run, *words, but=["reference.budget", "settlement.month_budget"])


UPLIFTS = {
    "above its ceiling": (
        "H41900100001,R15,national,0.2,",
        "H41900100001,R15,national,0.2001,",
        ("uplift 0.2001 of grade national is above 0.2", "R15"),
    ),
    "of a third group": (
        "H41900100004,SIX",
        "H41900100001,R06,provincial,0.05,2025-01-01,\nH41900100004,SIX",
        ("more groups with a key-specialty uplift than 2", "R06, R15, R21"),
    ),
    "for a basic group": (
        "H41900100004,SIX",
        "H41900100002,R00,national,0.1,2025-01-01,\nH41900100004,SIX",
        ("H41900100002", "drg=R00", "an uplift for a basic group"),
    ),
}


@pytest.mark.parametrize("uplift", UPLIFTS)
def test_an_uplift_stops_the_month(own: Path, uplift: str) -> None:
    old, new, words = UPLIFTS[uplift]
    change(own, "key_specialty.csv", old, new)
    refused(
        own,
        lambda: settle(own),
        "pricing.hospital_coefficient was not published for 2025-03",
        "key_specialty.csv",
        *words,
        # A row more names a hospital and a group more.
        but=["reference.key_specialty", *(["reference.mention"] if "\n" in new else [])],
    )


def test_hospital_rows_that_overlap_are_refused(own: Path) -> None:
    add_line(own, "hospital.csv", "H41900100003,另一个,secondary,general,active,,2025-01-01,")
    refused(
        own,
        lambda: settle(own),
        "hospital.csv line 14",
        "H41900100003",
        "holds from 2025-01-01, when line 4 still holds",
        "end line 4 on 2024-12-31",
    )


def test_a_budget_whose_months_do_not_add_up_is_refused(own: Path) -> None:
    path = own / "reference" / "budget.csv"
    months = ",".join(f"month_{number:02d}" for number in range(1, 13))
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    lines[-1] += "," + ",".join(["18408.33"] * 12)
    empty = "," * 12
    path.write_text(
        "\n".join([f"{head},{months}", *(line + empty for line in lines[:-1]), lines[-1], ""]),
        encoding="utf-8",
    )
    refused(
        own,
        lambda: settle(own),
        "budget.csv line 17",
        "add up to 220899.96, not to amount × (1 − reserve_ratio) = 220900.00",
        "difference -0.04",
    )


def test_law_without_a_value_for_the_month_is_named(own: Path) -> None:
    regions.change_law(
        own,
        "base/quality.yml",
        "        value: 0.01\n        published: 2021-01-01\n",
        "        value: 0.01\n        published: 2025-06-01\n",
    )
    refused(
        own,
        lambda: settle(own),
        "policy.quality",
        "quality.yml: parameters.fee_sum_tolerance",
        "no value holds 2025-03",
        "2025-06-01",
    )


def test_law_without_any_value_is_no_pack(own: Path) -> None:
    regions.change_law(
        own, "calibration_binding.yml", "      - valid_from: 2025-01-01\n", "      - valid_from: 2025-04-01\n"
    )
    value = "        value: 2024\n"
    regions.change_law(own, "calibration_binding.yml", value, "        value: repealed\n")
    refused(own, lambda: settle(own), "calibration_binding.yml", "parameters.calibration_year")


@pytest.mark.parametrize(("settled_in", "missing"), [("2026", "2027"), ("2027", "2027")])
def test_a_year_without_a_calendar_is_named_and_its_days_heal_it(
    own: Path, settled_in: str, missing: str
) -> None:
    dates = {
        "adm_time": f"{settled_in}-12-20 08:00:00",
        "dscg_time": f"{settled_in}-12-29 10:00:00",
        "setl_end_date": f"{settled_in}-12-30",
        "dcla_time": f"{settled_in}-12-31 12:00:00",
    }
    deliver(own, f"{settled_in}-12/delivery-1", Claim("LATE", dates))
    before = regions.digests(own)
    table = "quality.claim_status"
    with pytest.raises(DrgError) as stopped:
        settle(own, [f"{settled_in}-12"], through=table)
    told = stopped.value.message()
    assert f"{table} was not published for {settled_in}-12" in told
    assert f"discharged_on={settled_in}-12-29 missing_year={missing}" in told and "workday.csv" in told
    after = regions.digests(own)
    assert before.items() - after.items() == {("claims/version_index", before["claims/version_index"])}
    assert f"quality/claim_status/month={settled_in}-12" not in after

    # Every day of the years that the calendar lacks; the made-up notice knows Saturdays and Sundays only.
    day, end = date(2027, 1, 1), date(int(settled_in) + 1, 12, 31)
    while day <= end:
        add_line(own, "workday.csv", f"{day},{int(day.weekday() < 5)},made-up notice")
        day += timedelta(days=1)
    settle(own, [f"{settled_in}-12"], through=table)
    deadline = regions.rows(
        own, "select upload_deadline, status from quality.claim_status where setl_id = 'LATE'"
    )
    assert deadline == [({"2026": date(2027, 1, 5), "2027": date(2028, 1, 5)}[settled_in], "normal")]


def test_a_failing_step_in_dagster_says_the_same_and_nothing_behind_it_runs(own: Path) -> None:
    from drg_pipeline.runs import Runner, Step

    old, new, words = UPLIFTS["above its ceiling"]
    change(own, "key_specialty.csv", old, new)
    region = Region(regions.settings(own))
    runner = Runner(region)
    runner.take_in()
    month = Step(runner.jobs["months"], (Period.of(MONTH),))
    told = refused(own, lambda: runner.run(month), "was not published for 2025-03", *words)
    run = runner.instance.get_runs(limit=1)[0]
    assert (run.job_name, run.status) == ("jiyuan_months", dg.DagsterRunStatus.FAILURE)
    events = [entry.dagster_event for entry in runner.instance.all_logs(run.run_id) if entry.dagster_event]
    failed = [event.step_key for event in events if event.is_step_failure]
    assert failed == ["jiyuan__pricing__hospital_coefficient"]
    behind = {
        "pricing.version_point",
        "pricing.case_point",
        "settlement.pool_month",
        "settlement.monthly_settlement",
    }
    started = {event.step_key for event in events if event.event_type is dg.DagsterEventType.STEP_START}
    assert started & {f"jiyuan__{table.replace('.', '__')}" for table in behind} == set()
    verdicts = {
        verdict.check_name: verdict.passed
        for event in events
        if isinstance(verdict := event.event_specific_data, dg.AssetCheckEvaluation)
        and event.step_key == failed[0]
    }
    assert verdicts == {"contract": True, "uplifts_within_ceilings": False}
    with pytest.raises(DrgError) as direct:
        regions.compute(region, ["pricing.hospital_coefficient"], [MONTH])
    assert told.message() == direct.value.message()
