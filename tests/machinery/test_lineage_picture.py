"""The picture and the page of a column's account: nothing overlaps, and no text of a table becomes a tag."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.harness import Bench

from drg_pipeline.forms import Column
from drg_pipeline.reports.lineage_page import page
from drg_pipeline.reports.lineage_picture import picture
from drg_pipeline.reports.origin import Account, Cited, ColumnTold, Origin, TableTold, account_of, by_document
from drg_pipeline.sql.model import Member
from drg_pipeline.sql.trace import Branch, Place

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\"'&\x00\x1b"
Box = tuple[float, float, float, float]


def boxes(svg: str) -> list[Box]:
    """(left, top, right, bottom) of each table that is drawn."""
    found = []
    for one in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        if one.get("stroke"):
            x, y, width, height = (float(one.get(name) or 0) for name in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize(
    ("column", "down"),
    [
        ("settlement.monthly_settlement.settlement", False),
        ("clearing.ledger.amount", False),
        ("settlement.monthly_settlement.cases", False),
        ("landing.setlinfo.medfee_sumamt", True),
        ("policy.settlement.deposit_rate", True),
    ],
)
def test_no_table_of_a_picture_covers_another(bench: Bench, column: str, down: bool) -> None:
    account = account_of(bench.region, column, down=down)
    svg = picture(account, "title", "note")
    drawn = boxes(svg)
    assert len(drawn) == len({told.place.table for told in account.columns})
    assert not [(one, other) for one, other in combinations(drawn, 2) if overlap(one, other)]
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    assert all(
        left >= 0 and top > 50 and right <= width and bottom <= height for left, top, right, bottom in drawn
    )
    # Lines run from left to right: each leaves a table and reaches one further on.
    for line in root.iter(f"{SVG}path"):
        places = [float(x) for x in re.findall(r"(-?[\d.]+),", line.get("d") or "")]
        assert places == sorted(places)
    assert len(list(root.iter(f"{SVG}path"))) == len(account.edges())


def hostile() -> Account:
    start, source = Place("late.m", HOSTILE), Place(f"early.{HOSTILE}", "id")
    column = Column("INTEGER", HOSTILE, HOSTILE)
    return Account(
        start=start,
        down=False,
        tree=Branch(start, [Branch(source)]),
        columns=(
            ColumnTold(start, column, Origin("computed")),
            ColumnTold(source, column, Origin("reference", HOSTILE, HOSTILE)),
        ),
        empty=frozenset(),
        titles={"late.m": HOSTILE, f"early.{HOSTILE}": HOSTILE},
        tables=(
            TableTold(
                "late.m",
                HOSTILE,
                (HOSTILE,),
                (),
                (),
                (Member(HOSTILE, Path(HOSTILE), HOSTILE, (HOSTILE,), {}),),
            ),
        ),
        decided=(),
        clauses=(Cited(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )


def test_hostile_texts_stay_texts() -> None:
    account = hostile()
    svg = picture(account, HOSTILE, HOSTILE)
    assert "<script" not in svg and "\x00" not in svg
    assert HOSTILE[:20] in "".join(ElementTree.fromstring(svg).itertext())
    whole = page(account, HOSTILE, svg, "en", lambda key: HOSTILE, [(HOSTILE,) * 4], [(HOSTILE,) * 4])
    assert "<script" not in whole and whole.count("&lt;script&gt;") > 8


def test_a_page_asks_nobody_for_anything(bench: Bench) -> None:
    account = account_of(bench.region, "settlement.month_value.point_value")
    drawn = picture(account, "title", "note")
    whole = page(account, "title", drawn, "zh", lambda key: key, [], [])
    addresses = set(re.findall(r"https?://[^\"' <]+", whole))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)=|@import|url\(|<link|<script", whole)


def test_where_a_column_enters(bench: Bench) -> None:
    def origin(column: str) -> Origin:
        return account_of(bench.region, column).columns[0].origin

    assert origin("landing.setlinfo.medfee_sumamt") == Origin("delivered", "setlinfo", "medfee_sumamt")
    assert origin("landing.setlinfo.delivery").kind == "recorded"
    assert origin("reference.mention.line").kind == "mentioned"
    assert origin("reference.hospital.level") == Origin("reference", "hospital", "level")
    assert origin("reference.calendar.is_workday").kind == "calendar"
    assert origin("scheme.drg.drg") == Origin("scheme", "drg", "drg")
    rate = origin("policy.settlement.deposit_rate")
    assert (rate.kind, rate.name) == ("law", "settlement.deposit_rate") and "JY-32-4" in rate.law
    assert origin("policy.settlement.month").kind == "period"
    assert origin("policy.pooled_fund.fund_pay_type").name == "region.pooled_fund"
    assert origin("settlement.monthly_settlement.settlement").kind == "computed"


def test_clauses_stand_below_their_document_in_the_order_of_articles(bench: Bench) -> None:
    account = account_of(bench.region, "settlement.monthly_settlement.settlement")
    [(document, clauses)] = by_document(account.clauses)
    assert "济管医保办〔2026〕2号" in document
    articles = [int(one.clause.split("-")[1]) for one in clauses]
    assert articles == sorted(articles) and "open" not in {one.clause for one in clauses}
