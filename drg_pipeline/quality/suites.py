"""Builds an expectation suite from a catalogue of rules and judges a batch of flag columns with it.

The library runs on pandas frames of the flag columns alone, with summary results: its own listing of failing
keys is slow, and its DuckDB path does not work. Failing keys come from SQL. Imported only where a batch is
judged, because the import takes seconds; `begin_import` lets them pass beside other work.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING

from drg_pipeline.errors import DrgError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue: its flag column, its severity (`fatal` or `warn`) and its title."""

    id: str
    severity: str
    title: str


@dataclass(frozen=True)
class Verdict:
    """What a batch says of a rule."""

    rule: Rule
    passed: bool
    failing: int
    rows: int


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


def judge(rules: Sequence[Rule], flags: pd.DataFrame) -> list[Verdict]:
    """Judge one batch: no row may carry a rule's flag.

    flags  one boolean column for each rule, true where the row fails
    """
    begin_import().join()
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.metadata_types import FailureSeverity

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("flags")
        .add_dataframe_asset("batch")
        .add_batch_definition_whole_dataframe("whole")
        .get_batch(batch_parameters={"dataframe": flags})
    )
    severity = {"fatal": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
    suite = gx.ExpectationSuite(
        name="rules",
        expectations=[
            gxe.ExpectColumnValuesToBeInSet(
                column=rule.id,
                value_set=[False],
                severity=severity[rule.severity],
                meta={"title": rule.title},
            )
            for rule in rules
        ],
    )
    outcome = batch.validate(suite, result_format="SUMMARY")
    verdicts = []
    by_id = {rule.id: rule for rule in rules}
    for result in outcome.results:
        assert result.expectation_config is not None
        raised = (result.exception_info or {}).get("raised_exception", False)
        column = result.expectation_config.kwargs["column"]
        if raised:
            raise DrgError(
                f"The quality rule {column} could not be judged.",
                [str(result.exception_info.get("exception_message"))],
                remedy="The rule's flag column is missing or not boolean.",
            )
        failing = int(result.result.get("unexpected_count") or 0)
        verdicts.append(Verdict(by_id[column], bool(result.success), failing, len(flags)))
    return verdicts
