"""`drg audit`: who closed, reopened, replayed or exported, and whether that record and the closings hold.

`verify` and `show` only read; `anchor` and `sign` are for whoever wants more than a record on one machine.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import language, near, region_of, region_options
from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.commands.witness import say_anchor, witness_of, witness_options
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.settings import Settings
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.trail import Trail
    from drg_pipeline.trail.line import Entry

DIGITS = 12  # of a digest, as people compare it
WIDEST = 100  # characters of a text in the table; --json has all


@click.group("audit")
def audit() -> None:
    """Who closed, reopened, replayed or exported, and whether that record is whole."""


@audit.command("verify")
@language
@region_options("region", "closings")
@witness_options
def verify(screen: Screen, anchors: tuple[str, ...], keys: tuple[str, ...], **given: Any) -> None:
    """Hold the trail and the closings against each other and against what was noted elsewhere.

    Reads the whole trail: each entry's digest, its link to the one before, the head; what closings noted of
    it; which closings and reopenings it tells of and which are there; anchors and signatures. Exit 1 where
    something was changed, taken out or put in, with every place.
    """
    trail, settings = _trail(screen, given)
    from drg_pipeline.closings.record import examined
    from drg_pipeline.lake.closed import ClosedPeriods

    witness = witness_of(settings.region, anchors, keys)
    broken, differences = examined(ClosedPeriods(settings.region_closings), witness)
    found = [*broken, *(difference.fault for difference in differences)]
    entries = list(trail.entries())
    if found:
        ended = DrgError(
            f"The trail {near(trail.file)} and the closings are not as they were written: "
            f"{len(found)} findings.",
            found,
            state="They were only read.",
            remedy="Keep the folder as it is for those who look into it, and compare it with a backup.",
        )
        ended.shown = len(found)  # an audit lists them all
        raise ended
    if not entries:
        screen.say("audit.empty", folder=near(trail.folder))
        return
    closings = sum(entry.event == "closed" for entry in entries)
    screen.say("audit.unbroken", count=len(entries), file=near(trail.file), closings=closings)
    for anchor in witness.anchors:
        screen.say("audit.anchored", sequence=anchor.sequence, at=anchor.at)
    for key in witness.keys:
        screen.say("audit.signed", name=key.name)
    if torn := sum(entry.event == "torn" for entry in entries):
        screen.say("audit.torn", count=torn)


@audit.command("anchor")
@language
@region_options("region", "closings")
def anchor(screen: Screen, **given: Any) -> None:
    """Print what proves the record's present state later: note it, print it or send it to somebody else.

    With a signing key (DRG_SIGNING_KEY) it is signed.
    """
    trail, settings = _trail(screen, given)
    if not say_anchor(screen, settings):
        screen.say("audit.empty", folder=near(trail.folder))


@audit.command("sign")
@language
@region_options("region", "closings")
@witness_options
def sign(screen: Screen, anchors: tuple[str, ...], keys: tuple[str, ...], **given: Any) -> None:
    """Vouch with the agency's key (DRG_SIGNING_KEY) for all that stands in the trail by now.

    For the day on which the key is introduced: what is closed later is signed by itself, and what an unsigned
    entry says later is never made good by this. Verifies first; nothing is signed that does not hold.
    """
    trail, settings = _trail(screen, given)
    from drg_pipeline.closings.record import examined
    from drg_pipeline.lake.closed import ClosedPeriods
    from drg_pipeline.trail import SIGNED, Trail

    witness = witness_of(settings.region, anchors, keys)
    if settings.signing_key is None:
        raise WrongUse(
            "There is no key to sign with.",
            remedy="Name the private key's file in DRG_SIGNING_KEY; drg audit key new makes one.",
        )
    signing = Trail.of(settings)
    broken, differences = examined(ClosedPeriods(settings.region_closings), witness)
    found = [*broken, *(difference.fault for difference in differences)]
    last = trail.last()
    if found or last is None:
        raise DrgError(
            f"Nothing was signed: {'the record does not hold' if found else 'there is no entry'}.",
            found,
            remedy="drg audit verify tells all of it. Who signs vouches for what stands there."
            if found
            else "",
        )
    entry = signing.append(
        SIGNED,
        region=settings.region,
        period="",
        subject={"entries": last.sequence, "digest": last.digest},
    )
    screen.say("audit.vouched", count=last.sequence, sequence=entry.sequence, name=signing.keys[0].name)


@audit.group("key")
def key() -> None:
    """The agency's key, which signs the trail and with it every closing."""


@key.command("new")
@language
@click.option("--out", required=True, metavar="FILE", help="The private key; the public one is FILE.pub.")
@click.option("--password", "asked", is_flag=True, help="Ask for a password (or DRG_SIGNING_PASSWORD).")
def new(screen: Screen, out: str, asked: bool) -> None:
    """Make a key. FILE is read by its owner alone and stays in the agency's hands; FILE.pub goes to whoever
    verifies, who compares its name on another way."""
    from drg_pipeline.trail import make_key
    from drg_pipeline.trail.keys import PASSWORD_VARIABLE

    password = os.environ.get(PASSWORD_VARIABLE, "")
    if asked and not password:
        password = click.prompt(screen.text("audit.password"), hide_input=True, confirmation_prompt=True)
    path = Path(out).expanduser()
    made = make_key(path, password)
    screen.say("audit.key", file=near(path), public=near(path.with_name(f"{path.name}.pub")), name=made.name)


@audit.command("show")
@language
@region_options("region", "closings")
@click.option("--period", metavar="PERIOD", help="Only entries of this month or year (2025-03, 2025).")
@click.option("--event", metavar="EVENT", help="Only entries of this event (closed, exported, …).")
@click.option("--json", "as_json", is_flag=True, help="Every field of each entry, one entry a line.")
def show(screen: Screen, period: str | None, event: str | None, as_json: bool, **given: Any) -> None:
    """List who did what, when and why."""
    trail, _ = _trail(screen, given)
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


def _trail(screen: Screen, given: Mapping[str, Any]) -> tuple[Trail, Settings]:
    from drg_pipeline.trail import Trail

    settings = region_of(screen, given)
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
