"""Worked examples, one YAML file a subject, compared exactly: no tolerance, no regenerating command.

The arithmetic of each expectation stands in the file's comments and was done by hand; what a model
computes never becomes an expectation here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.golden import Case, read_cases
from support.harness import Bench

from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

Benches = Callable[[str], Bench]
CASES = read_cases(Path(__file__).parent)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_worked_example(benches: Benches, case: Case) -> None:
    bench = benches(case.region).following(case.methods)
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


def members_shown(case: Case, project: Project) -> set[str]:
    """`table/member` of what a case is an example of: those it names, and those that its expected rows name."""
    shown = set(case.members)
    for model in project.models.values():
        names = {member.name for member in model.members}
        if model not in with_own_members(project):
            continue
        for table, rows in case.expect.items():
            if model.name in project.upstream_closure([table]):
                said = [*rows, case.only.get(table, {})]
                told = {row.get(model.member) for row in said} if model.member else set()
                if table == model.name and model.states:
                    told |= {name for row in rows for name in row}
                shown |= {f"{model.name}/{name}" for name in names & told}
    return shown


def with_own_members(project: Project) -> list[Model]:
    """The tables whose members are theirs: rules that are asked of further rows are shown where they stand."""
    return [
        model
        for model in project.models.values()
        if all(one.path.parent.name == model.table for one in model.members)
    ]


def test_every_member_has_a_worked_example(bench: Bench) -> None:
    """Of every table of many files, whatever region follows it: a rule that nobody worked by hand is none."""
    project = Project(bench.project.folder, bench.project.sources.values())
    members = {f"{one.name}/{each.name}" for one in with_own_members(project) for each in one.members}
    shown = set().union(*(members_shown(case, project) for case in CASES))
    assert members - shown == set()
    assert shown <= members, "an example is one of a member that is there"


def test_every_rule_is_shown_to_fail_and_to_pass(bench: Bench) -> None:
    """A rule that an example only fails may fail everything."""
    project = Project(bench.project.folder, bench.project.sources.values())
    for model in with_own_members(project):
        rows = [row for case in CASES for row in case.expect.get(model.name, [])]
        for rule in model.states:
            assert {row[rule] for row in rows if rule in row} >= {"true", "false"}, f"{model.name}/{rule}"


@pytest.mark.parametrize("case", [case for case in CASES if case.members], ids=str)
def test_a_member_that_a_case_names_is_computed_in_it(benches: Benches, case: Case) -> None:
    models = benches(case.region).following(case.methods).project.models
    for name in case.members:
        table, _, member = name.partition("/")
        assert table in case.through and member in {one.name for one in models[table].members}, name


def test_every_case_cites_a_clause_of_its_region(benches: Benches) -> None:
    """Of a case with methods that its region does not follow, a clause of whichever region's law."""
    for case in CASES:
        pack = benches(case.region).region.pack
        assert case.law, str(case)
        for citation in case.law:
            pack.instruments.resolve(citation)
            assert case.methods or citation.split("-")[0] in pack.in_pack, f"{case} cites {citation}"


def test_names_of_cases_are_unique() -> None:
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
