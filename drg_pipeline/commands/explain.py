"""`drg explain`: one claim from upload to payment, each line with its clause."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import (
    check_writable,
    language,
    near,
    page_faults,
    region_of,
    region_options,
)
from drg_pipeline.commands.path_tree import Names, path_tree, print_tree
from drg_pipeline.commands.screen import Screen
from drg_pipeline.commands.sql import check_lake
from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.files import write_text
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.reports.tree import Node
from drg_pipeline.settings import Settings
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.reports.account import Account, Accounts

MOMENTS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]


@click.command("explain", short_help="Say how a claim came to its payment.")
@language
@region_options()
@click.argument("setl_id")
@click.option("--month", metavar="YYYY-MM", help="The version that belongs to this month, of several.")
@click.option(
    "--version",
    type=click.DateTime(MOMENTS),
    metavar="TIME",
    help="The version that was uploaded then, of several.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON; its keys stand in data/interface/explain.yml."
)
@click.option("--html", metavar="FILE", help="Write a page in Chinese, for the hospital or the file.")
def explain(
    screen: Screen,
    setl_id: str,
    month: str | None,
    version: datetime | None,
    as_json: bool,
    html: str | None,
    **given: Any,
) -> None:
    """Say how the claim SETL_ID came to its payment: versions, checks, deadline, group, base point,
    coefficient, category, points, point value, money, clearing, each line with its clause and its figures.

    What is told is read from the lake or computed again from it; where the two differ, it says so and ends
    with 1. Without --month and --version it is the version that the claim's month settles, else the one that
    the clearing looks at.
    """
    settings = region_of(screen, given)
    asked = _check(settings, month, as_json, html)
    from drg_pipeline.region import Region
    from drg_pipeline.reports.account import Accounts
    from drg_pipeline.reports.account_text import as_data

    accounts = Accounts(Region(settings))
    # Pasted from a file an id brings the end of its line along.
    account = accounts.of([setl_id.strip()], month=asked, version=version)[0]
    instruments = accounts.region.pack.instruments
    if html is not None:
        from drg_pipeline.reports.account_page import page

        chinese = Screen("zh")
        paths = _paths(chinese, accounts, account)
        write_text(Path(html), page(account, accounts.words, instruments, paths, chinese.text))
        screen.say("explain.written", file=near(Path(html)))
    elif as_json:
        data = as_data(account, accounts.words, instruments, screen.lang)
        screen.line(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        _print(screen, accounts, account)
    if account.faults:
        raise DrgError(
            f"{setl_id}: what is computed again is not what is stored.",
            account.faults,
            state="The lake stands as it was.",
            remedy="Some of it rests on other data or law than what is there now: run its months again.",
        )


def _check(settings: Settings, month: str | None, as_json: bool, html: str | None) -> Period | None:
    """The month that is asked for; WrongUse for options that do not fit."""
    faults: list[Fault] = []
    asked = Period.read(month, MONTH) if month is not None else None
    if month is not None and asked is None:
        faults.append(Fault(f"--month {month}", "write it as 2025-01"))
    if html is not None and as_json:
        faults.append(Fault("--json", "is printed, and --html writes a page: leave one of them out"))
    faults += page_faults(html)
    if faults:
        raise WrongUse("This cannot be explained.", faults, state="Nothing was written.")
    check_lake(settings)
    if html is not None:
        check_writable(Path(html).absolute().parent)
    return asked


def _print(screen: Screen, accounts: Accounts, account: Account) -> None:
    """Print the account as a tree, and below it the clauses that it cites."""
    from drg_pipeline.reports.account_text import cited_by, law_list

    of = screen.text("explain.of", month=account.month, version=f"{account.version:%Y-%m-%d %H:%M:%S}")
    root = Node(one_line(f"{screen.text('explain.title', claim=account.claim)} ({of})"))
    if account.mark:
        root.below.append(Node(one_line(screen.text("explain.mark", mark=account.mark))))
    paths = _paths(screen, accounts, account)
    for part in account.parts:
        node = Node(part.title[screen.lang])
        node.below += _lines(screen, accounts, part)
        if path := paths.get(part.id):
            node.below.append(path)
        root.below.append(node)
    if account.missing:
        node = Node(screen.text("explain.missing"))
        for gap in account.missing:
            layer = gap.title if screen.lang == "zh" else gap.layer
            node.below.append(Node(f"{layer} {gap.period}", aside=", ".join(gap.tables)))
        # What is still to come stands before what is known of the end.
        root.below.insert(len(root.below) - 1, node)
    print_tree(screen, root)
    screen.line()
    screen.say("explain.laws")
    cited = law_list(cited_by(account), accounts.region.pack.instruments, screen.lang)
    for document, clauses in cited.items():
        screen.line(f"  {document}")
        for clause in clauses:
            # Notes of clauses are English.
            note = f"  {clause.note}" if screen.lang == "en" else ""
            screen.line(one_line(f"    {clause.article}  {clause.id}{note}"))


def _lines(screen: Screen, accounts: Accounts, part: Any) -> list[Node]:
    from drg_pipeline.reports.account_text import place_of, say

    nodes: list[Node] = []
    before = ""
    for line in part.lines:
        said = say(accounts.words, line, screen.lang)
        value = f"{said.value} {said.unit}".strip()
        told = f"{said.text}: {value}" if value else said.text
        told += f" ({said.name})" if said.name else ""
        told += f"{' = ' if said.equals else ': '}{said.filled}" if said.filled else ""
        told += f" - {said.note}" if said.note else ""
        told += "  " + screen.text("explain.stored", stored=said.stored) if said.stored else ""
        asides = [said.formula] if said.formula else []
        if said.law and said.law != before:
            cited = accounts.region.pack.instruments.resolve(said.law)
            asides.append(f"[{place_of(said.law, cited, screen.lang)}, {said.law}]")
        before = said.law or before
        node = Node(one_line(told), said.good, aside=one_line("  ".join(asides)))
        (nodes[-1].below if said.detail and nodes else nodes).append(node)
    return nodes


def _paths(screen: Screen, accounts: Accounts, account: Account) -> dict[str, Node]:
    """The path through the scheme, by the section that it stands in."""
    if not account.steps or not account.answer:
        return {}
    names = Names.asked(lambda table, column: accounts.names(account.answer["scheme"], table, column))
    path = path_tree(screen, account.answer, account.steps, names)
    path.text = screen.text("explain.path", scheme=one_line(account.answer["scheme"]), answer=path.text)
    return {accounts.words.path.section: path}
