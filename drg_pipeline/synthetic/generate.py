"""Makes the deliveries and reference files of a made-up region: the whole of it, step by step.

DuckDB makes and writes the claims month by month, so that memory grows with those of a month, not with all;
all chance is a hash of the seed, so that the same call writes the same bytes whatever the threads.
What the region is like stands in `region.yml`, what a claim looks like in `sql/`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.calendar import Day, missing_year_message, working_days
from drg_pipeline.duck import connect, file_literal
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.grouping.scheme import LAYOUT_FILE, Scheme, find_scheme, read_scheme
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.periods import Period, between
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.settings import Settings
from drg_pipeline.synthetic import mix, region, seasons
from drg_pipeline.synthetic.deliveries import write_claims
from drg_pipeline.synthetic.folders import check_targets, put, stage_of
from drg_pipeline.synthetic.parameters import PARAMETERS, digest_of_parameters, parameters
from drg_pipeline.synthetic.prepare import prepare
from drg_pipeline.synthetic.recipes import recipes_of
from drg_pipeline.synthetic.reference_files import write_reference

SCHEME = "starter"
# What the law is asked for.
PAYER, LOCAL = "payer", "local"
FIRST_MONTH, LAST_MONTH = Period.of("2022-01"), Period.of("2025-12")
LAST_UPLOAD_DAYS = 41  # after the last month: 10 February, where it is December


def generate(
    inbox: Path,
    reference: Path,
    *,
    claims: int = 120_000,
    hospitals: int = 20,
    first_month: Period = FIRST_MONTH,
    last_month: Period = LAST_MONTH,
    seed: int = 1,
    scheme: str | Path = SCHEME,
    schemes: Sequence[Path] = (),
    policy: Path | None = None,
    like: Path = PARAMETERS,
    threads: int | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Makes a region's inbox and reference folder; returns what was written, in counts.

    The claims are of the groups of a scheme: a folder, or the name of one among `schemes`. `like` is the
    file of parameters, `policy` the folder of the law that says who pays. A folder that holds anything but an
    earlier result of this function is refused; an earlier result is replaced once the new one is complete.
    """
    if last_month < first_month:
        raise WrongUse(f"The last month {last_month} lies before the first, {first_month}.")
    if claims < 1:
        raise WrongUse(f"{claims} claims cannot be made.", remedy="Ask for one or more.")
    check_targets(inbox, reference)
    given = parameters(like)
    first_day, last_day = first_month.first, last_month.last
    horizon = last_day + timedelta(days=LAST_UPLOAD_DAYS)
    days = _calendar(first_day, horizon)
    months = seasons.months(between(first_month, last_month), claims, given, days)
    settings = Settings.for_region(schemes=schemes, policy=policy)
    pack = load_pack(settings.policy)
    pools = {
        (str(insutype), str(place)): str(pool)
        for insutype, place, pool in (row.values() for row in pack.rows_of(PAYER, last_day))
    }
    layout = load_reference_layout(settings.interface / LAYOUT_FILE)
    read = read_scheme(find_scheme(settings.schemes, str(scheme)), layout)
    made = {**given, "area": _local(pack, last_day)}
    made_hospitals = region.hospitals(made, hospitals, seed, last_day.year)
    staged = [stage_of(folder) for folder in (inbox, reference)]
    try:
        with connect(threads=threads) as con:
            drgs = _draw_recipes(con, given, read, settings, staged[0], threads, report)
            first = con.execute("SELECT drg, min(recipe), count(*) FROM recipe GROUP BY drg").fetchall()
            made_groups = region.groups(given, drgs, {drg: (low, count) for drg, low, count in first}, seed)
            con.execute("SET VARIABLE seed = ?", [seed])
            con.execute("SET VARIABLE scheme = ?", [read.name])
            prepare(con, made, made_hospitals, made_groups, (first_day, last_day, horizon), days, claims)
            written = write_claims(con, staged[0], given["odd_encodings"], months, pools, report)
        years = (first_day.year, last_day.year)
        funded = product(range(years[0], years[1] + 1), sorted(set(pools.values())))
        paid = {(year, pool): written.funds[year, pool] for year, pool in funded}
        write_reference(staged[1], given, made_hospitals, made_groups, years, paid, seed)
        called = {
            "claims": claims,
            "hospitals": hospitals,
            "months": [str(first_month), str(last_month)],
            "seed": seed,
            "scheme": read.name,
            "like": digest_of_parameters(given),
        }
        for stage, folder in zip(staged, (inbox, reference), strict=True):
            put(stage, folder, called)
    finally:
        for stage in staged:
            shutil.rmtree(stage, ignore_errors=True)
    report(
        f"{claims:,} claims in {written.deliveries} deliveries of {hospitals} hospitals "
        f"({first_month} … {last_month}) are in {inbox}, the reference files in {reference}."
    )
    return {"claims": claims, "months": len(months), "groups": len(made_groups), **written.told()}


def _local(pack: Pack, on: date) -> str:
    """The division that the region's own insured come from: the first that the law names."""
    (division, *_) = (value for row in pack.rows_of(LOCAL, on) for value in row.values())
    return str(division)


def _calendar(first_day: date, horizon: date) -> list[Day]:
    """The working days that stays and uploads are counted in."""
    start = first_day - timedelta(days=31)
    days = [day for day in working_days([], start, horizon + timedelta(days=60)) if day.segment == 1]
    if not days or days[0].date != start or days[-1].date < horizon:
        raise missing_year_message([start, horizon])
    return days


def _draw_recipes(
    con: duckdb.DuckDBPyConnection,
    given: dict[str, Any],
    scheme: Scheme,
    settings: Settings,
    stage: Path,
    threads: int | None,
    report: Callable[[str], None],
) -> list[mix.Drg]:
    """Fills the tables of recipes; the scheme's groups, those without a recipe told once."""
    drgs = mix.drgs(scheme, given, mix.adrgs(scheme, given))
    scratch = stage / ".recipes.parquet"
    for name, content in recipes_of(settings, scheme, given, threads).items():
        scratch.write_bytes(content)
        con.execute(f"CREATE TABLE {name} AS FROM read_parquet({file_literal(scratch)})")
    scratch.unlink()
    found = {drg for (drg,) in con.execute("SELECT DISTINCT drg FROM recipe").fetchall()}
    if not found:
        raise DrgError(
            f"No record was found that the scheme {scheme.name} groups.", state="Nothing was written."
        )
    if missing := sorted({entry.drg for entry in drgs} - found):
        listed = ", ".join(missing)
        report(f"No claims of {len(missing)} groups of {scheme.name}, whose rules no record met: {listed}")
    return drgs
