"""What people who wait see: a bar on a terminal, one line a step elsewhere, and what the intake found.

Listens to the runner and the region; computes and decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from drg_pipeline.commands.pages import examples
from drg_pipeline.commands.screen import Screen
from drg_pipeline.ingest.delivery import landed_manifests
from drg_pipeline.ingest.inbox import find_deliveries
from drg_pipeline.messages import known
from drg_pipeline.periods import span
from drg_pipeline.visible import lines, one_line

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from drg_pipeline.lake.outcome import Outcome
    from drg_pipeline.region import Region
    from drg_pipeline.runs import Step


class Intake:
    """What one intake brings: the deliveries that are new, and the notes made on the way."""

    def __init__(self, region: Region) -> None:
        self.settings = region.settings
        self.before = set(landed_manifests(self.settings))
        found = find_deliveries(self.settings.inbox, region.layouts.claims, lambda note: None)
        self.new = {delivery.label for delivery in found} - self.before
        self.notes = 0

    def delivery_of(self, line: str) -> str | None:
        """The new delivery that a line of the intake tells about."""
        label = line.split(": ", 1)[0]
        return label if label in self.new else None

    def counts(self) -> dict[str, Mapping[str, int]]:
        """Records of each delivery that was taken in, by its manifest."""
        return {
            label: {
                part: sum(int(file[part]) for file in manifest["files"])
                for part in ("records", "accepted", "rejected")
            }
            for label, manifest in landed_manifests(self.settings).items()
            if label not in self.before
        }


@contextmanager
def working(screen: Screen, title: str) -> Iterator[Callable[[str], None]]:
    """On a terminal, what is worked on and for how long; what is yielded takes the table that is done."""
    if not screen.watched:
        yield lambda now: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(one_line(title), total=None, now="")
        yield lambda now: bar.update(task, now=one_line(now))


class Watch(AbstractContextManager["Watch"]):
    """Follows one chain of runs; `started` is for the runner."""

    def __init__(self, screen: Screen, region: Region, *, verbose: bool = False) -> None:
        self.screen = screen
        self.region = region
        self.verbose = verbose
        self.steps = 0
        self._began = time.monotonic()
        self._step_began = self._began
        self._step: str | None = None
        self._tables = 0
        self._intake: Intake | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        region.report = self.line
        region.progress = self.table

    def __enter__(self) -> Watch:
        if self.screen.watched:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[now]}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_step(whole=kind is None)
        if self._bar:
            self._bar.stop()
        if kind is None:
            seconds, lake = time.monotonic() - self._began, self.region.settings.region_lake
            self._say("done", seconds=seconds, steps=self.steps, lake=lake)

    # -- what the runner and the region tell ---------------------------------------------------

    def started(self, step: Step) -> None:
        self._end_step()
        self.steps += 1
        self._tables, self._step_began = 0, time.monotonic()
        self._step = self._title(step)
        models = [table for table in step.tables or step.job.tables if table in self.region.project.models]
        total = len(models)
        if not step.partitions:
            self._intake = Intake(self.region)
            total += len(self._intake.new)
        if self._bar:
            self._task = self._bar.add_task(self._step, total=total, now="")

    def table(self, table: str, outcomes: Sequence[Outcome]) -> None:
        self._tables += 1
        self._advance(table)
        if self.verbose:
            rows = sum(outcome.rows for outcome in outcomes)
            self._say("step.table", table=table, partitions=len(outcomes), rows=rows)

    def line(self, line: str) -> None:
        """A line of the intake. What needs an eye is said at once, the rest with -v."""
        delivery = self._intake.delivery_of(line) if self._intake else None
        if delivery:
            self._advance(delivery)
        urgent = line.startswith("warning") or str(self.region.settings.key) in line
        if self.verbose or urgent:
            self._aside(f"  {one_line(line)}")
        elif self._intake and not delivery:
            self._intake.notes += 1

    # -- how it looks --------------------------------------------------------------------------

    def _title(self, step: Step) -> str:
        key = f"step.{step.job.name.removeprefix(self.region.settings.region + '_')}"
        if not known(key):
            return step.title
        return self.screen.text(key, span=span(step.partitions))

    def _advance(self, now: str) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, advance=1, now=one_line(now))

    def _end_step(self, *, whole: bool = True) -> None:
        if self._step is None:
            return
        if self._bar and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        done = "step.brought" if self._intake else "step.done"
        self._say(
            done if whole else "step.stopped",
            step=self._step,
            tables=self._tables,
            seconds=time.monotonic() - self._step_began,
        )
        if self._intake:
            self._tell_intake(self._intake)
        self._step = self._intake = None

    def _tell_intake(self, intake: Intake) -> None:
        counts = intake.counts()
        sums = {part: sum(count[part] for count in counts.values()) for part in ("accepted", "rejected")}
        if counts:
            self._say("intake.sum", deliveries=len(counts), **sums)
        else:
            self._say("intake.none")
        for label, count in counts.items():
            if count["rejected"]:
                self._say(
                    "intake.rejected", label=label, rejected=count["rejected"], records=count["records"]
                )
        if sums["rejected"]:
            self._say("intake.see", query=examples(self.region.settings).rejected)
        if intake.notes:
            self._say("intake.notes", count=intake.notes)

    def _say(self, key: str, **values: Any) -> None:
        self._aside(self.screen.text(key, **values))

    def _aside(self, text: str) -> None:
        if self._bar:
            self._bar.console.print(lines(text), markup=False, highlight=False, soft_wrap=True)
        else:
            self.screen.aside(text)
