"""Draws records from the rules of a grouping scheme; those that the grouper puts where they were meant stay.

A recipe is one record with room in it: ages, weights and days between two cuts of the rules, so that every
claim made from it belongs to its group. What a claim adds to it cannot change a group (`sql/recipe/lists.sql`
says which codes those are). How often a group is treated is in `mix.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.duck import write_parquet
from drg_pipeline.files import work_folder
from drg_pipeline.grouping.grouper import Grouper
from drg_pipeline.grouping.scheme import Scheme
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project
from drg_pipeline.synthetic import mix
from drg_pipeline.synthetic.mix import Adrg
from drg_pipeline.synthetic.small_table import fill

_SQL = Path(__file__).with_name("sql") / "recipe"
ROUNDS = (3, 3, 12, 40)  # drafts for each recipe wanted; the later rounds are for groups without one
_RECIPE = (
    "drg VARCHAR, variant BIGINT, mdc VARCHAR, sex VARCHAR, stage VARCHAR, "
    "stretch_from BIGINT, stretch_to BIGINT, "
    "years_from BIGINT, years_to BIGINT, days_from BIGINT, days_to BIGINT, weight_from BIGINT, "
    "weight_to BIGINT, los_from BIGINT, los_to BIGINT, disposition VARCHAR, department VARCHAR, "
    "diagnoses VARCHAR[], procedures VARCHAR[]"
)
TABLES = ("recipe", "comorbidity", "usual_procedure")
_MISSING = "SELECT 1 FROM wanted WHERE drg NOT IN (SELECT drg FROM recipe) LIMIT 1"
_ASKS_DISPOSITION = "FROM asked WHERE predicate = 'discharge_disposition'"
_STAGES = ("newborn", "maternal")
_SEXES = {"male": "1", "female": "2"}


# What of region.yml the recipes depend on, and nothing else is given to them.
_READ = ("mix", "other_adrgs", "recipes", "departments", "codes", "comorbidities", "usual_procedures")


@dataclass(frozen=True)
class _Asked:
    digest: str
    threads: int | None
    settings: Settings = field(compare=False)
    scheme: Scheme = field(compare=False)
    given: Mapping[str, Any] = field(compare=False)


def recipes_of(
    settings: Settings, scheme: Scheme, given: Mapping[str, Any], threads: int | None = None
) -> dict[str, bytes]:
    """The recipes and the codes that claims add to them, a Parquet file for each of TABLES.

    A process draws the same ones once: that takes longer than a small region.
    """
    read = {name: given[name] for name in _READ}
    told = json.dumps([scheme.name, scheme.digest, read], sort_keys=True).encode()
    return _drawn(_Asked(hashlib.sha256(told).hexdigest(), threads, settings, scheme, read))


@lru_cache(maxsize=4)
def _drawn(asked: _Asked) -> dict[str, bytes]:
    project, interface = _project(asked.settings), asked.settings.interface
    with (
        work_folder() as folder,
        Grouper(project, interface, [asked.scheme], threads=asked.threads) as grouper,
    ):
        adrgs = mix.adrgs(asked.scheme, asked.given)
        _make(grouper, asked.scheme.name, asked.given, adrgs, folder)
        return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


@lru_cache(maxsize=1)
def _project(settings: Settings) -> Project:
    """The models that group."""
    return Region(settings).project


def _make(grouper: Grouper, scheme: str, given: Mapping[str, Any], of: Sequence[Adrg], folder: Path) -> None:
    con = grouper.con
    _prepare(con, given, of)
    for name, value in (("round", 0), ("tries", 0)):
        con.execute(f"SET VARIABLE {name} = ?", [value])
    con.execute(_text("lists"))
    con.execute(f"SET VARIABLE asks_disposition = EXISTS (SELECT 1 {_ASKS_DISPOSITION})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE recipe ({_RECIPE})")
    for number, tries in enumerate(ROUNDS):
        if number and not con.execute(_MISSING).fetchall():
            break
        con.execute("SET VARIABLE round = ?", [number])
        con.execute("SET VARIABLE tries = ?", [tries])
        con.execute(_text("candidate"))
        grouper.group(_text("record"), scheme)
        con.execute(_text("proved"))
    for name in TABLES:
        write_parquet(con, _text(f"out_{name}"), folder / f"{name}.parquet", kept=False)


def _prepare(con: duckdb.DuckDBPyConnection, given: Mapping[str, Any], of: Sequence[Adrg]) -> None:
    prefixes = given["codes"]
    traits: list[tuple[str, str | None, str | None]]
    traits = [(prefix, sex, None) for name, sex in _SEXES.items() for prefix in prefixes[name]]
    traits += [(prefix, None, stage) for stage in _STAGES for prefix in prefixes[stage]]
    fill(con, "trait_prefix", "prefix VARCHAR, sex VARCHAR, stage VARCHAR", traits)
    lists = [(name, prefix) for name in ("adult", "apart", "usual") for prefix in prefixes[name]]
    fill(con, "prefix_list", "list VARCHAR, prefix VARCHAR", lists)
    wanted = given["recipes"]
    wards = given["departments"]
    mix = [
        (
            entry.adrg,
            list(entry.principal),
            int(min(wanted["most"], wanted["fewest"] + entry.per_10000 * wanted["per_10000"])),
            entry.child_share,
            entry.age_from,
            entry.age_to,
            entry.days,
            entry.splits,
            wards["letters"].get(entry.letter, wards["surgical" if entry.surgical else "medical"]),
        )
        for entry in of
    ]
    fill(
        con,
        "adrg_mix",
        "adrg VARCHAR, principal VARCHAR[], keep BIGINT, child_share DOUBLE, age_from BIGINT, "
        "age_to BIGINT, mean_days DOUBLE, splits BOOLEAN, department VARCHAR",
        mix,
    )
    besides = [
        (entry["codes"], entry["weight"], entry["ages"]["low"], entry["ages"]["high"])
        for entry in given["comorbidities"]
    ]
    fill(con, "comorbidity_prefix", "prefix VARCHAR, weight BIGINT, age_from BIGINT, age_to BIGINT", besides)
    fill(con, "procedure_prefix", "prefix VARCHAR, weight BIGINT", given["usual_procedures"].items())


def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
