"""Tables of many files: what is gathered, what a region's methods leave out, and what is refused.

The tables are made up; those of the arithmetic have their worked examples elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
import yaml
from support.edits import edited
from support.small_project import write_model, write_project, write_table

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Column
from drg_pipeline.sql.lineage import column_lineage, whole_lineage
from drg_pipeline.sql.methods import Methods
from drg_pipeline.sql.project import Project, Source

ENTRY = Source(
    "early.entry",
    "none",
    {"id": Column("INTEGER", "number", "an id"), "n": Column("INTEGER", "number", "a number")},
    "what came",
)
ROWS = [(1, 10), (2, -3), (3, None)]
CHOICES = {
    "way": {
        "describe": "How it is done.",
        "before": "short",
        "methods": {
            "short": {"describe": "The short way.", "title": "短"},
            "long": {"describe": "The long way.", "title": "长"},
        },
    },
    "source": {
        "describe": "Who says so.",
        "before": ["ours", "theirs"],
        "several": True,
        "methods": {
            "ours": {"describe": "We do.", "title": "甲"},
            "theirs": {"describe": "They do.", "title": "乙"},
        },
    },
}
Members = Mapping[str, tuple[Mapping[str, object], str]]


def gathered(
    folder: Path,
    members: Members,
    header: Mapping[str, object] | None = None,
    models: Mapping[str, str] | None = None,
    headers: Mapping[str, Mapping[str, object]] | None = None,
) -> Path:
    """A project with the gathered table early.row."""
    write_project(folder, models or {}, headers)
    (folder / "methods.yml").write_text(yaml.safe_dump(CHOICES, allow_unicode=True), encoding="utf-8")
    with open(folder / "columns.yml", "a", encoding="utf-8") as columns:
        columns.write('kind: {type: "varchar", unit: code, meaning: which member}\n')
        columns.write(
            'details: {type: "struct(rule varchar, detail varchar)[]", unit: list, meaning: what failing rules tell}\n'
        )
    write_table(folder, "early.row", header or {}, members)
    return folder


def opened(folder: Path, methods: Methods | None = None) -> Project:
    return Project(folder, [ENTRY], methods)


def rows_of(project: Project, table: str = "early.row") -> list[tuple[object, ...]]:
    """The rows of a table over ROWS, in the order of all columns."""
    with duckdb.connect() as con:
        con.execute(project.macros)
        con.execute("create schema early")
        con.execute("create table early.entry as from (values (1, 10), (2, -3), (3, null)) as v(id, n)")
        return con.execute(f"select * from ({project.models[table].sql}\n) order by all").fetchall()


def faults_of(folder: Path, methods: Methods | None = None) -> set[str]:
    with pytest.raises(DrgError) as error:
        opened(folder, methods)
    return {str(fault) for fault in error.value.faults}


ONE = ({}, "select id, n from early.entry where id = 1")
OTHERS = (
    {"law": ["JY-1"]},
    "-- the rest\nselect id, n * 2 as n -- law: JY-2\nfrom early.entry where id > 1 -- end",
)


# -- the union -----------------------------------------------------------------------------------


def test_a_folder_is_the_table_of_its_members(tmp_path: Path) -> None:
    project = opened(gathered(tmp_path, {"one": ONE, "others": OTHERS}, {"nullable": ["n"], "law": ["JY-3"]}))
    model = project.models["early.row"]
    assert rows_of(project) == [(1, 10), (2, -6), (3, None)]
    assert (model.columns, model.upstream, model.grain) == (("id", "n"), ("early.entry",), ("id",))
    assert [(one.name, one.describe, one.law) for one in model.members] == [
        ("one", "one.", ()),
        ("others", "others.", ("JY-1", "JY-2")),
    ]
    assert model.law == ("JY-3", "JY-1", "JY-2")
    assert [file.name for file in model.files] == ["_table.yml", "one.sql", "others.sql"]
    assert column_lineage(project, "early.row") == {
        "id": [("early.entry", "id")],
        "n": [("early.entry", "n")],
    }
    assert {tuple(one) for one in whole_lineage(project, "early.row")[1]} == {("early.entry", "id", "filter")}


def test_a_member_gives_its_name(tmp_path: Path) -> None:
    """Also one that is a word of SQL: the name is a value."""
    members = {"order": ONE, "select": OTHERS}
    project = opened(gathered(tmp_path, members, {"member": "kind", "nullable": ["n"]}))
    assert rows_of(project) == [(1, 10, "order"), (2, -6, "select"), (3, None, "select")]
    assert column_lineage(project, "early.row")["kind"] == []


def test_the_code_version_follows_each_file_that_is_read(tmp_path: Path) -> None:
    shared = {"_base": ({}, "select id, n from early.entry"), "one": ({}, "select id, n from base")}
    gathered(tmp_path, shared, models={"early.other": "select id, n from early.entry"})
    before = {name: opened(tmp_path).code_version(name) for name in ("early.row", "early.other")}
    write_model(
        tmp_path / "early/row/_base.sql", {"describe": "base"}, "select id, n + 1 as n from early.entry"
    )
    after = {name: opened(tmp_path).code_version(name) for name in ("early.row", "early.other")}
    assert before["early.row"] != after["early.row"] and before["early.other"] == after["early.other"]
    write_model(tmp_path / "early/row/two.sql", {"describe": "two"}, "select 9 as id, 1 as n")
    assert opened(tmp_path).code_version("early.row") != after["early.row"]


def test_members_have_the_same_columns_and_leave_the_name_to_the_file(tmp_path: Path) -> None:
    members: Members = {
        "one": ({}, "select id, n, 'x' as kind from early.entry"),
        "two": ({}, "select n, id, 'x' as kind from early.entry"),
    }
    assert faults_of(gathered(tmp_path, members, {"member": "kind"})) == {
        "early.row/two: selects n, id, kind; one selects id, n, kind",
        "early.row/one: selects kind, which is filled with the name of its file",
        "early.row/two: selects kind, which is filled with the name of its file",
    }


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    members: Members = {
        "one": ({"lwa": ["JY-1"], "grain": ["id"]}, "select id, n from early.entry"),
        "two": ({}, "select id, n from early.entry where"),
        "three": ({"when": {"wya": "short", "way": "lng"}}, "select id, n from early.entry"),
        "four": ({"when": "short"}, "select id, n from early.entry; select 1"),
    }
    folder = gathered(tmp_path, members, {"gahter": "union"}, {"late.lone": "select id, n from"})
    write_model(folder / "invariants" / "rule.sql", {"describe": "r", "guard": "early.row"}, "select 1 as id")
    (folder / "late/plain.sql").write_text("select 1 as id", encoding="utf-8")
    (folder / "late/loose").mkdir()
    write_model(folder / "late/loose/one.sql", {"describe": "one"}, "select 1 as id")
    found = faults_of(folder)
    assert {fault for fault in found if "cannot be read" not in fault} == {
        "early.row: gahter: unknown key: did you mean gather?",
        "early.row/one: grain: unknown key: known here: describe, law, reads, when",
        "early.row/one: lwa: unknown key: did you mean law?",
        "early.row/three: when: wya is no choice of methods.yml; did you mean way?",
        "early.row/three: when: lng is no method of the choice way; did you mean long?",
        "early.row/four: is not one SELECT",
        "early.row/four: when: must be a mapping of when; found 'short'",
        "late.plain: is not a model file: open it with /*--- (YAML) ---*/, then one SELECT",
        "late.loose: is a folder of members without _table.yml",
        "rule: guard: unknown key: did you mean guards?",
        "rule: guards: missing key: add it",
    }
    assert {fault.split(":")[0] for fault in found if "cannot be read" in fault} == {
        "early.row/two",
        "late.lone",
    }


def test_a_table_is_a_file_or_a_folder(tmp_path: Path) -> None:
    folder = gathered(tmp_path, {"one": ONE}, models={"early.row": "select 1 as id, 2 as n"})
    assert faults_of(folder) == {"early.row: is a file and a folder: keep one of the two"}


def test_a_table_without_members_is_refused(tmp_path: Path) -> None:
    assert faults_of(gathered(tmp_path, {})) == {"early.row: has no member"}


def test_periods_are_said_of_the_table_or_of_the_member_that_reads(tmp_path: Path) -> None:
    months = {"reads": {"early.month": {"months": [-1, 0]}}}
    models = {"early.month": "select '2025-01' as month, 1 as id, 2 as n"}
    headers = {"early.month": {"partition": "month", "grain": ["month"]}}
    header = {"partition": "month", "grain": ["month"]}
    select = "select month, id, n from early.month"
    members: Members = {"one": (months, select), "two": ({}, select)}
    project = opened(gathered(tmp_path, members, header, models, headers))
    assert project.models["early.row"].reads["early.month"].months == (-1, 0)
    other = {"reads": {"early.month": {"months": [-2, 0]}, "early.entry": {"years": [0, 0]}}}
    assert faults_of(gathered(tmp_path, {"two": (other, select)}, header, models, headers)) == {
        "early.row/two: reads.early.month is said otherwise elsewhere in the table",
        "early.row/two: reads.early.entry is not read",
    }


# -- what applies --------------------------------------------------------------------------------

EITHER: Members = {
    "short": ({"when": {"way": "short"}}, "select id, 1 as n from early.entry"),
    "long": ({"when": {"way": ["long"]}}, "select id, 2 as n from early.entry"),
    "always": ({}, "select id + 10 as id, 3 as n from early.entry"),
}


@pytest.mark.parametrize(
    ("methods", "members"),
    [
        ({"way": ["short"]}, ["always", "short"]),
        ({"way": ["long"]}, ["always", "long"]),
        (None, ["always", "long", "short"]),
    ],
)
def test_a_region_has_the_members_of_its_methods(
    tmp_path: Path, methods: Methods | None, members: Sequence[str]
) -> None:
    model = opened(gathered(tmp_path, EITHER), methods).models["early.row"]
    assert [one.name for one in model.members] == members
    assert [path.stem for path in model.files] == ["_table", *members]


def test_methods_fit_the_choices(tmp_path: Path) -> None:
    folder = gathered(tmp_path, {**EITHER, "ours": ({"when": {"source": "ours"}}, "select 1 as id, 2 as n")})
    assert faults_of(folder, {"way": ["shrt"], "sorce": ["ours"]}) == {
        "methods: shrt is no method of the choice way; did you mean short?",
        "methods: sorce is no choice of methods.yml; did you mean source?",
        "methods: source is not answered: it is one of ours, theirs",
    }
    assert faults_of(folder, {"way": ["short", "long"], "source": []}) == {
        "methods: way is one method, and 2 are named",
        "methods: source is one method, and 0 are named",
    }
    assert opened(folder, {"way": ["long"], "source": ["ours", "theirs"]})


def test_what_reads_a_table_that_does_not_apply_is_told_what_it_waits_for(tmp_path: Path) -> None:
    folder = gathered(
        tmp_path,
        {"one": ONE},
        {"when": {"way": "long"}},
        {"late.of_row": "select id, n from early.row", "late.own": "select id, n from early.row"},
        {"late.own": {"when": {"way": "long"}}},
    )
    write_model(
        folder / "invariants" / "rule.sql",
        {"describe": "r", "guards": "early.row", "when": {"way": "long"}},
        "select id from early.row",
    )
    assert faults_of(folder, {"way": ["short"]}) == {
        "late.of_row: reads early.row, which does not apply: it is there when way: long",
    }
    project = opened(folder, {"way": ["long"]})
    assert next(iter(project.models)) == "early.row" and [one.id for one in project.invariants] == ["rule"]


def test_a_table_of_which_no_member_applies_says_that_it_may_be_empty(tmp_path: Path) -> None:
    members = {"long": EITHER["long"]}
    assert faults_of(gathered(tmp_path, members), {"way": ["short"]}) == {
        "early.row: none of its members applies: long; or it says may_be_empty: true"
    }
    project = opened(
        gathered(tmp_path, members, {"may_be_empty": True, "member": "kind"}), {"way": ["short"]}
    )
    assert rows_of(project) == [] and project.models["early.row"].columns == ("id", "n", "kind")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "before: short",
            "before: shrt",
            "methods.yml: way.before: shrt is not one of the methods; did you mean short?",
        ),
        ("before: short", "befor: short", "methods.yml: way.befor: unknown key: did you mean before?"),
        ("title: 短", "titel: 短", "methods.yml: way.methods.short.titel: unknown key: did you mean title?"),
        (
            "way:\n",
            "way: 3\nways:\n",
            "methods.yml: way: must be a mapping with the keys describe, methods, before, several; found '3'",
        ),
    ],
)
def test_a_broken_list_of_choices_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    folder = gathered(tmp_path, {"one": ONE})
    edited(folder / "methods.yml", old, new)
    assert any(one.endswith(fault) for one in faults_of(folder))


# -- shared SELECTs ------------------------------------------------------------------------------


def test_shared_selects_stand_in_front_in_the_order_of_need(tmp_path: Path) -> None:
    members: Members = {
        "_double": ({}, "with t as (select id, n from base) select id, n * 2 as n from t -- law: JY-4"),
        "one": ({}, "with own as (select id, n from double where id = 1) select id, n from own"),
        "others": (
            {},
            "select d.id, b.n from double as d inner join base as b on b.id = d.id where d.id > 1",
        ),
    }
    folder = gathered(tmp_path, members, {"nullable": ["n"]}, {"early.whole": "select id, n from base"})
    write_model(
        folder / "early/_base.sql", {"describe": "b.", "law": ["JY-5"]}, "select id, n from early.entry"
    )
    project = opened(folder)
    assert rows_of(project) == [(1, 20), (2, -3), (3, None)]
    assert rows_of(project, "early.whole") == [(1, 10), (2, -3), (3, None)]
    model = project.models["early.row"]
    assert model.sql.count("base as (") == 1 == model.sql.count("double as (")
    assert model.law == ("JY-5", "JY-4") and project.models["early.whole"].law == ("JY-5",)
    assert column_lineage(project, "early.row")["n"] == [("early.entry", "n")]


def test_a_shared_select_reads_what_each_of_its_readers_provides(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "early.up": "-- a note\nwith given as (select id, n + 1 as n from early.entry) select id, n from shown",
            "early.down": "with given as (select id, n - 1 as n from early.entry),\n-- of it\nmore as (select * from shown)\n"
            "select id, n from more",
            "early.plain": "with recursive given as (select 1 as id, 2 as n) select id, n from shown",
        },
        {"early.up": {"nullable": ["n"]}, "early.down": {"nullable": ["n"]}},
    )
    write_model(tmp_path / "early/_shown.sql", {"describe": "shown"}, "select id, n * 10 as n from given")
    project = opened(tmp_path)
    assert rows_of(project, "early.up") == [(1, 110), (2, -20), (3, None)]
    assert rows_of(project, "early.down") == [(1, 90), (2, -40), (3, None)]
    assert rows_of(project, "early.plain") == [(1, 20)]
    assert project.models["early.up"].upstream == ("early.entry",)


def test_what_is_wrong_with_shared_selects_is_told_at_once(tmp_path: Path) -> None:
    members: Members = {
        "_round": ({}, "select id, n from about"),
        "_about": ({}, "select id, n from round"),
        "_unread": ({}, "select 1 as id"),
        "_ready": ({"grain": ["id"]}, "select id, n from given"),
        "_order": ({}, "select 1 as id, 2 as n"),
        "one": ({}, "select id, n from rounds"),
        "two": ({}, "select id, n from round"),
        "three": (
            {},
            "with unread as (select 1 as id, 2 as n) select u.id, r.n from unread as u, ready as r",
        ),
        "four": (
            {},
            "with a as (select * from ready), given as (select 1 as id, 2 as n) select id, n from a",
        ),
    }
    assert faults_of(gathered(tmp_path, members)) == {
        "early.row/one: reads rounds, which is no CTE and no shared SELECT; did you mean round?",
        "early.row/two: its shared SELECTs read each other in a circle: round -> about -> round",
        "early.row/three: its own CTE unread hides the shared SELECT of that name",
        "early.row/three: the shared SELECT ready reads given, which is no CTE and no shared SELECT",
        "early.row/four: ready reads given, which is defined after it",
        "row/_unread.sql: is a shared SELECT that nobody reads",
        "row/_order.sql: is a shared SELECT that nobody reads",
        "row/_order.sql: order cannot stand in FROM as it is: name it otherwise",
        "row/_ready.sql: grain: unknown key: known here: describe, law",
    }


# -- lists of the law ----------------------------------------------------------------------------

LISTED = {"listed_in": {"table": "early.entry", "column": "id", "active": "n"}}


def test_what_the_law_lists_has_a_file_and_a_file_is_listed(tmp_path: Path) -> None:
    """The lists of several tables are one."""
    folder = gathered(tmp_path, {"one": ONE, "two": ONE}, LISTED)
    write_table(folder, "late.more", LISTED, {"three": ONE})
    project = opened(folder)
    assert project.unlisted(lambda listing: [("one", True), ("two", False), ("three", True)]) == []
    entries = [("one", True), ("tow", True), ("tow", True), ("four", False), ("three", True)]
    assert [str(fault) for fault in project.unlisted(lambda listing: entries)] == [
        "early.entry: tow is in force and no file of early.row or late.more computes it; did you mean two?",
        "early.row/two: is not listed in early.entry; did you mean tow?",
    ]


def test_a_member_that_does_not_apply_computes_nothing(tmp_path: Path) -> None:
    project = opened(gathered(tmp_path, EITHER, LISTED), {"way": ["short"]})
    entries = [("always", True), ("short", True), ("long", True)]
    assert [str(fault) for fault in project.unlisted(lambda listing: entries)] == [
        "early.entry: long is in force and no file of early.row computes it"
    ]


@pytest.mark.parametrize(
    ("listing", "fault"),
    [
        (
            {"table": "early.entry"},
            "listed_in.column: missing key: add it",
        ),
        (
            {"table": "early.entry", "column": "id", "severity": "n"},
            "listed_in: severity and title stand together: give both or neither",
        ),
        (
            {"table": "early.entris", "column": "id"},
            "is listed in early.entris, which does not enter from the side",
        ),
        ({"table": "early.entry", "column": "ids"}, "is listed in early.entry by ids, which it has not"),
    ],
)
def test_a_list_is_a_table_from_the_side(tmp_path: Path, listing: object, fault: str) -> None:
    assert faults_of(gathered(tmp_path, {"one": ONE}, {"listed_in": listing})) == {f"early.row: {fault}"}


# -- rules on one row ----------------------------------------------------------------------------

STATES = {"gather": "states", "member": "rule"}
RULES: Members = {
    "_entry": ({}, "select id, n, true as negative from early.entry"),
    "negative": ({"law": ["JY-6"]}, "select id, n < 0 as fails, 'n is ' || n as detail from entry"),
    "distinct_from_ten": (
        {},
        "select id, n is distinct from 10 as fails,\n-- why\n'not ten' as detail from entry",
    ),
    "odd": (
        {"when": {"way": "long"}},
        "select id, case when n is not null then n % 2 = 1 end as fails, cast(n as varchar) as detail from entry",
    ),
}


def test_rules_are_one_pass_with_three_states(tmp_path: Path) -> None:
    project = opened(gathered(tmp_path, RULES, STATES), {"way": ["short"]})
    model = project.models["early.row"]
    assert model.columns == ("id", "distinct_from_ten", "negative", "details")
    told = {"rule": "distinct_from_ten", "detail": "not ten"}
    assert rows_of(project) == [
        (1, False, False, []),
        (2, True, True, [told, {"rule": "negative", "detail": "n is -3"}]),
        # Nothing is known of n: whether it is negative does not apply.
        (3, True, None, [told]),
    ]
    assert model.nullable == {"distinct_from_ten", "negative"}
    assert project.column("early.row", "negative").type == "BOOLEAN"
    assert project.column("early.row", "details").type == "STRUCT(rule VARCHAR, detail VARCHAR)[]"
    assert project.column("early.row", "negative").meaning == "negative."
    assert project.schema_of("early.row")["negative"] == "BOOLEAN"
    assert column_lineage(project, "early.row")["negative"] == [("early.entry", "n")]
    assert "odd" in opened(tmp_path).models["early.row"].columns


def test_a_rule_is_a_condition_on_its_row_and_nothing_more(tmp_path: Path) -> None:
    members: Members = {
        "_entry": ({}, "select id, n from early.entry"),
        "_other": ({}, "select id, n from early.entry"),
        "filtered": ({}, "select id, n < 0 as fails, '' as detail from entry where n > 1 limit 3"),
        "joined": ({}, "select id, n < 0 as fails, '' as detail from entry inner join other on true"),
        "elsewhere": ({}, "select id, n < 0 as fails, '' as detail from other"),
        "asking": ({}, "select id, n < (select max(n) from early.entry) as fails, '' as detail from entry"),
        "summed": ({}, "select id, sum(n) < 0 as fails, '' as detail from entry"),
        "qualified": ({}, "select e.id, e.n < 0 as fails, '' as detail from entry as e"),
        "short": ({}, "select id, n < 0 as fails from entry"),
        "desc": ({}, "select id, n < 0 as fails, '' as detail from entry"),
    }
    found = faults_of(gathered(tmp_path, members, STATES))
    said = {
        name: sorted(f.split(": ", 1)[1] for f in found if f.startswith(f"early.row/{name}:"))
        for name in members
    }
    assert said["filtered"] == ["a rule says of every row whether it fails: it has no limit, where"]
    assert "a rule says of every row whether it fails: it has no joins" in said["joined"]
    assert said["elsewhere"] == ["reads other; asking reads entry"]
    assert said["asking"] == said["summed"][:1] == ["looks at more than its row"]
    assert "reads its row by its own name, from one table or shared SELECT" in said["qualified"]
    assert "names a column with its table" in said["qualified"]
    assert "ends with fails and detail; its columns: id, fails" in said["short"]
    assert "its name is a column, and no word that stands in SQL as it is: name it otherwise" in said["desc"]


def test_rules_have_a_name_for_what_they_are_called(tmp_path: Path) -> None:
    assert faults_of(gathered(tmp_path, RULES, {"gather": "states"})) == {
        "early.row: member: missing key: what details call a rule"
    }
    assert faults_of(gathered(tmp_path, RULES, {"gather": "state"})) == {
        "early.row: gather: 'state' is not one of: union, states, first; did you mean states?"
    }


# -- macros of a layer ---------------------------------------------------------------------------


def test_a_formula_of_a_layer_is_part_of_the_tables_that_use_it(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "early.plain": "select id, twice(n) as n from early.entry",
            "late.using": "select id, fourfold(n) as n from early.entry",
            "late.other": "select id, n from early.entry",
        },
        {name: {"nullable": ["n"]} for name in ("early.plain", "late.using", "late.other")},
    )
    early, late = tmp_path / "early/macros.sql", tmp_path / "late/macros.sql"
    early.write_text("create or replace macro double(x) as twice(x);\n", encoding="utf-8")
    late.write_text("create or replace macro fourfold(x) as double(double(x));\n", encoding="utf-8")
    project = opened(tmp_path)
    assert rows_of(project, "late.using") == [(1, 40), (2, -12), (3, None)]

    def versions() -> dict[str, str]:
        project = opened(tmp_path)
        return {name: project.code_version(name) for name in project.models}

    before = versions()
    early.write_text("create or replace macro double(x) as x + x;\n", encoding="utf-8")
    after = versions()
    assert {name for name in before if before[name] != after[name]} == {"late.using"}
    (tmp_path / "macros.sql").write_text("create or replace macro twice(x) as x + x;\n", encoding="utf-8")
    assert all(after[name] != version for name, version in versions().items())
