"""Builds an expectation suite from a catalogue of rules and judges a batch of state columns with it.

The library runs on pandas frames of the state columns alone, with summary results: its own listing of failing
keys is slow, and its DuckDB path does not work. Failing keys come from SQL. Imported only where a batch is
judged, because the import takes seconds; `begin_import` lets them pass beside other work.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING

from drg_pipeline.errors import DrgError

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue: its column, its severity (`fatal` or `warn`), its title, what is wrong."""

    id: str
    severity: str
    title: str
    describe: str


@dataclass(frozen=True)
class Verdict:
    """What a batch says of a rule: how many rows it has, fail it, and are none that it applies to."""

    rule: Rule
    passed: bool
    rows: int
    failing: int
    not_applicable: int


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


def judge(rules: Sequence[Rule], states: pd.DataFrame) -> list[Verdict]:
    """Judge one batch: no row that a rule applies to may fail it.

    states  one boolean column for each rule: true fails, false passes, null does not apply
    """
    begin_import().join()
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.metadata_types import FailureSeverity

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    whole = (
        context.data_sources.add_pandas("states")
        .add_dataframe_asset("batch")
        .add_batch_definition_whole_dataframe("whole")
    )
    severity = {"fatal": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
    expectations = {
        # It ignores nulls: what a rule does not apply to.
        rule.id: gxe.ExpectColumnValuesToBeInSet(
            column=rule.id,
            value_set=[False],
            severity=severity[rule.severity],
            meta={"title": rule.title, "describe": rule.describe},
        )
        for rule in rules
    }
    verdicts = []
    for together in _frames(rules, states):
        names = [rule.id for rule in together]
        batch = whole.get_batch(batch_parameters={"dataframe": states[names]})
        suite = gx.ExpectationSuite(name="rules", expectations=[expectations[name] for name in names])
        outcome = batch.validate(suite, result_format="SUMMARY")
        of = {
            str(one.expectation_config.kwargs["column"]): one
            for one in outcome.results
            if one.expectation_config
        }
        verdicts += [_verdict(rule, of[rule.id]) for rule in together]
    return verdicts


def _frames(rules: Sequence[Rule], states: pd.DataFrame) -> Iterator[list[Rule]]:
    """Rules that are judged on one frame: where a column has nulls, the library copies the frame without them
    six times, all columns of it, so that such a column is better alone."""
    apart = [rule for rule in rules if states[rule.id].hasnans]
    together = [rule for rule in rules if rule not in apart]
    if together:
        yield together
    yield from ([rule] for rule in apart)


def _verdict(rule: Rule, result: ExpectationValidationResult) -> Verdict:
    if (result.exception_info or {}).get("raised_exception", False):
        raise DrgError(
            f"The quality rule {rule.id} could not be judged.",
            [str(result.exception_info.get("exception_message"))],
            remedy="The rule's column is not boolean.",
        )
    rows, failing, empty = (
        int(result.result[count]) for count in ("element_count", "unexpected_count", "missing_count")
    )
    return Verdict(rule, bool(result.success), rows, failing, empty)
