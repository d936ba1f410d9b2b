"""Closings of the example region: refused to be computed again by every way in, proved in a process that has
nothing else, and closed again after a late delivery and a late text of the law.

What a closing holds, and that every change of it is named, is tested in `machinery/test_replay.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from support import regions
from support.command import Drg
from support.forger import double, open_up, raw_manifest
from support.periods import periods
from support.regions import Claim

from drg_pipeline.assets import closings as closings_job
from drg_pipeline.assets.automation import automation
from drg_pipeline.assets.chain import Chain, Goal, Step
from drg_pipeline.assets.jobs import job_definitions, region_jobs
from drg_pipeline.assets.operations import Operations
from drg_pipeline.closings.manifest import manifest_digest, read_manifest
from drg_pipeline.closings.projects import Projects
from drg_pipeline.closings.record import Record
from drg_pipeline.closings.replay import Replayed, TableReplay, replay
from drg_pipeline.closings.seal import close
from drg_pipeline.closings.verify import Change, verify
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import Closed
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.runs import Runner
from drg_pipeline.settings import PROJECT, Settings
from drg_pipeline.trail import Trail

MARCH = "2025-03"
SEALED = {
    "pricing.case_point",
    "settlement.pool_month",
    "settlement.month_value",
    "settlement.monthly_case",
    "settlement.monthly_pool",
    "settlement.monthly_settlement",
}


@pytest.fixture(scope="module")
def march(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year, of which March is closed; read only."""
    year = regions.shared(tmp_path_factory, "year", regions.example_year(samples))

    def build(folder: Path) -> None:
        regions.copy(year, folder)
        close(Region(regions.settings(folder)), Period.of(MARCH))

    return regions.shared(tmp_path_factory, "march_closed", build)


@pytest.fixture
def own(march: Path, tmp_path: Path) -> Path:
    regions.copy(march, tmp_path)
    return tmp_path


def named(folder: Path, *names: str) -> list[object]:
    places = {"reference": "reference", "lake": "lake", "closings": "closings"}
    return [part for name in names for part in (f"--{name}", folder / places[name])]


def test_what_is_sealed_is_said_by_the_models(march: Path) -> None:
    manifest = json.loads((march / "closings/jiyuan" / MARCH / "1/manifest.json").read_bytes())
    assert {entry["table"] for entry in manifest["tables"] if entry["role"] == "output"} == SEALED
    # Pseudonymised or not, a person's columns are held and never shown.
    assert "psn_no" in manifest["personal"]
    # Months that the running minimum reads, and the year's calibration, are taken as they were.
    taken = {(entry["table"], entry["partition"]) for entry in manifest["tables"] if entry["role"] == "taken"}
    assert {("settlement.pool_month", "2025-01"), ("settlement.pool_month", "2025-02")} <= taken
    assert ("calibration.overall", "2025") in taken
    # The law as people read it, with what the region takes over.
    law = {entry["path"].split("/")[1] for entry in manifest["files"] if entry["path"].startswith("law/")}
    assert law == {"jiyuan", "base", "instruments.yml"}


def test_a_process_that_has_nothing_but_the_closing_computes_it_again(march: Path, tmp_path: Path) -> None:
    """Another home, no lake, no inbox, no reference, no key, and a law that has lost the region."""
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    shutil.copytree(march / "closings", home / "data" / "closings")
    arguments = ["replay", "--month", MARCH, "--json", "--policy", str(tmp_path / "nowhere")]
    ended = subprocess.run(
        [sys.executable, "-m", "drg_pipeline.cli", *arguments[:-2]],
        cwd=PROJECT,
        env=os.environ | {"DRG_HOME": str(home), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(ended.stdout)
    assert found["identical"] and found["changed"] == [] and found["code"] == []
    assert {table["table"]: table["state"] for table in found["tables"]} == dict.fromkeys(SEALED, "identical")
    assert not (home / "data" / "lake").exists()


def test_every_way_in_refuses_what_is_sealed(own: Path, drg: Drg) -> None:
    region = Region(regions.settings(own))
    runner = Runner(region)
    before = regions.state(own)
    tables = ("settlement.month_value",)
    for span in (periods(MARCH), periods("2025-02", MARCH)):
        # As a run of one partition, and of a range, as a backfill is.
        with pytest.raises(DrgError, match=r"settlement\.month_value is sealed") as error:
            runner.run(Step(runner.jobs["months"], tuple(span), tables))
        assert f"drg reopen --month {MARCH}" in str(error.value)
    with pytest.raises(DrgError, match=f"{MARCH} is closed"):
        region.engine.compute("pricing.case_point", periods("2025-02", MARCH))
    ended = drg(
        *("run", "--months", f"2025-02..{MARCH}", "--inbox", own / "inbox", "--key", own / "region.key"),
        *named(own, "lake", "closings", "reference"),
    )
    assert ended.code == 1
    assert f"{MARCH} was closed by" in ended.err and "drg reopen" in ended.err
    assert regions.state(own) == before


def test_a_closed_month_is_closed_once(own: Path, drg: Drg) -> None:
    ended = drg("close", "--month", MARCH, *named(own, "lake", "closings", "reference"))
    assert (ended.code, ended.err) == (0, "")
    assert f"{MARCH} already closed (1)" in ended.out
    region = Region(regions.settings(own))
    with pytest.raises(DrgError, match=r"2025-05 cannot be closed yet: what is known by 2025-06-09"):
        close(region, Period.of("2025-05"), today=date(2025, 6, 9))
    with pytest.raises(DrgError, match="11 of its months are open"):
        close(region, Period.of("2025"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("close",), "name one of the two"),
        (("close", "--month", "2025-13"), "is not a month"),
        (("reopen", "--month", MARCH), "--reason"),
        (("reopen", "--month", MARCH, "--reason", " "), "says nothing"),
        (("replay", "--all", "--year", "2025"), "stands without"),
        (("replay", "--month", "2025-01..2025-02", "--expect", "0"), "vouches for one closing"),
    ],
)
def test_wrong_use_is_said(drg: Drg, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "closings").mkdir()
    ended = drg(*arguments, "--closings", tmp_path / "closings")
    assert ended.code == 2
    assert words in ended.err


def test_nothing_to_replay_is_said(drg: Drg, tmp_path: Path) -> None:
    ended = drg("replay", "--all", "--closings", tmp_path)
    assert ended.code == 1
    assert "There is no closing of jiyuan" in ended.err


def test_what_comes_after_the_closing_changes_it_only_when_it_is_reopened(own: Path, drg: Drg) -> None:
    """A stay uploaded in time and delivered late, one that is late, and a share published in December."""
    regions.deliver(
        own,
        "2025-03/after-the-closing",
        Claim("IN-TIME", {"dcla_time": "2025-03-13 09:00:00"}),
        Claim("TOO-LATE", {"dcla_time": "2025-04-30 12:00:00"}),
    )
    value = "      - valid_from: {}\n        value: {}\n        published: {}\n        law: {}\n"
    held = value.format("2026-01-30", "0.5", "2026-01-30", "JY-18-1-2")
    first, late = (
        value.format(since, share, published, "open\n        reason: a test")
        for since, share, published in (
            ("2021-01-01", "0.5", "2021-01-01"),
            ("2025-02-01", "0.6", "2025-12-01"),
        )
    )
    regions.change_law(own, "pricing.yml", held, first + late + held)
    # Another text of the base, too late for the month.
    common = "        reason: no figure in the documents; 60 days is common\n"
    later = value.format("2025-02-01", "90", "2025-12-01", "open\n        reason: a test")
    regions.change_law(own, "base/quality.yml", common, common + later)
    region = Region(regions.settings(own))
    projects = Projects()

    # The clearing goes on with what is not sealed.
    regions.take_in(region)
    chain = Chain(region)
    steps = chain.steps(Goal("clearing", tuple(periods("2025"))), done=("months", ()))
    planned = [step for step in steps if Period.of(MARCH) in step.partitions]
    assert planned and all(not SEALED & set(step.tables) and step.tables for step in planned)
    assert chain.arrived(["2025-03/after-the-closing"], date(2025, 12, 1), Period.of("2025-01")) == []
    assert replay(region.settings, Period.of(MARCH), projects=projects).identical

    # Opened again, it is computed and closed anew, and says what has become different.
    ended = drg("reopen", "--month", MARCH, "--reason", "补录", *named(own, "closings"))
    assert ended.code == 0, ended.err
    regions.bring(region, region_jobs(region)["months"].tables, [MARCH])
    again = close(region, Period.of(MARCH))
    assert (again.closed.number, again.manifest.reason, again.new) == (2, "补录", True)
    report = json.loads((again.closed.folder / "difference" / "difference.json").read_bytes())
    causes = {(why["kind"], why["what"]) for why in report["causes"]}
    assert ("data", "2025-03/after-the-closing") in causes
    law = {what for kind, what in causes if kind == "policy" and " " not in what}
    assert law == {"pricing.low_share", "quality.stay_days_ceiling"}
    assert ("policy", f"policy.pricing {MARCH}") in causes
    assert report["claims"]["counts"] == [{"table": "pricing.case_point", "change": "added", "claims": 1}]
    (added,) = report["claims"]["first"]
    assert added["row"] == f"month={MARCH} setl_id=IN-TIME"
    # One case more in its pool; every hospital of the pool is paid by the lower point value.
    assert report["hospitals"]["total"]["cases"][1] - report["hospitals"]["total"]["cases"][0] == 1
    page = (again.closed.folder / "difference" / "difference.md").read_text(encoding="utf-8")
    assert "第 2 次封存与第 1 次封存的差异" in page and "2025-12-01 发布" in page and "IN-TIME" in page
    with closing(region.engine.connect()) as con:
        rows = con.execute(
            f"select distinct claim from {parquet([again.closed.folder / 'difference' / 'claims.parquet'])}"
        ).fetchall()
    assert rows == [(f"month={MARCH} setl_id=IN-TIME",)]
    assert replay(region.settings, Period.of(MARCH), 2, projects=projects).identical
    first = region.closed.closing(Period.of(MARCH), 1)
    record = Record(region.closed, Trail(region.closed.folder))
    assert verify(first, read_manifest(first.folder), record) == []
    assert again.manifest.previous == manifest_digest(first.folder)


def test_a_forged_month_is_found_and_never_put_back(own: Path, drg: Drg) -> None:
    """One claim's payments are doubled inside the sealed month, outputs and manifest fit, and the manifest says
    that it is of another region."""
    settings = regions.settings(own)
    place = own / "closings/jiyuan" / MARCH / "1"
    before = raw_manifest(place)
    with closing(duckdb.connect()) as con:
        claim = "select min(setl_id) from read_parquet(?) where fund_payamt > 1000"
        path = max(place.glob("landing/*/payinfo.parquet"), key=lambda found: found.stat().st_size)
        ((one,),) = con.execute(claim, [str(path)]).fetchall()
    double(settings, place, f"fund_payamt = fund_payamt * 2 where setl_id = '{one}'", "payinfo")
    manifest = raw_manifest(place)
    assert manifest["tables"] != before["tables"]
    manifest["region"] = "Jiyuan"
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for command_of in (("replay", "--all"), ("replay", "--month", MARCH), ("audit", "verify")):
        ended = drg(*command_of, *named(own, "closings"))
        said = ended.out + ended.err
        assert ended.code == 1 and "its manifest is not the one that entry 2 of the trail names" in said
        assert "its manifest says region 'Jiyuan'" in said
    lost = own / "lake/jiyuan/settlement/monthly_settlement" / f"month={MARCH}"
    shutil.rmtree(lost)
    ended = drg("close", "--month", MARCH, "--restore", *named(own, "lake", "closings", "reference"))
    assert ended.code == 1 and "not what the trail says was closed" in ended.err
    assert not lost.exists()


def test_a_closing_is_followed_from_its_intent_to_its_anchor(
    own: Path, drg: Drg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed by the command with the agency's key; stopped once in the middle; lost and told of."""
    place = named(own, "lake", "closings", "reference")
    assert drg("audit", "key", "new", "--out", own / "agency").code == 0
    monkeypatch.setenv("DRG_SIGNING_KEY", str(own / "agency"))
    assert drg("audit", "sign", *named(own, "closings")).code == 0
    real = Trail.append

    def full(self: Trail, event: str, **given: Any) -> Any:
        if event == "closed":
            raise OSError(28, "No space left on device", "trail.jsonl")
        return real(self, event, **given)

    with monkeypatch.context() as patch:
        patch.setattr(Trail, "append", full)
        stopped = drg("close", "--month", "2025-01", "--early", *place)
    assert stopped.code == 1 and "No space left" in stopped.err
    told = drg("audit", "verify", *named(own, "closings"))
    assert told.code == 1 and "closing 1 of 2025-01: was begun (entry 4 of the trail)" in told.err
    ended = drg("close", "--month", "2025-01..2025-02", "--early", *place)
    assert ended.code == 0, ended.err
    assert "2025-01: closing 1 was in place and not set down as closed; it is now." in ended.out
    assert "2025-01 already closed (1)" in ended.out and "2025-02 closed (1)" in ended.out
    anchor = ended.out[ended.out.index("drg-anchor") :]
    monkeypatch.delenv("DRG_SIGNING_KEY")
    witness = ["--anchor", anchor, "--key", own / "agency.pub"]
    for command_of in (("audit", "verify"), ("replay", "--all")):
        ended = drg(*command_of, *witness, *named(own, "closings"))
        assert ended.code == 0, ended.err
    gone = own / "closings/jiyuan/2025-02"
    open_up(gone)
    shutil.rmtree(gone)
    for command_of in (("audit", "verify"), ("replay", "--all"), ("replay", "--month", "2025-02")):
        ended = drg(*command_of, *named(own, "closings"))
        assert ended.code == 1 and "closing 1 of 2025-02: was closed by entry 7" in ended.err
    ended = drg("close", "--month", "2025-02", "--early", *place)
    assert ended.code == 1 and "its closing is gone" in ended.err


def test_the_job_and_its_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails where a closing does not come out; the schedule is switched on by hand."""
    region = Region(regions.settings(tmp_path))
    made = automation(region, Operations(automatic=True), job_definitions(region))
    (schedule,) = [each for each in made.schedules if each.name == "jiyuan_replay"]
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    sunday = datetime(2025, 5, 4, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=sunday) as context:
        assert schedule.evaluate_tick(context).skip_message == "nothing is closed"
        # Closings that are gone are closings: the run says so.
        subject = {"number": 1, "manifest": "0" * 64}
        trail = Trail(region.closed.folder)
        trail.append("closed", region="jiyuan", period=MARCH, subject=subject)
        assert schedule.evaluate_tick(context).run_requests
        for path in (trail.file, trail.head_file):
            path.unlink()

    (job,) = [each for each in made.jobs if each.name == "jiyuan_replay"]
    same = TableReplay("settlement.month_value", Period.of(MARCH), "identical", 4)
    changed = [Change("lake/x/part.parquet", "is gone", "output", "settlement.month_value", MARCH)]

    def as_if(settings: Settings, period: Period, number: int, projects: Projects) -> Replayed:
        found = Closed(period, number, tmp_path, "2025-05-01", "somebody")
        return Replayed(found, "0" * 64, changed=changed if number > 1 else [], tables=[same])

    monkeypatch.setattr(closings_job, "replay", as_if)
    for last in (1, 2):
        asked = [(Period.of(MARCH), number) for number in range(1, last + 1)]
        monkeypatch.setattr(closings_job, "closings_to_replay", lambda settings, asked=asked: asked)
        result = job.execute_in_process(raise_on_error=False)
        assert result.success == (last == 1)
    (failed,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failed.user_failure_data is not None
    told = str(failed.user_failure_data.description)
    assert f"1 of 2 closings do not come out as they were sealed: {MARCH} (2)" in told
    assert failed.user_failure_data.metadata["different"].value == 1
