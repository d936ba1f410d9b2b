"""Checks that warn: quality rules judged by Great Expectations, and months that no partition takes.

A claim's fatal fault keeps the claim out of the month and never stops the month.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date

import dagster as dg

from drg_pipeline.lake.digest import quoted
from drg_pipeline.lake.engine import Outcome, parquet
from drg_pipeline.quality.suites import Rule, Verdict, judge
from drg_pipeline.region import Region
from drg_pipeline.sql.model import Model

RULES = "quality_rules"
OUTSIDE = "outside_partitions"


def judged(region: Region, model: Model, outcome: Outcome) -> list[Verdict]:
    """Great Expectations' verdict on each rule of one published partition."""
    assert model.flags
    catalogue = region.store.file(model.flags, region.project.partition_of(model.flags), outcome.partition)
    with closing(region.engine.connect()) as con:
        listed = con.execute(
            f"select check_id, severity, title from {parquet([catalogue])} order by check_id"
        ).fetchall()
        rules = [Rule(*row) for row in listed if row[0] in model.columns]
        columns = ", ".join(quoted(rule.id) for rule in rules)
        frame = con.execute(f"select {columns} from {parquet([outcome.path])}").df()
    return judge(rules, frame)


def rules_check(
    region: Region, model: Model, asset_key: dg.AssetKey, outcomes: Sequence[Outcome]
) -> dg.AssetCheckResult:
    """How many rows of each partition fail each rule."""
    failing: dict[Rule, int] = {}
    rows = 0
    for outcome in outcomes:
        if outcome.published:
            rows += outcome.rows
            for verdict in judged(region, model, outcome):
                failing[verdict.rule] = failing.get(verdict.rule, 0) + verdict.failing
    table = "\n".join(
        f"| `{rule.id}` | {rule.title} | {rule.severity} | {count} |"
        for rule, count in sorted(failing.items(), key=lambda item: (item[0].severity, -item[1], item[0].id))
    )
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=RULES,
        passed=not any(failing.values()),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": rows,
            "failing_fatal": sum(count for rule, count in failing.items() if rule.severity == "fatal"),
            "failing_warn": sum(count for rule, count in failing.items() if rule.severity == "warn"),
            "rules": dg.MetadataValue.md(
                f"| rule | title | severity | failing |\n|---|---|---|---:|\n{table}"
            ),
        },
    )


def outside_check(
    region: Region, model: Model, asset_key: dg.AssetKey, outcome: Outcome
) -> dg.AssetCheckResult:
    """Rows whose month has no partition: before the first one, or not begun yet. Listed, not lost."""
    assert model.slice_by
    month, whole = model.slice_by
    first, last = region.settings.first_month, f"{date.today():%Y-%m}"
    with closing(region.engine.connect()) as con:
        found = con.execute(
            f"select {month}, count(*), min({whole}) from {parquet([outcome.path])} "
            f"where {month} < ? or {month} > ? group by {month} order by {month}",
            [first, last],
        ).fetchall()
    for value, count, sample in found:
        region.report(
            f"{count} claim versions settle in {value}, outside {first}..{last}; for example {sample}"
        )
    listed = "\n".join(f"| {value} | {count} | {sample} |" for value, count, sample in found)
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=OUTSIDE,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": sum(count for _, count, _ in found),
            "months": dg.MetadataValue.md(f"| month | rows | for example |\n|---|---:|---|\n{listed}"),
        },
    )
