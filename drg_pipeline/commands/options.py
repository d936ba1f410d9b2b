"""The options that commands share, and the settings made of them with everything that is wrong at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from drg_pipeline.commands.screen import Screen
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.messages import LANGUAGES
from drg_pipeline.settings import (
    DEFAULT_REGION,
    GROUPING_SOURCES,
    Settings,
    demo_folder,
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


def _folder(
    name: str, about: str, *, metavar: str = "DIR", many: bool = False
) -> Callable[[Command], Command]:
    """An option that names a folder, or a file, and the variable that does where the option is not given."""
    return click.option(
        f"--{name}",
        metavar=metavar,
        # Of click's own kind: a variable that names several folders is split as PATH is.
        type=click.Path() if many else str,
        multiple=many,
        envvar=f"DRG_{name.upper()}",
        help=about,
    )


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
    "inbox": _folder("inbox", "The region's deliveries.  [default: data/inbox/<region>]"),
    "reference": _folder("reference", "The region's reference files.  [default: data/reference/<region>]"),
    "policy": _folder("policy", "The region's law.  [default: data/policy/<region>]"),
    "lake": _folder("lake", "Holds the tables of all regions.  [default: data/lake]"),
    "key": _folder("key", "The pseudonym key.  [default: data/keys/<region>.key]", metavar="FILE"),
    "closings": _folder("closings", "Holds the closings of all regions.  [default: data/closings]"),
    "grouping": click.option(
        "--grouping",
        type=click.Choice(GROUPING_SOURCES),
        envvar="DRG_GROUPING",
        help="Where groups come from.  [default: as the law says]",
    ),
    "scheme": click.option(
        "--scheme",
        metavar="NAME_OR_FOLDER",
        envvar="DRG_SCHEME",
        help="The grouping scheme for every period.  [default: as the law says]",
    ),
    "schemes": _folder(
        "schemes", "Holds the grouping schemes.  [default: data/schemes and the shipped]", many=True
    ),
    "known_on": click.option(
        "--known-on",
        type=_DAY,
        callback=day,
        metavar="DATE",
        envvar="DRG_KNOWN_ON",
        help="Law published after this day is not known; needs a lake of its own.",
    ),
}


def day_option(name: str, words: str) -> Callable[[Command], Command]:
    return click.option(name, type=_DAY, callback=day, metavar="DATE", help=words)


def region_of(screen: Screen, given: Mapping[str, Any]) -> Settings:
    """The settings that the common options and the `DRG_*` variables make.

    Where nothing is named and the home has neither deliveries nor tables of the region, they are the demo's,
    if one was made; that is said.
    """
    settings = Settings.for_region(**given)
    named = any(value for name, value in given.items() if name != "region")
    if named or settings.region != DEFAULT_REGION:
        return settings
    demo = Settings.of_demo(demo_folder())
    if settings.inbox.exists() or settings.region_lake.exists() or not demo.region_lake.is_dir():
        return settings
    screen.aside(screen.text("demo.instead", inbox=near(settings.inbox), demo=near(demo_folder())))
    return demo


def settings_of(
    screen: Screen, given: Mapping[str, Any], needs: Collection[str] = (), faults: Collection[Fault] = ()
) -> Settings:
    """The settings that the common options make.

    needs   those of FOLDERS that must be there (lake and closings: that can be written)
    faults  what the command found wrong with its own options, told together with what is wrong here
    """
    settings = region_of(screen, given)
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
    where = f"{_said(name)} {given}" if given else f"--{name} (not given: {near(folder)})"
    if name in WRITTEN:
        return Fault(where, why) if (why := not_writable(folder)) else None
    if not folder.exists():
        return Fault(where, "there is no such folder")
    if not folder.is_dir():
        return Fault(where, "is not a folder")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Fault(where, "cannot be read")
    return None


def _said(name: str) -> str:
    """What named a folder: the option, or the variable that stands in its place."""
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(name) if context else None
    return f"DRG_{name.upper()}" if source is ParameterSource.ENVIRONMENT else f"--{name}"


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
