"""The account of a claim as one page in Chinese: self-contained, printable, every text escaped.

Sets what the account says; it computes nothing and opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from drg_pipeline.policy.instruments import Instruments
from drg_pipeline.reports.account import Account, Part
from drg_pipeline.reports.account_text import Cited, Said, cited_by, law_list, place_of, say
from drg_pipeline.reports.svg import FONT, printable
from drg_pipeline.reports.tree import Node
from drg_pipeline.reports.words import Words

LANG = "zh"
STYLE = f"""
:root {{ --ink: #1f2933; --soft: #5b6773; --faint: #e3e8ee; --blue: #1f5fa8;
  --good: #1c7c54; --bad: #b3261e; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: #f4f6f8; color: var(--ink); font: 14px/1.55 {FONT}; }}
main {{ max-width: 1000px; margin: 24px auto; padding: 32px 40px; background: #fff;
  border: 1px solid var(--faint); }}
h1 {{ margin: 0; font-size: 1.6em; }}
h2 {{ margin: 0 0 6px; font-size: 1.1em; color: var(--blue); }}
h2 span {{ display: inline-block; min-width: 1.8em; color: var(--soft); font-weight: 400; }}
.head {{ display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 4px 24px;
  padding-bottom: 10px; border-bottom: 2px solid var(--ink); }}
.head p {{ margin: 0; color: var(--soft); }}
.banner {{ margin: 14px 0 0; padding: 8px 12px; border-left: 4px solid #d9822b; background: #fdf4e9; }}
.banner.bad {{ border-color: var(--bad); background: #fdeceb; }}
.answer {{ display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; margin: 18px 0 22px;
  padding: 14px 18px; background: #eef4fb; border-left: 4px solid var(--blue); }}
.answer.no {{ background: #fdeceb; border-color: var(--bad); }}
.answer b {{ font-size: 1.7em; font-variant-numeric: tabular-nums; }}
.answer small {{ flex-basis: 100%; color: var(--soft); font-size: .93em; }}
section {{ margin: 0 0 20px; break-inside: avoid-page; }}
table {{ width: 100%; border-collapse: collapse; table-layout: fixed; }}
td {{ padding: 4px 8px; border-top: 1px solid var(--faint); vertical-align: top; overflow-wrap: anywhere; }}
td.what {{ width: 27%; }}
td.value {{ width: 18%; font-variant-numeric: tabular-nums; }}
td.law, tr.detail td.law {{ width: 27%; color: var(--soft); font-size: .82em; line-height: 1.85; }}
td.law b {{ font-weight: 400; white-space: nowrap; }}
tr.detail td {{ padding-top: 2px; padding-bottom: 2px; border-top: 0; font-size: .93em; color: var(--soft); }}
tr.detail td.what {{ padding-left: 26px; }}
tr.detail .formula, tr.detail .name {{ font-size: 1em; }}
.formula, .name {{ color: var(--soft); font-size: .93em; }}
.filled {{ font-variant-numeric: tabular-nums; }}
.good::before {{ content: "✓ "; color: var(--good); font-weight: 700; }}
.bad::before {{ content: "✗ "; color: var(--bad); font-weight: 700; }}
.wrong {{ color: var(--bad); font-weight: 700; }}
ul {{ margin: 0; padding-left: 20px; list-style: none; }}
.path {{ margin-top: 8px; padding: 8px 12px; background: #f8fafc; border: 1px solid var(--faint);
  font-size: .93em; }}
.path > ul {{ padding-left: 8px; }}
.laws td {{ font-size: .88em; }}
.laws td:first-child {{ width: 90px; }}
@media print {{
  body {{ background: #fff; font-size: 11px; }}
  main {{ margin: 0; padding: 0; border: 0; max-width: none; }}
  .answer, .banner, .path {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  tr {{ break-inside: avoid; }}
}}
@page {{ size: A4; margin: 14mm 12mm; }}
@media (max-width: 640px) {{ main {{ margin: 0; padding: 16px; }} td.law {{ display: none; }} }}
"""
Text = Callable[..., str]


def page(account: Account, words: Words, instruments: Instruments, paths: dict[str, Node], text: Text) -> str:
    """The page as HTML.

    paths  id of a section -> the path that is shown below its lines
    text   a message of the command line in the page's language, by its key
    """
    root = Element("html", {"lang": "zh-CN"})
    head = _add(root, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    # Nothing is fetched and nothing runs, whatever a text says.
    policy = {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'",
    }
    _add(head, "meta", **policy)
    title = text("explain.title", claim=account.claim)
    _add(head, "title", title)
    _add(head, "style", STYLE)
    main = _add(_add(root, "body"), "main")
    top = _add(main, "header", cls="head")
    _add(top, "h1", title)
    _add(top, "p", text("explain.of", month=account.month, version=f"{account.version:%Y-%m-%d %H:%M:%S}"))
    if account.mark:
        _add(main, "p", text("explain.mark", mark=account.mark), cls="banner")
    if account.faults:
        _add(main, "p", text("explain.differs", count=len(account.faults)), cls="banner bad")
    if account.last:
        _answer(main, say(words, account.last, LANG))
    for number, part in enumerate(account.parts, 1):
        _section(main, number, part, words, instruments, paths.get(part.id))
    if account.missing:
        _missing(main, account, text)
    _laws(main, law_list(cited_by(account), instruments, LANG), text)
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _add(parent: Element, tag: str, text: str = "", cls: str = "", **attributes: str) -> Element:
    """A new element; its text is escaped when the page is written."""
    if cls:
        attributes["class"] = cls
    element = ElementTree.SubElement(
        parent, tag, {key: printable(value) for key, value in attributes.items()}
    )
    element.text = printable(text) if text else None
    return element


def _answer(main: Element, said: Said) -> None:
    box = _add(main, "div", cls="answer no" if said.good is False else "answer")
    _add(box, "span", said.text, cls=_judged(said.good))
    if said.value:
        _add(box, "b", f"{said.value} {said.unit}".strip())
    if said.filled:
        _add(box, "small", " = ".join(filter(None, (said.formula, said.filled))))


def _section(
    main: Element, number: int, part: Part, words: Words, instruments: Instruments, path: Node | None
) -> None:
    section = _add(main, "section")
    heading = _add(section, "h2")
    _add(heading, "span", f"{number}").tail = printable(part.title[LANG])
    table = _add(_add(section, "table"), "tbody")
    before = ""
    for line in part.lines:
        said = say(words, line, LANG)
        row = _add(table, "tr", cls="detail" if said.detail else "")
        _add(_add(row, "td", cls="what"), "span", said.text, cls=_judged(said.good))
        value = _add(row, "td", f"{said.value} {said.unit}".strip(), cls="value")
        if said.stored:
            _add(value, "div", f"≠ {said.stored}", cls="wrong")
        how = _add(row, "td")
        beside = " · ".join(filter(None, (said.name, said.note)))
        for cls, told in (("name", beside), ("formula", said.formula), ("filled", said.filled)):
            if told:
                _add(how, "div", told, cls=cls)
        law = _add(row, "td", cls="law")
        if said.law and said.law != before:
            law.set("title", printable(instruments.resolve(said.law).title))
            _add(law, "b", place_of(said.law, instruments.resolve(said.law), LANG)).tail = " "
            _add(law, "b", said.law)
        before = said.law or before
    if path:
        box = _add(section, "div", cls="path")
        _add(box, "div", path.text)
        _list(box, path.below)


def _list(parent: Element, nodes: Sequence[Node]) -> None:
    if nodes:
        listed = _add(parent, "ul")
        for node in nodes:
            item = _add(listed, "li")
            _add(item, "span", node.text, cls=_judged(node.good))
            _list(item, node.below)


def _judged(good: bool | None) -> str:
    return "" if good is None else "good" if good else "bad"


def _missing(main: Element, account: Account, text: Text) -> None:
    section = _add(main, "section")
    _add(section, "h2", text("explain.missing"))
    body = _add(_add(section, "table"), "tbody")
    for gap in account.missing:
        row = _add(body, "tr")
        _add(row, "td", gap.title, cls="what")
        _add(row, "td", str(gap.period), cls="value")
        _add(row, "td", ", ".join(gap.tables))


def _laws(main: Element, laws: Mapping[str, Sequence[Cited]], text: Text) -> None:
    section = _add(main, "section", cls="laws")
    _add(section, "h2", text("explain.laws"))
    for document, clauses in laws.items():
        _add(section, "p", document)
        body = _add(_add(section, "table"), "tbody")
        by_article: dict[str, list[str]] = {}
        for clause in clauses:
            by_article.setdefault(clause.article, []).append(clause.id)
        for article, ids in by_article.items():
            row = _add(body, "tr")
            _add(row, "td", article)
            _add(row, "td", "、".join(ids))
