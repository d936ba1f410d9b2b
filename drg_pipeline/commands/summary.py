"""Prints what a run computed: the tables and proofs that `data/interface/summary.yml` asks for.

Which tables these are is said there; here they are only queried and set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import yaml

from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.views import open_views

if TYPE_CHECKING:
    import duckdb

    from drg_pipeline.region import Region
    from drg_pipeline.settings import Settings

SUMMARY_FILE = "summary.yml"
SHOWN_ROWS = 30
Parameters = Mapping[str, object]


def print_summary(
    screen: Screen, region: Region, sections: Mapping[str, str], parameters: Parameters
) -> None:
    """Print sections of the summary; DrgError where a proof fails.

    sections    name of each section -> the span of time it is about, as titles say it
    parameters  what its queries ask for
    """
    asked = read_summary(region.settings)
    broken: list[str] = []
    with closing(open_views(region.store, region.project.macros)) as con:
        for section, span in sections.items():
            for table in asked[section]["tables"]:
                if grid := _grid(con, screen.lang, table, span, parameters):
                    screen.line()
                    screen.table(grid)
            screen.line()
            for proof in asked[section]["proofs"]:
                broken += _prove(con, screen, proof, parameters)
    if broken:
        raise DrgError(
            "What was computed does not add up.",
            broken,
            state="It is published all the same: the checks of its tables passed.",
            remedy="Do not pay by it; run the same command again, and report it if it stays.",
        )


def read_summary(settings: Settings) -> Mapping[str, Any]:
    """What `summary.yml` asks for, and the queries it offers."""
    asked: Mapping[str, Any] = yaml.safe_load((settings.interface / SUMMARY_FILE).read_text(encoding="utf-8"))
    return asked


def _grid(
    con: duckdb.DuckDBPyConnection, lang: str, table: Mapping[str, Any], span: str, parameters: Parameters
) -> Grid | None:
    names, rows = _ask(con, table["query"], parameters)
    if not rows:
        return None
    heads = {name: heads[lang] for name, heads in table["columns"].items() if lang in heads}
    places = [names.index(name) for name in heads]
    return Grid(
        table["title"][lang].format(span=span),
        [
            Heading(head, number=not isinstance(rows[0][names.index(name)], str))
            for name, head in heads.items()
        ],
        [[shown(row[place], grouped=True) for place in places] for row in rows[:SHOWN_ROWS]],
        more=max(len(rows) - SHOWN_ROWS, 0),
        footer=_totals(table["total"], names, list(heads), rows) if len(rows) > 1 else (),
    )


def _totals(
    summed: Sequence[str], names: Sequence[str], heads: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[str]:
    """The line of sums below a table; the first column says what it is."""
    sums = {name: sum(row[names.index(name)] for row in rows) for name in summed}
    return ["Σ", *(shown(sums.get(name), grouped=True) for name in heads[1:])]


def _prove(
    con: duckdb.DuckDBPyConnection, screen: Screen, proof: Mapping[str, Any], parameters: Parameters
) -> list[str]:
    _, [(checked, broken)] = _ask(con, proof["query"], parameters)
    told = screen.text(
        "proof.broken" if broken else "proof.holds",
        what=proof["text"][screen.lang],
        checked=f"{checked:,} {proof['unit'][screen.lang]}",
        broken=f"{broken:,}",
    )
    screen.line(told)
    return [told] if broken else []


def _ask(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Parameters
) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
    used = {name: value for name, value in parameters.items() if f"${name}" in query}
    answer = con.execute(query, used)
    return [column[0] for column in answer.description or ()], answer.fetchall()
