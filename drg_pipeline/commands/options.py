"""The options that commands share, and the settings made of them with everything that is wrong at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from drg_pipeline.commands.screen import Screen
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.messages import LANGUAGES
from drg_pipeline.settings import (
    DEFAULT_REGION,
    GROUPING_SOURCES,
    Settings,
    home_folder,
    regions_with_a_policy,
)

Command = Callable[..., Any]
FOLDERS = ("policy", "inbox", "reference", "lake", "closings")
WRITTEN = ("lake", "closings")


def _choose(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.ensure_object(Screen).lang = value


language_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    callback=_choose,
    expose_value=False,
    is_eager=True,
    help="Language of messages and tables.  [default: by LC_ALL or LANG]",
)


def language(command: Command) -> Command:
    """`--lang`, and the screen as first argument."""

    @language_option
    @click.pass_context
    @functools.wraps(command)
    def with_screen(context: click.Context, *args: Any, **given: Any) -> Any:
        return command(context.ensure_object(Screen), *args, **given)

    return with_screen


def region_options(*names: str) -> Callable[[Command], Command]:
    """The common options of these names (all without a name), in the same words everywhere."""

    def add(command: Command) -> Command:
        for name, option in reversed(_COMMON.items()):
            if not names or name in names:
                command = option(command)
        return command

    return add


def verbose(command: Command) -> Command:
    return click.option("-v", "--verbose", is_flag=True, help="Also say each delivery and each table.")(
        command
    )


def day(context: click.Context, parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


_DAY = click.DateTime(["%Y-%m-%d"])
_COMMON: dict[str, Callable[[Command], Command]] = {
    "region": click.option(
        "--region", default=DEFAULT_REGION, show_default=True, metavar="NAME", help="The region."
    ),
    "inbox": click.option(
        "--inbox", metavar="DIR", help="The region's deliveries.  [default: data/inbox/<region>]"
    ),
    "reference": click.option(
        "--reference", metavar="DIR", help="The region's reference files.  [default: data/reference/<region>]"
    ),
    "policy": click.option(
        "--policy", metavar="DIR", help="The region's law.  [default: data/policy/<region>]"
    ),
    "lake": click.option(
        "--lake", metavar="DIR", help="Holds the tables of all regions.  [default: data/lake]"
    ),
    "key": click.option(
        "--key", metavar="FILE", help="The pseudonym key.  [default: data/keys/<region>.key]"
    ),
    "closings": click.option(
        "--closings",
        metavar="DIR",
        help="Holds the closings of all regions.  [default: data/closings]",
    ),
    "grouping": click.option(
        "--grouping",
        type=click.Choice(GROUPING_SOURCES),
        help="Where groups come from.  [default: as the law says]",
    ),
    "scheme": click.option(
        "--scheme",
        metavar="NAME_OR_FOLDER",
        help="The grouping scheme for every period.  [default: as the law says]",
    ),
    "schemes": click.option(
        "--schemes",
        metavar="DIR",
        help="Holds the grouping schemes.  [default: data/schemes and the shipped]",
    ),
    "known_on": click.option(
        "--known-on",
        type=_DAY,
        callback=day,
        metavar="DATE",
        help="Law published after this day is not known; needs a lake of its own.",
    ),
}


def day_option(name: str, words: str) -> Callable[[Command], Command]:
    return click.option(name, type=_DAY, callback=day, metavar="DATE", help=words)


def settings_of(
    given: Mapping[str, Any], needs: Collection[str] = (), faults: Collection[Fault] = ()
) -> Settings:
    """The settings that the common options make.

    needs   those of FOLDERS that must be there (lake and closings: that can be written)
    faults  what the command found wrong with its own options, told together with what is wrong here
    """
    settings = Settings.for_region(**given)
    found = [
        *faults,
        *(fault for name in FOLDERS if name in needs and (fault := _fault(name, settings, given.get(name)))),
    ]
    if found:
        raise WrongUse(
            f"This cannot be run for the region {settings.region}.",
            found,
            state="Nothing was changed.",
            remedy=_remedy(settings, needs),
        )
    return settings


def _fault(name: str, settings: Settings, given: str | None) -> Fault | None:
    folder: Path = getattr(settings, name)
    where = f"--{name} {given}" if given else f"--{name} (not given: {near(folder)})"
    if name in WRITTEN:
        return Fault(where, why) if (why := not_writable(folder)) else None
    if not folder.exists():
        return Fault(where, "there is no such folder")
    if not folder.is_dir():
        return Fault(where, "is not a folder")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Fault(where, "cannot be read")
    return None


def not_writable(folder: Path) -> str:
    """Why nothing can be written at a folder that may have to be made first, or ''."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is not a folder"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written"


def page_faults(html: str | None) -> list[Fault]:
    """What is wrong with the file that `--html` names."""
    if html is None or html.lower().endswith((".html", ".htm")):
        return []
    return [Fault(f"--html {html}", "give the page a name that ends in .html")]


def check_writable(*folders: Path) -> None:
    """WrongUse for folders that cannot be made or written, all at once."""
    faults = [Fault(near(folder), why) for folder in folders if (why := not_writable(folder))]
    if faults:
        raise WrongUse(
            "Nothing can be written there.",
            faults,
            state="Nothing was changed.",
            remedy="Name other folders, or give the right to write.",
        )


def _remedy(settings: Settings, needs: Collection[str]) -> str:
    named = " ".join(f"--{name}" for name in FOLDERS if name in needs)
    if "policy" not in needs or settings.policy.is_dir():
        return f"Correct what is named; folders are named with {named}." if named else ""
    packs = ", ".join(regions_with_a_policy(home_folder()))
    return f"Regions with a policy here: {packs}. For another one name its own folders with {named}."


def near(path: Path) -> str:
    """A path as people type it: relative where it lies below the working folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
