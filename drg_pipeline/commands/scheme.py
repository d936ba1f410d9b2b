"""`drg scheme check`, `drg scheme import` and `drg scheme list`: the grouping schemes that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from drg_pipeline.commands.options import check_writable, language, near, region_options
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    from drg_pipeline.grouping.scheme import Scheme
    from drg_pipeline.ingest.reference_layout import ReferenceLayout

DIGITS = 12  # of a digest, as people compare it


@click.group("scheme")
def scheme() -> None:
    """Check, import and list grouping schemes."""


@scheme.command("check")
@language
@click.argument("named", nargs=-1, metavar="[NAME_OR_FOLDER]...")
@region_options("schemes")
def check(screen: Screen, named: tuple[str, ...], schemes: tuple[str, ...]) -> None:
    """Read schemes whole (all of them without a name); with faults, list them all and exit with 1."""
    from drg_pipeline.grouping.scheme import find_scheme, read_scheme, schemes_in

    settings, layout = _given(schemes)
    folders = [find_scheme(settings.schemes, given) for given in named] or [
        *schemes_in(settings.schemes).values()
    ]
    if not folders:
        raise WrongUse(
            f"There is no scheme in {_places(settings)}.", remedy="Import one: drg scheme import FOLDER"
        )
    faults: list[Fault | str] = []
    broken = 0
    for folder in folders:
        try:
            _print_checked(screen, read_scheme(folder, layout))
        except DrgError as error:
            broken += 1
            faults += [f"{near(folder)}/{fault}" for fault in error.faults]
            screen.say("scheme.broken", folder=near(folder), count=len(error.faults))
    if faults:
        ended = DrgError(
            f"{broken} of {len(folders)} schemes cannot be used: {len(faults)} faults.",
            faults,
            remedy="Correct the files and check again.",
        )
        ended.shown = len(faults)  # a check lists them all
        raise ended


@scheme.command("import")
@language
@click.argument("folder")
@click.option("--name", metavar="NAME", help="The name it gets here.  [default: as its scheme.toml says]")
@click.option("--replace", is_flag=True, help="Put it in the place of a scheme of this name.")
@region_options("schemes")
def import_(screen: Screen, folder: str, name: str | None, replace: bool, schemes: tuple[str, ...]) -> None:
    """Check the scheme in FOLDER, then copy its files among the schemes."""
    from drg_pipeline.grouping.scheme import find_scheme
    from drg_pipeline.grouping.scheme_import import import_scheme

    settings, layout = _given(schemes)
    check_writable(settings.schemes[0])
    found = find_scheme(settings.schemes, folder)
    ended = import_scheme(found, settings.schemes[0], layout, name=name, replace=replace)
    _print_checked(screen, ended.scheme)
    if ended.left_out:
        screen.say("scheme.left_out", count=len(ended.left_out))
    screen.say(f"scheme.{ended.outcome}", name=ended.scheme.name, folder=near(ended.scheme.folder))


@scheme.command("list")
@language
@region_options("schemes")
def list_(screen: Screen, schemes: tuple[str, ...]) -> None:
    """List the schemes that are here."""
    from drg_pipeline.grouping.scheme import read_scheme, schemes_in

    settings, layout = _given(schemes)
    rows: list[list[str]] = []
    for name, folder in schemes_in(settings.schemes).items():
        try:
            one = read_scheme(folder, layout)
        except DrgError as error:
            told = screen.text("scheme.broken_row", count=len(error.faults))
            rows.append([name, "", told, "", "", "", ""])
            continue
        counts = [f"{one.counts[key]:,}" for key in ("mdc", "adrg", "drg")]
        rows.append([one.name, one.version, one.title, *counts, one.digest[:DIGITS]])
    if not rows:
        screen.say("scheme.none", folder=_places(settings))
        return
    texts = [Heading(screen.text(f"scheme.{head}")) for head in ("name", "version", "title")]
    numbers = [Heading(head, number=True) for head in ("MDC", "ADRG", "DRG")]
    heads = [*texts, *numbers, Heading(screen.text("scheme.digest"))]
    screen.table(Grid(screen.text("scheme.listed", folder=_places(settings)), heads, rows))


def _given(schemes: tuple[str, ...]) -> tuple[Settings, ReferenceLayout]:
    from drg_pipeline.grouping.scheme import LAYOUT_FILE
    from drg_pipeline.ingest.reference_layout import load_reference_layout

    settings = Settings.for_region(schemes=schemes)
    return settings, load_reference_layout(settings.interface / LAYOUT_FILE)


def _places(settings: Settings) -> str:
    return ", ".join(near(folder) for folder in settings.schemes)


def _print_checked(screen: Screen, one: Scheme) -> None:
    screen.say("scheme.head", title=one.title, name=one.name, folder=near(one.folder.resolve()))
    screen.say("scheme.from", version=one.version, issuer=one.issuer, digest=one.digest[:DIGITS])
    rows = [[screen.text(f"scheme.count.{key}"), f"{number:,}"] for key, number in one.counts.items()]
    for key in ("diagnosis", "procedure", "mcc", "cc"):
        number = len(next(iter(one.tables[key].values())))
        rows.append([screen.text(f"scheme.count.{key}"), f"{number:,}"])
    screen.table(
        Grid("", [Heading(screen.text("scheme.what")), Heading(screen.text("scheme.count"), True)], rows)
    )
    for note in one.notes:
        screen.say("scheme.note", note=note)
    screen.say("scheme.good")
