"""`drg audit verify` and `drg audit show`: who closed, reopened, replayed or exported, and whether it holds.

Reads the trail and what the closings noted of it; writes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import language, near, region_options
from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.settings import Settings
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.trail import Trail
    from drg_pipeline.trail.line import Entry

ANCHOR = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
DIGITS = 12  # of a digest, as people compare it
WIDEST = 100  # characters of a text in the table; --json has all


@click.group("audit")
def audit() -> None:
    """Who closed, reopened, replayed or exported, and whether that record is whole."""


@audit.command("verify")
@language
@region_options("region", "closings")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="N:DIGEST",
    help="An entry's number and digest as somebody noted them outside; may be given several times.",
)
def verify(screen: Screen, anchors: tuple[str, ...], **given: Any) -> None:
    """Read the whole trail: each entry's digest, its link to the one before, the head, and what the closings
    noted of it. Exit 1 where something was changed, taken out or put in, with every place."""
    trail, settings = _trail(given)
    faults = [
        Fault(f"--anchor {text}", "is not an entry's number, a colon and 64 hexadecimal digits")
        for text in anchors
        if not ANCHOR.fullmatch(text)
    ]
    if faults:
        raise WrongUse("This cannot be verified.", faults)
    noted = [(int(text.split(":")[0]), text.split(":")[1]) for text in anchors]
    sealed, unreadable = _noted_by_closings(settings.region_closings)
    found = [*trail.verify([*noted, *sealed]), *unreadable]
    count = sum(1 for _ in trail.entries())
    if found:
        ended = DrgError(
            f"The trail {near(trail.file)} is not as it was written: {len(found)} findings.",
            found,
            state="It was only read.",
            remedy="Keep the folder as it is for those who look into it, and compare it with a backup.",
        )
        ended.shown = len(found)  # an audit lists them all
        raise ended
    if not count:
        screen.say("audit.empty", folder=near(trail.folder))
        return
    sequence, digest = trail.head()
    screen.say("audit.unbroken", count=count, file=near(trail.file), anchors=len(noted) + len(sealed))
    screen.say("audit.head", sequence=sequence, digest=digest)
    if torn := sum(entry.event == "torn" for entry in trail.entries()):
        screen.say("audit.torn", count=torn)


@audit.command("show")
@language
@region_options("region", "closings")
@click.option("--period", metavar="PERIOD", help="Only entries of this month or year (2025-03, 2025).")
@click.option("--event", metavar="EVENT", help="Only entries of this event (closed, exported, …).")
@click.option("--json", "as_json", is_flag=True, help="Every field of each entry, one entry a line.")
def show(screen: Screen, period: str | None, event: str | None, as_json: bool, **given: Any) -> None:
    """List who did what, when and why."""
    trail, _ = _trail(given)
    entries = [
        entry
        for entry in trail.entries()
        if (period is None or entry.period == period) and (event is None or entry.event == event)
    ]
    if as_json:
        for entry in entries:
            # ASCII: no character of a text can steer a terminal.
            screen.line(json.dumps(asdict(entry), ensure_ascii=True))
    elif entries:
        names = ("sequence", "time", "event", "period", "user", "subject", "reason")
        heads = [Heading(screen.text(f"audit.{name}"), number=name == "sequence") for name in names]
        rows = [_row(screen, entry) for entry in entries]
        screen.table(Grid(screen.text("audit.listed", file=near(trail.file)), heads, rows))
    else:
        screen.say("audit.none", folder=near(trail.folder))
    if trail.verify():
        screen.aside(screen.text("audit.broken"))


def _trail(given: Mapping[str, Any]) -> tuple[Trail, Settings]:
    from drg_pipeline.trail import Trail

    settings = Settings.for_region(**given)
    return Trail(settings.region_closings), settings


def _row(screen: Screen, entry: Entry) -> list[str]:
    from drg_pipeline import messages

    key = f"audit.event.{entry.event}"
    user = f"{entry.user.get('name', '')} ({entry.user.get('uid', '')})"
    stated = entry.user.get("stated")
    cells = [
        str(entry.sequence),
        entry.time[:19].replace("T", " "),
        screen.text(key) if messages.known(key) else entry.event,
        entry.period,
        f"{user} {screen.text('audit.stated', name=stated)}" if stated else user,
        ", ".join(f"{name}: {_brief(value)}" for name, value in entry.subject.items()),
        entry.reason,
    ]
    return [_cut(one_line(cell)) for cell in cells]


def _brief(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value):
        return value[:DIGITS]
    return shown(value) if not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _noted_by_closings(folder: Path) -> tuple[list[tuple[int, str]], list[Fault]]:
    """The heads of the trail that the closings' manifests hold (`trail`: number, digest), and the manifests
    that cannot be read."""
    anchors: list[tuple[int, str]] = []
    faults: list[Fault] = []
    for path in _manifests(folder):
        try:
            sequence, digest = json.loads(path.read_bytes())["trail"]
            anchors.append((int(sequence), str(digest)))
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            faults.append(Fault(near(path), f"cannot be read ({type(error).__name__})"))
    return anchors, faults


def _manifests(folder: Path) -> Iterator[Path]:
    """`<period>/<n>/manifest.json` of the region, in order; what is being sealed has no number yet."""
    yield from sorted(path for path in folder.glob("*/*/manifest.json") if path.parent.name.isdigit())
