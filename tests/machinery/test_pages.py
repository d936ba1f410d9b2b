"""Sheets, proofs and pages: what their files may say, and what a page says of their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.harness import Bench

from drg_pipeline.commands.pages import Reader
from drg_pipeline.duck import ask
from drg_pipeline.errors import DrgError
from drg_pipeline.reports.pages import Shown, html, load_pages, page_named
from drg_pipeline.reports.sheets import Proven, Sheets, fill, load_sheets, prove

PERIOD = {"months": {"months": ["2025-01"]}, "year": {"year": 2025}}
HEAD = 'describe: A sheet.\nabout: year\ntitle: {en: "Sheet of {span}", zh: 表}\n'


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header, _, sql = text.partition("\n;\n")
        path.write_text(f"/*---\n{header}\n---*/\n{sql}\n" if sql else text, encoding="utf-8")
    return folder


def test_the_sheets_and_proofs_of_the_project_ask_what_is_there(bench: Bench) -> None:
    reader = Reader(bench.region)
    with duckdb.connect() as con:
        con.execute(bench.project.macros)
        parts = [*reader.sheets.sheets.values(), *reader.sheets.proofs.values()]
        for table in sorted({table for part in parts for table in part.tables}):
            bench.create(con, table, [])
        for sheet in reader.sheets.sheets.values():
            for lang in ("en", "zh"):
                assert fill(con, sheet, lang, "2025", PERIOD[sheet.about]).headings, sheet.id
        for proof in reader.sheets.proofs.values():
            proven = prove(con, proof.sql, proof.title, proof.unit, PERIOD[proof.about])
            assert proven == Proven(proof.title, proof.unit, 0, 0)


def test_every_sheet_and_proof_stands_on_a_page(bench: Bench) -> None:
    reader = Reader(bench.region)
    pages = reader.pages.values()
    assert {name for page in pages for name in page.sheets} == reader.sheets.sheets.keys()
    assert {name for page in pages for name in page.proofs} == reader.sheets.proofs.keys()


def test_every_fault_of_the_files_is_told_at_once(tmp_path: Path) -> None:
    models = write(
        tmp_path,
        {
            "sheets/one.sql": HEAD + "columns: {n: {en: n}, m: {en: m}}\ntotal: [k]\n;\nselect 1 as n",
            "sheets/two.sql": HEAD.replace("year", "week") + "colums: {}\ntotal: []\n;\nselect 1 as n",
            "sheets/three.sql": HEAD + "columns: {n: {}}\ntotal: []\n;\nselect 1 as n; select 2 as n",
            "proofs/four.sql": HEAD + "unit: {en: rows}\n;\nselect 1 as checked",
        },
    )
    with pytest.raises(DrgError) as error:
        load_sheets(models)
    told = str(error.value)
    for fault in (
        "sheets/one.sql: columns: m is not selected; its columns: n",
        "sheets/one.sql: total: k is not one of the columns",
        "sheets/two.sql: about: 'week' is not one of: months, year",
        "sheets/two.sql: colums: unknown key: did you mean columns?",
        "sheets/three.sql: columns.n: has no text: give one in en or zh",
        "sheets/three.sql: sql: is not one SELECT",
        "proofs/four.sql: unit.zh: missing key",
        "proofs/four.sql: sql: selects something else than checked and broken",
    ):
        assert fault in told, fault


def small(tmp_path: Path) -> tuple[Sheets, Path]:
    columns = (
        "columns: {name: {en: name, zh: 名称}, n: {en: count, zh: 数}, aside: {en: aside}}\ntotal: [n]\n;\n"
    )
    rows = "select * from (values ('<b>&', cast(1.50 as decimal(18, 2)), 'x'), ('z', null, 'y')) as t(name, n, aside)"
    models = write(
        tmp_path,
        {
            "sheets/of_year.sql": HEAD + columns + rows,
            "sheets/of_months.sql": HEAD.replace("year", "months") + columns + rows,
            "proofs/of_year.sql": HEAD + "unit: {en: rows, zh: 行}\n;\nselect $year as checked, 0 as broken",
        },
    )
    return load_sheets(models), models


def test_a_page_names_what_is_there_and_of_one_kind(tmp_path: Path) -> None:
    sheets, folder = small(tmp_path)
    pages = folder / "pages"
    write(
        pages,
        {
            "good.yml": "title: {en: Good, zh: 好}\nabout: year\nsheets: [of_year]\nproofs: [of_year]\n",
        },
    )
    found = load_pages(pages, sheets, {})
    assert found["good"].kind == "year"
    with pytest.raises(DrgError, match=r"'god' is no page\.\nWas one of these meant: good"):
        page_named(found, "god")
    write(pages, {"bad.yml": "title: {en: Bad}\nabout: year\nsheets: [of_months, none]\ncharts: [a.b]\n"})
    with pytest.raises(DrgError) as error:
        load_pages(pages, sheets, {})
    for fault in (
        "pages/bad.yml: title.zh: missing key",
        "pages/bad.yml: sheets[2]: 'none' is not one of: of_months, of_year",
        "pages/bad.yml: charts[1]: 'a.b' is not one of",
        "pages/bad.yml: sheets[1]: of_months is about months, and the page about year",
    ):
        assert fault in str(error.value), fault


def test_a_proof_says_what_is_broken_by_name() -> None:
    """Its columns may stand in either order."""
    what, unit = {"en": "Sums", "zh": "合计"}, {"en": "rows", "zh": "行"}
    with duckdb.connect() as con:
        for query in ("select 2025 as checked, 3 as broken", "select 3 as broken, 2025 as checked"):
            proven = prove(con, query, what, unit)
            assert (proven.checked, proven.broken) == (2025, 3)
            assert (
                "2,025 rows" in proven.said("en") and "Sums" in proven.said("en") and "3" in proven.said("zh")
            )


def test_a_page_shows_figures_in_full_and_every_text_escaped(tmp_path: Path) -> None:
    sheets, _ = small(tmp_path)
    with duckdb.connect() as con:
        english = fill(con, sheets.sheets["of_year"], "en", "2025", {"year": 2025})
        chinese = fill(con, sheets.sheets["of_year"], "zh", "2025", {"year": 2025})
        proof = sheets.proofs["of_year"]
        proven = prove(con, proof.sql, proof.title, proof.unit, {"year": 2025, "months": []})
        assert proven == Proven(proof.title, proof.unit, 2025, 0)
        assert ask(con, "select 1 as a", {"year": 2025}) == (["a"], [(1,)])
    assert english.headings == ("name", "count", "aside") and chinese.headings == ("名称", "数")
    assert english.title == "Sheet of 2025" and english.sums == (None, Decimal("1.50"), None)
    assert [english.is_number(place) for place in range(3)] == [False, True, False]
    page = html(Shown("<title>", "区", ("mark",), [chinese], [("holds", True), ("<i>", False)], []), "zh")
    assert "&lt;b&gt;&amp;" in page and "<b>" not in page and "&lt;i&gt;" in page
    assert '<td class="figure">1.50</td>' in page and '<th scope="row">Σ</th>' in page
    assert '<html lang="zh-CN">' in page and '<li class="bad">' in page
    assert not re.search(r"https?://|url\(|<script|@import", page)
