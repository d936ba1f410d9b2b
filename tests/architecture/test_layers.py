"""The arrows: a model reads its own or an earlier layer, imports go one way, no room reaches into another.

What the models compute is tested elsewhere; here only who may know whom.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest
from support.harness import Bench
from support.small_project import write_model, write_project

from drg_pipeline.errors import DrgError
from drg_pipeline.reports.sheets import PROOFS, SHEETS
from drg_pipeline.settings import PROJECT
from drg_pipeline.sql.account import ACCOUNT
from drg_pipeline.sql.project import Project

PYTHON = PROJECT / "drg_pipeline"
MODELS = PROJECT / "dbt_like_sql"

# A package imports packages of earlier lines only; those of one line do not know each other.
ORDER = [
    {"process", "visible"},
    {"errors", "files", "messages"},
    {"disk", "duck", "periods"},
    {"forms", "settings"},
    {"trail"},
    {"calendar", "policy", "sql"},
    {"ingest", "lake", "quality"},
    {"grouping"},
    {"region"},
    {"reports", "synthetic"},
    {"simulation", "closings"},
    {"assets"},
    {"definitions", "web"},
    {"runs"},
    {"commands"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}


def package_of(path: Path) -> str:
    return path.relative_to(PYTHON).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, package of the project) for each import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "drg_pipeline"
            names = [f"{node.module}.{alias.name}" if whole else node.module for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name.split(".")[1]) for name in names if name.startswith("drg_pipeline."))


def modules() -> list[Path]:
    return sorted(path for path in PYTHON.rglob("*.py") if path.parent != PYTHON or path.stem != "__init__")


def test_every_package_has_a_place_in_the_order() -> None:
    unplaced = {package_of(path) for path in modules()} - RANK.keys()
    assert not unplaced, f"give {', '.join(sorted(unplaced))} a line in ORDER"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PYTHON)))
def test_python_imports_go_one_way(path: Path) -> None:
    own = package_of(path)
    wrong = [
        f"line {line}: {own} imports {other}, which does not come before it"
        for line, other in imports(path)
        if other != own and RANK.get(other, len(ORDER)) >= RANK[own]
    ]
    assert not wrong


# What one module does for all: how a database is opened, text becomes SQL, a file appears.
HOMES = {
    "duckdb.connect(": "duck.py",
    '"\'", "\'\'"': "duck.py",
    "'\"', '\"\"'": "duck.py",
    "os.replace(": "files.py",
    "os.fsync(": "files.py",
}


@pytest.mark.parametrize("text", HOMES)
def test_what_all_need_has_one_home(text: str) -> None:
    found = {str(path.relative_to(PYTHON)) for path in modules() if text in path.read_text(encoding="utf-8")}
    assert found == {HOMES[text]}


# What stands beside these imports says why the library's public names do not do.
PRIVATE = {"assets/event_log.py", "assets/jobs.py", "assets/processes.py"}


def test_dagsters_private_modules_are_used_where_it_is_said_why() -> None:
    used = {
        str(path.relative_to(PYTHON))
        for path in modules()
        if re.search(r"^\s*(?:from|import) dagster\._", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert used == PRIVATE


def test_a_model_reads_its_own_or_an_earlier_layer(bench: Bench) -> None:
    rank = {layer.name: position for position, layer in enumerate(bench.project.layers)}
    wrong = [
        f"{model.name} reads {table}, which is computed after it"
        for model in bench.project.models.values()
        for table in model.upstream
        if rank[table.split(".")[0]] > rank[model.layer]
    ]
    assert not wrong


def test_an_invariant_reads_nothing_later_than_what_it_guards(bench: Bench) -> None:
    rank = {layer.name: position for position, layer in enumerate(bench.project.layers)}
    order = {name: position for position, name in enumerate(bench.project.models)}
    for invariant in bench.project.invariants:
        for table in invariant.upstream:
            assert rank[table.split(".")[0]] <= rank[invariant.guards.split(".")[0]], (
                f"{invariant.id} reads {table}"
            )
            if table in order:
                closure = bench.project.upstream_closure([table])
                assert table == invariant.guards or invariant.guards not in closure, (
                    f"{invariant.id} waits for itself"
                )


def test_the_project_refuses_an_arrow_that_points_back(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "early.first": "select 1 as id, n as total from late.second",
            "late.second": "select 1 as id, 2 as n",
        },
    )
    with pytest.raises(DrgError) as error:
        Project(tmp_path)
    assert "early.first: reads late.second, which is computed after it" in str(error.value)


def test_the_project_refuses_a_circle(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {"early.first": "select id, n from early.second", "early.second": "select id, n from early.first"},
    )
    with pytest.raises(DrgError, match="circle"):
        Project(tmp_path)


def test_the_project_refuses_a_table_that_nothing_provides(tmp_path: Path) -> None:
    write_project(tmp_path, {"early.first": "select id, n from elsewhere.table"})
    with pytest.raises(DrgError, match=r"early.first: reads elsewhere.table, which nothing provides"):
        Project(tmp_path)


def write_explanation(folder: Path, name: str, sql: str, **header: object) -> None:
    layer, own = name.split(".")
    (folder / layer / ACCOUNT).mkdir(parents=True, exist_ok=True)
    write_model(folder / layer / ACCOUNT / f"{own}.sql", {"describe": "says why", **header}, sql)


def test_the_project_refuses_an_explanation_of_what_is_not_there_or_comes_later(tmp_path: Path) -> None:
    write_project(tmp_path, {"early.first": "select 1 as id, 2 as n", "late.third": "select 1 as id, 2 as n"})
    write_explanation(tmp_path, "early.why", "select id from early.second")
    write_explanation(tmp_path, "early.when", "select id from late.third")
    # The account is read as a whole: one explanation may build on that of a later step.
    write_explanation(tmp_path, "early.more", "select id from account.last")
    write_explanation(tmp_path, "late.last", "select id from early.first, account.nothing")
    with pytest.raises(DrgError) as error:
        Project(tmp_path)
    assert sorted(map(str, error.value.faults)) == [
        "last: reads account.nothing, which nothing provides",
        "when: reads late.third, which is computed after early",
        "why: reads early.second, which nothing provides",
    ]


def test_the_project_refuses_two_explanations_of_one_name_and_a_key_of_a_model(tmp_path: Path) -> None:
    write_project(tmp_path, {"early.first": "select 1 as id, 2 as n"})
    write_explanation(tmp_path, "early.why", "select id from early.first")
    write_explanation(tmp_path, "late.why", "select id from early.first")
    with pytest.raises(DrgError, match="why: stands in early and in late: rename one of the two"):
        Project(tmp_path)
    write_explanation(tmp_path, "late.why", "select id from early.first", grain=["id"])
    with pytest.raises(DrgError, match="why: grain: unknown key"):
        Project(tmp_path)


def test_explanations_that_read_each_other_are_refused(tmp_path: Path) -> None:
    write_project(tmp_path, {"early.first": "select 1 as id, 2 as n"})
    write_explanation(tmp_path, "early.why", "select id from account.because")
    write_explanation(tmp_path, "late.because", "select id from account.why")
    with pytest.raises(DrgError, match="circle"):
        Project(tmp_path)


def test_explanations_of_an_older_closing_are_left_alone(tmp_path: Path) -> None:
    """They stood in a folder of their own; to compute a period again asks for none."""
    write_project(tmp_path, {"early.first": "select 1 as id, 2 as n"})
    (tmp_path / "explain").mkdir()
    write_model(tmp_path / "explain" / "why.sql", {"describe": "says why"}, "select id from explain.more")
    assert not Project(tmp_path).explanations


def test_an_explanation_reads_columns_that_are_there(bench: Bench) -> None:
    project = bench.project
    assert project.explanations
    with duckdb.connect() as con:
        con.execute(project.macros)
        for name, explanation in project.explanations.items():
            for table in explanation.tables:
                bench.create(con, table, [])
            con.execute(f"create schema if not exists {ACCOUNT}")
            con.execute(f"create view {ACCOUNT}.{name} as {explanation.sql}")


def test_every_folder_of_models_is_a_layer(bench: Bench) -> None:
    folders = {
        path.name for path in MODELS.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    }
    assert folders - {"invariants", SHEETS, PROOFS} <= {layer.name for layer in bench.project.layers}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what a file of the machinery says to a program: docstrings are for people."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def mentions(names: Iterable[str]) -> list[str]:
    pattern = re.compile(rf"\b({'|'.join(re.escape(name) for name in names)})\b")
    return [
        f"{path.relative_to(PYTHON)}:{line}: {hit}"
        for path in sorted(PYTHON.rglob("*"))
        if path.suffix in (".py", ".sql", ".yml")
        for line, text in texts(path)
        for hit in pattern.findall(text)
    ]


def test_the_machinery_names_no_table_of_the_arithmetic(bench: Bench) -> None:
    assert not mentions(bench.project.models)


def test_the_machinery_names_no_parameter_of_the_law(bench: Bench) -> None:
    assert not mentions(bench.region.pack.parameters)
