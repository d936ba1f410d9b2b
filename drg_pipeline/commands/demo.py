"""`drg demo`: a made-up region from the first delivery to the cleared year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from drg_pipeline.commands.options import check_writable, language, near, verbose
from drg_pipeline.commands.run import compute_year
from drg_pipeline.commands.screen import Screen
from drg_pipeline.errors import WrongUse
from drg_pipeline.periods import Period, span
from drg_pipeline.settings import Settings, demo_folder

HOSPITALS = 20
FIRST_MONTH, LAST_MONTH = Period.of("2022-01"), Period.of("2025-12")
YEAR = Period.of("2025")


@click.command("demo", short_help="A made-up region, from the first delivery to the cleared year.")
@language
@click.option("--claims", type=int, default=120_000, show_default=True, metavar="N", help="Claims in all.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Same seed, same claims.")
@click.option("--folder", metavar="DIR", help="Where everything goes.  [default: data/demo]")
@verbose
def demo(screen: Screen, claims: int, seed: int, folder: str | None, verbose: bool) -> None:
    """Make up a region, run three years of history and a year of settlement, clear it, print the result.

    Run again it finds its claims and computes only what would change.
    """
    settings = Settings.of_demo(Path(folder) if folder else demo_folder())
    check_writable(settings.inbox, settings.reference, settings.lake, settings.closings)
    make_claims(screen, settings, {"claims": claims, "seed": seed})
    compute_year(screen, settings, YEAR, verbose=verbose)
    screen.line()
    screen.say("demo.made_up", claims=claims, hospitals=HOSPITALS, first=FIRST_MONTH, last=LAST_MONTH)
    screen.line()
    say_next(screen, settings, folder)


def make_claims(screen: Screen, settings: Settings, size: dict[str, Any]) -> None:
    """Make the deliveries, unless they are there; other ones are never put in their place."""
    from drg_pipeline.synthetic import SCHEME, generate
    from drg_pipeline.synthetic.folders import MARKER
    from drg_pipeline.synthetic.parameters import digest_of_parameters, parameters

    months, like = [str(FIRST_MONTH), str(LAST_MONTH)], digest_of_parameters(parameters())
    called = {**size, "hospitals": HOSPITALS, "months": months, "scheme": SCHEME, "like": like}
    there = [_made(folder / MARKER) for folder in (settings.inbox, settings.reference)]
    if all(made and called.items() <= made.items() for made in there):
        screen.aside(screen.text("demo.there", inbox=near(settings.inbox)))
        return
    other = next((made for made in there if made and not called.items() <= made.items()), None)
    if other:
        differ = ", ".join(
            f"{name} {other.get(name, 'unknown')}" for name in called if other.get(name) != called[name]
        )
        raise WrongUse(
            f"The demo in {near(settings.inbox.parent)} was made with other claims ({differ}).",
            state="Nothing was changed.",
            remedy="Ask for the same again, name another --folder, or remove the old one.",
        )
    generate(
        settings.inbox,
        settings.reference,
        **size,
        hospitals=HOSPITALS,
        first_month=FIRST_MONTH,
        last_month=LAST_MONTH,
        scheme=SCHEME,
        policy=settings.policy,
        report=screen.aside,
    )


def _made(marker: Path) -> dict[str, Any] | None:
    """What an earlier demo was made with; None where there is none."""
    try:
        made = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return made if isinstance(made, dict) else None


def say_next(screen: Screen, settings: Settings, folder: str | None) -> None:
    from drg_pipeline.commands.pages import examples

    lake = near(settings.lake)
    screen.say("demo.next")
    # The demo is grouped otherwise than the law says: what is asked of its lake must say so too.
    grouping = f"--grouping {settings.grouping}"
    if folder is None:
        screen.say("demo.next_ui", drg="drg")
    else:
        kinds = ("inbox", "reference", "lake", "key", "closings")
        screen.line(" ".join(["  drg ui", *(_named(settings, kind) for kind in kinds), grouping]))
    screen.say("demo.next_tables", drg="drg", lake=lake)
    for query in examples(settings).demo:
        screen.line(f'  drg sql --lake {lake} "{query}"')
    screen.say("demo.next_law", drg="drg")
    months = f"--month {span(YEAR.months)}"
    sealed = (_named(settings, kind) for kind in ("reference", "lake", "closings"))
    screen.say("demo.next_close", close=" ".join(["drg close", months, *sealed, grouping]))


def _named(settings: Settings, kind: str) -> str:
    return f"--{kind} {near(getattr(settings, kind))}"
