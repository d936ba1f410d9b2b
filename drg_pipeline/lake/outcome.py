"""What came of computing one partition, and the error for partitions that were not published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.sql.contract import Check


@dataclass
class Outcome:
    """One partition of a step: what was counted, which checks were made, whether it was published."""

    table: str
    partition: Period
    path: Path
    rows: int
    digest: str
    checks: list[Check] = field(default_factory=list)
    published: bool = False

    @property
    def failures(self) -> list[Check]:
        return [check for check in self.checks if check.blocking and not check.passed]


def refused(outcomes: Sequence[Outcome]) -> DrgError | None:
    """The error for partitions whose blocking checks failed; None when all were published."""
    faults = [
        f"{f'{outcome.table} {outcome.partition}'.rstrip()}: {check}"
        for outcome in outcomes
        for check in outcome.failures
    ]
    if not faults:
        return None
    stopped = sorted({str(o.partition) or o.table for o in outcomes if not o.published})
    return DrgError(
        f"{outcomes[0].table} was not published for {', '.join(stopped)}: its checks failed.",
        faults,
        state="What was published before stands as it was.",
        remedy="Correct what the checks name (deliveries, reference or policy), then run again.",
    )
