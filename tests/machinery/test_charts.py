"""Charts: what the file may say, figures as the rows have them, pictures that are always well-formed.

How a picture looks is for eyes; here every figure is found in it again, and no text becomes a tag.
"""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.harness import Bench
from support.small_project import write_project

from drg_pipeline.duck import records
from drg_pipeline.errors import DrgError
from drg_pipeline.reports.charts import CHARTS_FILE, KINDS, Chart, load_charts
from drg_pipeline.reports.draw import MOST_BARS, NO_ROWS, draw
from drg_pipeline.reports.figures import decades, exact, short, ticks
from drg_pipeline.reports.markdown import code, plain, table
from drg_pipeline.reports.svg import as_image, shortened
from drg_pipeline.sql.project import Project

SVG = "{http://www.w3.org/2000/svg}"


def chart(kind: str, **given: Any) -> Chart:
    total = {"total": "total"} if kind == "waterfall" else {}
    return Chart("early.row", "题 {period}", kind, "x", "y", "元", "select", **{**total, **given})


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def words(svg: str) -> list[str]:
    return [
        element.text or "" for element in parsed(svg).iter() if element.tag in (f"{SVG}text", f"{SVG}title")
    ]


def bars(svg: str) -> list[tuple[float, float]]:
    """(x, width) of each bar: rectangles that tell a figure."""
    found = [box for box in parsed(svg).iter(f"{SVG}rect") if box.find(f"{SVG}title") is not None]
    return [(float(box.attrib["x"]), float(box.attrib["width"])) for box in found]


# -- figures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "percent", "told"),
    [
        (Decimal("8287216.79"), False, "8,287,216.79"),
        (Decimal("-0.10"), False, "-0.10"),
        (Decimal("121.947538"), False, "121.947538"),
        (1234567, False, "1,234,567"),
        (Decimal("1.013300"), True, "101.33%"),
        (Decimal("-0.0021"), True, "-0.21%"),
        (Decimal("100.0000"), True, "10,000%"),
        (1, True, "100%"),
        (None, False, "—"),
        ("text", False, "text"),
        (
            Decimal("99999999999999999999999999999999.99"),
            False,
            "99,999,999,999,999,999,999,999,999,999,999.99",
        ),
    ],
)
def test_a_stated_figure_keeps_every_digit(value: object, percent: bool, told: str) -> None:
    assert exact(value, percent) == told


def test_figures_of_a_scale_are_short() -> None:
    assert [short(value) for value in (0, 0.25, 2500, 2_500_000, -120_000_000)] == [
        "0",
        "0.25",
        "2500",
        "250万",
        "-1.2亿",
    ]
    assert short(0.5, percent=True) == "50%"


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_a_scale_covers_its_figures_in_even_steps(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    marks = ticks(low, high)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert 2 <= len(marks) <= 9
    assert marks[0] <= low + slack and marks[-1] >= high - slack
    steps = [later - earlier for earlier, later in pairwise(marks)]
    assert max(steps) - min(steps) <= slack


def test_a_scale_of_powers_covers_its_figures() -> None:
    assert list(decades(3.2, 600)) == [2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert list(decades(0.02, 0.04)) == pytest.approx([0.02, 0.05])


# -- pictures ----------------------------------------------------------------------------------


def test_bars_state_the_rows_and_are_as_long_as_their_figures() -> None:
    rows = [
        {"x": "甲院", "y": Decimal("1200.50")},
        {"x": "乙院", "y": Decimal("600.25")},
        {"x": "丙院", "y": None},
    ]
    svg = draw(chart("bars"), rows, "2025")
    told = words(svg)
    assert {"题 2025", "甲院", "乙院", "丙院", "1,200.50", "600.25", "—"} <= set(told)
    assert "甲院：1,200.50" in told
    (first, long), (second, half), (_, none) = bars(svg)
    assert first == second and long == pytest.approx(2 * half, abs=0.2) and none <= 0.8


def test_a_bar_below_zero_ends_where_zero_is() -> None:
    svg = draw(chart("bars"), [{"x": "a", "y": Decimal(-4)}, {"x": "b", "y": Decimal(8)}], "")
    (left, width), (zero, other) = bars(svg)
    assert left + width == pytest.approx(zero, abs=0.2) and other == pytest.approx(2 * width, abs=0.2)


def test_bars_that_find_no_room_are_counted() -> None:
    svg = draw(chart("bars"), [{"x": str(n), "y": n} for n in range(MOST_BARS + 7)], "")
    assert len(bars(svg)) == MOST_BARS and "另有 7 行未画出" in words(svg)


def test_a_reference_is_drawn_and_stated() -> None:
    svg = draw(
        chart("bars", reference="r", format="percent"),
        [{"x": "a", "y": Decimal("0.9"), "r": Decimal(1)}],
        "",
    )
    assert "100%" in words(svg) and any(
        line.get("stroke-dasharray") for line in parsed(svg).iter(f"{SVG}line")
    )


def test_a_waterfall_begins_where_the_row_before_ended() -> None:
    rows = [
        {"x": "应结算", "y": Decimal("1000.00"), "total": False},
        {"x": "扣除", "y": Decimal("-250.00"), "total": False},
        {"x": "补", "y": Decimal("50.00"), "total": False},
        {"x": "合计", "y": Decimal("800.00"), "total": True},
    ]
    svg = draw(chart("waterfall"), rows, "2025")
    (ground, whole), (taken, a_quarter), (added, little), (again, rest) = bars(svg)
    assert ground == again
    assert taken + a_quarter == pytest.approx(ground + whole, abs=0.2)
    assert added == pytest.approx(taken, abs=0.2)
    assert added + little == pytest.approx(ground + rest, abs=0.2)
    assert {"1,000.00", "-250.00", "50.00", "800.00"} <= set(words(svg))


def test_lines_tell_every_point_and_state_the_last() -> None:
    rows = [
        {"x": f"2025-0{month}", "y": Decimal(month) / 10, "s": pool}
        for pool in ("职工", "居民")
        for month in (1, 2, 3)
    ]
    svg = draw(chart("lines", series="s", axis="data"), rows, "2025-03")
    told = words(svg)
    assert {f"{row['s']} {row['x']}：{exact(row['y'])}" for row in rows} <= set(told)
    assert "职工　2025-03：0.3" in told
    lines = [line.attrib["points"].split() for line in parsed(svg).iter(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [3, 3]
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert heights == sorted(heights, reverse=True)


def test_no_line_is_drawn_over_a_period_without_a_figure() -> None:
    rows = [{"x": month, "y": Decimal(1), "s": "a"} for month in ("01", "02", "03", "04")]
    rows += [
        {"x": month, "y": None if month == "02" else Decimal(2), "s": "b"}
        for month in ("01", "02", "03", "04")
    ]
    svg = draw(chart("lines", series="s"), rows, "")
    assert [len(line.attrib["points"].split()) for line in parsed(svg).iter(f"{SVG}polyline")] == [4, 1, 2]
    assert len(list(parsed(svg).iter(f"{SVG}circle"))) == 7


def test_a_scatter_puts_equal_figures_on_its_line() -> None:
    rows = [
        {"x": Decimal("10.0000"), "y": Decimal("10.0000"), "l": "R1"},
        {"x": Decimal("100.0000"), "y": Decimal("1000.0000"), "l": None},
    ]
    svg = draw(chart("scatter", label="l", scale="log"), rows, "2025")
    same, other = (
        (float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in parsed(svg).iter(f"{SVG}circle")
    )
    line = next(line for line in parsed(svg).iter(f"{SVG}line") if line.get("stroke-dasharray"))
    x1, y1, x2, y2 = (float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    assert (same[1] - y1) * (x2 - x1) == pytest.approx((same[0] - x1) * (y2 - y1), rel=0.01)
    assert (other[1] - y1) / (y2 - y1) > (other[0] - x1) / (x2 - x1)
    assert "R1" in words(svg) and "100.0000 → 1,000.0000" in words(svg)


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_are_said(kind: str) -> None:
    assert NO_ROWS in words(draw(chart(kind), [], "2025"))


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_stays_text(kind: str) -> None:
    evil = "</text><script>alert(1)</script>&\"'\x00\ud800 ]](x)"
    row = {
        "x": Decimal(1) if kind == "scatter" else evil,
        "y": Decimal(1),
        "s": evil,
        "l": evil,
        "total": False,
    }
    svg = draw(chart(kind, series="s", label="l"), [row], evil)
    assert {element.tag.removeprefix(SVG) for element in parsed(svg).iter()} <= {
        "svg",
        "title",
        "rect",
        "line",
        "text",
        "polyline",
        "circle",
    }
    image = as_image(svg, evil)
    assert re.fullmatch(r"!\[[^\[\]()<>\\\n]*\]\(data:image/svg\+xml;base64,[A-Za-z0-9+/=]+\)", image)
    assert base64.b64decode(image.split(",")[1].removesuffix(")")).decode() == svg


@given(
    kind=st.sampled_from(KINDS),
    rows=st.lists(
        st.tuples(
            st.decimals(-(10**16), 10**16, places=2),
            st.decimals(-(10**16), 10**16, places=2),
            st.booleans(),
            st.text(max_size=30),
        ),
        max_size=12,
    ),
    log=st.booleans(),
)
@example(kind="scatter", rows=[(Decimal("0.01"), Decimal("0.01"), False, "")], log=True)
def test_any_rows_make_a_picture_whose_places_are_on_the_paper(
    kind: str, rows: list[tuple[Decimal, Decimal, bool, str]], log: bool
) -> None:
    given_rows = [
        {"x": x if kind == "scatter" else name, "y": y, "total": total, "s": name, "l": name}
        for x, y, total, name in rows
    ]
    drawn = chart(kind, series="s", label="l", scale="log" if log else "linear")
    root = parsed(draw(drawn, given_rows, "2025-01"))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for element in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.get(name, 0)) <= width
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.get(name, 0)) <= height


def test_long_names_are_cut_by_the_columns_they_take() -> None:
    assert shortened("甲乙丙丁", 8) == "甲乙丙丁"
    assert shortened("甲乙丙丁", 6) == "甲乙丙…"
    assert shortened("abcdef", 4) == "abcd…"


# -- tables ------------------------------------------------------------------------------------


def test_a_table_holds_no_markup_of_its_cells() -> None:
    made = table(["a_b", "n"], [["x|y\n![i](u) <b>*", Decimal("1.50")], [None, 2]], right=[1])
    assert made.splitlines() == [
        "| a_b | n |",
        "|---|---:|",
        r"| x\|y !\[i\](u) \<b\>\* | 1.50 |",
        "|  | 2 |",
    ]
    assert plain("x" * 200) == "x" * 119 + "…" and len(plain("x" * 200, None)) == 200
    assert plain("_x_ a_b") == r"\_x\_ a_b"
    assert code("a_b") == "`a_b`" and code("a`b") == r"a\`b"


# -- the file ----------------------------------------------------------------------------------


def test_the_charts_of_the_project_fit_its_tables(bench: Bench) -> None:
    charts = load_charts(bench.region.settings.interface / CHARTS_FILE, bench.project)
    assert {chart.kind for found in charts.values() for chart in found} == set(KINDS)
    with duckdb.connect() as con:
        con.execute(bench.project.macros)
        for name in sorted({table for found in charts.values() for chart in found for table in chart.tables}):
            bench.create(con, name, [])
        for name, found in charts.items():
            period = {"month": "2025-01", "year": "2025", "none": ""}[bench.project.partition_of(name)]
            for chart in found:
                assert NO_ROWS in draw(chart, records(con, chart.query, {"period": period}), period)


def test_every_fault_of_the_file_is_told_at_once(tmp_path: Path) -> None:
    project = Project(write_project(tmp_path, {"early.row": "select 1 as id, 2 as n"}))
    path = tmp_path / CHARTS_FILE
    path.write_text(
        """
charts:
  - {table: early.row, title: a, kind: pie, x: id, y: n, unit: u, query: select id from early.row}
  - {table: early.none, title: a, kind: waterfall, x: id, y: n, unit: u, query: selec}
  - {table: early.row, title: a, kind: bars, x: id, y: n, unit: u, colour: red, query: "select id, n from late.none"}
  - {table: early.row, kind: bars, x: id, y: n, unit: u, format: money, query: "select id, n from early.row"}
""",
        encoding="utf-8",
    )
    with pytest.raises(DrgError) as error:
        load_charts(path, project)
    told = str(error.value)
    for fault in (
        "charts[1].kind: 'pie' is not one of: bars, lines, scatter, waterfall",
        "charts[1].query: does not select n, which y names",
        "charts[2].table: 'early.none' is no table that is computed",
        "charts[2].total: missing key",
        "charts[2].query: is not one SELECT",
        "charts[3].colour: unknown key",
        "charts[3].query: reads late.none, which nothing provides",
        "charts[4].title: missing key",
        "charts[4].format: 'money' is not one of: number, percent",
    ):
        assert fault in told, fault
