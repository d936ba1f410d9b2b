"""Files cite the clauses of every region that they compute for; people are shown those of their own region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from support.harness import Bench

from drg_pipeline.assets.checks import contract_specs
from drg_pipeline.assets.describe import model_description, model_metadata
from drg_pipeline.commands.lineage import as_data
from drg_pipeline.policy import Pack
from drg_pipeline.region import Region
from drg_pipeline.reports.account import Accounts
from drg_pipeline.reports.origin import account_of
from drg_pipeline.settings import PROJECT, Settings
from drg_pipeline.sql.clauses import OPEN, clause_macro, own_clauses
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.project import Project

CLAUSE = re.compile(r"[A-Z]+(-[A-Z]?\d+)+")
COMMENT = re.compile(r"\blaw:\s*(.*)$")
REGIONS = sorted(path.parent.name for path in (PROJECT / "data" / "policy").glob("*/pack.yml"))
# Steps that decide what somebody is paid.
BINDING = ("quality", "calibration", "pricing", "settlement", "clearing")


def cited(project: Project) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(who, the clauses that it names) for tables, their members, rules across tables and the account."""
    for model in project.models.values():
        yield model.name, model.law
        yield from ((f"{model.name}/{member.name}", member.law) for member in model.members)
    yield from ((invariant.id, invariant.law) for invariant in project.invariants)
    yield from ((explanation.id, explanation.law) for explanation in project.explanations.values())


def calls(sql: str) -> Iterator[tuple[str, ...]]:
    """The clauses of each `clause([...])`."""
    for call in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Anonymous):
        if call.name == "clause":
            yield tuple(literal.this for literal in call.find_all(exp.Literal))


def test_every_clause_is_one_of_a_listed_document(bench: Bench, whole: Project) -> None:
    instruments = bench.region.pack.instruments
    named = list(cited(whole))
    named += [(one.id, law) for one in whole.explanations.values() for law in calls(one.sql)]
    unknown = [
        f"{who} cites {clause}{instruments.nearest(clause)}"
        for who, law in named
        for clause in law
        if clause != OPEN and not instruments.find(clause)
    ]
    assert named and not unknown


def test_a_comment_reaches_who_is_shown_the_table(whole: Project) -> None:
    """What the reader of the SQL sees is what the asset shows."""
    for model in whole.models.values():
        for number, line in enumerate(model.sql.splitlines(), 1):
            found = COMMENT.search(line.partition("--")[2])
            beside = [clause.strip() for clause in found[1].split(",")] if found else []
            assert set(beside) <= set(model.law), f"{model.name}, line {number} of its SQL: {line.strip()}"


def test_a_line_takes_its_clause_of_the_region(whole: Project) -> None:
    """No clause stands in the account as a text: it would be told to hospitals of every region."""
    for explanation in whole.explanations.values():
        for literal in sqlglot.parse_one(explanation.sql, read="duckdb").find_all(exp.Literal):
            if literal.is_string and CLAUSE.fullmatch(literal.this):
                call = literal.find_ancestor(exp.Anonymous)
                assert call is not None and call.name == "clause", f"{explanation.id}: {literal.this}"


@pytest.mark.parametrize("region", REGIONS)
def test_what_applies_has_a_clause_of_the_region_or_says_that_the_law_is_silent(
    region: str, whole: Project
) -> None:
    """Where a file names clauses and none is the region's, its people would be shown nothing and not know why."""
    project = Region(Settings.for_region(region)).project
    told = dict(cited(project))
    silent = [who for who, law in cited(whole) if law and not told.get(who, law)]
    assert not silent, "name a clause of the region there, or `open`"
    for model in project.models.values():
        assert model.law or model.layer not in BINDING, model.name
    for invariant in project.invariants:
        assert invariant.law, invariant.id


def elsewhere(*documents: str) -> Region:
    """The region with other documents as its law."""

    def of(pack: Pack) -> Pack:
        return replace(pack, in_pack=documents)

    return Region(Settings.for_region("jiyuan"), law=of)


def test_people_of_another_region_are_shown_clauses_of_theirs() -> None:
    region = elsewhere("GD")
    model = region.project.models["clearing.secondary_distribution"]
    assert model.law == ("GD-10",)
    shown = [model_description(region, model), str(model_metadata(region, model)["law"])]
    shown += [
        spec.description or ""
        for one in region.project.models.values()
        for spec in contract_specs(region, one, Contract(region.project, one))
    ]
    account = account_of(region, "clearing.secondary_distribution.distributed")
    tables = as_data(account)["tables"]
    assert tables and account.clauses
    shown += [clause for table in tables for clause in table["law"]]
    shown += [clause for table in tables for member in table["members"] for clause in member["law"]]
    others = re.compile(r"\b(JYX?|SD|AQ|PZH)-\d")
    assert not [text for text in shown if others.search(text)]


def test_a_line_of_another_region_s_account_cites_its_clause_or_none() -> None:
    region = elsewhere("SD")
    explanations = [explanation for _, explanation in Accounts(region).sections.values()]
    with duckdb.connect() as con:
        con.execute(region.project.macros)
        listed = {law for one in explanations for law in calls(one.sql)}
        for law in sorted(listed):
            (found,) = con.execute("select clause(?)", [list(law)]).fetchone() or ()
            assert found == next((clause for clause in law if clause.startswith("SD-")), None)
    assert any(clause.startswith("SD-") for law in listed for clause in law)


def test_the_first_clause_of_the_region_is_taken_and_open_only_where_there_is_none() -> None:
    law = ("JY-17", "SD-19", OPEN)
    assert own_clauses(law, ("SD", "GD")) == ("SD-19",)
    assert own_clauses(law, ("AQ",)) == (OPEN,)
    assert own_clauses(("JY-17",), ("AQ",)) == ()
    with duckdb.connect() as con:
        for documents, found in (
            (("JY", "JYX"), "JYX-5"),
            (("SD",), "SD-1"),
            (("AQ",), None),
            (None, "PZH-2"),
        ):
            con.execute(clause_macro(documents))
            assert con.execute("select clause(['PZH-2', 'JYX-5', 'SD-1', 'JY-3'])").fetchone() == (found,)
