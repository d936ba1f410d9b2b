"""Draws records from the rules of a grouping scheme; those that the grouper puts where they were meant stay.

A recipe is one record with room in it: ages, weights and days between two cuts of the rules, so that every
claim made from it belongs to its group. What a claim adds to it cannot change a group (`sql/recipe/lists.sql`
says which codes those are). How often a group is treated is in `mix.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.grouping.grouper import Grouper
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


def make_recipes(
    grouper: Grouper, scheme: str, given: Mapping[str, Any], of: Sequence[Adrg], folder: Path
) -> None:
    """Writes the recipes and the codes that claims add to them as Parquet files into the folder."""
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
        target = str(folder / f"{name}.parquet").replace("'", "''")
        con.execute(f"COPY ({_text('out_' + name)}) TO '{target}' (FORMAT parquet)")


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
