"""The account of a column as a picture: tables as boxes from left to right, a line for each value passed on.

Only places and lines: what tables and columns are is told by `origin.py`, how a shape is written by `svg.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from drg_pipeline.reports.origin import Account
from drg_pipeline.reports.svg import COLOURS, FAINT, INK, PAPER, SOFT, Picture, columns, shortened
from drg_pipeline.sql.trace import Place

ROW, HEAD, PAD = 17, 36, 8
BETWEEN, LANE, GAP = 14, 7, 54  # between boxes, height of a line that passes by, between columns of boxes
MARGIN, TOP, BOTTOM = 20, 56, 40
LETTER = 6.3  # width of a letter of size 11
LONGEST = 34  # letters of a name
SWEEPS = 8


@dataclass(eq=False)
class Box:
    """A table with its columns, or (without columns) the lane in which a line passes other tables."""

    rank: int
    columns: list[str] = field(default_factory=list)
    table: str = ""
    y: float = 0
    # Boxes that lines go to and come from, for the order within a rank.
    near: list[Box] = field(default_factory=list)

    @property
    def height(self) -> float:
        return HEAD + ROW * len(self.columns) + PAD if self.columns else LANE

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def row(self, column: str) -> float:
        """Where the lines of a column end."""
        return self.y + HEAD + ROW * self.columns.index(column) + ROW / 2


def picture(account: Account, title: str, note: str) -> str:
    """The picture as SVG text."""
    edges = account.edges()
    boxes = _boxes(account, edges)
    lanes = _lanes(boxes, edges)
    ranks = _ordered([*boxes.values(), *lanes.values()])
    _placed(ranks)
    widths = [max((_width(box) for box in rank), default=0) for rank in ranks]
    lefts = [MARGIN + sum(widths[:rank]) + GAP * rank for rank in range(len(ranks))]
    height = max(box.y + box.height for rank in ranks for box in rank)
    least = MARGIN * 2 + columns(title + note) * LETTER
    paper = Picture(round(max(lefts[-1] + widths[-1] + MARGIN, least)), round(TOP + height + BOTTOM), title)
    titles = account.titles
    layers = dict.fromkeys(titles.values())
    colours = {title: COLOURS[place % len(COLOURS)] for place, title in enumerate(layers)}
    for box in boxes.values():
        box.y += TOP
    for lane in lanes.values():
        lane.y += TOP
    for source, target in edges:
        points = _points(source, target, boxes, lanes, lefts, widths)
        paper.curve(points, colours[titles[source.table]], f"{source} → {target}")
    meanings = {told.place: told.is_.explained for told in account.columns}
    for box in boxes.values():
        colour = colours[titles[box.table]]
        _draw(
            paper, box, lefts[box.rank], widths[box.rank], titles[box.table], colour, account.start, meanings
        )
    paper.text(MARGIN, 24, title, size=15, bold=True)
    paper.text(MARGIN, 42, note, size=11, colour=SOFT)
    return str(paper)


# -- where things stand ------------------------------------------------------------------------


def _boxes(account: Account, edges: list[tuple[Place, Place]]) -> dict[str, Box]:
    """The tables, each in a rank behind what its values come from, and as near to its use as that lets."""
    found: dict[str, list[str]] = {}
    for told in account.columns:
        found.setdefault(told.place.table, []).append(told.place.column)
    into: dict[str, set[str]] = {table: set() for table in found}
    out: dict[str, set[str]] = {table: set() for table in found}
    for source, target in edges:
        into[target.table].add(source.table)
        out[source.table].add(target.table)
    rank: dict[str, int] = {}

    def ranked(table: str) -> int:
        if table not in rank:
            rank[table] = 1 + max((ranked(before) for before in into[table]), default=-1)
        return rank[table]

    for table in sorted(found, key=ranked, reverse=True):
        if out[table]:
            rank[table] = min(rank[after] for after in out[table]) - 1
    return {table: Box(rank[table], names, table) for table, names in found.items()}


def _lanes(boxes: dict[str, Box], edges: list[tuple[Place, Place]]) -> dict[tuple[Place, int], Box]:
    """(column, rank) -> the lane in which its lines pass the tables of that rank, one for all of them."""
    lanes: dict[tuple[Place, int], Box] = {}
    for source, target in edges:
        start, end = boxes[source.table], boxes[target.table]
        before = start
        for rank in range(start.rank + 1, end.rank):
            lane = lanes.setdefault((source, rank), Box(rank))
            _join(before, lane)
            before = lane
        _join(before, end)
    return lanes


def _join(one: Box, other: Box) -> None:
    if other not in one.near:
        one.near.append(other)
        other.near.append(one)


def _ordered(boxes: list[Box]) -> list[list[Box]]:
    """The boxes by rank, each rank in an order in which its lines cross little, as sweeping finds it."""
    ranks: list[list[Box]] = [[] for _ in range(1 + max(box.rank for box in boxes))]
    for box in boxes:
        ranks[box.rank].append(box)
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 else reversed(ranks):
            _stacked(rank)
        for number in range(len(ranks)) if sweep % 2 else reversed(range(len(ranks))):
            ranks[number].sort(key=_wanted)
            _stacked(ranks[number])
    return ranks


def _stacked(rank: list[Box]) -> None:
    """One below the other, around a common middle line."""
    gaps = [*(_apart(above, below) for above, below in pairwise(rank)), 0]
    y = -(sum(box.height for box in rank) + sum(gaps)) / 2
    for box, gap in zip(rank, gaps, strict=True):
        box.y = y
        y += box.height + gap


def _apart(above: Box, below: Box) -> float:
    return BETWEEN if above.table or below.table else 0


def _wanted(box: Box) -> float:
    """The height at which its lines would be straight."""
    return sum(near.middle for near in box.near) / len(box.near) if box.near else box.middle


def _placed(ranks: list[list[Box]]) -> None:
    """Move the boxes to where their lines are straight, as far as they leave each other room; top at 0."""
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 else reversed(ranks):
            wanted = [_wanted(box) - box.height / 2 for box in rank]
            gaps = [_apart(above, below) for above, below in pairwise(rank)]
            # Half of the corrections from above, half from below: neither end is favoured.
            down, up = list(wanted), list(wanted)
            for place in range(1, len(rank)):
                down[place] = max(wanted[place], down[place - 1] + rank[place - 1].height + gaps[place - 1])
            for place in range(len(rank) - 2, -1, -1):
                up[place] = min(wanted[place], up[place + 1] - rank[place].height - gaps[place])
            for box, below, above in zip(rank, down, up, strict=True):
                box.y = (below + above) / 2
    top = min(box.y for rank in ranks for box in rank)
    for rank in ranks:
        for box in rank:
            box.y -= top


def _width(box: Box) -> float:
    longest = max((columns(shortened(name, LONGEST)) for name in [box.table, *box.columns]), default=0)
    return longest * LETTER + 2 * PAD if box.table else 0


# -- what is drawn -----------------------------------------------------------------------------


def _points(
    source: Place,
    target: Place,
    boxes: dict[str, Box],
    lanes: dict[tuple[Place, int], Box],
    lefts: list[float],
    widths: list[float],
) -> list[tuple[float, float]]:
    """Where a line leaves, passes each rank between, and arrives."""
    start, end = boxes[source.table], boxes[target.table]
    points = [(lefts[start.rank] + widths[start.rank], start.row(source.column))]
    for rank in range(start.rank + 1, end.rank):
        y = lanes[source, rank].middle
        points += [(lefts[rank], y), (lefts[rank] + widths[rank], y)]
    return [*points, (lefts[end.rank], end.row(target.column))]


def _draw(
    paper: Picture,
    box: Box,
    left: float,
    width: float,
    title: str,
    colour: str,
    start: Place,
    meanings: dict[Place, str],
) -> None:
    paper.rectangle(left, box.y, width, box.height, PAPER, outline=colour)
    paper.rectangle(left, box.y, width, 4, colour)
    paper.text(left + PAD, box.y + 17, title, size=10, colour=colour)
    paper.text(left + PAD, box.y + 31, shortened(box.table, LONGEST), size=11, bold=True)
    for column in box.columns:
        place, y = Place(box.table, column), box.row(column)
        chosen = place == start
        shade = colour if chosen else PAPER
        paper.rectangle(left + 1, y - ROW / 2, width - 2, ROW, shade, f"{place}: {meanings[place]}")
        words = PAPER if chosen else INK
        paper.text(left + PAD, y + 4, shortened(column, LONGEST), size=11, colour=words, halo=shade)
    paper.line(left, box.y + HEAD - 1, left + width, box.y + HEAD - 1, FAINT)
