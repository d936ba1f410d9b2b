"""One simulation from beginning to end: links, changed law and reference, what rests on them, comparison.

It computes the models that the region's lake was computed with, and writes nothing there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from drg_pipeline import messages
from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.lake.needs import Needs, needed
from drg_pipeline.lake.scratch import link_plan, link_tables
from drg_pipeline.lake.store import Store, footers
from drg_pipeline.periods import MONTH, YEAR, Period, span
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.region import CALENDAR_TABLE, LANDING, REFERENCE, SCHEME, SCHEME_TABLE, Region, Written
from drg_pipeline.settings import Settings
from drg_pipeline.simulation.change import Change, read_changes
from drg_pipeline.simulation.compare import Answers, compare
from drg_pipeline.simulation.comparison import (
    SIMULATE_FILE,
    Section,
    load_comparisons,
    read_tables,
)
from drg_pipeline.simulation.differences import Difference, differences
from drg_pipeline.simulation.law import change_law
from drg_pipeline.simulation.side import (
    PREFIX,
    change_tables,
    tables_of_folder,
    tables_of_lake,
    write_tables,
)
from drg_pipeline.simulation.spread import Changed, Spread

KNOWN_ON_MARK = ".known_on"
UNCHANGED = "Nothing of the lake was changed."


@dataclass(frozen=True)
class Asked:
    """What is to be tried.

    periods            months, or a year with all of its months and its clearing
    changes            as typed, done in their order
    policy, reference  another folder than the one the lake was computed with, tried as a whole
    scheme             whether the settings name a scheme or a grouping to be tried
    """

    periods: Sequence[Period]
    changes: Sequence[str] = ()
    policy: bool = False
    reference: Path | None = None
    scheme: bool = False

    @property
    def months(self) -> list[Period]:
        return [month for period in self.periods for month in period.months]

    @property
    def years(self) -> list[Period]:
        return [period for period in self.periods if period.kind == YEAR]

    @property
    def span(self) -> str:
        return span(self.periods)


@dataclass(frozen=True)
class Simulated:
    """What came of it. `base_digest` names the state of the region's tables that were compared."""

    asked: Asked
    region: Region
    differences: Sequence[Difference]
    answers: Answers
    computed: Mapping[str, int]
    caveats: Sequence[str]
    seconds: float
    base_digest: str
    made_on: date

    @property
    def span(self) -> str:
        return self.asked.span

    @cached_property
    def code_digest(self) -> str:
        """One digest over the SQL that computed it."""
        project = self.region.project
        return digest_of((name, project.code_version(name)) for name in project.models)

    def told_caveats(self, lang: str) -> list[str]:
        """What is to be said of the base, in a language."""
        if not self.caveats:
            return []
        return [messages.text("simulate.caveat", lang, count=len(self.caveats), first=self.caveats[0])]


def simulate(
    settings: Settings,
    asked: Asked,
    folder: Path,
    progress: Callable[[str], None] = lambda table: None,
) -> Simulated:
    """Try the changes in a fresh folder that lies where links to the lake can be made.

    settings   the region's; policy and scheme are those to be tried

    Raises WrongUse for changes that cannot be read or may not be, DrgError where the lake lacks what is
    compared or a check refuses what comes out. The region's lake stands as it was in every case.
    """
    return _Trial(settings, asked, folder, progress).run()


class _Trial:
    def __init__(
        self, settings: Settings, asked: Asked, folder: Path, progress: Callable[[str], None]
    ) -> None:
        self.asked, self.progress = asked, progress
        self.began = time.monotonic()
        self.source = Store(settings.region_lake)
        if not self.source.root.is_dir():
            raise WrongUse(
                f"There is no lake of the region {settings.region} in {settings.lake}.",
                state="Nothing was computed.",
                remedy="Name it with --lake and --region, or compute it first: drg run or drg clear.",
            )
        faults: list[Fault] = []
        typed = read_changes(asked.changes, faults)
        self.of_files = [change for change in typed if _is_of_files(change)]
        of_law = [change for change in typed if not _is_of_files(change)]
        self.settings = replace(
            settings,
            lake=folder / "simulated",
            # What is closed in the region's lake may be tried out in this one.
            closings=folder / "closings",
            reference=folder / "reference",
            known_on=self._bound_day(settings),
        )
        self.given: Pack | None = None

        def tried(pack: Pack) -> Pack:
            self.given = pack
            return change_law(pack, of_law, faults)

        self.region = Region(self.settings, law=tried)
        self.base = Store(folder / "base" / settings.region)
        self.store = self.region.store
        self._write_reference(faults)
        if faults:
            raise WrongUse(
                "The changes cannot be tried.",
                faults,
                state=UNCHANGED,
                remedy="Correct them; drg policy show lists the law, drg sql the reference tables.",
            )

    def _bound_day(self, settings: Settings) -> date | None:
        """The day as of which the lake knows the law, where it was bound to one."""
        mark = settings.region_lake / KNOWN_ON_MARK
        text = mark.read_text(encoding="utf-8").strip() if mark.is_file() else ""
        return date.fromisoformat(text) if text else None

    def _write_reference(self, faults: list[Fault]) -> None:
        layout, engine = self.region.layouts.reference, self.region.engine
        given = self.asked.reference
        tables = tables_of_folder(given, layout) if given else tables_of_lake(engine, self.source, layout)
        first = self.asked.periods[0].year.first
        changed = change_tables(tables, layout, self.of_files, first, faults)
        write_tables(changed, layout, self.settings.reference)

    def run(self) -> Simulated:
        sections = self._sections()
        targets = self._targets(sections)
        self._check_targets(targets)
        link_tables(self.source, (self.base, self.store), self._side_layers)
        landing = self.source.root / LANDING
        if landing.is_dir():
            (self.store.root / LANDING).symlink_to(landing.resolve())
        changed = self._publish()
        plan = self._plan(targets, changed)
        link_plan(self.source, (self.base, self.store), self.region.engine, plan)
        spread = Spread(self.region.engine, plan, changed, self.progress)
        spread.run()
        partitions = self._looked_at(plan)
        lakes = {"base": self.base, "simulated": self.store}
        answers = compare(self.region.engine, lakes, sections, partitions)
        return Simulated(
            self.asked,
            self.region,
            self._differences({table: changed[table] for table in changed if table in plan}, plan),
            answers,
            {table: len(outcomes) for table, outcomes in spread.computed.items()},
            spread.caveats,
            time.monotonic() - self.began,
            self._base_digest(targets),
            date.today(),
        )

    # -- what is compared ----------------------------------------------------------------------

    def _sections(self) -> list[Section]:
        path = self.settings.interface / SIMULATE_FILE
        every = load_comparisons(path, self.region.project)
        return [every.months, *([every.year] if self.asked.years else [])]

    def _targets(self, sections: Collection[Section]) -> Needs:
        """The computed tables that are compared, with the months and years that are looked at."""
        models = self.region.project.models
        periods = {MONTH: self.asked.months, YEAR: self.asked.years}
        return {
            table: periods[models[table].partition]
            for table in read_tables(sections)
            if table in models and models[table].partition in periods
        }

    def _check_targets(self, targets: Needs) -> None:
        """What is compared has to be in the lake."""
        missing: dict[Period, list[str]] = {}
        for table, partitions in targets.items():
            there = self.source.partitions(table, self.region.project.partition_of(table))
            for partition in partitions:
                if partition not in there:
                    missing.setdefault(partition, []).append(table)
        if missing:
            place = f"--region {self.settings.region}"
            years = [period for period in missing if period.kind == YEAR]
            months = f"{place} --months {span(sorted(missing)).replace(' ', '')}"
            first = f"drg clear {place} --year {years[0]}" if years else f"drg run {months}"
            raise DrgError(
                f"There is nothing to compare {self.asked.span} with: it is not computed in the lake.",
                [Fault(str(period), f"{', '.join(tables)} not there") for period, tables in missing.items()],
                state=UNCHANGED,
                remedy=f"Compute it first: {first}",
            )

    def _looked_at(self, plan: Needs) -> Needs:
        """Of each table the periods that the queries see: the simulated months, and the years of the plan."""
        project = self.region.project
        monthly = [t for t in [*project.models, *project.sources] if project.partition_of(t) == "month"]
        return {**plan, **dict.fromkeys(monthly, self.asked.months)}

    # -- what enters from the side -------------------------------------------------------------

    @property
    def _side_layers(self) -> list[str]:
        names = self.region.project.sources
        return sorted({name.split(".")[0] for name in names} - {LANDING})

    def _publish(self) -> Changed:
        """Publish the files and schemes that are tried in the simulated lake; what differs there."""
        try:
            written = self.region.side.publish_reference(_unheard)
        except DrgError as error:
            raise WrongUse(
                "The reference files with what is tried cannot be used.",
                error.faults,
                state=UNCHANGED,
                remedy="Correct --set or --reference; lines are counted with the changes done.",
            ) from error
        if self.asked.scheme or self.asked.policy or self._names_other_schemes:
            written += self.region.side.publish_schemes(_unheard)
        changed: Changed = {}
        _note(written, changed)
        return changed

    def _plan(self, targets: Needs, changed: Changed) -> Needs:
        """What the targets rest on, with the law of those periods published as it is tried.

        Law that names the years of other tables can bring in periods, and these their law.
        """
        reached = set(self._tables_of_changed_law(changed))
        plan: Needs = {}
        while (wanted := needed(self.region.engine, targets)) != plan:
            for table, periods in wanted.items():
                if table in self.region.pack.tables:
                    kind = self.region.project.partition_of(table)
                    there = () if table in reached else self.store.partitions(table, kind)
                    late = [p for p in periods if p not in there and p not in plan.get(table, ())]
                    if late:
                        _note(self.region.side.publish_policy(late, [table]), changed)
            plan = wanted
        return plan

    @cached_property
    def _law(self) -> Pack:
        """The law as its folder has it, without what options put in its place."""
        if self.given and not self.asked.scheme:
            return self.given
        return load_pack(self.settings.policy)

    @property
    def _names_other_schemes(self) -> bool:
        return self.region.pack.texts_of(SCHEME) != self._law.texts_of(SCHEME)

    def _tables_of_changed_law(self, changed: Changed) -> list[str]:
        """All tables of another folder; of the same one those that the changes reach.

        What a folder says otherwise than the lake was computed with is no change that was asked for. Other
        days by which the law must have been known reach all of it.
        """
        tables, before = self.region.pack.tables, self._law.tables
        if self.asked.policy or not self._same_moments or CALENDAR_TABLE in changed:
            return list(tables)
        return [name for name, table in tables.items() if before[name].parameters != table.parameters]

    @property
    def _same_moments(self) -> bool:
        """Whether the days that bound what is known of the law are set by the same parameters."""
        names = [moment.working_days or moment.day for moment in self._law.moments.values()]
        return all(self._law.parameters[name] == self.region.pack.parameters[name] for name in names)

    def _differences(self, changed: Mapping[str, Collection[Period]], plan: Needs) -> list[Difference]:
        """What is tried, of the periods that what is compared rests on."""
        files = {PREFIX + file.name for file in self.region.layouts.reference.files}
        heads = {SCHEME_TABLE}
        listed = {
            table: set(partitions) & set(plan[table])
            for table, partitions in changed.items()
            if table in files | heads or table in self.region.pack.tables
        }
        return differences(
            self.region.engine,
            self.base,
            self.store,
            listed,
            self._law_departed_from,
            self.region.layouts.personal,
        )

    @property
    def _law_departed_from(self) -> Pack:
        """The region's own law where another folder is tried."""
        if not self.asked.policy:
            return self._law
        own = Settings.for_region(self.settings.region).policy
        return load_pack(own) if own.is_dir() else self._law

    def _base_digest(self, targets: Needs) -> str:
        """One digest over the compared partitions of the region's lake, as each file carries it."""
        files = {
            f"{table} {p}": self.base.file(table, p)
            for table, partitions in targets.items()
            for p in partitions
        }
        with closing(self.region.engine.connect()) as con:
            found = footers(con, list(files.values()))
        return digest_of((name, found[path].digest) for name, path in files.items() if path in found)


def _note(written: Sequence[Written], changed: Changed) -> None:
    for one in written:
        if one.changed:
            changed.setdefault(one.table, set()).add(one.partition)


def _unheard(line: str) -> None:
    """What is said of files that are read is of no use here: they are the lake's own."""


def _is_of_files(change: Change) -> bool:
    return change.name == REFERENCE or change.name.startswith(PREFIX)
