"""What the UI shows of a model's contract and of the invariants that guard it.

Each verdict counts the rows that break a rule and leads to them: a table of the first ones by their keys, the
file that holds all of them, and the `drg sql` line that reads it. Nothing is judged here.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import dagster as dg

from drg_pipeline.assets.describe import key, law_text
from drg_pipeline.assets.looking import look
from drg_pipeline.duck import file_literal, literal, quoted
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.reports.markdown import code, table
from drg_pipeline.settings import Settings
from drg_pipeline.sql.contract import Check, Contract
from drg_pipeline.sql.model import Model

SHOWN_ROWS = 20


def contract_specs(region: Region, model: Model, contract: Contract) -> list[dg.AssetCheckSpec]:
    """One check for the table's contract and one for each invariant, with its clauses; they block."""
    asset_key = key(region.settings.region, model.name)
    law = {invariant.id: invariant.law for invariant in region.project.invariants_of(model.name)}
    specs = []
    for name, about in contract.groups().items():
        clauses = law_text(region.pack.instruments, law.get(name, ()))
        described = f"{about}\n\n{clauses}" if clauses else about
        specs.append(dg.AssetCheckSpec(name, asset=asset_key, blocking=True, description=described))
    return specs


def check_result(
    region: Region, asset_key: dg.AssetKey, group: str, outcomes: Sequence[Outcome]
) -> dg.AssetCheckResult:
    """One verdict over the partitions of a step: how many rows break each rule, which, and where they are."""
    found = [
        (outcome.partition, check) for outcome in outcomes for check in outcome.checks if check.group == group
    ]
    failed = [(partition, check) for partition, check in found if not check.passed]
    rules: dict[str, tuple[str, int]] = {}
    for _, check in found:
        rules[check.id] = (check.describe, rules.get(check.id, ("", 0))[1] + check.failing)
    metadata: dict[str, dg.MetadataValue] = {
        # As text: the UI plots figures, and this one says nothing as a line.
        "partitions": dg.MetadataValue.text(str(len({partition for partition, _ in found}))),
        "failing_rows": dg.MetadataValue.int(sum(check.failing for _, check in failed)),
        "rules": dg.MetadataValue.md(
            table(
                ["rule", "what it asks", "failing rows"],
                [[code(rule), *told] for rule, told in rules.items()],
                right=[2],
            )
        ),
    }
    if failed:
        why, rows, ways = _told(region, failed)
        # The page shows plain text at once, and Markdown behind a link.
        metadata["why"] = dg.MetadataValue.text("\n".join(why))
        metadata["failing"] = dg.MetadataValue.md("\n\n".join(rows))
        metadata["all_rows"] = dg.MetadataValue.md("\n\n".join(ways))
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=group,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR
        if any(check.blocking for _, check in found)
        else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _told(region: Region, failed: Sequence[tuple[Period, Check]]) -> tuple[list[str], list[str], list[str]]:
    """For each broken rule: in words with its first row; its first rows as a table; where all are, and how
    to read them."""
    why, tables, ways = [], [], []
    for rule in dict.fromkeys(check.id for _, check in failed):
        own = [(partition, check) for partition, check in failed if check.id == rule]
        counts = ", ".join(f"{str(partition) or 'all'}: {check.failing}" for partition, check in own)
        tables.append(f"**{rule}** — {counts}")
        words = f"{rule} — {counts}"
        files = [check.file for _, check in own if check.file]
        if files:
            shown = [name for name in own[0][1].shown if name not in region.layouts.personal]
            if rows := first_rows(region, files, shown):
                example = ", ".join(f"{name} {value}" for name, value in zip(shown, rows[0]))
                words += f". For example: {example}"
                tables.append(table(shown, rows))
            where = str(files[0]) if len(files) == 1 else str(files[0].parent / "*.parquet")
            ways += [code(where), command(region.settings, f"from {literal(where)}")]
        why.append(words)
    return why, tables, ways


def first_rows(region: Region, files: Sequence[Path], columns: Sequence[str]) -> list[tuple[object, ...]]:
    """The first failing rows, as text; none where no column may be shown."""
    if not columns:
        return []
    texts = ", ".join(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in columns)
    listed = ", ".join(map(file_literal, files))
    with closing(look(region.engine)) as con:
        return con.execute(
            f"select {texts} from read_parquet([{listed}], hive_partitioning = false) "
            f"order by all limit {SHOWN_ROWS}"
        ).fetchall()


def command(settings: Settings, query: str) -> str:
    """The command line that shows rows, ready to be copied."""
    words = ["drg", "sql", "--region", settings.region, "--lake", str(settings.lake)]
    # A query holds single quotes; double ones around it are kinder to read than escaped single ones.
    quotable = not any(letter in query for letter in '"$`\\\\!')
    asked = f'"{query}"' if quotable else shlex.quote(query)
    return f"```sh\n{shlex.join(words)} {asked}\n```"
