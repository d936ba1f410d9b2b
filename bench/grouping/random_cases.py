"""Writes random case files for a scheme: any number of records, as one Parquet file, made set-wise.

Codes and departments come from the scheme's tables, the rest is drawn. What a record is grouped to is not
known here; the reference evaluation beside this module says it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from drg_pipeline.errors import DrgError, Fault

DIAGNOSES, PROCEDURES = 8, 4
FILES = ("diagnosis", "procedure", "code_set", "mdc_rule", "adrg_rule", "drg_rule")

# One row of lists to pick from, sorted so that the order of rows in the files changes nothing.
POOLS = """
rule as (
    select * from read_csv(
        [{mdc_rule}, {adrg_rule}, {drg_rule}], all_varchar = true, header = true, union_by_name = true
    )
),

infant_code as (
    -- An infant is seldom a newborn case by chance: that gate asks age and principal diagnosis at once.
    select distinct c.code
    from rule as age
    join rule as gate
      on gate.mdc = age.mdc
     and gate.alternative = age.alternative
    join read_csv({code_set}, all_varchar = true, header = true) as c
      on c.set_id = gate.code_set
    where age.predicate = 'age_years'
      and gate.predicate = 'principal_diagnosis_in'
),

department as (
    select distinct unnest(string_split(value, '|')) as name from rule where predicate = 'department'
    union
    select unnest(['0301', '0304', 'ICU'])
),

diagnosis as (
    select
        list(code order by code) as diagnoses,
        list(code order by code) filter (where valid_for_grouping = '1') as principals
    from read_csv({diagnosis}, all_varchar = true, header = true)
),

procedure as (
    select
        list(code order by code) as procedures,
        list(code order by code) filter (where valid_for_grouping = '1') as operations
    from read_csv({procedure}, all_varchar = true, header = true)
),

pool as (
    select
        diagnoses,
        coalesce(principals, diagnoses) as principals,
        coalesce((select list(code order by code) from infant_code), principals, diagnoses)
            as infant_principals,
        procedures,
        coalesce(operations, procedures) as operations,
        (select list(name order by name) from department) as departments
    from diagnosis, procedure
)
"""

NEWBORN_DAYS = "[0, 1, 7, 27, 28, 29]"
WEIGHTS = "[0, 1, 999, 1499, 1500, 1999, 2000, 2499, 2500, 2501]"


def write_random_cases(
    scheme_folder: Path,
    out: Path,
    count: int,
    seed: int,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> None:
    """Write random cases: scheme, count and seed decide rows and order, however many threads there are."""
    absent = [f"{file}.csv" for file in FILES if not (scheme_folder / f"{file}.csv").is_file()]
    if absent:
        raise DrgError(
            f"No cases were made: {scheme_folder} is not a whole scheme.",
            [Fault(file, "the file is missing") for file in absent],
            remedy="Name the folder of a scheme.",
        )
    half = out.with_name(f"{out.name}.tmp")
    sql = f"copy ({_cases(scheme_folder, count, seed)}) to {_quoted(half)} (format parquet)"
    if connection is None:
        with duckdb.connect() as own:
            own.execute(sql)
    else:
        connection.execute(sql)
    half.replace(out)


def _cases(folder: Path, count: int, seed: int) -> str:
    """One SELECT: draws a record's size and kind first, then its fields, then its codes by slot."""
    draw = _Draw(seed)
    pools = POOLS.format(**{file: _quoted(folder / f"{file}.csv") for file in FILES})
    principal = f"""case
        when {draw.chance("principal")} < 0.01 then {draw.unknown("principal")}
        when {draw.chance("principal")} < 0.05 then {draw.one_of("principal code", "diagnoses")}
        when infant and {draw.chance("newborn")} < 0.5
            then {draw.one_of("principal code", "infant_principals")}
        else {draw.one_of("principal code", "principals")}
    end"""
    first = f"""case
        when {draw.chance("operation")} < 0.01 then {draw.unknown("operation")}
        when {draw.chance("operation")} < 0.3 then {draw.one_of("operation code", "procedures")}
        else {draw.one_of("operation code", "operations")}
    end"""
    diagnoses = _joined(draw, "diagnosis", "principal", "diagnoses", DIAGNOSES)
    procedures = _joined(draw, "procedure", "operation", "procedures", PROCEDURES)
    return f"""
with {pools},

kind as (
    select
        i,
        {draw.chance("infant")} < 0.05 as infant,
        case
            when {draw.chance("no diagnosis")} < 0.01 then 0
            else 1 + {draw.below("diagnoses", DIAGNOSES)}
        end as diagnosis_count,
        {draw.below("procedures", PROCEDURES + 1)} as procedure_count
    from range({int(count)}) as numbers(i)
),

aged as (
    select
        kind.*,
        case
            when infant then 0
            when {draw.chance("no age")} >= 0.003 then 1 + {draw.below("age", 100)}
        end as age_years
    from kind
),

drawn as (
    select
        aged.*,
        pool.*,
        {principal} as principal,
        {first} as operation
    from aged, pool
)

select
    i + 1 as case_id,
    case
        when {draw.chance("sex")} < 0.995 then {draw.one_of("which sex", "['1', '2']")}
        else {draw.one_of("which sex", "['0', '9', null]")}
    end as sex,
    age_years::integer as age_years,
    case
        when infant and {draw.chance("days")} < 0.04 then null
        when infant and {draw.chance("days")} < 0.3 then {draw.one_of("age in days", NEWBORN_DAYS)}
        when infant and {draw.chance("days")} < 0.6 then {draw.below("age in days", 29)}
        when infant then {draw.below("age in days", 365)}
        -- Days that contradict the years are let in by the layout.
        when {draw.chance("days")} < 0.005 then {draw.below("age in days", 40)}
        when {draw.chance("days")} < 0.3 then 365 * age_years + {draw.below("age in days", 365)}
    end::integer as age_days,
    case
        when infant and {draw.chance("weight")} < 0.05 then null
        when infant and {draw.chance("weight")} < 0.3 then {draw.one_of("grams", WEIGHTS)}
        when infant or {draw.chance("weight")} < 0.01 then 400 + {draw.below("grams", 4600)}
    end::integer as newborn_weight_g,
    case when {draw.chance("stay")} >= 0.01 then {draw.below("days of stay", 75)} end::integer as los_days,
    {draw.one_of("disposition", "['1', '2', '3', '4', '5', '9', null]")} as discharge_disposition,
    case when {draw.chance("department")} >= 0.05 then {draw.one_of("which department", "departments")} end
        as department,
    {diagnoses} as diagnoses,
    {procedures} as procedures
from drawn
"""


def _joined(draw: _Draw, kind: str, first: str, pool: str, slots: int) -> str:
    """The first code and up to `slots` - 1 others, as many as the record has; some are the first again."""
    codes = [f"case when {kind}_count >= 1 then {first} end"]
    for slot in range(2, slots + 1):
        what = f"{kind} {slot}"
        codes.append(
            f"case when {kind}_count < {slot} then null"
            f" when {draw.chance(what)} < 0.01 then {draw.unknown(what)}"
            f" when {draw.chance(what)} < 0.04 then {first}"
            f" else {draw.one_of(what + ' code', pool)} end"
        )
    return "concat_ws('|',\n        " + ",\n        ".join(codes) + "\n    )"


class _Draw:
    """Draws as SQL: each is a hash of seed, case and what is drawn, so that threads cannot change it."""

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)

    def hashed(self, what: str) -> str:
        return f"hash(hash(i, '{what}'), {self.seed})"

    def chance(self, what: str) -> str:
        return f"({self.hashed(what)} >> 12)::double / 4503599627370496.0"

    def below(self, what: str, n: int) -> str:
        return f"({self.hashed(what)} % {n}::ubigint)::integer"

    def one_of(self, what: str, items: str) -> str:
        return f"list_extract({items}, 1 + ({self.hashed(what)} % len({items})::ubigint)::bigint)"

    def unknown(self, what: str) -> str:
        """A code that is in no scheme."""
        return f"'?' || {self.below(what + ' unknown', 1000)}"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
