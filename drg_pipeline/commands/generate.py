"""`drg generate`: lifelike deliveries and reference files of a made-up region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drg_pipeline.commands.options import check_writable, language, region_options
from drg_pipeline.commands.screen import Screen
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.settings import Settings


@click.command("generate", short_help="Write made-up deliveries and reference files.")
@language
@region_options("region", "inbox", "reference", "policy", "schemes")
@click.option("--claims", type=int, default=120_000, show_default=True, metavar="N", help="Claims in all.")
@click.option(
    "--hospitals", type=int, default=20, show_default=True, metavar="N", help="Hospitals, six or more."
)
@click.option("--first-month", default="2022-01", show_default=True, metavar="YYYY-MM")
@click.option("--last-month", default="2025-12", show_default=True, metavar="YYYY-MM")
@click.option(
    "--scheme",
    default="starter",
    show_default=True,
    metavar="NAME_OR_FOLDER",
    help="The grouping scheme whose groups the claims are of.",
)
@click.option(
    "--like", metavar="FILE", help="Parameters of another region, in the form of synthetic/region.yml."
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Same seed, same files.")
def generate(
    screen: Screen,
    region: str,
    inbox: str | None,
    reference: str | None,
    schemes: tuple[str, ...],
    policy: str | None,
    like: str | None,
    first_month: str,
    last_month: str,
    **size: Any,
) -> None:
    """Write made-up deliveries of claims and the reference files that go with them.

    The claims' diagnoses, procedures, ages and weights lead to the groups of the scheme.
    Folders that hold anything else are left alone.
    """
    from drg_pipeline.synthetic import PARAMETERS
    from drg_pipeline.synthetic import generate as make

    settings = Settings.for_region(region, inbox=inbox, reference=reference, schemes=schemes, policy=policy)
    check_writable(settings.inbox, settings.reference)
    make(
        settings.inbox,
        settings.reference,
        schemes=settings.schemes,
        policy=settings.policy,
        like=Path(like) if like else PARAMETERS,
        report=screen.line,
        first_month=Period.of(first_month, MONTH),
        last_month=Period.of(last_month, MONTH),
        **size,
    )
