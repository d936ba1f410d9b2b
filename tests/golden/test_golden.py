"""Worked examples, one YAML file a subject, compared exactly: no tolerance, no regenerating command.

The arithmetic of each expectation stands in the file's comments and was done by hand; what a model
computes never becomes an expectation here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden import Case, read_cases
from support.harness import Bench

CASES = read_cases(Path(__file__).parent)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_worked_example(bench: Bench, case: Case) -> None:
    bench = bench.following(case.methods)
    run = bench.run(case.tables(bench.columns), case.through, policy=case.policy)
    for table, expected in case.expect.items():
        filters = bench.typed(table, case.only.get(table, {}))
        found = [row for row in run.rows(table) if filters.items() <= row.items()]
        names = list(expected[0]) if expected else bench.columns(table)
        assert all(list(row) == names for row in expected), (
            "the expected rows of a table name the same columns"
        )
        wanted = [tuple(bench.typed(table, row).values()) for row in expected]
        assert sorted(_row(row, names) for row in found) == sorted(map(repr, wanted)), table
    for table, checks in case.refused.items():
        assert run.failing(table) == set(checks), table


def _row(row: dict[str, object], names: list[str]) -> str:
    return repr(tuple(row[name] for name in names))


def test_every_case_cites_a_clause_that_exists(bench: Bench) -> None:
    for case in CASES:
        assert case.law, str(case)
        for citation in case.law:
            bench.region.pack.instruments.resolve(citation)


def test_names_of_cases_are_unique() -> None:
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
