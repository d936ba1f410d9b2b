"""What somebody brings who verifies: anchors that were kept elsewhere, and the agency's public keys.

Also how an anchor is printed. What is held against them stands in `closings/record.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.messages import LANGUAGES, text

if TYPE_CHECKING:
    from drg_pipeline.closings.record import Witness
    from drg_pipeline.commands.screen import Screen
    from drg_pipeline.settings import Settings

Command = Callable[..., Any]


def witness_options(command: Command) -> Command:
    """`--anchor` and `--key`, each as often as wanted."""
    for option in (
        click.option(
            "--key",
            "keys",
            multiple=True,
            metavar="PUBLIC",
            help="File of the agency's public key: closings that it did not sign are refused.",
        ),
        click.option(
            "--anchor",
            "anchors",
            multiple=True,
            metavar="TEXT|FILE",
            help="What drg audit anchor printed, as it was kept outside.",
        ),
    ):
        command = option(command)
    return command


def witness_of(region: str, anchors: Sequence[str], keys: Sequence[str]) -> Witness:
    """The anchors and keys that are given; WrongUse with everything that is wrong with them."""
    from drg_pipeline.closings.record import Witness
    from drg_pipeline.trail import Anchor, PublicKey, parse_anchors

    faults: list[Fault] = []
    noted: list[Anchor] = []
    for given in anchors:
        where = f"--anchor {given if len(given) <= 40 else given[:39] + '…'}"
        found, wrong = parse_anchors(_text_of(given))
        faults += [Fault(where, what) for what in wrong]
        faults += [
            Fault(where, f"is of the region {anchor.region}, not of {region}")
            for anchor in found
            if anchor.region != region
        ]
        noted += found
    public: list[PublicKey] = []
    for given in keys:
        try:
            public.append(PublicKey.read(Path(given).expanduser()))
        except WrongUse as error:
            faults.append(Fault(f"--key {given}", error.headline))
    if faults:
        raise WrongUse("This cannot be verified.", faults, state="Nothing was read.")
    return Witness(noted, public)


def _text_of(given: str) -> str:
    """The anchor itself, or what the file of that name says."""
    try:
        return Path(given).expanduser().read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        # A text is no file's name, or is too long for one.
        return given


def say_anchor(screen: Screen, settings: Settings) -> bool:
    """Print the anchor of the trail as it is now, in both languages; False of an empty one."""
    from drg_pipeline.closings.record import anchor_of
    from drg_pipeline.trail import Trail

    anchor = anchor_of(Trail.of(settings))
    if anchor is None:
        return False
    for language in reversed(LANGUAGES):
        screen.line(
            text(
                "audit.anchor",
                language,
                region=anchor.region,
                sequence=anchor.sequence,
                at=anchor.at,
                closings=anchor.closings,
            )
        )
    screen.line(anchor.text())
    return True
