"""`drg lineage`: what a column came from or what came of it, as text, as JSON and as a picture.

Where columns come from and what stands behind them is told by `reports/origin.py`; here it is only laid out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import check_writable, language, near, region_options, settings_of
from drg_pipeline.commands.screen import Screen
from drg_pipeline.files import write_text
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.reports.origin import Account, ColumnTold, TableTold
    from drg_pipeline.reports.tree import Node
    from drg_pipeline.sql.lineage import Decider
    from drg_pipeline.sql.trace import Branch


@click.command("lineage", short_help="Show what a column came from, or what came of it.")
@language
@click.argument("column", metavar="LAYER.TABLE.COLUMN")
@region_options("region", "policy", "schemes")
@click.option(
    "--upstream/--downstream", "upstream", default=True, help="What it came from, or what came of it."
)
@click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="At most so many steps.  [default: all]"
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--svg", metavar="FILE", help="Draw it into FILE.svg instead of printing it.")
@click.option("--html", metavar="FILE", help="Write a page with the picture and all texts instead.")
def lineage(
    screen: Screen,
    column: str,
    upstream: bool,
    depth: int | None,
    as_json: bool,
    svg: str | None,
    html: str | None,
    **given: Any,
) -> None:
    """Show the tree of columns that a column's values came from, down to uploaded files, reference files, the
    law's parameters and grouping schemes, with units, meanings and clauses; for each table also what decides
    which of its rows count. Nothing is computed, and no lake is needed."""
    from drg_pipeline.region import Region
    from drg_pipeline.reports.origin import account_of

    region = Region(settings_of(screen, given, ["policy"]))
    account = account_of(region, column, down=not upstream, depth=depth)
    if svg or html:
        _draw(screen, account, svg, html)
    elif as_json:
        screen.line(json.dumps(as_data(account), ensure_ascii=False, indent=2))
    else:
        _print(screen, account)


def _draw(screen: Screen, account: Account, svg: str | None, html: str | None) -> None:
    from drg_pipeline.reports.lineage_picture import picture

    drawn = picture(account, title(screen, account), screen.text("lineage.picture_note"))
    files = [(Path(svg), drawn)] if svg else []
    if html:
        files.append((Path(html), _page(screen, account, drawn)))
    check_writable(*(path.parent for path, _ in files))
    for path, text in files:
        write_text(path, text)
        screen.say("lineage.written", file=near(path), tables=len(account.titles))


def _page(screen: Screen, account: Account, drawn: str) -> str:
    from drg_pipeline.reports.lineage_page import page

    rows = [
        (str(told.place), told.is_.type.lower(), told.is_.explained, _entry(screen, account, told))
        for told in account.columns
    ]
    decided = dict(_decisions(screen, account))
    tables = [
        (
            told.name,
            "\n".join([told.describe, *_members(screen, told)]),
            ", ".join(told.law),
            "\n".join(decided.pop(told.name, [])),
        )
        for told in account.tables[:: 1 if account.down else -1]
    ]
    # Downwards, rows of tables that no value goes into are decided too.
    tables += [(name, "", "", "\n".join(lines)) for name, lines in decided.items()]
    say = lambda key: screen.text(f"lineage.{key}")  # noqa: E731
    return page(account, title(screen, account), drawn, screen.lang, say, rows, tables)


def title(screen: Screen, account: Account) -> str:
    return screen.text("lineage.down" if account.down else "lineage.up", column=account.start)


# -- as text -----------------------------------------------------------------------------------


def _print(screen: Screen, account: Account) -> None:
    from drg_pipeline.commands.path_tree import print_tree
    from drg_pipeline.reports.origin import by_document

    screen.line(title(screen, account))
    print_tree(screen, _node(screen, account, account.tree))
    screen.line()
    screen.say("lineage.rows_down" if account.down else "lineage.rows_up")
    tables = {told.name: told for told in account.tables}
    for name, lines in _decisions(screen, account):
        told = tables.get(name)
        about = [f"{screen.text('lineage.law')}: {', '.join(told.law)}"] if told and told.law else []
        about += _members(screen, told) if told else []
        screen.line(f"  {name}")
        for line in [*about, *lines]:
            screen.line(one_line(f"    {line}"))
    for document, clauses in by_document(account.clauses):
        screen.line()
        screen.line(one_line(document))
        for clause in clauses:
            screen.line(one_line(f"  {clause.clause}  {clause.note}"))


def _members(screen: Screen, told: TableTold) -> list[str]:
    """A line for each file that a table is gathered from."""
    return [
        screen.text("lineage.member", name=one.name, describe=one.describe, law=", ".join(one.law))
        for one in told.members
    ]


def _node(screen: Screen, account: Account, branch: Branch) -> Node:
    from drg_pipeline.reports.tree import Node

    told = {one.place: one for one in account.columns}

    def grown(one: Branch) -> Node:
        text = one_line(_said(screen, account, told[one.place], one))
        return Node(text, None, [grown(child) for child in one.below])

    return grown(branch)


def _said(screen: Screen, account: Account, told: ColumnTold, branch: Branch) -> str:
    from drg_pipeline.sql.trace import CUT, FOLDED

    if branch.state == FOLDED:
        return f"{told.place} … {screen.text('lineage.folded')}"
    parts = [f"{told.place}  {told.is_.explained}"]
    if entered := _entry(screen, account, told):
        parts.append(f"← {entered}")
    if branch.state == CUT:
        parts.append(f"… {screen.text('lineage.cut')}")
    return "  ".join(parts)


def _entry(screen: Screen, account: Account, told: ColumnTold) -> str:
    """Where its values enter, in words; '' where they come from other columns."""
    from drg_pipeline.reports.origin import COMPUTED

    origin = told.origin
    if origin.kind == COMPUTED and told.place not in account.empty:
        return ""
    law = ", ".join(origin.law)
    return screen.text(f"lineage.origin.{origin.kind}", name=origin.name, field=origin.field, law=law)


def _decisions(screen: Screen, account: Account) -> Iterator[tuple[str, list[str]]]:
    """(model, lines on what decides which rows it has): of the tree's tables, or of those it decides on."""
    if account.down:
        for name in dict.fromkeys(model for model, _ in account.decided):
            yield name, _by_role(screen, [decider for model, decider in account.decided if model == name])
        return
    for told in reversed(account.tables):
        lines = _by_role(screen, told.deciders)
        if told.whole_rows:
            lines.append(f"{screen.text('lineage.role.rows')}: {', '.join(told.whole_rows)}")
        yield told.name, lines


def _by_role(screen: Screen, deciders: Sequence[Decider]) -> list[str]:
    """A line a role: the columns by table, each table once."""
    lines = []
    for role in ("filter", "join", "group"):
        tables: dict[str, list[str]] = {}
        for decider in deciders:
            if decider.role == role:
                tables.setdefault(decider.table, []).append(decider.column)
        if tables:
            listed = "; ".join(f"{table} ({', '.join(columns)})" for table, columns in tables.items())
            lines.append(f"{screen.text(f'lineage.role.{role}')}: {listed}")
    return lines


# -- as data -----------------------------------------------------------------------------------


def as_data(account: Account) -> dict[str, Any]:
    """The account as JSON has it; edges go as the values do."""
    from drg_pipeline.sql.trace import CUT

    return {
        "column": str(account.start),
        "direction": "downstream" if account.down else "upstream",
        "columns": [
            {
                "column": str(told.place),
                "type": told.is_.type.lower(),
                "unit": told.is_.unit,
                "meaning": told.is_.meaning,
                "origin": {
                    "kind": told.origin.kind,
                    "name": told.origin.name,
                    "field": told.origin.field,
                    "law": list(told.origin.law),
                },
            }
            for told in account.columns
        ],
        "edges": [[str(source), str(target)] for source, target in account.edges()],
        "cut": [str(branch.place) for branch in account.tree.walk() if branch.state == CUT],
        "tables": [
            {
                "table": told.name,
                "layer": account.titles[told.name],
                "describe": told.describe,
                "law": list(told.law),
                "members": [
                    {"member": one.name, "describe": one.describe, "law": list(one.law)}
                    for one in told.members
                ],
                "rows_decided_by": [_decider(decider) for decider in told.deciders],
                "rows_of": list(told.whole_rows),
            }
            for told in account.tables
        ],
        "decides_rows_of": [{"table": model, **_decider(decider)} for model, decider in account.decided],
        "clauses": [
            {"clause": one.clause, "number": one.number, "title": one.title, "note": one.note}
            for one in account.clauses
        ],
    }


def _decider(decider: Decider) -> dict[str, str]:
    return {"column": f"{decider.table}.{decider.column}", "role": decider.role}
