"""Checks that never block: quality rules judged by Great Expectations, and months that no partition takes.

Each rule is a check of its own, judged month by month. A claim's fatal fault keeps the claim out of the month
and never stops the month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb

from drg_pipeline.assets.checks import SHOWN_ROWS, command
from drg_pipeline.assets.describe import key, law_text
from drg_pipeline.assets.looking import look
from drg_pipeline.duck import quoted
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.periods import WHOLE, Period, month_of
from drg_pipeline.quality.data_docs import keep
from drg_pipeline.quality.suites import Judge, Judgement, Rule, Verdict
from drg_pipeline.region import Region
from drg_pipeline.reports.markdown import table
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

OUTSIDE = "outside_partitions"
SEVERITY = {"fatal": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def rule_specs(region: Region, model: Model) -> list[dg.AssetCheckSpec]:
    """One check for each rule that the law may list; none blocks."""
    asset_key = key(region.settings.region, model.name)
    specs = []
    for member in model.states.values():
        clauses = law_text(region.pack.instruments, member.law)
        described = f"{member.describe}\n\n{clauses}" if clauses else member.describe
        specs.append(dg.AssetCheckSpec(member.name, asset=asset_key, description=described))
    return specs


def judged(region: Region, model: Model, outcomes: Sequence[Outcome]) -> list[Judgement]:
    """Great Expectations' verdict on each rule of published partitions, one after the other."""
    judge = Judge(f"{region.settings.region} {model.name}")
    with closing(look(region.engine)) as con:
        found = []
        for outcome in outcomes:
            rules = _rules(region, con, model, outcome.partition)
            source = parquet([outcome.path])
            # An empty state is none of the rows that are asked, and fails no more than one that passes.
            failing = ", ".join(f"coalesce({quoted(rule.id)}, false) as {quoted(rule.id)}" for rule in rules)
            empty = ", ".join(f"count(*) - count({quoted(rule.id)})" for rule in rules)
            states = con.execute(f"select {failing} from {source}").df()
            counts = con.execute(f"select {empty} from {source}").fetchone() or ()
            of = {rule.id: int(count) for rule, count in zip(rules, counts, strict=True)}
            found.append(judge.judge(outcome.partition, rules, states, of))
    return found


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
        Rule(name, severity, title, model.states[name].describe, model.states[name].law)
        for name, severity, title in listed
        if name in model.states
    )


def rule_checks(
    region: Region, model: Model, asset_key: dg.AssetKey, outcomes: Sequence[Outcome]
) -> Iterator[dg.AssetCheckResult]:
    """Of each rule, how many rows of all partitions pass it, fail it, and are none that it applies to."""
    published = [outcome for outcome in outcomes if outcome.published]
    judgements = judged(region, model, published)
    pages = keep(region.settings.region_lake, model.name, judgements)
    verdicts: dict[str, list[tuple[Period, Verdict]]] = {name: [] for name in model.states}
    for judgement in judgements:
        for verdict in judgement.verdicts:
            verdicts[verdict.rule.id].append((judgement.period, verdict))
    broken = [name for name, found in verdicts.items() if any(not one.passed for _, one in found)]
    rows = _failing_rows(region, model, published, broken)
    for name, found in verdicts.items():
        yield _check(region, model, asset_key, name, found, rows.get(name, []), pages)


def _check(
    region: Region,
    model: Model,
    asset_key: dg.AssetKey,
    name: str,
    found: Sequence[tuple[Period, Verdict]],
    rows: Sequence[tuple[object, ...]],
    pages: Mapping[Period, Path],
) -> dg.AssetCheckResult:
    """One rule over the partitions of a step; it passes, and says so, where no law of theirs lists it."""
    failing = sum(verdict.failing for _, verdict in found)
    # The partitions may differ in what the law says of a rule; the gravest is shown.
    severity = min((verdict.rule.severity for _, verdict in found), default="warn")
    columns = [model.partition, "severity", "rows", "fails", "does not apply"]
    told = [
        [str(period), one.rule.severity, one.rows, one.failing, one.not_applicable] for period, one in found
    ]
    metadata: dict[str, dg.MetadataValue] = {
        "title": dg.MetadataValue.text(found[-1][1].rule.title if found else "not listed by the law"),
        "failing_rows": dg.MetadataValue.int(failing),
        "partitions": dg.MetadataValue.md(table(columns, told, right=[2, 3, 4])),
    }
    if rows:
        metadata["failing"] = dg.MetadataValue.md(table(_keys(region, model), rows))
        query = f"from {model.name} where {_span(model, [period for period, _ in found])}{quoted(name)}"
        metadata["all_rows"] = dg.MetadataValue.md(command(region.settings, query))
    if found:
        metadata["data_docs"] = dg.MetadataValue.path(str(pages[found[-1][0]]))
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=name,
        passed=not failing,
        severity=SEVERITY[severity],
        metadata=metadata,
    )


def _keys(region: Region, model: Model) -> list[str]:
    return [name for name in model.grain if name not in region.layouts.personal]


def _span(model: Model, periods: Sequence[Period]) -> str:
    if WHOLE in periods:
        return ""
    return f"{model.partition} between '{min(periods)}' and '{max(periods)}' and "


def _failing_rows(
    region: Region, model: Model, published: Sequence[Outcome], broken: Sequence[str]
) -> dict[str, list[tuple[object, ...]]]:
    """rule -> the first rows that fail it, by their keys."""
    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in broken}
    if not broken:
        return found
    order = ", ".join(map(quoted, _keys(region, model)))
    keys = ", ".join(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in _keys(region, model))
    source = parquet([outcome.path for outcome in published])
    failed = " || ".join(f"case when {quoted(name)} then ['{name}'] else [] end" for name in broken)
    with closing(look(region.engine)) as con:
        rows = con.execute(
            f"select * from (select unnest({failed}) as rule, {keys} from {source}) "
            f"qualify row_number() over (partition by rule order by {order}) <= {SHOWN_ROWS} order by all"
        ).fetchall()
    for rule, *row in rows:
        found[str(rule)].append(tuple(row))
    return found


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
