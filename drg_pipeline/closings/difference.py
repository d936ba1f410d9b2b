"""What a further closing of a period changes against the one before: by hospital, by claim, and why.

Written into the new closing before it is sealed, as `difference/`: a page for people, the same as JSON, and
every changed value of a claim as Parquet. Which tables and columns these are is said in
`data/interface/closings.yml`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.closings.manifest import (
    CODE,
    DATA,
    LAW,
    OUTPUT,
    POLICY,
    REPORT,
    STEP,
    Manifest,
    TableEntry,
    manifest_digest,
    read_manifest,
)
from drg_pipeline.duck import connect, literal, quoted, with_schema, write_parquet
from drg_pipeline.forms import load
from drg_pipeline.lake.closed import Closed
from drg_pipeline.lake.compare import Pair, compare_files
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.messages import text
from drg_pipeline.periods import MONTH, YEAR, Period
from drg_pipeline.policy import load_pack
from drg_pipeline.reports.difference_page import LANG, Hospitals, difference_page
from drg_pipeline.settings import Settings

ASKED_FILE = "closings.yml"
PAGE, DATA_FILE, CLAIMS = "difference.md", "difference.json", "claims.parquet"
SHOWN_CLAIMS = 100


@dataclass(frozen=True)
class Asked:
    """What is compared of one kind of period; `claims`: sealed tables with one row a claim."""

    hospitals: Hospitals
    claims: tuple[str, ...]


@dataclass(frozen=True)
class AskedFile:
    """The whole file: what is compared of a month and of a year."""

    month: Asked
    year: Asked

    def of(self, kind: str) -> Asked:
        return {MONTH: self.month, YEAR: self.year}[kind]


def load_asked(path: Path) -> AskedFile:
    """What the file says; everything that is wrong with it at once."""
    return load(AskedFile, path, f"{path.name} does not say how closings are compared.")


@dataclass(frozen=True)
class Why:
    """One thing that the later closing rests on and the earlier one did not."""

    kind: str
    what: str
    detail: str = ""


def write_difference(
    settings: Settings, before: Closed, folder: Path, after: Manifest, listed: Callable[[str], None]
) -> None:
    """Compare the last closing with the one being made in `folder`; `listed` is told each file by name."""
    asked = load_asked(settings.interface / ASKED_FILE).of(after.period.kind)
    earlier = read_manifest(before.folder)
    target = folder / REPORT
    target.mkdir()
    sides = ((before.folder, earlier), (folder, after))
    with closing(connect()) as con:
        hospitals = _hospitals(con, sides, asked.hospitals, after.period)
        claims = _claims(con, sides, asked.claims, target / CLAIMS, after.personal)
    found = {
        "region": after.region,
        "period": str(after.period),
        "before": {
            "number": earlier.number,
            "closed_at": earlier.closed_at,
            "manifest": manifest_digest(before.folder),
        },
        "after": {"number": after.number, "closed_at": after.closed_at},
        "reason": after.reason,
        "causes": [vars(why) for why in _causes(sides)],
        "hospitals": hospitals,
        "claims": claims,
    }
    (target / DATA_FILE).write_text(
        json.dumps(found, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8"
    )
    (target / PAGE).write_text(difference_page(found, asked.hospitals), encoding="utf-8")
    for name in sorted(path.name for path in target.iterdir()):
        listed(name)


Sides = tuple[tuple[Path, Manifest], tuple[Path, Manifest]]

# -- hospitals ---------------------------------------------------------------------------------


def _hospitals(
    con: duckdb.DuckDBPyConnection, sides: Sides, asked: Hospitals, period: Period
) -> dict[str, Any]:
    """The rows of the query that differ between the two closings, and the sums of both."""
    for name, (folder, manifest) in zip(("one", "two"), sides):
        show(con, folder, manifest)
        con.execute(f"create temp table {name} as {asked.query}", {"period": str(period)})
    keys, columns = asked.key, list(asked.columns)
    on = " and ".join(f"one.{quoted(key)} is not distinct from two.{quoted(key)}" for key in keys)
    listed = ", ".join(f"one.{quoted(name)}, two.{quoted(name)}" for name in columns)
    differs = " or ".join(f"one.{quoted(name)} is distinct from two.{quoted(name)}" for name in columns)
    order = ", ".join(f"coalesce(one.{quoted(key)}, two.{quoted(key)})" for key in keys)
    rows = con.execute(
        f"select {listed} from one full outer join two on {on} where {differs} order by {order}"
    ).fetchall()
    sums = ", ".join(
        f"(select sum({quoted(name)}) from one), (select sum({quoted(name)}) from two)"
        for name in asked.total
    )
    totals = con.execute(f"select {sums}").fetchall()[0]
    return {
        "rows": [
            {name: [row[2 * place], row[2 * place + 1]] for place, name in enumerate(columns)} for row in rows
        ],
        "total": {name: list(totals[2 * place : 2 * place + 2]) for place, name in enumerate(asked.total)},
    }


def show(con: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    """A view `layer.table` for each table of which a closing holds rows."""
    held: dict[str, list[Path]] = {}
    for entry in manifest.tables:
        if entry.file:
            held.setdefault(entry.table, []).append(folder / entry.file)
    for name, files in held.items():
        con.execute(f"create or replace view {with_schema(con, name)} as select * from {parquet(files)}")


# -- claims ------------------------------------------------------------------------------------


def _claims(
    con: duckdb.DuckDBPyConnection, sides: Sides, tables: Sequence[str], target: Path, hidden: Sequence[str]
) -> dict[str, Any]:
    """Every value that differs into a file; how many claims, and the first of them."""
    con.execute(
        "create temp table changed_claim (sealed_table varchar, claim varchar, change varchar, "
        "column_name varchar, before varchar, after varchar)"
    )
    columns = 'key, change, "column", before, after'
    for name in tables:
        files = [_output(folder, manifest, name) for folder, manifest in sides]
        pair = Pair.of(con, parquet([files[0][0]]), parquet([files[1][0]]), files[1][1])
        con.execute(
            f"insert into changed_claim select {literal(name)}, {columns} from ({pair.changes(hidden)})"
        )
    write_parquet(con, "select * from changed_claim order by all", target)
    counts = con.execute(
        "select sealed_table, change, count(distinct claim) from changed_claim group by all order by all"
    ).fetchall()
    first = con.execute(
        "select sealed_table, claim, change, "
        "list({'column': column_name, 'before': before, 'after': after} order by column_name) "
        f"from changed_claim group by all order by 1, 2 limit {SHOWN_CLAIMS}"
    ).fetchall()
    return {
        "counts": [{"table": name, "change": change, "claims": count} for name, change, count in counts],
        "file": target.name,
        "first": [dict(zip(("table", "row", "change", "values"), row)) for row in first],
    }


def _output(folder: Path, manifest: Manifest, table_name: str) -> tuple[Path, Sequence[str]]:
    """The sealed file of a table, and the columns that name its rows."""
    entry = next(each for each in manifest.outputs if each.table == table_name)
    return folder / entry.file, entry.grain


# -- causes ------------------------------------------------------------------------------------


def _causes(sides: Sides) -> Iterator[Why]:
    """Everything that the later closing rests on and the earlier one did not, or otherwise."""
    (_, earlier), (_, later) = sides
    arrived = {str(each["delivery"]): each for each in later.deliveries}
    known = {str(each["delivery"]): each for each in earlier.deliveries}
    for label in sorted(arrived.keys() - known.keys()):
        yield Why(DATA, label, str(arrived[label]["taken_in"]))
    for label in sorted(known.keys() - arrived.keys()):
        yield Why(DATA, label, "-")
    yield from _law(sides)
    yield from _tables(sides)
    before, after = (
        {entry.table: entry.code for entry in each.tables if _is_made(entry)} for each in (earlier, later)
    )
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield Why(CODE, name, f"{before[name]} → {after[name]}")
    for month, found in later.months.items():
        was = earlier.months.get(month)
        if was and was["number"] != found["number"]:
            yield Why("closing", str(month), f"{was['number']} → {found['number']}")


def _is_made(entry: TableEntry) -> bool:
    return entry.role in (OUTPUT, STEP)


def _tables(sides: Sides) -> Iterator[Why]:
    """Tables from the side and of other periods that are held in other states."""
    (old, earlier), (new, later) = sides
    before = {(entry.table, entry.partition): entry for entry in earlier.tables if entry.file}
    with closing(connect()) as con:
        for entry in later.tables:
            was = before.get((entry.table, entry.partition))
            if _is_made(entry) or not entry.file or (was and was.digest == entry.digest):
                continue
            name = f"{entry.table} {entry.partition}".rstrip()
            if was is None:
                yield Why(entry.role, name, "+")
                continue
            found = compare_files(con, old / was.file, new / entry.file, entry.grain, later.personal, shown=3)
            changes = [
                f"{row.key} {row.column}: {row.before} → {row.after}" for row in found.rows if row.column
            ]
            lone = [f"-{found.only_before}"] if found.only_before else []
            lone += [f"+{found.only_after}"] if found.only_after else []
            yield Why(entry.role, name, "; ".join([*lone, *changes]))


def _law(sides: Sides) -> Iterator[Why]:
    """The dated values that the law of the later closing has and that of the earlier one had not."""
    (old, _), (new, later) = sides
    before, after = (load_pack(folder / LAW / later.region) for folder in (old, new))
    for name, parameter in after.parameters.items():
        was = before.parameters[name].values if name in before.parameters else ()
        said = {replace(value, reason="") for value in was}
        for value in parameter.values:
            if replace(value, reason="") not in said:
                content = "…" if isinstance(value.content, tuple) else value.content
                yield Why(
                    POLICY,
                    name,
                    text(
                        "difference.value",
                        LANG,
                        content=content,
                        valid_from=value.valid_from,
                        published=value.published,
                        law=value.law,
                    ),
                )
