"""Chains of Dagster runs: what a month or a year still needs, then the month or the year.

A job holds one kind of partition, so a chain goes deliveries -> history months -> calibration -> months ->
clearing. What is there and current is read from what is published, never from the event log, and is not
computed again. Everything goes through the same assets as the UI's runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from drg_pipeline.assets.describe import key
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.jobs import Job, region_jobs, tables_behind
from drg_pipeline.definitions import build
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.lake.periods import month_number, months_of, upstream_partitions
from drg_pipeline.region import Region

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class Step:
    """One run of a chain: a job, or some of its tables, over partitions."""

    job: Job
    partitions: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        if not self.partitions:
            return self.job.name
        ends = sorted({self.partitions[0], self.partitions[-1]})
        return f"{self.job.name} {'..'.join(ends)}"


@dataclass
class Runner:
    """Runs chains for one region on its lake's Dagster instance, in this process."""

    region: Region
    started: Callable[[Step], None] = field(default=lambda step: None)

    def __post_init__(self) -> None:
        self._bind_known_on()
        self.jobs = region_jobs(self.region)
        self.instance = open_instance(self.region.settings.lake)
        self.repository = build([self.region]).get_repository_def()

    def _bind_known_on(self) -> None:
        """A lake holds what was known by each period's own moment, or by one day: never a mixture."""
        settings = self.region.settings
        asked = str(settings.known_on or "")
        mark = settings.region_lake / ".known_on"
        mark.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), open(mark, "x", encoding="utf-8") as new:
            new.write(asked)
        bound = mark.read_text(encoding="utf-8")
        if bound != asked:
            raise WrongUse(
                f"This lake holds the law as known {f'on {bound}' if bound else 'by each period itself'}, "
                f"and the run asks for {f'what was known on {asked}' if asked else 'each period itself'}.",
                state="Nothing was changed.",
                remedy="Name another --lake, or leave --known-on as it was.",
            )

    # -- chains --------------------------------------------------------------------------------

    def take_in(self) -> None:
        self.run(Step(self.jobs["take_in"]))

    def months(self, months: Sequence[str], through: str | None = None) -> None:
        """Take in what has arrived, bring what the months still need, and compute the months."""
        self.check_months(months)
        tables = self._through(through)
        self.take_in()
        self._bring_years_before(tables, months)
        earlier = self._stale("months", self._earlier(tables, months), tables)
        for part in contiguous([*earlier, *months]):
            self.run(Step(self.jobs["months"], part, tables))

    def clear(self, year: str) -> None:
        """Bring all that the year still needs, then clear it."""
        months = months_of(year)
        self.check_months(months)
        self.take_in()
        tables = self.jobs["months"].tables
        self._bring_years_before(tables, months)
        for part in contiguous(self._stale("months", months, tables)):
            self.run(Step(self.jobs["months"], part))
        self.run(Step(self.jobs["clearing"], (year,)))

    def _bring_years_before(self, tables: Sequence[str], months: Sequence[str]) -> None:
        """History and calibration, as far as these tables of these months read them."""
        project = self.region.project
        before = [t for t in self.jobs["calibration"].tables if t in project.upstream_closure(tables)]
        if not before:
            return
        years = sorted({month[:4] for month in months} | set(self._bound_years(months)))
        history = {
            up
            for table in project.upstream_closure(before)
            if project.models[table].partition == "year"
            for read in project.models[table].upstream
            if project.partition_of(read) == "month"
            for up in upstream_partitions("year", years, "month", project.models[table].reads.get(read)) or ()
        }
        wanted = sorted(month for month in history if month >= self.region.settings.first_month)
        for part in contiguous(self._stale("history", wanted, self.jobs["history"].tables)):
            self.run(Step(self.jobs["history"], part))
        for part in contiguous(self._stale("calibration", years, self.jobs["calibration"].tables)):
            self.run(Step(self.jobs["calibration"], part))

    def _bound_years(self, months: Sequence[str]) -> list[str]:
        """The years of other periods that the law binds these months to."""
        guides = {
            reads.year_from
            for model in self.region.project.models.values()
            for reads in model.reads.values()
            if reads.year_from
        }
        years: set[str] = set()
        for guide in guides:
            table, column = guide.rsplit(".", 1)
            place = list(self.region.project.sources[table].columns).index(column)
            years |= {str(row[place]) for row in self.region.pack.rows(table, months, self.region.known_on)}
        return sorted(years)

    def _earlier(self, tables: Sequence[str], months: Sequence[str]) -> list[str]:
        """Months before the given ones that they read."""
        project = self.region.project
        wanted = {
            up
            for table in tables
            if table in project.models
            for read, reads in project.models[table].reads.items()
            if reads.months and project.partition_of(read) == "month"
            for up in upstream_partitions("month", months, "month", reads) or ()
        }
        return sorted(month for month in wanted - set(months) if month >= self.region.settings.first_month)

    def _through(self, through: str | None) -> tuple[str, ...]:
        project = self.region.project
        if through is None:
            return self.jobs["months"].tables
        if through not in project.models or project.models[through].partition != "month":
            monthly = [table for table, model in project.models.items() if model.partition == "month"]
            raise WrongUse(
                f"{through} is not a table of months.", remedy=f"Choose one of: {', '.join(monthly)}."
            )
        return tables_behind(self.region, "month", [through])

    def _stale(self, role: str, partitions: Iterable[str], tables: Sequence[str]) -> list[str]:
        """Partitions of which a table is missing or would come out differently."""
        partitions = list(partitions)
        if not partitions:
            return []
        # The law comes first; whether it changes a table shows in what the table was computed from.
        law = [table for table in tables if table in self.region.pack.tables]
        self.region.publish_policy(self.jobs[role].partition, partitions, law)
        stale: set[str] = set()
        for table in tables:
            rest = [partition for partition in partitions if partition not in stale]
            if rest and table in self.region.project.models:
                stale |= set(self.region.engine.stale(table, rest))
        return sorted(stale)

    def check_months(self, months: Sequence[str]) -> None:
        first = self.region.settings.first_month
        early = [month for month in months if month < first]
        if early:
            raise WrongUse(
                f"There is no partition for {', '.join(early)}.", remedy=f"The lake begins with {first}."
            )

    # -- one run -------------------------------------------------------------------------------

    def run(self, step: Step) -> None:
        """One Dagster run in this process; raises the DrgError that stopped it."""
        self.started(step)
        tags = {"region": self.region.settings.region}
        if step.partitions:
            tags |= {RANGE_START: step.partitions[0], RANGE_END: step.partitions[-1]}
        job = self.repository.get_job(step.job.name)
        result = job.execute_in_process(
            instance=self.instance,
            tags=tags,
            raise_on_error=False,
            asset_selection=[key(self.region.settings.region, table) for table in step.tables] or None,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        if not result.success:
            raise self._error(step, result)

    @staticmethod
    def _error(step: Step, result: dg.ExecuteInProcessResult) -> DrgError:
        failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
        for failed in failures:
            user = failed.user_failure_data
            if user and user.description:
                return DrgError(user.description)
        shown = [str(failed.error.message).strip() for failed in failures if failed.error]
        return DrgError(
            f"The run {step.title} failed.", shown, remedy=f"Dagster run {result.run_id} has the details."
        )


def contiguous(periods: Iterable[str]) -> list[tuple[str, ...]]:
    """Months or years in order, cut where one is missing: a run takes a range."""
    parts: list[list[str]] = []
    for period in sorted(set(periods)):
        if parts and _number(period) == _number(parts[-1][-1]) + 1:
            parts[-1].append(period)
        else:
            parts.append([period])
    return [tuple(part) for part in parts]


def _number(period: str) -> int:
    return int(period) if len(period) == 4 else month_number(period)
