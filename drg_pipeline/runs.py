"""Runs chains for the command line: one step after the other in this process, on the lake's Dagster instance.

What a chain needs is planned in `assets/chain.py`. Everything goes through the same assets as the UI's runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import dagster as dg

from drg_pipeline.assets.chain import Chain, Goal, Step
from drg_pipeline.assets.describe import key
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import ALONE, CHAIN, LINK, PARTITION, RANGE_END, RANGE_START
from drg_pipeline.assets.processes import own_process
from drg_pipeline.definitions import build
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.periods import Period
from drg_pipeline.quality.suites import begin_import
from drg_pipeline.region import Region


@dataclass
class Runner:
    """Runs chains for one region on its lake's Dagster instance, in this process."""

    region: Region
    started: Callable[[Step], None] = field(default=lambda step: None)

    def __post_init__(self) -> None:
        self._bind_known_on()
        self._linked: dict[str, str] = {}
        self.chain = Chain(self.region)
        self.jobs = self.chain.jobs
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

    def months(self, months: Sequence[Period], through: str | None = None) -> None:
        """Take in what has arrived, bring what the months still need, and compute the months."""
        self._follow(Goal("months", tuple(months)), through)

    def clear(self, year: Period) -> None:
        """Bring all that the year still needs, then clear it."""
        self._follow(Goal("clearing", (year,)))

    def _follow(self, goal: Goal, through: str | None = None) -> None:
        self.chain.check(goal)
        linked = uuid4().hex[:8]
        for number, step in enumerate(self.chain.steps(goal, through=through), 1):
            # Without a goal among its tags: the daemon does not go on with this chain.
            self._linked = {CHAIN: linked, LINK: str(number)}
            self.run(step)

    # -- one run -------------------------------------------------------------------------------

    def run(self, step: Step) -> None:
        """One Dagster run in this process; raises the DrgError that stopped it."""
        self.started(step)
        models = self.region.project.models
        if any(table in models and models[table].catalogue for table in step.tables or step.job.tables):
            begin_import()
        tags = step.tags(self.region.settings.region) | own_process() | self._linked
        # No queue starts this run, so it asks for none of the queue's room; the store's locks keep order.
        tags.pop(ALONE, None)
        if PARTITION in tags:
            tags[RANGE_START] = tags[RANGE_END] = tags.pop(PARTITION)
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
                return DrgError.retold(user.description)
        shown = [str(failed.error.message).strip() for failed in failures if failed.error]
        return DrgError(
            f"The run {step.title} failed.", shown, remedy=f"Dagster run {result.run_id} has the details."
        )
