"""`drg where`: the folders that a region is worked with, and what is there. Nothing is made or read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drg_pipeline.commands.options import language, region_options, settings_of
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.settings import HOME_VARIABLE, PROJECT, home_folder


@click.command("where", short_help="Show which folders are used.")
@language
@region_options("region", "inbox", "reference", "policy", "lake", "key", "closings", "schemes")
def where(screen: Screen, **given: Any) -> None:
    """Show which folders are used: the home and what lies in it, and what comes with the program."""
    settings = settings_of(screen, given)
    places: list[tuple[str, Path]] = [("home", home_folder()), ("program", PROJECT)]
    places += [(name, getattr(settings, name)) for name in ("inbox", "reference", "policy")]
    places += [("schemes", folder) for folder in settings.schemes]
    places += [("lake", settings.region_lake), ("key", settings.key)]
    places += [("closings", settings.region_closings)]
    rows = [
        [
            screen.text(f"where.{kind}"),
            str(path),
            screen.text("where.there" if path.exists() else "where.missing"),
        ]
        for kind, path in places
    ]
    heads = [Heading(screen.text(f"where.{head}")) for head in ("kind", "place", "state")]
    screen.table(Grid(screen.text("where.listed", region=settings.region), heads, rows))
    screen.say("where.move", variable=HOME_VARIABLE)
