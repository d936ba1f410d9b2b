"""A day of operation, driven through the web server alone: what arrives, what is late, what the clock starts,
what is computed again, and what a check stops.

The tests are the hours of one day on one lake, in this order. Nothing is asked of Dagster but by GraphQL; what is
published is compared with the same year run without any of this.
"""

from __future__ import annotations

import csv
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from support import browser, regions
from support.daemon import daemon, environment_of, wait_for
from support.periods import month_texts
from support.web import Run, Web, web_server

from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import CHAIN, LINK
from drg_pipeline.region import Region
from drg_pipeline.settings import PROJECT

OPERATED = {"DRG_QUIET_SECONDS": "1", "DRG_POLL_SECONDS": "2", "DRG_OPEN_FROM": "2025-01"}
MONTHS = tuple(month_texts("2025"))
DECEMBER, IN_TIME, LATE, CORRECTED = "2025-12", "delivery-1", "delivery-2", "delivery-3"
# The law's day for December: five working days to upload after 31 December (4, 5, 6, 7, 8 January 2026; 1 to 3 are
# holidays, Sunday the 4th is made up), then ten to pay: 9, 12, 13, 14, 15, 16, 19, 20, 21, 22.
THE_DAY_BEFORE, THE_DAY = "2026-01-21T06:00+08:00", "2026-01-22T06:00+08:00"
A_MINUTE_BEFORE = "2026-01-22T05:59+08:00"
CHAIN_SECONDS, BACKFILL_SECONDS = 600, 3000
POOLS = (
    "select month, pool, points, point_value from settlement.monthly_pool "
    "where month like '2025-%' order by all"
)
STOPPED, CHECK = "pricing.hospital_coefficient", "uplifts_within_ceilings"


@dataclass
class Day:
    """The lake, its web server and its daemon, and the lake of the undisturbed year."""

    folder: Path
    year: Path
    running: ExitStack = field(default_factory=ExitStack)

    def operate(self, at: str | None = None) -> None:
        """(Re)start web server and daemon, under a clock that begins at a moment or under the real one."""
        self.running.close()
        self.web: Web = self.running.enter_context(web_server(self.folder, at, **OPERATED))
        self.running.enter_context(daemon(self.folder, at=at, **OPERATED))

    def wait(self, found: Callable[[], bool], seconds: float, what: str) -> float:
        return wait_for(found, seconds, what, self.folder / "daemon.log")

    def month_of(self, chain: str, month: str) -> Run:
        """The run that ends the chain of a month, when it has succeeded."""

        def found() -> list[Run]:
            runs = self.web.runs("months", drg__chain=chain)
            return [run for run in runs if run.partition == month and run.ended is not None]

        self.wait(lambda: bool(found()), CHAIN_SECONDS, f"the run of {month} in chain {chain}")
        (run,) = found()
        assert run.status == "SUCCESS" and int(run.tags[LINK]) > 1
        return run

    def inbox(self, delivery: str) -> Path:
        return self.folder / "inbox" / DECEMBER / delivery

    def arrived(self, delivery: str, source: Path) -> Run:
        """A delivery for December arrives and is settled; the last run of its chain."""
        asked_before = {run.id for run in self.web.runs("take_in")}
        regions.copy(source, self.inbox(delivery))
        there = time.time()

        def ticks() -> list[dict[str, object]]:
            return [tick for tick in self.web.ticks("inbox") if set(tick["runIds"]) - asked_before]

        self.wait(lambda: bool(ticks()), 120, "the sensor's request")
        (tick,) = ticks()
        (intake_id,) = tick["runIds"]  # type: ignore[misc]
        intake = self.web.wait_run(str(intake_id))
        assert (intake.status, intake.tags[LINK]) == ("SUCCESS", "1")
        last = self.month_of(intake.tags[CHAIN], DECEMBER)
        assert intake.began and last.ended
        said = {"asked for": float(str(tick["timestamp"])), "begun": intake.began, "settled": last.ended}
        print(
            f"{delivery} arrived:", ", ".join(f"{what} after {at - there:.1f} s" for what, at in said.items())
        )
        return last

    def digests(self) -> dict[str, str]:
        """What is published, but for the clearing: the day does not come to it."""
        return without_clearing(regions.digests(self.folder))

    def picture(self, name: str, page: str) -> None:
        browser.picture(f"{self.web.address}{page}", name)


def without_clearing(digests: dict[str, str]) -> dict[str, str]:
    return {place: digest for place, digest in digests.items() if not place.startswith("clearing/")}


def take_back(folder: Path, month: str) -> None:
    """The deliveries of a month folder have not arrived yet, and nothing is computed of what they settle."""
    for label, landed in Region(regions.settings(folder)).engine.inputs.landed().items():
        if label.split("/")[0] == month:
            shutil.rmtree(landed)
    shutil.rmtree(folder / "inbox" / month)
    regions.remove_months(folder, [month])
    for cleared in regions.lake_of(folder).glob("clearing/*/year=*"):
        shutil.rmtree(cleared)


@pytest.fixture(scope="module")
def day(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A lake before December: the year but for what arrives with the last month folder."""
    folder = tmp_path_factory.mktemp("day")
    regions.copy(year, folder)
    take_back(folder, DECEMBER)
    open_instance(folder / "lake")
    lived = Day(folder, year)
    with lived.running:
        lived.operate()
        yield lived


def test_a_delivery_arrives_and_its_month_is_settled(day: Day) -> None:
    before = day.digests()
    day.web.switch_on("inbox")
    last = day.arrived(IN_TIME, day.year / "inbox" / DECEMBER / IN_TIME)
    after = day.digests()
    # December, and the tables that have no months; nothing of the months before it.
    assert {place: after[place] for place in before if "=" in place} == {
        place: digest for place, digest in before.items() if "=" in place
    }
    new = {place.rsplit("=", 1)[1] for place in after.keys() - before.keys()}
    assert new == {DECEMBER}

    page = day.web.asset("settlement.monthly_settlement", DECEMBER)
    assert (page["groupName"], page["owners"]) == ("10_settlement", [{"team": "settlement"}])
    ((rows,),) = regions.rows(
        day.folder, f"select count(*) from settlement.monthly_settlement where month = '{DECEMBER}'"
    )
    assert page["metadata"]["dagster/row_count"]["intValue"] == rows
    sources = {
        column["columnName"]: [dep["assetKey"]["path"][1:] for dep in column["columnDeps"]]
        for column in page["metadata"]["dagster/column_lineage"]["lineage"]
    }
    assert ["settlement", "month_value"] in sources["point_value"]
    for check in ("contract", "hospitals_add_up_to_the_pool"):
        verdicts = [found for found in day.web.checks("settlement.monthly_settlement", check)]
        assert [found["status"] for found in verdicts if found["runId"] == last.id] == ["SUCCEEDED"]

    day.picture("graph", "/asset-groups")
    day.picture("group", "/locations/drg_pipeline.definitions/asset-groups/10_settlement/lineage")
    day.picture("asset", "/assets/jiyuan/settlement/monthly_settlement?view=overview")
    day.picture("lineage", "/assets/jiyuan/settlement/monthly_settlement?view=lineage&lineageScope=upstream")
    drawn = re.findall(r"\((data:image/svg\+xml[^)]*)\)", page["metadata"]["chart"]["mdStr"])
    assert drawn
    page_of_charts = day.folder / "charts.html"
    page_of_charts.write_text("".join(f'<img src="{image}">' for image in drawn), encoding="utf-8")
    browser.picture(page_of_charts.as_uri(), "chart", width=1000, height=700)


def test_what_comes_after_the_deadline_leaves_the_month_as_it_was(day: Day) -> None:
    before = day.digests()
    day.arrived(LATE, day.year / "inbox" / DECEMBER / LATE)
    after = day.digests()
    changed = {place for place, _ in before.items() ^ after.items()}
    assert changed and not {
        place for place in changed if place.startswith(("pricing/case_point", "settlement/"))
    }
    # The year is the one that was run in one go.
    assert after == without_clearing(regions.digests(day.year))


def test_a_correction_in_time_changes_what_it_must(day: Day, tmp_path: Path) -> None:
    """Another group for one claim, uploaded at its deadline: its month changes, no other, and no other claim."""
    ((claim, deadline, group),) = regions.rows(
        day.folder,
        "select s.setl_id, s.upload_deadline, g.drg from quality.claim_status as s "
        "inner join grouping.grouped_case as g on g.setl_id = s.setl_id and g.dcla_time = s.dcla_time "
        f"where s.month = '{DECEMBER}' and s.status = 'normal' order by s.dcla_time, s.setl_id limit 1",
    )
    other = "R15" if group != "R15" else "R21"
    corrected(day.inbox(IN_TIME), tmp_path / CORRECTED, str(claim), f"{deadline} 23:00:00", other)
    status = f"select * from quality.claim_status where month = '{DECEMBER}'"
    before, claims_before = day.digests(), set(regions.rows(day.folder, status))
    day.arrived(CORRECTED, tmp_path / CORRECTED)
    after = day.digests()
    changed = {place for place, _ in before.items() ^ after.items() if "=" in place}
    assert {place.rsplit("=", 1)[1] for place in changed} == {DECEMBER}
    assert any(place.startswith("settlement/monthly_settlement/") for place in changed)
    place = columns_of(day.folder, "quality.claim_status").index("setl_id")
    differ = claims_before ^ set(regions.rows(day.folder, status))
    assert {row[place] for row in differ} == {claim}


def corrected(source: Path, target: Path, claim: str, uploaded: str, group: str) -> None:
    """A delivery of one claim of another, as a later version in another group."""
    target.mkdir()
    for file in sorted(source.iterdir()):
        with open(file, encoding="utf-8-sig", newline="") as given:
            rows = csv.DictReader(given)
            kept = [row | {"dcla_time": uploaded} for row in rows if row["setl_id"] == claim]
        if file.stem == "drginfo":
            kept = [row | {"drg_code": group} for row in kept]
        with open(target / file.name, "w", encoding="utf-8", newline="") as new:
            writer = csv.DictWriter(new, list(rows.fieldnames or ()))
            writer.writeheader()
            writer.writerows(kept)


def columns_of(folder: Path, table: str) -> list[str]:
    return [str(row[0]) for row in regions.rows(folder, f"describe {table}")]


def test_the_schedule_fires_on_the_law_s_day(day: Day) -> None:
    """Its clock, and that of the web server, are set to a minute before six on that day."""
    whole = day.digests()
    for layer in ("pricing", "settlement"):
        regions.remove_months(day.folder, [DECEMBER], [layer])
    asked = {
        moment: day.web.try_schedule("month", datetime.fromisoformat(moment).timestamp())
        for moment in (THE_DAY_BEFORE, THE_DAY)
    }
    assert not asked[THE_DAY_BEFORE]["runRequests"]
    assert asked[THE_DAY_BEFORE]["skipReason"].endswith("2025-12 has its day on 2026-01-22")
    (wanted,) = asked[THE_DAY]["runRequests"]
    assert wanted["runKey"] == DECEMBER

    day.operate(at=A_MINUTE_BEFORE)
    day.web.switch_on_schedule("month")
    due = datetime.fromisoformat(THE_DAY).timestamp()

    def ticks() -> list[dict[str, object]]:
        return [tick for tick in day.web.schedule_ticks("month") if tick["runIds"]]

    waited = day.wait(lambda: bool(ticks()), 240, "the tick at six")
    (tick,) = ticks()
    assert tick["timestamp"] == due and tick["status"] == "SUCCESS"
    (beginning,) = tick["runIds"]  # type: ignore[misc]
    run = day.web.wait_run(str(beginning))
    assert (run.job, run.partition, run.status) == ("jiyuan_month", DECEMBER, "SUCCESS")
    print(f"the schedule's tick came {waited:.0f} s after a start one minute before")
    # Sensors look at what has come since their last tick: they go on when the clock is right again. The schedule
    # would make up for the days between.
    day.web.switch_off_schedule("month")
    day.operate()
    day.month_of(run.id[:8], DECEMBER)
    assert day.digests() == whole


# -- twelve months again -----------------------------------------------------------------------


@dataclass
class Reader:
    """`drg sql` again and again, as a program of its own, until it is stopped."""

    folder: Path
    answers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Reader:
        self.thread = threading.Thread(target=self.read)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()

    def read(self) -> None:
        while not self.stop.is_set():
            done = drg(self.folder, "sql", "--lake", str(self.folder / "lake"), "--format", "csv", POOLS)
            (self.failures if done.returncode else self.answers).append(done.stdout + done.stderr)


def drg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "drg_pipeline.cli", *arguments],
        cwd=PROJECT,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def at_once(runs: Sequence[Run]) -> int:
    """The most runs that were in progress at one moment."""
    moments = sorted(
        (moment, step) for run in runs for moment, step in ((run.began or 0.0, 1), (run.ended or 0.0, -1))
    )
    most = now = 0
    for _, step in moments:
        now += step
        most = max(most, now)
    return most


def test_twelve_months_run_two_at_a_time_while_others_read(day: Day) -> None:
    whole, known = day.digests(), {run.id for run in day.web.runs()}
    began = time.monotonic()
    with Reader(day.folder) as reader:
        backfill = day.web.launch_backfill("month", MONTHS)

        def settled() -> list[Run]:
            mine = {run.id[:8] for run in day.web.runs("month", dagster__backfill=backfill)}
            runs = [run for run in day.web.runs("months") if run.tags.get(CHAIN) in mine]
            return [run for run in runs if run.ended is not None]

        day.wait(lambda: len(settled()) == len(MONTHS), BACKFILL_SECONDS, "the last of twelve months")
        took = time.monotonic() - began
        day.picture("runs", "/runs")
        day.picture("timeline", "/overview/activity/timeline")
        day.wait(lambda: day.web.backfill(backfill)["status"] != "REQUESTED", 120, "the backfill's end")
    runs = [run for run in day.web.runs() if run.id not in known]
    most = at_once(runs)
    print(
        f"{len(runs)} runs in {took:.0f} s, {most} at most at once; {len(reader.answers)} reads beside them"
    )

    assert day.web.backfill(backfill)["status"] == "COMPLETED_SUCCESS"
    assert {run.partition for run in settled()} == set(MONTHS)
    assert {run.status for run in runs} == {"SUCCESS"}
    assert most == 2
    for month in MONTHS:
        assert at_once([run for run in runs if run.partition == month]) == 1
    assert at_once([run for run in runs if run.job == "jiyuan_take_in"]) == 1
    # Every read saw whole months, the same ones each time: they are replaced, never taken away.
    assert not reader.failures
    assert len(reader.answers) > 3 and len(set(reader.answers)) == 1
    assert len(set(re.findall(r"^2025-\d\d", reader.answers[0], re.M))) == len(MONTHS)
    assert day.digests() == whole


# -- a check that stops a month ----------------------------------------------------------------


def test_a_failing_check_stops_the_month_and_shows_why(day: Day) -> None:
    whole = day.digests()
    uplifts = day.folder / "reference" / "key_specialty.csv"
    right = uplifts.read_text(encoding="utf-8")
    wrong = right.replace("H41900100001,R15,national,0.2,", "H41900100001,R15,national,0.2001,")
    assert wrong != right
    uplifts.write_text(wrong, encoding="utf-8")
    assert day.web.wait_run(day.web.launch("take_in", {})).status == "SUCCESS"
    failed = day.web.wait_run(day.web.launch("months", {"dagster/partition": DECEMBER}))
    assert failed.status == "FAILURE"

    (verdict,) = [found for found in day.web.checks(STOPPED, CHECK) if found["runId"] == failed.id]
    assert verdict["status"] == "FAILED" and verdict["evaluation"]["severity"] == "ERROR"
    shown = verdict["metadata"]["failing"]["mdStr"]
    assert "uplift 0.2001 of grade national is above 0.2" in shown
    assert "uplift 0.2001 of grade national is above 0.2" in verdict["metadata"]["why"]["text"]
    # The line that it shows is a command that shows the rows.
    way = verdict["metadata"]["all_rows"]["mdStr"]
    (line,) = re.findall(r"```sh\ndrg (.*)\n```", way)
    read = drg(day.folder, *shlex.split(line), "--format", "csv")
    rows = list(csv.DictReader(read.stdout.splitlines()))
    assert read.returncode == 0 and len(rows) == verdict["metadata"]["failing_rows"]["intValue"] > 0
    assert {row["fixmedins_code"] for row in rows} == {"H41900100001"}
    day.picture(
        "failing_check", f"/assets/jiyuan/{STOPPED.replace('.', '/')}?view=checks&checkDetail={CHECK}"
    )
    day.picture("failed_run", f"/runs/{failed.id}")

    # Nothing behind it was begun, and what was published stands.
    steps = day.web.steps(failed.id)
    assert steps[STOPPED] == "FAILURE"
    behind = {"pricing.version_point", "pricing.case_point", "settlement.monthly_settlement"}
    assert not behind & steps.keys()
    changed = {place for place, _ in whole.items() ^ day.digests().items()}
    assert changed == {"reference/key_specialty"}

    # Mended, and run again as it was.
    uplifts.write_text(right, encoding="utf-8")
    assert day.web.wait_run(day.web.launch("take_in", {})).status == "SUCCESS"
    again = day.web.wait_run(day.web.again(failed.id))
    assert (again.status, again.partition) == ("SUCCESS", DECEMBER)
    latest = day.web.checks(STOPPED, CHECK)[0]
    assert (latest["runId"], latest["status"]) == (again.id, "SUCCEEDED")
    assert day.digests() == whole


def test_the_pages_are_pictured(day: Day) -> None:
    target = browser.folder()
    if target is None:
        pytest.skip("DRG_PICTURES names no folder, or no Chromium is there: no pictures of the pages")
    wanted = {
        "graph",
        "group",
        "asset",
        "lineage",
        "chart",
        "runs",
        "timeline",
        "failing_check",
        "failed_run",
    }
    sizes = {name: (target / f"{name}.png").stat().st_size for name in wanted}
    # A page that stayed empty compresses to next to nothing.
    assert {name: size for name, size in sizes.items() if size < 20_000} == {}
