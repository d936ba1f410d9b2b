"""`drg explain` on the example region: every settled claim ends in its stored payment, every case is told, nothing
personal is shown, nothing of a text becomes a tag.

The figures of single lines are worked by hand in `golden/accounts`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import closing
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import regions
from support.command import Drg

from drg_pipeline.errors import DrgError
from drg_pipeline.region import Region
from drg_pipeline.reports.account import Account, Accounts

TOP = ["claim", "version", "month", "mark", "agrees", "sections", "path", "missing"]
LINE = [
    "label",
    "text",
    "value",
    "name",
    "unit",
    "formula",
    "filled",
    "stored",
    "good",
    "detail",
    "note",
    "law",
]


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture(scope="module")
def accounts(year: Path) -> Accounts:
    return Accounts(Region(regions.settings(year)))


@pytest.fixture
def own(year: Path, tmp_path: Path) -> Path:
    """A copy of the region that a test may change."""
    regions.copy(year, tmp_path / "own")
    return tmp_path / "own"


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query in which {layer.table} stands for a published table."""
    lake = regions.lake_of(folder)
    text = re.sub(r"\{([a-z_]+\.[a-z_]+)\}", lambda table: published(lake, table[1]), query)
    with closing(duckdb.connect()) as con:
        return con.execute(text).fetchall()


def published(lake: Path, table: str) -> str:
    files = lake.joinpath(*table.split("."))
    return f"read_parquet('{files}/**/part.parquet', hive_partitioning = true)"


def one(folder: Path, query: str) -> str:
    return str(asked(folder, query)[0][0])


def rewrite(folder: Path, table: str, partition: str, select: str) -> None:
    """Replace a published file by a query over it, as nobody should; other names of the file keep it."""
    path = regions.lake_of(folder).joinpath(
        *table.split("."), *([partition] if partition else []), "part.parquet"
    )
    with closing(duckdb.connect()) as con:
        con.execute(
            f"copy (select {select} from read_parquet('{path}', hive_partitioning = false)) to '{path}.new' (format parquet)"
        )
    os.replace(f"{path}.new", path)


def labels(account: Account) -> list[str]:
    return [line.label for part in account.parts for line in part.lines]


# -- every claim of the year -------------------------------------------------------------------


def test_every_settled_claim_ends_in_its_stored_payment(year: Path, accounts: Accounts) -> None:
    stored = dict(asked(year, "select setl_id, fund_due from {settlement.monthly_case}"))
    assert len(stored) > 1000
    for account in accounts.of([*stored], path=False):
        assert account.faults == [], account.claim
        assert account.last is not None and account.last.label == "result.paid", account.claim
        assert Decimal(account.last.value or "") == stored[account.claim], account.claim


def test_every_other_claim_of_the_year_is_told_who_pays_or_why_nobody_does(
    year: Path, accounts: Accounts
) -> None:
    query = "select c.setl_id, {} from {{clearing.{}}} as c where c.setl_id not in (select setl_id from {{settlement.monthly_case}})"
    cleared = dict(asked(year, query.format("c.points", "annual_case")))
    unpaid = dict(asked(year, query.format("c.reason", "unsettled_case")))
    assert cleared and {"quality_fatal", "ungrouped", "after_cut_off"} == set(unpaid.values())
    for account in accounts.of([*cleared, *unpaid], path=False):
        assert account.faults == [], account.claim
        assert account.last is not None
        if account.claim in cleared:
            assert account.last.label == "result.by_clearing"
            assert (
                Decimal(
                    next(x.value or "" for p in account.parts for x in p.lines if x.label == "year.points")
                )
                == cleared[account.claim]
            )
        else:
            assert (account.last.label, account.last.value) == ("result.unpaid", unpaid[account.claim])


def test_every_line_cites_a_clause_and_has_its_words(year: Path, accounts: Accounts) -> None:
    claims = [
        row[0]
        for row in asked(
            year, "select min(setl_id) from {pricing.version_point} group by category, level, phase"
        )
    ]
    for account in accounts.of(claims, path=False):
        for part in account.parts:
            for line in part.lines:
                assert line.law and accounts.region.pack.instruments.find(line.law), line
                assert accounts.words.label(line.label).text["zh"], line


@pytest.mark.parametrize("category", ["normal", "high", "low", "unstable", "blank"])
def test_each_category_shows_its_formula(year: Path, accounts: Accounts, category: str) -> None:
    claim = one(year, f"select min(setl_id) from {{pricing.case_point}} where category = '{category}'")
    (account,) = accounts.of([claim])
    assert f"points.{category}" in labels(account)
    assert account.missing == [] and account.steps and account.mark == "回溯演示"


# -- versions ----------------------------------------------------------------------------------


def test_a_version_is_named_by_its_moment(year: Path, accounts: Accounts, drg: Drg) -> None:
    claim, first, last = asked(
        year,
        """
        select a.setl_id, min(v.dcla_time), max(v.dcla_time)
        from {clearing.annual_case} as a
        inner join {claims.version_index} as v on v.setl_id = a.setl_id
        inner join {settlement.monthly_case} as m on m.setl_id = a.setl_id
        where a.source = 'corrected'
        group by a.setl_id having count(*) = 2 order by 1
        """,
    )[0]
    (account,) = accounts.of([claim], path=False)
    assert account.version == first and labels(account)[-2:] == ["result.cleared_otherwise", "result.paid"]
    (account,) = accounts.of([claim], version=last, path=False)
    assert account.version == last and labels(account)[-1] == "result.by_clearing"
    told = drg("explain", claim, "--month", "2024-02", "--lake", year / "lake")
    assert told.code == 1 and f"uploaded at {first}, of 2025-" in told.err
    assert "--month or --version" in told.err


# -- what is not known, not taken in, not computed -----------------------------------------------


def test_an_unknown_claim_and_a_rejected_one(year: Path, drg: Drg) -> None:
    told = drg("explain", "x' or 1=1 --\x1b[2J", "--lake", year / "lake")
    assert told.code == 1 and "not known in this lake" in told.err and "\x1b" not in told.err


def test_a_rejected_claim_is_sought_among_the_rejected_records(year: Path, accounts: Accounts) -> None:
    orphan, delivery = asked(
        year,
        """
        select o.setl_id, o.delivery
        from {claims.orphan_row} as o
        inner join {claims.rejected_row} as r on starts_with(r.file, o.delivery || '/setlinfo.')
        where o.setl_id not in (select v.setl_id from {claims.version_index} as v)
        order by 1
        """,
    )[0]
    with pytest.raises(DrgError, match=f"came with {delivery} without a settlement list") as error:
        accounts.of([orphan])
    assert re.search(rf"rejected there: {delivery}/setlinfo\.csv, line \d+: \w+ ", str(error.value))


def test_what_is_not_computed_is_named_by_step(own: Path, drg: Drg) -> None:
    settled = one(own, "select max(setl_id) from {settlement.monthly_case} where month = '2025-12'")
    late = one(own, "select min(setl_id) from {clearing.annual_case} where source = 'late'")
    past = one(own, "select min(setl_id) from {claims.version_index} where settlement_month = '2023-05'")
    regions.remove_months(own, ["2025-12"], ["settlement"])
    shutil.rmtree(regions.lake_of(own) / "clearing")
    region = Region(regions.settings(own))
    told = Accounts(region).of([settled, late, past], path=False)
    missing = [[f"{gap.layer} {gap.period}" for gap in account.missing] for account in told]
    assert [labels(account)[-1] for account in told] == [
        "result.pending",
        "result.waits",
        "result.not_judged",
    ]
    assert told[1].last and told[1].last.value == "late_upload"
    assert missing[:2] == [["settlement 2025-12", "clearing 2025"], ["clearing 2025"]]
    assert missing[2][0] == "quality 2023-05" and "pricing 2023-05" in missing[2]
    assert "尚未计算" in drg("explain", settled, "--lang", "zh", "--lake", own / "lake").out


def test_wrong_options_are_told_together(year: Path, tmp_path: Path, drg: Drg) -> None:
    told = drg(
        "explain", "C1", "--month", "2025-13", "--json", "--html", tmp_path / "x.txt", "--lake", year / "lake"
    )
    assert told.code == 2
    assert all(name in told.err for name in ("--month 2025-13", "--json", ".html"))
    assert drg("explain", "C1", "--lake", tmp_path).code == 2


def test_a_changed_payment_ends_with_one(own: Path, drg: Drg) -> None:
    claim, month = asked(own, "select setl_id, month from {settlement.monthly_case} order by 1 limit 1")[0]
    rewrite(
        own,
        "settlement.monthly_case",
        f"month={month}",
        "* replace (cast(fund_due + 0.01 as decimal(18, 2)) as fund_due)",
    )
    told = drg("explain", claim, "--lake", own / "lake")
    assert told.code == 1
    assert (
        "what is computed again is not what is stored" in told.err and "claim_result, result.paid" in told.err
    )
    assert "≠ stored" in told.out.splitlines()[told.out.splitlines().index("Law cited") - 2]


def impersonal(text: str, claim: str, year: Path, region: Region) -> bool:
    """Whether a text tells of the claim without the person's number and birth date."""
    assert {"psn_no", "brdy"} <= region.layouts.personal
    person = f"select psn_no, cast(brdy as varchar) from {{claims.setlinfo}} where setl_id = '{claim}'"
    return claim in text and not any(
        str(value) in text for row in asked(year, person) for value in row if value
    )


# -- how it looks ------------------------------------------------------------------------------


def test_the_tree_in_both_languages_ends_in_the_payment(year: Path, accounts: Accounts, drg: Drg) -> None:
    claim, due = asked(
        year,
        "select setl_id, fund_due from {settlement.monthly_case} where category = 'normal' order by 1 limit 1",
    )[0]
    for lang, words, cited in (
        ("en", "Points of a normal case", "art. 18"),
        ("zh", "正常倍率病例点数", "第18条"),
    ):
        told = drg("explain", claim, "--lang", lang, "--lake", year / "lake")
        assert told.code == 0
        assert impersonal(told.out, claim, year, accounts.region)
        lines = told.out.split("\n\n")[0].splitlines()
        assert any(words in line and f"济管医保办〔2026〕2号 {cited}, JY-18-1-3" in line for line in lines)
        assert f": {due:,} " in lines[-1] and "JY-32-3" in lines[-1]


def test_the_json_has_the_keys_that_are_written_down(year: Path, accounts: Accounts, drg: Drg) -> None:
    claim = one(year, "select min(setl_id) from {settlement.monthly_case}")
    told = drg("explain", claim, "--json", "--lake", year / "lake")
    account = json.loads(told.out, parse_float=lambda text: pytest.fail(f"{text} is no text"))
    assert impersonal(told.out, claim, year, accounts.region)
    assert list(account) == TOP and account["claim"] == claim and account["agrees"] is True
    for section in account["sections"]:
        assert list(section) == ["id", "title", "lines"]
        for line in section["lines"]:
            assert list(line) == LINE
            assert all(line[key] is None or isinstance(line[key], str) for key in LINE[:8])
            assert list(line["law"]) == ["id", "document", "title", "article", "note"]
    assert account["path"] and "codes" in account["path"][0]


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_self_contained_and_escapes_every_text(own: Path, tmp_path: Path, drg: Drg) -> None:
    hostile = "<script>alert(1)</script>\"'&<img src=x onerror=y>\x07"
    claim, code = asked(
        own, "select setl_id, fixmedins_code from {settlement.monthly_case} order by 1 limit 1"
    )[0]
    rewrite(own, "reference.hospital", "", f"* replace ('{hostile.replace(chr(39), chr(39) * 2)}' as name)")
    told = drg("explain", claim, "--html", tmp_path / "a.html", "--lake", own / "lake")
    assert told.code == 0 and "a.html" in told.out
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert impersonal(text, claim, own, Region(regions.settings(own)))
    page = Tags()
    page.feed(text)
    assert {tag for tag, _ in page.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "header",
            "h1",
            "h2",
            "p",
            "div",
            "span",
            "b",
        ),
        *("small", "section", "table", "tbody", "tr", "td", "ul", "li"),
    }
    assert {name for _, attributes in page.tags for name in attributes} <= {
        *("lang", "charset", "name", "content", "http-equiv", "class", "title")
    }
    assert "<script>alert(1)</script>\"'&<img src=x onerror=y>" in page.text and "\x07" not in text
    assert not re.search(r"https?://|url\(|@import", text)
    assert page.text.index("病例结算说明") < page.text.index("依据条款") and code in page.text
