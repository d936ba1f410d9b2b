"""The page of a simulation: one file that says 模拟 on every screen, with charts and tables, for people.

It carries all it needs and asks no server for anything. Every text of a table is escaped; figures are as the
comparison has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from drg_pipeline import messages
from drg_pipeline.periods import span
from drg_pipeline.reports.draw import draw
from drg_pipeline.simulation.compare import Compared
from drg_pipeline.simulation.sheet import Sheet, sheet_of, tried_sheet
from drg_pipeline.simulation.simulate import Simulated

LANG = "zh"
# Longer tables are folded.
OPEN_ROWS = 30
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root { color-scheme: light; }
body { margin: 0; color: #1f2933; background: #f4f6f8;
  font: 14px/1.55 'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif; }
.banner { position: sticky; top: 0; z-index: 1; padding: 8px 24px; color: #fff; background: #b23a62;
  font-weight: bold; letter-spacing: 1px; }
main { max-width: 1180px; margin: 0 auto; padding: 16px 24px 48px; }
h1 { margin: 12px 0 4px; font-size: 24px; }
h2 { margin: 32px 0 8px; font-size: 18px; }
.meta { color: #5f6b76; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.tile { flex: 1 1 200px; padding: 10px 16px; }
.tile, .wide, .charts svg { background: #fff; border: 1px solid #dde3ea; border-radius: 6px; }
.tile b { display: block; font-size: 19px; font-variant-numeric: tabular-nums; }
.charts { columns: 2 480px; column-gap: 16px; }
.charts svg { width: 100%; height: auto; margin-bottom: 16px; break-inside: avoid; box-sizing: border-box; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 5px 10px; border-bottom: 1px solid #e9edf1; text-align: left; vertical-align: top; }
th { background: #f0f3f6; font-weight: 600; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot td { font-weight: 600; border-top: 2px solid #b8c2cc; }
.up { color: #1f5fa8; } .down { color: #b4530f; }
.good { color: #1d7a5f; } .bad, .caveat { color: #b23a62; }
summary { cursor: pointer; font-size: 16px; font-weight: 600; margin: 20px 0 8px; }
@media print { .banner { position: static; } .charts { columns: 1; } }
"""


def page(simulated: Simulated) -> str:
    """The whole page as HTML text."""
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(_title(simulated))}</title><style>{_STYLE}</style></head><body>"
        f'<div class="banner">{_text("simulate.banner")}</div><main>{"".join(_body(simulated))}</main>'
        "</body></html>\n"
    )


def _title(simulated: Simulated) -> str:
    return messages.text("simulate.title", LANG, region=simulated.region.pack.title, span=simulated.span)


def _body(simulated: Simulated) -> Iterator[str]:
    yield f"<h1>{escape(_title(simulated))}</h1>"
    yield f'<p class="meta">{_text("simulate.made", day=simulated.made_on)}<br>{_versions(simulated)}</p>'
    sheet = tried_sheet(simulated, LANG)
    yield f"<h2>{escape(sheet.title)}</h2>"
    yield _table(sheet) if sheet.rows else f"<p>{_text('simulate.nothing_tried')}</p>"
    typed = "; ".join(simulated.asked.changes)
    if typed:
        yield f'<p class="meta">{_text("simulate.typed", typed=typed)}</p>'
    for caveat in (*simulated.told_caveats(LANG), *_marks(simulated)):
        yield f'<p class="caveat">{escape(caveat)}</p>'
    yield f"<h2>{_text('simulate.totals')}</h2>"
    if simulated.answers.unchanged:
        yield f"<p>{_text('simulate.unchanged')}</p>"
    yield "".join(_tiles(table, simulated.span) for table in simulated.answers.tables if table.asked.leads)
    yield "<ul>" + "".join(f"<li>{line}</li>" for line in _proofs(simulated)) + "</ul>"
    yield f"<h2>{_text('simulate.charts')}</h2><div class='charts'>"
    yield "".join(draw(drawn.chart, drawn.rows, simulated.span) for drawn in simulated.answers.charts)
    yield "</div>"
    yield f"<h2>{_text('simulate.tables')}</h2>"
    for table in simulated.answers.tables:
        sheet = sheet_of(table, LANG, simulated.span, whole=True)
        state = " open" if len(sheet.rows) <= OPEN_ROWS else ""
        rows = _text("simulate.rows", count=len(sheet.rows))
        yield f"<details{state}><summary>{escape(sheet.title)} <small>{rows}</small></summary>"
        yield f"{_table(sheet)}</details>"


def _versions(simulated: Simulated) -> str:
    return _text(
        "simulate.versions",
        base=simulated.base_digest[:16],
        code=simulated.code_digest[:16],
        confirmed=min(p.confirmed_until for p in simulated.region.pack.parameters.values()),
    )


def _marks(simulated: Simulated) -> Iterator[str]:
    """Which months rest on law that an overlay carries back."""
    pack = simulated.region.pack
    marked = [month for month in simulated.asked.months if pack.mark(month)]
    if marked and pack.overlay:
        given = {"mark": pack.overlay.marks, "reason": pack.overlay.reason}
        yield messages.text("law.mark", LANG, span=span(marked), **given)


def _tiles(table: Compared, about: str) -> str:
    """The main figure's sums: base, simulated, difference."""
    sheet = sheet_of(table, LANG, about, whole=True)
    first = next(place for place, head in enumerate(sheet.heads) if head.number)
    cells = sheet.footer or (sheet.rows[0] if sheet.rows else [])
    tiles = [
        f'<div class="tile">{escape(head.text)}<b class="{_sign(cell) if head.signed else ""}">'
        f"{escape(cell)}</b></div>"
        for head, cell in list(zip(sheet.heads, cells))[first : first + 3]
    ]
    return f"<h3>{escape(sheet.title)}</h3><div class='tiles'>{''.join(tiles)}</div>"


def _proofs(simulated: Simulated) -> Iterator[str]:
    for proven in simulated.answers.proofs:
        state = "bad" if proven.broken else "good"
        yield f'<span class="{state}">{escape(proven.said(LANG))}</span>'


def _table(sheet: Sheet) -> str:
    heads = "".join(f"<th{_class(head.number)}>{escape(head.text)}</th>" for head in sheet.heads)
    rows = "".join(f"<tr>{_cells(sheet, row)}</tr>" for row in sheet.rows)
    footer = f"<tfoot><tr>{_cells(sheet, sheet.footer)}</tr></tfoot>" if sheet.footer else ""
    return (
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>{footer}</table></div>'
    )


def _cells(sheet: Sheet, cells: Sequence[str]) -> str:
    return "".join(
        f"<td{_class(head.number, _sign(cell) if head.signed else '')}>{escape(cell)}</td>"
        for head, cell in zip(sheet.heads, cells)
    )


def _class(number: bool, sign: str = "") -> str:
    names = " ".join(name for name in ("number" if number else "", sign) if name)
    return f' class="{names}"' if names else ""


def _sign(cell: str) -> str:
    return "down" if cell.startswith("-") and cell.strip("-0.%,") else "up" if cell.startswith("+") else ""


def _text(key: str, **values: object) -> str:
    return escape(messages.text(key, LANG, **values))
