"""The account of a column as one page that needs nothing else: the picture, and the texts behind it.

Every word from outside is escaped; the words between them come from whoever asks for the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from drg_pipeline.reports.origin import Account, by_document
from drg_pipeline.reports.svg import FAINT, FONT, INK, SOFT

Say = Callable[[str], str]
_STYLE = f"""
body {{ font-family: {FONT}; color: {INK}; margin: 24px; font-size: 14px; line-height: 1.5; }}
h2 {{ font-size: 16px; margin: 28px 0 8px; }}
.picture {{ overflow-x: auto; border: 1px solid {FAINT}; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: left; vertical-align: top; padding: 3px 14px 3px 0; border-bottom: 1px solid {FAINT}; }}
th {{ color: {SOFT}; font-weight: normal; }}
td:first-child {{ white-space: nowrap; }}
"""


def page(
    account: Account,
    title: str,
    drawn: str,
    lang: str,
    say: Say,
    rows: Iterable[Sequence[str]],
    tables: Iterable[Sequence[str]],
) -> str:
    """The page as HTML.

    drawn   the picture as SVG text
    say     the words of a key of the page's headings
    rows    (column, type, what it means, where it enters)
    tables  (table, what it is, clauses, what decides on its rows)
    """
    parts = [
        f'<div class="picture">{drawn}</div>',
        f"<h2>{escape(say('columns'))}</h2>",
        _table([say(name) for name in ("column", "type", "meaning", "entry")], rows),
        f"<h2>{escape(say('tables'))}</h2>",
        f"<p>{escape(say('rows_down' if account.down else 'rows_up'))}</p>",
        _table([say(name) for name in ("table", "describe", "law", "rows")], tables),
        f"<h2>{escape(say('clauses'))}</h2>",
    ]
    for document, clauses in by_document(account.clauses):
        parts.append(f"<p>{escape(document)}</p>")
        parts.append(_table([], [(one.clause, one.note) for one in clauses]))
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in heads)}</tr>" if heads else ""
    lines = (f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{head}{''.join(lines)}</table>"


def _cell(text: str) -> str:
    return escape(text).replace("\n", "<br>")
