"""Draws a chart's rows: bars, lines, a scatter or a waterfall, with every figure as the query gave it.

Binary floats are places on the paper only. What is left out for want of room is said on the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log10
from typing import Any

from drg_pipeline.reports.charts import Chart
from drg_pipeline.reports.figures import decades, exact, short, ticks
from drg_pipeline.reports.svg import COLOURS, FAINT, INK, SOFT, Picture, columns, shortened

Row = Mapping[str, Any]
Scale = Callable[[float], float]

WIDTH = 760
TOP, LINE = 62, 24
MOST_BARS, MOST_DOTS, MOST_SERIES = 40, 1000, len(COLOURS)
LABEL_COLUMNS = 26
NO_ROWS = "没有数据"
POSITIVE, NEGATIVE, TOTAL = COLOURS[0], COLOURS[1], "#3c4856"


def draw(chart: Chart, rows: Sequence[Row], period: str) -> str:
    """The chart of these rows as SVG text."""
    seen = [row for row in rows if row[chart.y] is not None or chart.kind == "bars"]
    if not seen:
        return str(_nothing(chart, period))
    return str(_DRAWN[chart.kind](chart, seen, period))


def _sheet(chart: Chart, period: str, height: int) -> Picture:
    title = chart.titled(period)
    picture = Picture(WIDTH, height, title)
    picture.text(16, 26, title, size=16, bold=True)
    told = f"单位：{chart.unit}" + (f"　{chart.note}" if chart.note else "")
    picture.text(16, 46, shortened(told, 110), size=12, colour=SOFT)
    return picture


def _nothing(chart: Chart, period: str) -> Picture:
    picture = _sheet(chart, period, 110)
    picture.text(WIDTH / 2, 86, NO_ROWS, size=14, colour=SOFT, anchor="middle")
    return picture


# -- from left to right ------------------------------------------------------------------------


def _bars(chart: Chart, rows: Sequence[Row], period: str) -> Picture:
    """A bar a row, longest or as the query orders them, with the figure at its end."""
    shown, left_out = rows[:MOST_BARS], max(len(rows) - MOST_BARS, 0)
    references = [row[chart.reference] for row in shown if chart.reference]
    reference = next((value for value in references if value is not None), None)
    values = [float(row[chart.y]) for row in shown if row[chart.y] is not None]
    low, high = min([0.0, *values]), max([0.0, *values, float(reference or 0)])
    colour_of = _colours([_series(chart, row) for row in shown])
    end = TOP + LINE * len(shown) + 34
    picture = _sheet(chart, period, end + _legend_height(colour_of) + (20 if left_out else 0))
    across = _across(picture, chart, low, high, len(shown))
    _legend(picture, colour_of, BARS_LEFT, end + 6)
    if reference is not None:
        at = across(float(reference))
        picture.line(at, TOP, at, TOP + LINE * len(shown), SOFT, dashed=True)
        picture.text(at, TOP - 4, exact(reference, chart.percent), size=11, colour=SOFT, anchor="middle")
    for position, row in enumerate(shown):
        told = exact(row[chart.y], chart.percent)
        value = 0.0 if row[chart.y] is None else float(row[chart.y])
        colour = colour_of[_series(chart, row)]
        _bar(picture, position, row[chart.x], across(0.0), across(value), told, colour)
    if left_out:
        picture.text(16, picture.height - 10, f"另有 {left_out} 行未画出", size=11, colour=SOFT)
    return picture


def _waterfall(chart: Chart, rows: Sequence[Row], period: str) -> Picture:
    """What each row adds to or takes from the rows before it; a total stands on the ground."""
    assert chart.total
    spans: list[tuple[float, float]] = []
    height = 0.0
    for row in rows:
        value = float(row[chart.y])
        start = 0.0 if row[chart.total] else height
        height = start + value
        spans.append((start, height))
    low, high = min(0.0, *map(min, spans)), max(0.0, *map(max, spans))
    picture = _sheet(chart, period, TOP + LINE * len(rows) + 34)
    across = _across(picture, chart, low, high, len(rows))
    for position, (row, (start, end)) in enumerate(zip(rows, spans)):
        colour = TOTAL if row[chart.total] else POSITIVE if end >= start else NEGATIVE
        told = exact(row[chart.y], chart.percent)
        _bar(picture, position, row[chart.x], across(start), across(end), told, colour)
        if position + 1 < len(rows):
            joint = TOP + LINE * position + LINE - 5
            picture.line(across(end), joint, across(end), joint + 10, SOFT)
    return picture


# Room for names at the left of bars and for figures at their right.
BARS_LEFT, BARS_RIGHT = 200, WIDTH - 130


def _across(picture: Picture, chart: Chart, low: float, high: float, lines: int) -> Scale:
    """The scale of bars, with its lines and figures below them."""
    marks = ticks(low, high)
    first, last = marks[0], marks[-1]

    def scale(value: float) -> float:
        return BARS_LEFT + (value - first) / (last - first) * (BARS_RIGHT - BARS_LEFT)

    bottom = TOP + LINE * lines
    for mark in marks:
        picture.line(scale(mark), TOP, scale(mark), bottom, SOFT if mark == 0 else FAINT)
        told = short(mark, chart.percent)
        picture.text(scale(mark), bottom + 16, told, size=11, colour=SOFT, anchor="middle")
    return scale


def _bar(
    picture: Picture, position: int, name: object, start: float, end: float, told: str, colour: str
) -> None:
    y = TOP + LINE * position
    words = exact(name)
    picture.text(BARS_LEFT - 10, y + 16, shortened(words, LABEL_COLUMNS), anchor="end")
    left, right = min(start, end), max(start, end)
    picture.rectangle(left, y + 4, max(right - left, 0.8), LINE - 8, colour, f"{words}：{told}")
    picture.text(max(right, start) + 6, y + 16, told, colour=INK)


# -- with a scale at both sides ----------------------------------------------------------------

LEFT, RIGHT, BOTTOM = 76, WIDTH - 24, 340


def _lines(chart: Chart, rows: Sequence[Row], period: str) -> Picture:
    """A line a series over the periods; the legend states the last figure of each."""
    periods = sorted({str(row[chart.x]) for row in rows})
    series = list(dict.fromkeys(_series(chart, row) for row in rows))
    shown = series[:MOST_SERIES]
    values = [float(row[chart.y]) for row in rows]
    floor = 0.0 if chart.axis == "zero" else min(values)
    picture = _sheet(chart, period, BOTTOM + 44 + 20 * len(shown) + (20 if len(series) > len(shown) else 0))
    up = _up(picture, chart, min(floor, *values), max(floor, *values))
    step = (RIGHT - LEFT - 40) / max(len(periods) - 1, 1)
    at = {name: LEFT + 20 + step * position for position, name in enumerate(periods)}
    every = -(-len(periods) // 12)
    for position, name in enumerate(periods):
        if position % every == 0:
            picture.text(at[name], BOTTOM + 18, name, size=11, colour=SOFT, anchor="middle")
    for number, name in enumerate(shown):
        own = [row for row in rows if _series(chart, row) == name]
        points = [(at[str(row[chart.x])], up(float(row[chart.y]))) for row in own]
        for run in _runs([periods.index(str(row[chart.x])) for row in own]):
            picture.path([points[position] for position in run], COLOURS[number])
        for (x, y), row in zip(points, own):
            told = f"{name} {row[chart.x]}：{exact(row[chart.y], chart.percent)}".strip()
            picture.dot(x, y, 3.5, COLOURS[number], told)
        last = f"{name}　{own[-1][chart.x]}：{exact(own[-1][chart.y], chart.percent)}".strip()
        y = BOTTOM + 44 + 20 * number
        picture.rectangle(LEFT, y - 9, 14, 10, COLOURS[number])
        picture.text(LEFT + 22, y, shortened(last, 100))
    if len(series) > len(shown):
        left_out = f"另有 {len(series) - len(shown)} 条线未画出"
        picture.text(LEFT, picture.height - 10, left_out, size=11, colour=SOFT)
    return picture


def _runs(positions: Sequence[int]) -> list[list[int]]:
    """Places in a list of rising positions, parted where one is missing: no line is drawn over a gap."""
    runs: list[list[int]] = []
    for place, position in enumerate(positions):
        if runs and position == positions[place - 1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _scatter(chart: Chart, rows: Sequence[Row], period: str) -> Picture:
    """A dot a row against the line on which x and y are equal."""
    rows = [row for row in rows if row[chart.x] is not None]
    if not rows:
        return _nothing(chart, period)
    shown = rows[:MOST_DOTS]
    colour_of = _colours([_series(chart, row) for row in shown])
    values = [float(row[name]) for row in shown for name in (chart.x, chart.y)]
    left_out = len(rows) - len(shown)
    picture = _sheet(chart, period, BOTTOM + 34 + _legend_height(colour_of) + (20 if left_out else 0))
    up = _up(picture, chart, min(values), max(values))
    along = _along(picture, chart, min(values), max(values))
    low, high = _bounds(chart, min(values), max(values))
    picture.line(along(low), up(low), along(high), up(high), SOFT, dashed=True)
    written: list[tuple[float, float, float]] = []
    for row in shown:
        x, y = along(float(row[chart.x])), up(float(row[chart.y]))
        label = str(row[chart.label]) if chart.label and row[chart.label] is not None else ""
        told = f"{exact(row[chart.x], chart.percent)} → {exact(row[chart.y], chart.percent)}"
        picture.dot(x, y, 3.5, colour_of[_series(chart, row)], f"{label} {told}".strip())
        if label:
            _beside(picture, x, y, label, written)
    _legend(picture, colour_of, LEFT, BOTTOM + 40)
    if left_out:
        picture.text(LEFT, picture.height - 10, f"另有 {left_out} 点未画出", size=11, colour=SOFT)
    return picture


def _beside(
    picture: Picture, x: float, y: float, label: str, written: list[tuple[float, float, float]]
) -> None:
    """Write a dot's label, unless one is written there already; the dot itself tells its label too."""
    wide = 7.0 * columns(label)
    left = x - 6 - wide if x + 6 + wide > RIGHT else x + 6
    if all(left + wide < start or left > end or abs(y - height) > 12 for start, end, height in written):
        written.append((left, left + wide, y))
        picture.text(left, y - 5, label, size=11)


def _legend_height(colour_of: Mapping[str, str]) -> int:
    return 20 * len([name for name in colour_of if name])


def _legend(picture: Picture, colour_of: Mapping[str, str], x: float, y: float) -> None:
    """What the colours stand for, one below the other."""
    for number, name in enumerate(name for name in colour_of if name):
        picture.rectangle(x, y - 9 + 20 * number, 14, 10, colour_of[name])
        picture.text(x + 22, y + 20 * number, name)


def _series(chart: Chart, row: Row) -> str:
    return str(row[chart.series]) if chart.series else ""


def _colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name; names beyond the last colour share it."""
    distinct = list(dict.fromkeys(names))
    return {name: COLOURS[min(place, len(COLOURS) - 1)] for place, name in enumerate(distinct)}


def _marks(chart: Chart, low: float, high: float) -> list[float]:
    return list(decades(low, high)) if chart.scale == "log" and low > 0 else ticks(low, high)


def _bounds(chart: Chart, low: float, high: float) -> tuple[float, float]:
    marks = _marks(chart, low, high)
    return marks[0], marks[-1]


def _placed(chart: Chart, low: float, high: float, start: float, end: float) -> Scale:
    """Where a figure lies between two places."""
    first, last = _bounds(chart, low, high)

    def scale(value: float) -> float:
        if chart.scale == "log" and low > 0:
            part = (log10(value) - log10(first)) / (log10(last) - log10(first))
        else:
            part = (value - first) / (last - first)
        return start + part * (end - start)

    return scale


def _up(picture: Picture, chart: Chart, low: float, high: float) -> Scale:
    scale = _placed(chart, low, high, BOTTOM, TOP + 6)
    for mark in _marks(chart, low, high):
        picture.line(LEFT, scale(mark), RIGHT, scale(mark), SOFT if mark == 0 else FAINT)
        told = short(mark, chart.percent)
        picture.text(LEFT - 8, scale(mark) + 4, told, size=11, colour=SOFT, anchor="end")
    return scale


def _along(picture: Picture, chart: Chart, low: float, high: float) -> Scale:
    scale = _placed(chart, low, high, LEFT, RIGHT)
    for mark in _marks(chart, low, high):
        picture.line(scale(mark), TOP + 6, scale(mark), BOTTOM, FAINT)
        told = short(mark, chart.percent)
        picture.text(scale(mark), BOTTOM + 18, told, size=11, colour=SOFT, anchor="middle")
    return scale


_DRAWN: dict[str, Callable[[Chart, Sequence[Row], str], Picture]] = {
    "bars": _bars,
    "lines": _lines,
    "scatter": _scatter,
    "waterfall": _waterfall,
}
