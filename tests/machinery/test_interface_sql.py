"""Every SELECT in the files of `data/interface` can be run over the tables of the project (charts: test_charts)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
from support.edits import edited
from support.harness import Bench

from drg_pipeline.closings.difference import ASKED_FILE, load_asked
from drg_pipeline.commands.pages import examples
from drg_pipeline.duck import records
from drg_pipeline.errors import DrgError
from drg_pipeline.reports.sheets import prove
from drg_pipeline.settings import PROJECT
from drg_pipeline.simulation.compare import _compared
from drg_pipeline.simulation.comparison import (
    COMPARED,
    SIDES,
    SIMULATE_FILE,
    load_comparisons,
    read_tables,
)
from drg_pipeline.sql.query import tables_of

INTERFACE = PROJECT / "data" / "interface"


def empty(con: duckdb.DuckDBPyConnection, bench: Bench, tables: Iterable[str]) -> None:
    con.execute(bench.project.macros)
    for table in sorted(set(tables)):
        bench.create(con, table, [])


def test_what_is_simulated_is_compared(bench: Bench) -> None:
    found = load_comparisons(INTERFACE / SIMULATE_FILE, bench.project)
    with duckdb.connect() as con:
        con.execute(bench.project.macros)
        for side in SIDES:
            con.execute(f"attach ':memory:' as {side}")
            con.execute(f"use {side}")
            empty(con, bench, read_tables([found.months, found.year]))
        con.execute("use memory")
        con.execute(f"create schema {COMPARED}")
        for section in (found.months, found.year):
            assert [_compared(con, asked).rows for asked in section.tables] == [[]] * len(section.tables)
            for proof in section.proofs:
                assert prove(con, proof.query, proof.text, proof.unit).broken == 0
            assert all(records(con, chart.query) == [] for chart in section.charts)


@pytest.mark.parametrize("kind", ["month", "year"])
def test_closings_are_compared(bench: Bench, kind: str) -> None:
    asked = load_asked(INTERFACE / ASKED_FILE).of(kind)
    for table in asked.claims:
        assert bench.project.models[table].sealed and bench.project.models[table].partition == kind
    with duckdb.connect() as con:
        empty(con, bench, tables_of(asked.hospitals.query))
        answer = con.execute(asked.hospitals.query, {"period": "2025-01" if kind == "month" else "2025"})
        assert answer.fetchall() == []


def test_the_queries_that_are_offered(bench: Bench) -> None:
    offered = examples(bench.region.settings)
    with duckdb.connect() as con:
        for query in (offered.rejected, *offered.demo):
            empty(con, bench, tables_of(query))
            assert con.execute(query).fetchall() == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("year:\n", "years:\n", "closings.yml: years: unknown key: did you mean year?"),
        ("year:\n", "years:\n", "closings.yml: year: missing key: add it"),
        (
            "    total: [cases,",
            "    totals: [cases,",
            "month.hospitals.totals: unknown key: did you mean total?",
        ),
        (
            "total: [cases,",
            "total: [case,",
            "month.hospitals.total: case is not one of the columns; did you mean cases?",
        ),
        (
            "pool]\n",
            "pol]\n",
            "month.hospitals.key: pol is not selected; its columns: fixmedins_code, pool, name",
        ),
        (
            "      cases: 病例数",
            "      caes: 病例数",
            "month.hospitals.columns: caes is not selected; its columns",
        ),
        ("      select\n", "      selec\n", "month.hospitals.query: is not one SELECT"),
        (
            "[pricing.case_point]",
            "pricing.case_point",
            "month.claims: must be a list of claims, with at least one entry",
        ),
        ("      title: 资金池", "      title:", "month.hospitals.columns.title: must be a text: fill it in"),
    ],
)
def test_a_broken_file_of_what_closings_compare_is_refused(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    broken = edited(INTERFACE / ASKED_FILE, old, new, tmp_path / ASKED_FILE)
    with pytest.raises(DrgError) as caught:
        load_asked(broken)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("      leads: true", "      leds: true", "months.tables[1].leds: unknown key: did you mean leads?"),
        (
            "      main: settled",
            "      main: setled",
            "tables[1].main: setled is not one of the figures; did you mean settled?",
        ),
        ("      ends: 20", "      ends: few", "months.tables[1].ends: 'few' is not a whole number"),
        ("key: [pool]", "key: [pol]", "months.tables[1].key: pol is not selected; its columns: pool, title"),
        ("zh: 病例数}", "fr: cas}", "months.tables[1].figures.cases.fr: unknown key: known here: en, zh"),
        (
            "from settlement.monthly_pool as m",
            "from settlement.month_pool as m",
            "tables[1].query: reads settlement.month_pool, which nothing provides",
        ),
        ("id: pool\n", "ident: pool\n", "months.tables[1].id: missing key: add it"),
        ("  proofs:", "  proof:", "months.proofs: missing key: add it"),
    ],
)
def test_a_broken_file_of_comparisons_is_refused(
    bench: Bench, tmp_path: Path, old: str, new: str, fault: str
) -> None:
    broken = edited(INTERFACE / SIMULATE_FILE, old, new, tmp_path / SIMULATE_FILE)
    with pytest.raises(DrgError) as caught:
        load_comparisons(broken, bench.project)
    assert fault in str(caught.value)
