"""Checks that warn: quality rules judged by Great Expectations, and months that no partition takes.

A claim's fatal fault keeps the claim out of the month and never stops the month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb

from drg_pipeline.assets.checks import SHOWN_ROWS, command
from drg_pipeline.assets.looking import look
from drg_pipeline.duck import quoted
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.periods import WHOLE, Period, month_of
from drg_pipeline.quality.suites import Rule, Verdict, judge
from drg_pipeline.region import Region
from drg_pipeline.reports.markdown import code, table
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

RULES = "quality_rules"
OUTSIDE = "outside_partitions"
# Rows whose states are in memory at once, two bytes a rule and as much again while they are judged.
ROWS_AT_ONCE = 1_000_000


def judged(region: Region, model: Model, outcomes: Sequence[Outcome]) -> list[Verdict]:
    """Great Expectations' verdict on each rule of published partitions.

    Partitions with the same rules are judged together: a verdict costs as much for few rows as for many.
    """
    verdicts: list[Verdict] = []
    with closing(look(region.engine)) as con:
        rules_of = {outcome.path: _rules(region, con, model, outcome.partition) for outcome in outcomes}
        for rules, files in _batches(rules_of, {outcome.path: outcome.rows for outcome in outcomes}):
            columns = ", ".join(quoted(rule.id) for rule in rules)
            verdicts += judge(rules, con.execute(f"select {columns} from {parquet(files)}").df())
    return verdicts


def _rules(
    region: Region, con: duckdb.DuckDBPyConnection, model: Model, partition: Period
) -> tuple[Rule, ...]:
    """The rules of the catalogue in force in a partition, of those that the model has."""
    listing = model.catalogue
    assert listing
    file = region.store.file(listing.table, partition)
    columns = f"{listing.column}, {listing.severity}, {listing.title}"
    listed = con.execute(f"select {columns} from {parquet([file])} order by all").fetchall()
    return tuple(
        Rule(name, severity, title, model.states[name].describe)
        for name, severity, title in listed
        if name in model.states
    )


def _batches(
    rules_of: Mapping[Path, tuple[Rule, ...]], rows: Mapping[Path, int]
) -> Iterator[tuple[tuple[Rule, ...], list[Path]]]:
    """Files that follow each other with the same rules, as many as ROWS_AT_ONCE allows."""
    together: list[Path] = []
    for path, rules in rules_of.items():
        full = sum(rows[other] for other in together) + rows[path] > ROWS_AT_ONCE
        if together and (full or rules_of[together[0]] != rules):
            yield rules_of[together[0]], together
            together = []
        together.append(path)
    if together:
        yield rules_of[together[0]], together


def rules_check(
    region: Region, model: Model, asset_key: dg.AssetKey, outcomes: Sequence[Outcome]
) -> dg.AssetCheckResult:
    """Of the rows of all partitions, how many pass each rule, fail it, and are none that it applies to."""
    published = [outcome for outcome in outcomes if outcome.published]
    rows, failing, empty = Counter[Rule](), Counter[Rule](), Counter[Rule]()
    for verdict in judged(region, model, published):
        rows[verdict.rule] += verdict.rows
        failing[verdict.rule] += verdict.failing
        empty[verdict.rule] += verdict.not_applicable
    ordered = sorted(rows, key=lambda rule: (rule.severity, -failing[rule], rule.id))
    metadata = {
        "rows": dg.MetadataValue.int(sum(outcome.rows for outcome in published)),
        "failing_fatal": dg.MetadataValue.int(_total(failing, "fatal")),
        "failing_warn": dg.MetadataValue.int(_total(failing, "warn")),
        "rules": dg.MetadataValue.md(
            table(
                ["rule", "title", "failing means", "severity", "rows", "passes", "fails", "does not apply"],
                [
                    [
                        *(code(rule.id), rule.title, rule.describe, rule.severity, rows[rule]),
                        *(rows[rule] - failing[rule] - empty[rule], failing[rule], empty[rule]),
                    ]
                    for rule in ordered
                ],
                right=[4, 5, 6, 7],
            )
        ),
    }
    broken = [rule for rule in ordered if failing[rule]]
    if broken:
        first, way = _failing_rows(region, model, published, broken)
        metadata["failing"], metadata["all_rows"] = dg.MetadataValue.md(first), dg.MetadataValue.md(way)
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=RULES,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _total(failing: Mapping[Rule, int], severity: str) -> int:
    return sum(count for rule, count in failing.items() if rule.severity == severity)


def _failing_rows(
    region: Region, model: Model, published: Sequence[Outcome], broken: Sequence[Rule]
) -> tuple[str, str]:
    """The first rows that fail a rule, by their keys, and the line that reads all of them."""
    keys = [name for name in model.grain if name not in region.layouts.personal]
    failed = " || ".join(f"case when {quoted(rule.id)} then ['{rule.id}'] else [] end" for rule in broken)
    texts = ", ".join(f"cast({quoted(name)} as varchar)" for name in keys)
    with closing(look(region.engine)) as con:
        rows = con.execute(
            f"select {texts}, array_to_string({failed}, ', ') as failed "
            f"from {parquet([outcome.path for outcome in published])} where failed <> '' "
            f"order by all limit {SHOWN_ROWS}"
        ).fetchall()
    periods = sorted(outcome.partition for outcome in published)
    span = [] if WHOLE in periods else [f"{model.partition} between '{periods[0]}' and '{periods[-1]}'"]
    one = " or ".join(rule.id for rule in broken)
    query = f"from {model.name} where {' and '.join([*span, f'({one})'])}"
    return table([*keys, "rules that fail"], rows), command(region.settings, query)


def tells_months(project: Project, model: Model) -> bool:
    """Whether a sliced table says of what arrived which month it is of: no other sliced table told it."""
    told = (project.models[up] for up in model.upstream if up in project.models)
    return bool(model.slice_by) and not any(one.slice_by for one in told)


def outside_check(
    region: Region, model: Model, asset_key: dg.AssetKey, outcome: Outcome
) -> dg.AssetCheckResult:
    """Rows whose month has no partition: before the first one, or not begun yet. Listed, not lost."""
    assert model.slice_by
    month, whole = model.slice_by
    first, last = str(region.settings.first_month), str(month_of(date.today()))
    with closing(look(region.engine)) as con:
        found = con.execute(
            f"select {month}, count(*), min({whole}) from {parquet([outcome.path])} "
            f"where {month} < ? or {month} > ? group by {month} order by {month}",
            [first, last],
        ).fetchall()
    for value, count, sample in found:
        region.report(
            f"{count} claim versions settle in {value}, outside {first}..{last}; for example {sample}"
        )
    query = f"from {model.name} where {month} < '{first}' or {month} > '{last}' order by {month}"
    listed = table(["month", "rows", "for example"], found, right=[1])
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=OUTSIDE,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": sum(count for _, count, _ in found),
            "months": dg.MetadataValue.md(listed),
            "all_rows": dg.MetadataValue.md(command(region.settings, query) if found else "none"),
        },
    )
