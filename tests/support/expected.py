"""The tables that other programs read (rulebook §12) as data, and the comparison with the expected ones.

Column names and types stand here as the rulebook promises them, not as `columns.yml` has them, so that a change
of the one shows against the other. How a lake comes about does not belong here.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

TEXT, COUNT, DAY, MOMENT = "VARCHAR", "BIGINT", "DATE", "TIMESTAMP"
MONEY, POINTS, VALUE = "DECIMAL(18,2)", "DECIMAL(18,4)", "DECIMAL(18,6)"
FLAG = "INTEGER"


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    partition  month, year or none
    columns    name -> type; the partition's own column is not among them
    key        columns that name a row, with the partition's own
    free       texts for people, which nobody compares
    """

    partition: str
    columns: dict[str, str]
    key: tuple[str, ...]
    free: tuple[str, ...] = ()


CONTRACT: dict[str, Table] = {
    "claims.rejected_row": Table(
        "month",
        {"file": TEXT, "line": COUNT, "column_name": TEXT, "raw": TEXT, "reason": TEXT},
        ("file", "line"),
        ("reason",),
    ),
    "claims.normalised_value": Table(
        "month",
        {"file": TEXT, "column_name": TEXT, "changed": COUNT, "line": COUNT, "example": TEXT},
        ("file", "column_name"),
        ("example",),
    ),
    "claims.outside_partition": Table(
        "month",
        {"setl_id": TEXT, "dcla_time": MOMENT, "setl_end_date": DAY, "fixmedins_code": TEXT, "reason": TEXT},
        ("setl_id", "dcla_time"),
    ),
    "quality.claim_check": Table(
        "month",
        {"setl_id": TEXT, "dcla_time": MOMENT, "check_id": TEXT, "severity": TEXT, "detail": TEXT},
        ("setl_id", "dcla_time", "check_id"),
        ("detail",),
    ),
    "quality.claim_status": Table(
        "month",
        {
            "setl_id": TEXT,
            "dcla_time": MOMENT,
            "status": TEXT,
            "reason": TEXT,
            "upload_deadline": DAY,
            "uploaded_on": DAY,
            "in_month": FLAG,
        },
        ("setl_id", "dcla_time"),
    ),
    "claims.version_index": Table(
        "none",
        {
            "setl_id": TEXT,
            "dcla_time": MOMENT,
            "delivery": TEXT,
            "settlement_month": TEXT,
            "next_dcla_time": MOMENT,
        },
        ("setl_id", "dcla_time"),
    ),
    "grouping.grouped_case": Table(
        "month",
        {"setl_id": TEXT, "dcla_time": MOMENT}
        | dict.fromkeys(("scheme", "mdc", "adrg", "drg", "status", "reason"), TEXT),
        ("setl_id", "dcla_time"),
        ("reason",),
    ),
    "calibration.group_base_point": Table(
        "year",
        {
            "drg": TEXT,
            "stability": TEXT,
            "n_raw": COUNT,
            "n": COUNT,
            "fee_sum": MONEY,
            "mean": MONEY,
            "median": MONEY,
            "cv": POINTS,
            "base_point": POINTS,
        },
        ("drg",),
    ),
    "calibration.level_coefficient": Table(
        "year",
        {"drg": TEXT, "level": TEXT, "n": COUNT, "level_mean": MONEY, "coefficient": POINTS, "basis": TEXT},
        ("drg", "level"),
    ),
    "calibration.overall": Table("year", {"n": COUNT, "fee_sum": MONEY, "mean": MONEY}, ()),
    "calibration.day_point": Table(
        "year",
        {"drg": TEXT, "n": COUNT, "days": COUNT, "fee_sum": MONEY, "day_points": POINTS, "basis": TEXT},
        ("drg",),
    ),
    "pricing.case_point": Table(
        "month",
        dict.fromkeys(("setl_id", "fixmedins_code", "pool", "drg", "category"), TEXT)
        | {"fee": MONEY, "fund": MONEY, "base_point": POINTS, "coefficient": POINTS, "multiple": POINTS}
        | {"level_mean": MONEY, "points": POINTS, "citation": TEXT},
        ("setl_id",),
    ),
    "settlement.monthly_pool": Table(
        "month",
        {"pool": TEXT, "cases": COUNT, "points": POINTS}
        | dict.fromkeys(
            ("fee", "fund", "allocation", "carry_in", "available", "budget_used", "carry_out"), MONEY
        )
        | {"point_value": VALUE, "settled": MONEY, "residual": MONEY},
        ("pool",),
    ),
    "settlement.monthly_settlement": Table(
        "month",
        {"fixmedins_code": TEXT, "pool": TEXT, "cases": COUNT, "points": POINTS}
        | dict.fromkeys(("fee", "fund", "settlement", "deposit", "payable"), MONEY),
        ("fixmedins_code", "pool"),
    ),
    "clearing.annual_case": Table(
        "year",
        dict.fromkeys(("setl_id", "fixmedins_code", "pool", "drg", "category"), TEXT)
        | {"fee": MONEY, "fund": MONEY, "points": POINTS, "source": TEXT},
        ("setl_id",),
    ),
    "clearing.annual_pool": Table(
        "year",
        {"pool": TEXT, "cases": COUNT, "points": POINTS, "fee": MONEY, "fund": MONEY, "budget": MONEY}
        | {"point_value": VALUE, "settled": MONEY, "residual": MONEY},
        ("pool",),
    ),
    "clearing.annual_settlement": Table(
        "year",
        {"fixmedins_code": TEXT, "pool": TEXT, "cases": COUNT, "points": POINTS, "fee": MONEY, "fund": MONEY}
        | {"entitlement": MONEY, "pay_ratio": VALUE, "payable": MONEY, "paid": MONEY, "due": MONEY},
        ("fixmedins_code", "pool"),
    ),
    "clearing.unsettled_case": Table(
        "year",
        {"setl_id": TEXT, "dcla_time": MOMENT} | dict.fromkeys(("fixmedins_code", "pool", "reason"), TEXT),
        ("setl_id", "dcla_time"),
    ),
    "clearing.ledger": Table(
        "year",
        {"fixmedins_code": TEXT, "pool": TEXT, "line": TEXT, "amount": MONEY, "citation": TEXT, "note": TEXT},
        ("fixmedins_code", "pool", "line"),
        ("note",),
    ),
}
"""Those of rulebook §12 that the checkout computes; the law of special cases and of findings comes with theirs."""

HIVE = {"month": TEXT, "year": COUNT}
"""The type that DuckDB itself finds for a partition's column in the path."""


def relation(region_lake: Path, table: str) -> str:
    """SQL for a published table as any tool reads it: files by a glob, partitions from the path."""
    kind = CONTRACT[table].partition
    folder = region_lake.joinpath(*table.split("."))
    inside = "part.parquet" if kind == "none" else f"{kind}=*/part.parquet"
    return f"read_parquet('{folder}/{inside}', hive_partitioning = true)"


def types_found(region_lake: Path, table: str) -> dict[str, str]:
    """The columns of the published files with their types."""
    with closing(duckdb.connect()) as con:
        described = con.execute(f"describe select * from {relation(region_lake, table)}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def types_promised(table: str) -> dict[str, str]:
    contract = CONTRACT[table]
    own = {} if contract.partition == "none" else {contract.partition: HIVE[contract.partition]}
    return contract.columns | own


def differences(
    region_lake: Path, table: str, expected: Path, year: str, since: Collection[str] = ()
) -> list[str]:
    """Rows of a year that only one side has, both cast to the types of the contract; the first few in words.

    since  columns that are younger than what is expected, and are not compared
    """
    contract = CONTRACT[table]
    kind = contract.partition
    absent = sorted((contract.columns.keys() | {kind}) - {*_header(expected), *since})
    if absent:
        return [f"{expected.name} lacks {', '.join(absent)}"]
    names = [kind, *(name for name in contract.columns if name not in {*contract.free, *since})]
    types = types_promised(table)
    # An empty text is null.
    filled = {name: f"nullif(\"{name}\", '')" if types[name] == TEXT else f'"{name}"' for name in names}
    picked = ", ".join(f'{text} as "{name}"' for name, text in filled.items())
    cast = ", ".join(f'cast({text} as {types[name]}) as "{name}"' for name, text in filled.items())
    own = f"where cast({kind} as varchar) like '{year}%'"
    with closing(duckdb.connect()) as con:
        con.execute(f"create table expected as select {cast} from {listed(expected)} {own}")
        con.execute(f"create table found as select {picked} from {relation(region_lake, table)} {own}")
        if table == "clearing.ledger":
            # A line of zero is the same as no line.
            for side in ("expected", "found"):
                con.execute(f"delete from {side} where amount = 0")
        keys = ", ".join([kind, *(name for name in contract.key if name not in since)])
        wrong = [
            f"{keys} stands {count} times: {key}"
            for *key, count in con.execute(
                f"select {keys}, count(*) from found group by {keys} having count(*) > 1"
            ).fetchall()
        ]
        for here, there in (("expected", "found"), ("found", "expected")):
            only = con.execute(
                f"select * from (from {here} except all from {there}) order by {keys} limit 5"
            ).fetchall()
            wrong += [
                f"only {here}: {', '.join(f'{n}={v}' for n, v in zip(names, row, strict=True))}"
                for row in only
            ]
    return wrong


FINDINGS = "quality.claim_check"
_IN_THE_YEAR = (
    "select distinct month, setl_id, cast(dcla_time as timestamp), {} from {} where month like '{}%' and {}"
)


def findings(source: str, year: str, of: str, *more: str) -> set[tuple[object, ...]]:
    """The versions of a year with a finding of which `of` is true, and more of its columns; `source` is SQL."""
    query = _IN_THE_YEAR.format(", ".join(more) or "true", source, year, of)
    with closing(duckdb.connect()) as con:
        return set(con.execute(query).fetchall())


def listed(path: Path) -> str:
    """SQL for the rows of an expected table, as text."""
    return f"read_csv('{path}', all_varchar = true, header = true)"


def _header(path: Path) -> Sequence[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def normalised_rows(path: Path) -> set[tuple[str, str, int, int]]:
    """File, column, changed cells and first line of an expected `claims.normalised_value`; examples are free."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {
            (row["file"], row["column_name"], int(row["changed"]), int(row["line"]))
            for row in csv.DictReader(file)
        }
