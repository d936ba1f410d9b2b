"""Writes the deliveries and reference files of the made-up region.

DuckDB makes and writes the claims month by month, so that memory does not grow with their number;
all chance is a hash of the seed, so that the same call writes the same bytes whatever the threads.
What the region is like stands in `region.yml`, what a claim looks like in `sql/`.
"""

from __future__ import annotations

import calendar
import codecs
import re
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.calendar import Day, missing_year_message, working_days
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.grouping.grouper import Grouper
from drg_pipeline.grouping.scheme import LAYOUT_FILE, Scheme, find_scheme, read_scheme
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project
from drg_pipeline.synthetic import mix, region
from drg_pipeline.synthetic.folders import check_targets, put, stage_of
from drg_pipeline.synthetic.recipes import TABLES, make_recipes
from drg_pipeline.synthetic.reference_files import write_reference
from drg_pipeline.synthetic.region import Group, Hospital
from drg_pipeline.synthetic.small_table import fill

FILES = ("setlinfo", "diseinfo", "oprninfo", "payinfo", "iteminfo", "drginfo")
SCHEME = "starter"
LARGEST_BIRTH_SPAN = 16  # days; pending.sql leaves room for them at the ends of an age
LAST_UPLOAD_DAYS = 41  # after the last month: 10 February, where it is December
_SQL = Path(__file__).with_name("sql")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class _Month:
    name: str
    first: date
    days: int
    first_claim: int
    last_claim: int


def generate(
    inbox: Path,
    reference: Path,
    *,
    claims: int = 120_000,
    hospitals: int = 20,
    first_month: str = "2022-01",
    last_month: str = "2025-12",
    seed: int = 1,
    scheme: str | Path = SCHEME,
    schemes: Sequence[Path] | None = None,
    threads: int | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Makes a region's inbox and reference folder; returns what was written, in counts.

    The claims are of the groups of a scheme: a folder, or the name of one among `schemes`.
    A folder that holds anything but an earlier result of this function is refused; an earlier
    result is replaced once the new one is complete.
    """
    months = _months(first_month, last_month, claims)
    check_targets(inbox, reference)
    days = _calendar(months)
    settings = Settings.for_region(schemes=schemes)
    layout = load_reference_layout(settings.interface / LAYOUT_FILE)
    read = read_scheme(find_scheme(settings.schemes, str(scheme)), layout)
    given = region.parameters()
    made_hospitals = region.hospitals(given, hospitals, seed, months[-1].first.year)
    staged = [stage_of(folder) for folder in (inbox, reference)]
    try:
        with duckdb.connect(config={"threads": threads} if threads else {}) as con:
            drgs = _draw_recipes(con, given, read, settings, staged[0], threads, report)
            first = con.execute("SELECT drg, min(recipe), count(*) FROM recipe GROUP BY drg").fetchall()
            made_groups = region.groups(given, drgs, {drg: (low, count) for drg, low, count in first}, seed)
            _prepare(con, given, made_hospitals, made_groups, months, days)
            con.execute("SET VARIABLE seed = ?", [seed])
            con.execute("SET VARIABLE scheme = ?", [read.name])
            counts, budgets = _write_claims(con, staged[0], given, months, report)
        years = (months[0].first.year, months[-1].first.year)
        write_reference(staged[1], given, made_hospitals, made_groups, years, budgets, seed)
        called = {
            "claims": claims,
            "hospitals": hospitals,
            "months": [first_month, last_month],
            "seed": seed,
            "scheme": read.name,
        }
        for stage, folder in zip(staged, (inbox, reference), strict=True):
            put(stage, folder, called)
    finally:
        for stage in staged:
            shutil.rmtree(stage, ignore_errors=True)
    report(
        f"{claims:,} claims in {counts['deliveries']} deliveries of {hospitals} hospitals "
        f"({first_month} … {last_month}) are in {inbox}, the reference files in {reference}."
    )
    return {"claims": claims, "months": len(months), "groups": len(made_groups), **counts}


def _months(first_month: str, last_month: str, claims: int) -> list[_Month]:
    for name in (first_month, last_month):
        if not _MONTH.fullmatch(name):
            raise WrongUse(f"{name!r} is not a month.", remedy="Write it as YYYY-MM.")
    if last_month < first_month:
        raise WrongUse(f"The last month {last_month} lies before the first, {first_month}.")
    if claims < 1:
        raise WrongUse(f"{claims} claims cannot be made.", remedy="Ask for one or more.")
    day, end = date.fromisoformat(f"{first_month}-01"), date.fromisoformat(f"{last_month}-01")
    spans: list[tuple[date, int]] = []
    while day <= end:
        spans.append((day, calendar.monthrange(day.year, day.month)[1]))
        day += timedelta(days=spans[-1][1])
    total, passed, months = sum(days for _, days in spans), 0, []
    for first, days in spans:
        before, passed = claims * passed // total, passed + days
        months.append(_Month(f"{first:%Y-%m}", first, days, before + 1, claims * passed // total))
    return months


def _ends(months: Sequence[_Month]) -> tuple[date, date]:
    """The last day, and the last day on which a claim is uploaded."""
    last_day = months[-1].first + timedelta(days=months[-1].days - 1)
    return last_day, last_day + timedelta(days=LAST_UPLOAD_DAYS)


def _calendar(months: Sequence[_Month]) -> list[Day]:
    """The working days that stays and uploads are counted in."""
    horizon = _ends(months)[1]
    first_day = months[0].first - timedelta(days=31)
    days = [day for day in working_days([], first_day, horizon + timedelta(days=60)) if day.segment == 1]
    if not days or days[0].date != first_day or days[-1].date < horizon:
        raise missing_year_message([first_day, horizon])
    return days


# --- what every claim refers to


@lru_cache(maxsize=1)
def _project(settings: Settings) -> Project:
    """The models that group; reading them takes longer than a small region."""
    return Region(settings).project


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
    adrgs = mix.adrgs(scheme, given)
    drgs = mix.drgs(scheme, given, adrgs)
    scratch = stage / ".recipes"
    scratch.mkdir()
    with Grouper(_project(settings), settings.interface, [scheme], threads=threads) as grouper:
        make_recipes(grouper, scheme.name, given, adrgs, scratch)
    for name in TABLES:
        path = str(scratch / f"{name}.parquet").replace("'", "''")
        con.execute(f"CREATE TABLE {name} AS FROM read_parquet('{path}')")
    shutil.rmtree(scratch)
    found = {drg for (drg,) in con.execute("SELECT DISTINCT drg FROM recipe").fetchall()}
    if not found:
        raise DrgError(
            f"No record was found that the scheme {scheme.name} groups.", state="Nothing was written."
        )
    if missing := sorted({entry.drg for entry in drgs} - found):
        listed = ", ".join(missing)
        report(f"No claims of {len(missing)} groups of {scheme.name}, whose rules no record met: {listed}")
    return drgs


def _prepare(
    con: duckdb.DuckDBPyConnection,
    given: dict[str, Any],
    hospitals: Sequence[Hospital],
    groups: Sequence[Group],
    months: Sequence[_Month],
    days: Sequence[Day],
) -> None:
    last_day, horizon = _ends(months)
    numbers = {kind: [group.number for group in groups if group.kind == kind] for kind in ("rare", "new")}
    rates = {name: float(rate) for name, rate in given["rates"].items()}
    rates["new_group"] *= bool(numbers["new"])
    upload_days = [n for n, share in enumerate(given["upload_days"]) for _ in range(int(share))]
    claims = months[-1].last_claim
    variables: dict[str, Any] = {
        "calendar_first": days[0].date,
        "workdays": [day.date for day in days if day.is_workday],
        "workday_number": [day.working_day_no for day in days],
        "deadline_days": int(given["deadline_days"]),
        "horizon": horizon,
        "last_day": last_day,
        "last_year": last_day.year,
        **_persons(max(1, int(claims * float(given["persons"])))),
        "rate": rates,
        "rare_groups": numbers["rare"],
        "new_groups": numbers["new"],
        "rare_rate": int(given["rare_cases"]) * len(numbers["rare"]) / claims,
        "yearly_growth": float(given["yearly_growth"]),
        "upload_days": upload_days,
        "area": given["area"],
        "other_areas": given["other_areas"],
        "closed_hospital": {"code": hospitals[-1].code, "name": hospitals[-1].name},
    }
    con.execute("SET TimeZone = 'UTC'")
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = ?", [value])
    con.execute((_SQL / "macros.sql").read_text(encoding="utf-8"))
    fill(
        con,
        "hospital",
        "number INTEGER, fixmedins_code VARCHAR, name VARCHAR, level VARCHAR, ln_cost DOUBLE, "
        "fund INTEGER, closed_from DATE, closed_to DATE",
        [
            (h.number, h.code, h.name, h.level, h.ln_cost, h.fund, h.closed_from, h.closed_to)
            for h in hospitals
        ],
    )
    fill(
        con,
        "demo_group",
        "number INTEGER, drg VARCHAR, surgical BOOLEAN, ln_cost DOUBLE, sigma DOUBLE, "
        "days DOUBLE, uneven BOOLEAN, single BOOLEAN, first_recipe INTEGER, recipes INTEGER, "
        "others VARCHAR[]",
        [
            (
                *(g.number, g.drg, g.surgical, g.ln_cost, g.sigma, g.days),
                *(g.uneven, g.single, g.first_recipe, g.recipes, list(g.others)),
            )
            for g in groups
        ],
    )
    open_ones = [h for h in hospitals if h.weight > 0]
    lows = region.thresholds([h.weight for h in open_ones])
    fill(
        con,
        "hospital_pick",
        "low BIGINT, number INTEGER",
        zip(lows, (h.number for h in open_ones), strict=True),
    )
    usual = [g for g in groups if g.weight > 0]
    picks = [
        (level, low, group.number)
        for level in given["levels"]
        for low, group in zip(
            region.thresholds(region.group_weights(given, level, usual)), usual, strict=True
        )
    ]
    fill(con, "group_pick", "level VARCHAR, low BIGINT, number INTEGER", picks)
    flaws = {name: float(rate) for name, rate in given["flaws"].items()}
    lows = region.thresholds([*flaws.values(), 1 - sum(flaws.values())])
    fill(con, "flaw_pick", "low BIGINT, flaw VARCHAR", zip(lows, [*flaws, "none"], strict=True))


def _persons(wanted: int) -> dict[str, int]:
    """How many persons share sex and days of birth, for as many persons over the births of 80 years."""
    births = 2 * 80 * 365
    return {
        "birth_days": max(1, min(LARGEST_BIRTH_SPAN, births // wanted)),
        "persons_alike": max(1, round(wanted / births)),
    }


# --- claims


def _write_claims(
    con: duckdb.DuckDBPyConnection,
    inbox: Path,
    given: dict[str, Any],
    months: Sequence[_Month],
    report: Callable[[str], None],
) -> tuple[dict[str, Any], dict[tuple[int, str], int]]:
    """Each month makes its own claims and writes what arrives in it, kept back ones included."""
    queries = {name: (_SQL / f"{name}.sql").read_text(encoding="utf-8") for name in FILES}
    pending = (_SQL / "pending.sql").read_text(encoding="utf-8")
    dress = {int(position) % len(months): name for name, position in given["odd_encodings"].items()}
    counts: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    flaws: Counter[str] = Counter()
    budgets: Counter[tuple[int, str]] = Counter()
    con.execute(_empty(pending))
    for position, month in enumerate(months):
        for name, value in (
            ("month_first", month.first),
            ("month_days", month.days),
            ("first_claim", month.first_claim),
            ("last_claim", month.last_claim),
        ):
            con.execute(f"SET VARIABLE {name} = ?", [value])
        con.execute(pending)
        for year, pool, fund in con.execute((_SQL / "fund.sql").read_text(encoding="utf-8")).fetchall():
            budgets[int(year), str(pool)] += int(fund)
        _deliver(con, inbox, month.name, queries, {"main": dress.get(position, "")}, counts, rows, flaws)
        if month.first.month == 12 or month is months[-1]:
            report(f"{month.name}: {counts['versions']:,} versions of {month.last_claim:,} claims written")
    left = con.execute("SELECT DISTINCT arrival FROM pending ORDER BY arrival").fetchall()
    for (arrival,) in left:
        _deliver(con, inbox, arrival, queries, {}, counts, rows, flaws)
    return {**counts, "rows": dict(sorted(rows.items())), "flaws": dict(sorted(flaws.items()))}, dict(budgets)


def _empty(pending: str) -> str:
    """The statement that creates `pending` with the columns of the query that fills it."""
    body = pending[pending.index("with drawn") :].rstrip().rstrip(";")
    zero = "SET VARIABLE month_first = DATE '2000-01-01'; SET VARIABLE month_days = 1;"
    zero += " SET VARIABLE first_claim = 1; SET VARIABLE last_claim = 0;"
    return f"{zero} CREATE TABLE pending AS {body} LIMIT 0"


def _deliver(
    con: duckdb.DuckDBPyConnection,
    inbox: Path,
    month: str,
    queries: dict[str, str],
    dress: dict[str, str],
    counts: Counter[str],
    rows: Counter[str],
    flaws: Counter[str],
) -> None:
    arrived = con.execute(
        "SELECT delivery, version_flaw, count(*) FROM pending WHERE arrival = ? GROUP BY ALL ORDER BY ALL",
        [month],
    ).fetchall()
    for delivery in sorted({str(name) for name, _, _ in arrived}):
        folder = inbox / month / delivery
        folder.mkdir(parents=True)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE batch AS SELECT * FROM pending WHERE arrival = ? AND delivery = ?",
            [month, delivery],
        )
        for name, query in queries.items():
            path = folder / f"{name}.csv"
            quoted = str(path).replace("'", "''")
            written = con.execute(f"COPY ({query}) TO '{quoted}' (FORMAT csv, HEADER)").fetchone()
            rows[name] += int(written[0]) if written else 0
            if dress.get(delivery):
                _dress(path, dress[delivery])
        counts["deliveries"] += 1
    for _, flaw, number in arrived:
        counts["versions"] += int(number)
        if flaw != "none":
            flaws[str(flaw)] += int(number)
    con.execute("DELETE FROM pending WHERE arrival = ?", [month])


def _dress(path: Path, encoding: str) -> None:
    """Rewrites a file as an older export program would have written it."""
    plain = path.with_suffix(".tmp")
    path.rename(plain)
    target = {"gb18030": ("gb18030", "\n"), "bom_crlf": ("utf-8", "\r\n")}[encoding]
    with plain.open(encoding="utf-8", newline="") as source, path.open("wb") as sink:
        if encoding == "bom_crlf":
            sink.write(codecs.BOM_UTF8)
        while lines := source.readlines(1 << 20):
            sink.write("".join(lines).replace("\n", target[1]).encode(target[0]))
    plain.unlink()
