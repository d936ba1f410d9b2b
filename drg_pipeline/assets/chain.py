"""What a month or a year still needs, as a chain of runs: the command line and the daemon follow the same.

A job holds one kind of partition, so a chain goes deliveries -> history months -> calibration -> months ->
clearing. What is there and current is read from what is published, never from the event log, and is not
computed again. Of a month or year that is closed only what its closing does not seal is computed: the year's
clearing needs it. Here a chain is only planned; who runs its steps is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from drg_pipeline.assets.jobs import Job, law_read, region_jobs, tables_behind
from drg_pipeline.assets.looking import look
from drg_pipeline.assets.operations import ALONE, PARTITION, RANGE_END, RANGE_START
from drg_pipeline.assets.run_days import is_open
from drg_pipeline.duck import quoted
from drg_pipeline.errors import WrongUse
from drg_pipeline.lake.closed import Closed, refusal
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.reads import upstream_periods
from drg_pipeline.periods import MONTH, WHOLE, YEAR, Period, contiguous, month_of, parse_periods, span
from drg_pipeline.region import Region

ROLES = ("take_in", "history", "calibration", "months", "clearing")


@dataclass(frozen=True)
class Step:
    """One run of a chain: a job, or some of its tables, over partitions."""

    job: Job
    partitions: tuple[Period, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.job.name} {span(self.partitions)}".rstrip()

    def tags(self, region: str) -> dict[str, str]:
        """What tells Dagster the partitions, and the queue what must not run beside it."""
        tags = {"region": region}
        if not self.partitions:
            return tags | {ALONE: self.job.name}
        if len(self.partitions) == 1:
            return tags | {PARTITION: str(self.partitions[0])}
        first, last = self.partitions[0], self.partitions[-1]
        years = f"{first.year}..{last.year}"
        return tags | {RANGE_START: str(first), RANGE_END: str(last), ALONE: f"{region} {years}"}


@dataclass(frozen=True)
class Goal:
    """What a chain is for: months to settle, or years to calibrate or to clear."""

    what: str
    periods: tuple[Period, ...]

    def __str__(self) -> str:
        return f"{self.what} {','.join(map(span, contiguous(self.periods)))}"

    @classmethod
    def of(cls, text: str) -> Goal:
        what, _, periods = text.partition(" ")
        return cls(what, tuple(parse_periods(periods, MONTH if what == "months" else YEAR)))

    @property
    def months(self) -> list[Period]:
        """The months of its periods."""
        return [month for period in self.periods for month in period.months]


class Chain:
    """Plans the runs of one region."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.jobs = region_jobs(region)

    def steps(
        self, goal: Goal, *, through: str | None = None, done: tuple[str, Sequence[Period]] | None = None
    ) -> Iterator[Step]:
        """The steps to a goal in order, each found when its turn has come: what it needs shows only then.

        done   role and partitions of the last step that was run; only what comes after it
        """
        for role in ROLES[ROLES.index(done[0]) if done else 0 :]:
            for step in self._steps_of(role, goal, through):
                if not done or role != done[0] or step.partitions[:1] > tuple(done[1][-1:]):
                    yield step

    def _steps_of(self, role: str, goal: Goal, through: str | None) -> Iterator[Step]:
        if role == "take_in":
            yield Step(self.jobs[role])
        elif role in ("history", "calibration"):
            yield from self._years_before(role, goal, through)
        elif role == "months" and goal.what == "months":
            tables = self._through(through)
            earlier = self._stale(role, self._earlier(tables, goal.periods), tables)
            yield from self._over(role, [*earlier, *goal.periods], tables)
        elif role == "months" and goal.what == "clearing":
            yield from self._over(role, self._stale(role, goal.months, self.jobs[role].tables))
        elif role == "clearing" and goal.what == "clearing":
            for year in goal.periods:
                yield Step(self.jobs[role], (year,))

    def _years_before(self, role: str, goal: Goal, through: str | None) -> Iterator[Step]:
        """History and calibration, as far as the goal's tables read them."""
        project = self.region.project
        calibration = self.jobs["calibration"].tables
        months = goal.months
        before, years = list(calibration), list(goal.periods)
        if goal.what != "calibration":
            read = project.upstream_closure(self._through(through))
            before = [table for table in calibration if table in read]
            years = sorted({month.year for month in months} | self._bound_years(months))
            # Months that stop before the calibration may still ask the law of their year.
            if not before and (law := law_read(self.region, YEAR, read)):
                self.region.side.publish_policy(years, law)
        if not before:
            return
        wanted = years
        if role == "history":
            wanted = [m for m in self._history(before, years) if m >= self.region.settings.first_month]
        yield from self._over(role, self._stale(role, wanted, self.jobs[role].tables))

    def _over(self, role: str, periods: Iterable[Period], tables: tuple[str, ...] = ()) -> Iterator[Step]:
        """Steps over these periods in order, each over open ones or over closed ones."""
        closed = self._closed(periods)
        job = self.jobs[role]
        models = self.region.project.models
        unsealed = tuple(t for t in tables or job.tables if t not in models or not models[t].sealed)
        for part in contiguous(periods):
            for is_closed, same in groupby(part, key=lambda period: period in closed):
                yield Step(job, tuple(same), unsealed if is_closed else tables)

    def _closed(self, periods: Iterable[Period]) -> dict[Period, Closed]:
        standing = ((period, self.region.closed.standing(period)) for period in sorted(set(periods)))
        return {period: found for period, found in standing if found}

    def _history(self, before: Sequence[str], years: Sequence[Period]) -> list[Period]:
        """The months that the yearly tables behind these read."""
        project = self.region.project
        return sorted(
            {
                up
                for table in project.upstream_closure(before)
                if project.models[table].partition == "year"
                for read in project.models[table].upstream
                if project.partition_of(read) == "month"
                for up in upstream_periods(years, MONTH, project.models[table].reads.get(read)) or ()
            }
        )

    def _bound_years(self, months: Sequence[Period]) -> set[Period]:
        """The years of other periods that the law binds these months to."""
        guides = {
            reads.year_from
            for model in self.region.project.models.values()
            for reads in model.reads.values()
            if reads.year_from
        }
        years: set[Period] = set()
        for guide in guides:
            table, column = guide.rsplit(".", 1)
            place = list(self.region.project.sources[table].columns).index(column)
            years |= {
                Period.of(str(row[place]), YEAR)
                for row in self.region.pack.rows(table, months, self.region.side.known_on)
            }
        return years

    def is_current(self, goal: Goal, through: str | None = None) -> bool:
        """Whether all that the goal's last steps compute would come out as it is published."""
        whole = [table for table in self.jobs["take_in"].tables if table in self.region.project.models]
        if any(self.region.engine.stale(table, [WHOLE]) for table in whole):
            return False
        if goal.what == "months":
            return not self._stale("months", goal.periods, self._through(through))
        return not self._stale("months", goal.months, self.jobs["months"].tables) and not self._stale(
            "clearing", goal.periods, self.jobs["clearing"].tables
        )

    def _earlier(self, tables: Sequence[str], months: Sequence[Period]) -> list[Period]:
        """Months before the given ones that they read."""
        project = self.region.project
        wanted = {
            up
            for table in tables
            if table in project.models
            for read, reads in project.models[table].reads.items()
            if reads.months and project.partition_of(read) == "month"
            for up in upstream_periods(months, MONTH, reads) or ()
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

    def _stale(self, role: str, partitions: Iterable[Period], tables: Sequence[str]) -> list[Period]:
        """Partitions of which a table is missing or would come out differently."""
        partitions = list(partitions)
        if not partitions:
            return []
        # The law comes first; whether it changes a table shows in what the table was computed from.
        law = [table for table in tables if table in self.region.pack.tables]
        self.region.side.publish_policy(partitions, law)
        stale: set[Period] = set()
        closed = self._closed(partitions)
        for table in tables:
            model = self.region.project.models.get(table)
            stands = closed if model and model.sealed else {}
            rest = [part for part in partitions if part not in stale and part not in stands]
            if rest and model:
                stale |= set(self.region.engine.stale(table, rest))
        return sorted(stale)

    # -- what is asked, and what has arrived ---------------------------------------------------

    def check(self, goal: Goal) -> None:
        """WrongUse for what no partition takes, DrgError for periods that are closed."""
        first = self.region.settings.first_month
        early = [month for month in goal.months if month < first]
        if early:
            raise WrongUse(
                f"There is no partition for {', '.join(map(str, early))}.",
                remedy=f"The lake begins with {first}.",
            )
        # A calibration is not sealed.
        if closed := self._closed(goal.periods if goal.what != "calibration" else ()):
            raise refusal(f"Nothing was computed for {goal}", list(closed.values()))

    def arrived(self, deliveries: Collection[str], today: date, open_from: Period | None) -> list[Period]:
        """The open months that the versions of these deliveries settle in or may change."""
        months: set[Period] = set()
        for model in self.region.project.models.values():
            path = self.region.store.file(model.name, WHOLE)
            if not model.slice_by or "delivery" not in model.columns or not path.is_file():
                continue
            month, whole = (quoted(name) for name in model.slice_by)
            source, marks = parquet([path]), ", ".join("?" for _ in deliveries)
            with closing(look(self.region.engine)) as con:
                found = con.execute(
                    f"select distinct {month} from {source} "
                    f"where {whole} in (select {whole} from {source} where delivery in ({marks}))",
                    list(deliveries),
                ).fetchall()
            months |= {named for (text,) in found if (named := Period.read(str(text), MONTH))}
        first, current = self.region.settings.first_month, month_of(today)
        closed = self._closed(months)
        return sorted(
            value
            for value in months
            if first <= value <= current
            and value not in closed
            and (value >= open_from if open_from else is_open(self.region.pack, value, today))
        )
