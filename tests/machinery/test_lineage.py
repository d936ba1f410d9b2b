"""Where columns come from: values and row-deciding clauses of one SELECT, and the graph of all models."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.harness import Bench
from support.small_project import write_project

from drg_pipeline.errors import WrongUse
from drg_pipeline.forms import Column
from drg_pipeline.sql.lineage import whole_lineage
from drg_pipeline.sql.project import Project, Source
from drg_pipeline.sql.trace import Branch, ColumnGraph, Place

A = Source("early.a", "none", {name: Column("INTEGER", "", "") for name in ("id", "n", "total", "seen")}, "")
B = Source("early.b", "none", {name: Column("INTEGER", "", "") for name in ("id", "n", "total", "seen")}, "")


def graph(folder: Path, **models: str) -> ColumnGraph:
    named = {f"late.{name}": sql for name, sql in models.items()}
    return ColumnGraph(Project(write_project(folder, named), [A, B]))


def deciders(graph: ColumnGraph) -> set[str]:
    return {f"{role} {table}.{column}" for table, column, role in graph.deciders("late.m")}


@pytest.fixture(scope="module")
def real(bench: Bench) -> ColumnGraph:
    return ColumnGraph(bench.project)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select id from early.a where n > 0", {"filter early.a.n"}),
        ("select id, count(*) as n from early.a group by id", {"group early.a.id"}),
        ("select distinct id, n from early.a", {"group early.a.id", "group early.a.n"}),
        ("select id from early.a order by seen", set()),
        ("select id from early.a order by seen limit 1", {"filter early.a.seen"}),
        ("select id from early.a inner join early.b using (id)", {"join early.a.id", "join early.b.id"}),
        (
            "select id, sum(n) as n from early.a group by id having max(seen) > 1",
            {"group early.a.id", "filter early.a.seen"},
        ),
        (
            "select a.id from early.a as a left join early.b as b on b.id = a.id and b.n > 0 and b.seen > 0",
            {"join early.a.id", "join early.b.id", "join early.b.n", "join early.b.seen"},
        ),
        (
            "select id from early.a where id in (select n from early.b)",
            {"filter early.a.id", "filter early.b.n"},
        ),
        (
            "select id from early.a where id in (select n from early.b union all select seen from early.b)",
            {"filter early.a.id", "filter early.b.n", "filter early.b.seen"},
        ),
        (
            "select a.id from early.a as a where exists (select 1 from early.b as b where b.id = a.n)",
            {"filter early.a.n", "filter early.b.id"},
        ),
        (
            "select a.id from early.a as a inner join early.b as b"
            " on a.id = b.id and a.n > 0 and b.n in (select total from early.b where seen > 0)",
            {
                "join early.a.id",
                "join early.b.id",
                "join early.a.n",
                "join early.b.n",
                "join early.b.total",
                "filter early.b.seen",
            },
        ),
        (
            "with c as (select id, n + seen as total from early.a) select id from c where total > 0",
            {"filter early.a.n", "filter early.a.seen"},
        ),
        (
            "with c as (select id, row_number() over (partition by n order by seen) as total from early.a)"
            " select id from c where total = 1",
            {"filter early.a.n", "filter early.a.seen"},
        ),
        (
            "select id from early.a qualify row_number() over (partition by n order by seen) = 1",
            {"filter early.a.n", "filter early.a.seen"},
        ),
        (
            "select id from early.a where n > 0 union all select id from early.b where seen > 0",
            {"filter early.a.n", "filter early.b.seen"},
        ),
        (
            "with c as (select id, n from early.a union all select id, total as n from early.b)"
            " select id from c where n > 0",
            {"filter early.a.n", "filter early.b.total"},
        ),
    ],
)
def test_what_decides_on_rows_is_found_in_every_clause(tmp_path: Path, sql: str, expected: set[str]) -> None:
    assert deciders(graph(tmp_path, m=sql)) == expected


def test_tables_read_for_their_rows_alone_are_named(tmp_path: Path) -> None:
    one = graph(
        tmp_path, m="select a.id from early.a as a cross join early.b", k="select count(*) as id from early.b"
    )
    assert one.whole_rows("late.m") == ["early.b"] == one.whole_rows("late.k")
    assert one.whole_rows("early.a") == [] and one.deciders("early.a") == []
    assert one.upstream(Place("late.k", "id")) == []


def read(branch: Branch) -> str:
    """The tree in one line: folded ones with ^, cut ones with …"""
    mark = {"": "", "folded": "^", "cut": "…"}[branch.state]
    below = f"({' '.join(read(child) for child in branch.below)})" if branch.below else ""
    return f"{str(branch.place).split('.', 1)[1]}{mark}{below}"


CHAIN = {
    "m": "select id, n from early.a",
    "o": "select id, n + id as total from late.m",
    "p": "select m.id, m.n + o.total as seen from late.m as m inner join late.o as o on o.id = m.id",
}


def test_a_tree_shows_what_hangs_on_a_column_once(tmp_path: Path) -> None:
    one = graph(tmp_path, **CHAIN)
    start = Place("late.p", "seen")
    assert read(one.tree(start)) == "p.seen(m.n(a.n) o.total(m.id(a.id) m.n^))"
    assert one.tree(start).places() == [
        start,
        *[Place(f"late.{name[0]}", name[2:]) for name in ("m.n",)],
        Place("early.a", "n"),
        Place("late.o", "total"),
        Place("late.m", "id"),
        Place("early.a", "id"),
    ]


def test_a_tree_is_cut_at_a_depth_and_says_so(tmp_path: Path) -> None:
    one = graph(tmp_path, **CHAIN)
    start = Place("late.p", "seen")
    assert read(one.tree(start, depth=1)) == "p.seen(m.n… o.total…)"
    assert read(one.tree(start, depth=2)) == "p.seen(m.n(a.n) o.total(m.id… m.n^))"


def test_what_was_cut_is_shown_where_there_is_room(tmp_path: Path) -> None:
    # late.q reads late.o first, at whose depth late.m is cut, then late.m itself.
    one = graph(
        tmp_path,
        **CHAIN,
        q="select o.id, o.total + p.n as n from late.o as o inner join late.m as p on p.id = o.id",
    )
    assert read(one.tree(Place("late.q", "n"), depth=2)) == "q.n(m.n(a.n) o.total(m.id… m.n^))"
    tree = one.tree(Place("late.p", "id"), depth=1)
    assert read(tree) == "p.id(m.id…)"


def test_downwards_a_tree_shows_what_came_of_a_column(tmp_path: Path) -> None:
    one = graph(tmp_path, **CHAIN)
    assert read(one.tree(Place("early.a", "n"), down=True)) == "a.n(m.n(o.total(p.seen) p.seen))"
    assert one.tree(Place("late.p", "seen"), down=True).below == []
    decided = one.decided([Place("late.m", "id")])
    assert [(name, decider.role) for name, decider in decided] == [("late.p", "join")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("late.p.sen", "late.p has no column 'sen'.\nWas one of these meant: seen? Its columns: id, seen."),
        ("late.p", "late.p is a table: name a column of it.\nIts columns: id, seen."),
        (
            "lat.p.seen",
            "'lat.p.seen' is no column of a table.\nWas one of these meant: late.p.seen, early.b.seen, early.a.seen",
        ),
        ("", "'' is no column of a table.\nName it layer.table.column"),
        ("x\x1b[2J.y.z", "'x\\x1b[2J.y.z' is no column of a table."),
    ],
)
def test_a_column_that_is_not_there_is_told_with_what_is_near(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongUse) as error:
        graph(tmp_path, **CHAIN).find(text)
    assert error.value.message().startswith(said)


# -- the models --------------------------------------------------------------------------------


def test_every_column_comes_from_sources_or_from_the_rows_of_tables(real: ColumnGraph) -> None:
    project = real.project
    dangling = []
    for name, model in project.models.items():
        for column in model.columns:
            for place in real.tree(Place(name, column)).places():
                assert place.column in real.columns(place.table)
                # The name of a member is that of its file.
                named = place.table in project.models and place.column == project.models[place.table].member
                if place.table in project.models and not real.upstream(place) and not named:
                    # A count or a constant: what its rows come from is told all the same.
                    dangling += (
                        [place] if not (real.deciders(place.table) or real.whole_rows(place.table)) else []
                    )
    # A member's name is its file's, and the files are told of.
    files = {f"{name}.{model.member}" for name, model in project.models.items() if model.member}
    # Rules of a scheme that are stated once: no table stands behind this constant.
    assert {str(place) for place in dangling} - files <= {"grouping.leaf.status"}


def test_every_table_that_a_model_reads_is_named_for_it(real: ColumnGraph) -> None:
    for name, model in real.project.models.items():
        lineage, found = whole_lineage(real.project, name)
        named = {table for origins in lineage.values() for table, _ in origins}
        named |= {decider.table for decider in found} | set(real.whole_rows(name))
        assert named == set(model.upstream), name
        for decider in found:
            assert decider.column in real.columns(decider.table), f"{name}: {decider}"


def test_columns_of_the_settlement_worked_out_by_hand(real: ColumnGraph) -> None:
    def upstream(text: str) -> set[str]:
        return {str(place) for place in real.upstream(real.find(text))}

    settlement = {
        "pricing.case_point.points",
        "pricing.case_point.fee",
        "pricing.case_point.fund",
        "settlement.month_value.point_value",
    }
    own = "settlement.monthly_settlement"
    assert upstream(f"{own}.settlement") == settlement
    assert upstream(f"{own}.deposit") == settlement | {"policy.settlement.deposit_rate"}
    assert upstream(f"{own}.deduction") == {"reference.review_deduction.amount"}
    assert upstream(f"{own}.pay_by") == {"reference.calendar.date"}
    # A count of cases has no column behind it: only the clauses tell whose rows they are.
    assert upstream(f"{own}.cases") == set()
    found = {f"{role} {table}.{column}" for table, column, role in real.deciders(own)}
    assert {"filter quality.claim_status.in_month", "group pricing.case_point.pool"} <= found
    assert {decider.column for decider in real.deciders("settlement.pool_month")} == {"month", "pool"}
