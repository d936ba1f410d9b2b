"""Tables whose members treat one row, the first that applies: the order, what cannot be told, what is refused.

The tables are made up; the categories of cases have their worked examples elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
import yaml
from support.small_project import write_project, write_table

from drg_pipeline.errors import DrgError
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.lineage import column_lineage
from drg_pipeline.sql.methods import Methods
from drg_pipeline.sql.project import Column, Project, Source

SOURCES = [
    Source(
        "early.entry",
        "none",
        {
            "id": Column("INTEGER", "number", "an id"),
            "n": Column("INTEGER", "number", "a number"),
            "amount": Column("INTEGER", "number", "an amount"),
        },
        "what came",
    ),
    Source("early.list", "none", {"id": Column("INTEGER", "number", "an id")}, "a list"),
]
ROWS = "(1, 10, 7), (2, -3, 7), (3, null, 7), (4, 200, 7)"
Members = Mapping[str, tuple[Mapping[str, object], str]]
ROW = ({}, "select id, n, amount, amount + 1 as hidden from early.entry")
NEGATIVE = ({"law": ["JY-1"]}, "select r.n < 0 as applies, -r.n as total -- law: JY-2\nfrom row_of as r")
LARGE = (
    {"when": {"way": "long"}},
    "select r.n > 100 as applies, r.n is distinct from 3 as marked, 0 as total, 5 as amount from row_of as r",
)
ANY = ({}, "select true as applies, r.hidden as total from row_of as r")
WAYS: Members = {"_row_of": ROW, "negative": NEGATIVE, "any_other": ANY}
HEADER = {
    "gather": "first",
    "member": "kind",
    "order": ["negative", "any_other"],
    "nullable": ["kind", "total"],
}
TABLE = "select id, kind, amount, total from members"


def gathered(
    folder: Path, members: Members, header: Mapping[str, object] | None = None, table: str = TABLE
) -> Path:
    write_project(folder, {})
    choice = {name: {"describe": "A way.", "title": "法"} for name in ("short", "long")}
    way = {"way": {"describe": "How it is done.", "before": "short", "methods": choice}}
    (folder / "methods.yml").write_text(yaml.safe_dump(way, allow_unicode=True), encoding="utf-8")
    with open(folder / "columns.yml", "a", encoding="utf-8") as columns:
        for name in ("kind", "marked", "hidden"):
            columns.write(f"{name}: {{type: varchar, unit: code, meaning: a column}}\n")
    written = {**members, "_table": ({}, table)} if table else members
    write_table(folder, "early.row", {**HEADER, **(header or {})}, written)
    return folder


def opened(folder: Path, methods: Methods | None = None) -> Project:
    return Project(folder, SOURCES, methods)


def rows_of(project: Project, listed: Sequence[int] = ()) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        con.execute("create schema early")
        con.execute(f"create table early.entry as from (values {ROWS}) as v(id, n, amount)")
        con.execute("create table early.list as select unnest(?::integer[]) as id", [list(listed)])
        return con.execute(f"select * from ({project.models['early.row'].sql}\n) order by all").fetchall()


def faults_of(folder: Path) -> set[str]:
    with pytest.raises(DrgError) as error:
        opened(folder)
    return {str(fault) for fault in error.value.faults}


def test_a_row_is_treated_by_the_first_that_applies(tmp_path: Path) -> None:
    project = opened(gathered(tmp_path, WAYS))
    model = project.models["early.row"]
    assert rows_of(project) == [
        (1, "any_other", 7, 8),
        (2, "negative", 7, 3),
        # Whether it is negative cannot be told: the member for all others is not asked, and nothing is given.
        (3, None, 7, None),
        (4, "any_other", 7, 8),
    ]
    assert [(one.name, one.law) for one in model.members] == [
        ("any_other", ()),
        ("negative", ("JY-1", "JY-2")),
    ]
    assert model.columns == ("id", "kind", "amount", "total") and model.law == ("JY-1", "JY-2")
    assert {path.name for path in model.files} == {
        "_table.yml",
        "_table.sql",
        "negative.sql",
        "any_other.sql",
    }
    assert set(column_lineage(project, "early.row")["total"]) == {
        ("early.entry", "n"),
        ("early.entry", "amount"),
    }
    first = opened(gathered(tmp_path, WAYS, {"order": ["any_other", "negative"]}))
    assert {row[1] for row in rows_of(first)} == {"any_other"}
    assert first.code_version("early.row") != project.code_version("early.row")


def test_a_member_more_is_a_file_and_a_place_in_the_order(tmp_path: Path) -> None:
    """It gives what others leave as the row has it, and asks a table that nobody else asks."""
    listed = "select l.id is not null as applies, 1 as total, null as amount from row_of as r left join early.list as l on l.id = r.id"
    members = {**WAYS, "listed": ({}, listed)}
    header = {"order": ["listed", "negative", "any_other"], "nullable": ["kind", "total", "amount"]}
    project = opened(gathered(tmp_path, members, header))
    assert rows_of(project, [2, 4]) == [
        (1, "any_other", 7, 8),
        (2, "listed", None, 1),
        (3, None, None, None),
        (4, "listed", None, 1),
    ]
    assert rows_of(project) == [
        (1, "any_other", 7, 8),
        (2, "negative", 7, 3),
        (3, None, None, None),
        (4, "any_other", 7, 8),
    ]


def test_a_member_that_does_not_apply_is_passed_over(tmp_path: Path) -> None:
    members = {
        **WAYS,
        "large": (LARGE[0], "select r.n > 100 as applies, 0 as total, 5 as amount from row_of as r"),
    }
    folder = gathered(tmp_path, members, {"order": ["negative", "large", "any_other"]})
    assert rows_of(opened(folder, {"way": ["short"]}))[3] == (4, "any_other", 7, 8)
    assert rows_of(opened(folder, {"way": ["long"]}))[3] == (4, "large", 5, 0)


def test_without_a_select_of_its_own_what_is_gathered_is_the_table(tmp_path: Path) -> None:
    project = opened(gathered(tmp_path, WAYS, table=""))
    assert project.models["early.row"].columns == ("id", "n", "amount", "hidden", "kind", "total")
    assert rows_of(project)[1] == (2, -3, 7, 8, "negative", 3)


def test_what_is_no_way_to_treat_a_row_is_refused(tmp_path: Path) -> None:
    members: Members = {
        "_row_of": ROW,
        "_other": ROW,
        "negative": NEGATIVE,
        "filtered": ({}, "select true as applies, 1 as total from row_of as r where r.n > 1 limit 3"),
        "cut": (
            {},
            "select true as applies, 1 as total from row_of as r inner join early.list as l on l.id = r.id",
        ),
        "unnamed": ({}, "select true as applies, 1 as total from row_of"),
        "silent": ({}, "select 1 as total from row_of as r"),
        "summed": ({}, "select true as applies, sum(r.n) as total from row_of as r"),
    }
    order = ["negative", "filtered", "cut", "unnamed", "silent", "nagative"]
    assert faults_of(gathered(tmp_path, members, {"order": order})) == {
        "early.row/filtered: says of every row whether it applies: it has no limit, where",
        "early.row/cut: joins by `left join … on`, which keeps every row",
        "early.row/unnamed: reads its row from one table or shared SELECT, and gives it an alias",
        "early.row/silent: gives applies and named columns; it gives total",
        "early.row/summed: looks at more than its row",
        "early.row/summed: has no place in the order of the table",
        "early.row: order names nagative, which is no member; did you mean negative?",
        "row/_other.sql: is a shared SELECT that nobody reads",
    }


def test_members_treat_the_same_row_and_do_not_get_in_each_other_s_way(tmp_path: Path) -> None:
    joined = "select l.id is not null as applies, 1 as total from row_of as r left join early.list as l on l.id = r.id"
    members: Members = {
        **WAYS,
        "_other": ROW,
        "elsewhere": ({}, "select true as applies, 1 as total from other as r"),
        "listed": ({}, joined),
        "listed_too": ({}, joined),
    }
    order = ["negative", "elsewhere", "listed", "listed_too", "any_other"]
    assert faults_of(gathered(tmp_path, members, {"order": order})) == {
        "early.row/elsewhere: reads other as r; any_other reads row_of as r",
        "early.row/listed_too: joins l, as listed does: call it otherwise",
    }


def test_a_column_comes_from_each_member_or_from_the_row(tmp_path: Path) -> None:
    folder = gathered(tmp_path, {**WAYS, "large": LARGE}, {"order": ["negative", "large", "any_other"]})
    assert faults_of(folder) == {
        "early.row/negative: does not give marked, which the row has not",
        "early.row/any_other: does not give marked, which the row has not",
    }


def test_the_select_of_a_table_reads_what_is_gathered(tmp_path: Path) -> None:
    folder = gathered(tmp_path, WAYS, table="select id, n, 'x' as kind, 1 as total from early.entry")
    assert faults_of(folder) == {"early.row/_table.sql: does not read members, the rows that are gathered"}


def test_order_and_name_belong_to_tables_that_take_the_first(tmp_path: Path) -> None:
    folder = gathered(tmp_path, WAYS)
    write_table(folder, "early.row", {"gather": "first"}, {})
    assert faults_of(folder) == {
        "early.row: member: missing key: the column that names who treats a row",
        "early.row: order: is that of the members where gather is first, and stands there only",
    }
    write_table(folder, "early.row", {"order": ["negative"]}, {})
    assert (
        "early.row: order: is that of the members where gather is first, and stands there only"
        in faults_of(folder)
    )


def test_a_check_may_wait_for_a_method(tmp_path: Path) -> None:
    checks = [
        {"id": "large_only", "expect": "total > 0", "describe": "It is large.", "when": {"way": "long"}}
    ]
    folder = gathered(tmp_path, WAYS, {"checks": checks})
    for way, there in (("short", False), ("long", True)):
        project = opened(folder, {"way": [way]})
        rules = {rule.id for rule in Contract(project, project.models["early.row"]).rules()}
        assert ("large_only" in rules) == there
    assert faults_of(gathered(tmp_path, WAYS, {"checks": [{**checks[0], "when": {"wya": "long"}}]})) == {
        "early.row: large_only: when: wya is no choice of methods.yml; did you mean way?"
    }
