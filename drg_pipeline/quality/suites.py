"""Builds an expectation suite from a catalogue of rules and judges a month's state columns with it.

The library runs on pandas frames of the state columns alone: its own listing of failing keys is slow, and its
DuckDB path does not work. Failing keys come from SQL. Imported only where a month is judged, because the
import takes seconds; `begin_import` lets them pass beside other work.
"""

from __future__ import annotations

import contextlib
import html
import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from threading import Thread
from typing import TYPE_CHECKING

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue: its column, severity (`fatal` or `warn`), title, what is wrong, clauses."""

    id: str
    severity: str
    title: str
    describe: str
    law: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What is said of a rule: how many rows there are, fail it, and are none that it applies to."""

    rule: Rule
    rows: int
    failing: int
    not_applicable: int

    @property
    def passed(self) -> bool:
        return not self.failing


@dataclass(frozen=True)
class Judgement:
    """What Great Expectations says of a period: a verdict a rule, and its own result."""

    period: Period
    verdicts: tuple[Verdict, ...]
    result: ExpectationSuiteValidationResult


@cache
def begin_import() -> Thread:
    """Import the library in a thread, once in a process; what is wrong with it shows in `judge`.

    A process that ends waits for it: to be stopped amid the import of a compiled module can crash it.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    thread = Thread(target=_import, name="great_expectations", daemon=False)
    thread.start()
    return thread


def _import() -> None:
    with contextlib.suppress(ImportError):
        importlib.import_module("great_expectations.expectations")


class Judge:
    """Judges the periods of one table: a suite for each set of rules, a checkpoint for each period.

    name  of the table, with its region
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._suites: dict[tuple[Rule, ...], gx.ExpectationSuite] = {}

    @cached_property
    def _context(self) -> EphemeralDataContext:
        begin_import().join()
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        return context

    @cached_property
    def _batches(self) -> BatchDefinition:
        source = self._context.data_sources.add_pandas(self.name)
        return source.add_dataframe_asset("versions").add_batch_definition_whole_dataframe("period")

    def judge(
        self, period: Period, rules: Sequence[Rule], states: pd.DataFrame, not_applicable: Mapping[str, int]
    ) -> Judgement:
        """Judge one period: no row may fail a rule.

        states          a boolean column a rule: true where a row fails it
        not_applicable  rule -> how many of the rows it does not ask
        """
        context, batches = self._context, self._batches
        import great_expectations as gx

        name = f"{self.name} {period}"
        definition = gx.ValidationDefinition(name=name, data=batches, suite=self._suite(tuple(rules)))
        checkpoint = gx.Checkpoint(
            name=name,
            validation_definitions=[context.validation_definitions.add_or_update(definition)],
            result_format={"result_format": "SUMMARY"},
        )
        ran = context.checkpoints.add_or_update(checkpoint).run(
            batch_parameters={"dataframe": states},
            # Without a time of its own the library reads one out of the name.
            run_id=gx.RunIdentifier(run_name=str(period), run_time=datetime.now(UTC)),
        )
        (result,) = ran.run_results.values()
        of = {
            str(one.expectation_config.kwargs["column"]): one
            for one in result.results
            if one.expectation_config
        }
        rows = len(states)
        verdicts = (
            Verdict(rule, rows, _failing(rule, of[rule.id]), not_applicable.get(rule.id, 0)) for rule in rules
        )
        return Judgement(period, tuple(verdicts), result)

    def _suite(self, rules: tuple[Rule, ...]) -> gx.ExpectationSuite:
        """The suite of these rules, made once: each is an expectation of its own."""
        if rules not in self._suites:
            import great_expectations as gx
            import great_expectations.expectations as gxe
            from great_expectations.expectations.metadata_types import FailureSeverity

            severity = {"fatal": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
            expectations = [
                # The number of rows that fail. An expectation on each value asks four times as much of the
                # library, and says no more.
                gxe.ExpectColumnSumToBeBetween(
                    column=rule.id,
                    max_value=0,
                    severity=severity[rule.severity],
                    description=html.escape(f"{rule.title} ({rule.id}): {rule.describe}"),
                    notes=html.escape(", ".join(rule.law)) or None,
                    meta={"title": rule.title, "severity": rule.severity, "law": list(rule.law)},
                )
                for rule in rules
            ]
            name = f"{self.name} {len(self._suites) + 1}"
            suite = gx.ExpectationSuite(name=name, expectations=expectations)
            self._suites[rules] = self._context.suites.add(suite)
        return self._suites[rules]


def _failing(rule: Rule, result: ExpectationValidationResult) -> int:
    if (result.exception_info or {}).get("raised_exception", False):
        raise DrgError(
            f"The quality rule {rule.id} could not be judged.",
            [str(result.exception_info.get("exception_message"))],
            remedy="The rule's column is not boolean.",
        )
    # Of no rows there is no sum.
    return int(result.result.get("observed_value") or 0)
