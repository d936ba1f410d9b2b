"""How the arithmetic is written: one SELECT a file, exact types, no legal literal, columns and checks
described once.

Whether what is written is right is the business of the worked examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from support.harness import Bench
from support.periods import periods

from drg_pipeline.forms import Place
from drg_pipeline.periods import Period
from drg_pipeline.region.bound import unread
from drg_pipeline.settings import PROJECT
from drg_pipeline.sql.header import split_header
from drg_pipeline.sql.project import Project
from drg_pipeline.sql.query import parsed

MODELS = PROJECT / "dbt_like_sql"
MACROS = sorted(MODELS.rglob("macros.sql"))
FILES = sorted(set(MODELS.rglob("*.sql")) - set(MACROS))
# Units and scale factors: nothing, one, twice, months of a year, fen of a yuan, ten-thousandths, products.
SCALES = {"0", "1", "2", "12", "100", "200", "10000", "100000000", "100000000000000"}
BINARY = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
# The coefficient of variation that people read; the class is decided on whole numbers.
READ_ONLY = {("calibration.group_base_point", "cv")}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(MODELS).with_suffix("").parts)


def trees() -> Iterator[tuple[str, exp.Expr]]:
    for path in FILES:
        yield name_of(path), sqlglot.parse_one(split_header(path, Place(path.name))[1], read="duckdb")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_a_header_and_one_select(path: Path) -> None:
    header, sql = split_header(path, Place(path.name))
    assert header and header["describe"].strip().endswith(".")
    statements = sqlglot.parse(sql, read="duckdb")
    assert len(statements) == 1 and isinstance(statements[0], exp.Query)
    assert "{{" not in sql and "{%" not in sql, "models are plain SQL"


@pytest.mark.parametrize("path", [*FILES, *MACROS], ids=name_of)
def test_no_cast_swallows_a_fault_and_no_join_hides_its_keys(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert "try_cast" not in text and "try(" not in text
    assert not re.search(r"\busing\s*\(", text), "joins say ON"
    assert not re.search(
        r"\b(avg|median|quantile\w*|percentile\w*|stddev\w*|var_\w+)\s*\(",
        text.replace("quantile_scaled(", ""),
    )


def test_no_binary_fraction_touches_money_points_or_a_threshold() -> None:
    found = set()
    for name, tree in trees():
        for node in tree.find_all(exp.DataType, exp.Div):
            if isinstance(node, exp.Div) or node.this in BINARY:
                select = node.find_ancestor(exp.Alias)
                found.add((name, select.alias if select else ""))
    assert found == READ_ONLY


@pytest.mark.parametrize("path", MACROS, ids=name_of)
def test_macros_take_no_binary_fraction(path: Path) -> None:
    text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    assert not re.search(r"\b(double|float|real)\b", text, re.I)
    assert not re.search(r"(?<!/)/(?!/)", text), (
        "decimals are divided as doubles: divide whole numbers with //"
    )


def test_no_figure_of_the_law_stands_in_sql() -> None:
    found = [
        f"{name}: {literal.sql()} in {literal.parent.sql()[:60] if literal.parent else ''}"
        for name, tree in trees()
        for literal in tree.find_all(exp.Literal)
        if not literal.is_string and literal.this not in SCALES and not _of_the_calendar(literal)
    ]
    assert not found


def _of_the_calendar(literal: exp.Literal) -> bool:
    """Lengths of types, the year in a month's text, days and months of a date, the twelve months."""
    if literal.find_ancestor(exp.DataType):
        return True
    inside = literal.parent
    if isinstance(inside, exp.Left) and literal.this == "4":
        return True
    if isinstance(inside, exp.DateFromParts) or (
        isinstance(inside, exp.Anonymous) and inside.name.lower() == "make_date"
    ):
        return True
    return isinstance(inside, exp.Array) and [item.sql() for item in inside.expressions] == [
        str(n) for n in range(1, 13)
    ]


def test_no_code_of_the_law_stands_in_sql(bench: Bench) -> None:
    """Pools, levels, funds, grades and divisions are rows of the law; SQL joins them and spells none."""
    codes: set[str] = set()
    for table, column in (
        ("policy.pool", "pool"),
        ("policy.pool_member", "insutype"),
        ("policy.division", "division"),
        ("policy.pooled_fund", "fund_pay_type"),
        ("policy.care_level", "level"),
        ("policy.uplift_ceiling", "grade"),
    ):
        place = bench.columns(table).index(column)
        codes |= {
            str(row[place])
            for row in bench.region.pack.rows(
                table, periods("2025-03" if table != "policy.care_level" else "2025"), _far
            )
        }
    found = [
        f"{name}: {literal.this}"
        for name, tree in trees()
        for literal in tree.find_all(exp.Literal)
        if literal.is_string and literal.this in codes
    ]
    assert not found


def _far(phase: str, period: Period) -> date:
    return date.max


def test_every_output_column_is_listed_and_every_listing_used(bench: Bench) -> None:
    used: set[str] = set()
    for model in bench.project.models.values():
        for column in sorted(set(model.columns) - set(model.compiled)):
            own = f"{model.name}.{column}"
            listed = own if own in bench.project.columns else column
            assert listed in bench.project.columns, own
            used.add(listed)
    assert bench.project.columns.keys() == used


def test_every_column_has_a_type_a_unit_and_a_meaning(bench: Bench) -> None:
    with duckdb.connect() as con:
        for name, column in bench.project.columns.items():
            assert column.unit and column.meaning, name
            con.execute(f"select cast(null as {column.type})")
            assert not re.search("double|float|real", column.type, re.I), name


def test_money_points_and_values_have_their_types(bench: Bench) -> None:
    scales = {"yuan": "DECIMAL(18,2)", "points": "DECIMAL(18,4)", "yuan per point": "DECIMAL(18,6)"}
    for name, column in bench.project.columns.items():
        if column.unit in scales:
            assert column.type == scales[column.unit], name


# What the pack holds and nothing computes with yet. A parameter without effect is a trap for whoever sets it, so this
# list only shrinks; `drg policy check` says it too.
AWAITED = {
    "budget": "adjustment_counts_in",
    "calibration": "care_level.rank history_year.weight",
    "clearing": (
        "assessment_indicator clearing_due fund_floor_share growth_adjustment growth_base "
        "growth_bound growth_rate_above growth_rate_below growth_set_rate "
        "new_technology_from new_technology_share new_technology_until violation_unit"
    ),
    "prepayment": (
        "amount_months months_of_balance_employee months_of_balance_resident published_by "
        "recovered_by refused_after_deficit spending_months"
    ),
    "pricing": "discipline_base_point_uplift",
    "reading": "reading",
    "region": "excluded_charge",
    "settlement": "payment_counted_from",
    "special_case": (
        "application_cmi_floor application_minimum application_share "
        "application_working_days bulletin_months filing_working_days panel_size "
        "programme_share review_months screening_minimum_ratio screening_share "
        "special_case_ground special_case_material special_case_refusal"
    ),
}
# Columns that only people and reports read.
FOR_PEOPLE = {"title", "law"}


def test_every_parameter_of_the_law_is_read_or_awaited(bench: Bench) -> None:
    found = unread(bench.region)
    read: dict[str, set[str]] = {}
    for reader in bench.project.readers:
        names = {column.name for column in sqlglot.parse_one(reader.sql, read="duckdb").find_all(exp.Column)}
        for table in reader.upstream:
            read.setdefault(table, set()).update(names)
    for full, parameter in bench.region.pack.parameters.items():
        if parameter.columns and full not in found:
            columns = set(parameter.columns) - read[f"policy.{parameter.name}"] - FOR_PEOPLE
            found += [f"{full}.{column}" for column in columns]
    awaited = [f"{topic}.{name}" for topic, names in AWAITED.items() for name in names.split()]
    assert sorted(found) == sorted(awaited)


def test_a_header_says_only_where_reading_differs_from_the_model_s_own_period(bench: Bench) -> None:
    for model in bench.project.models.values():
        for table, reads in model.reads.items():
            assert reads.months is None or (model.partition == "month" and reads.months != (0, 0)), (
                f"{model.name}: {table}"
            )
            assert reads.years is None or (model.partition == "year" and reads.years != (0, 0)), (
                f"{model.name}: {table}"
            )
            assert reads.months or not reads.within_year, f"{model.name}: {table}"


def test_a_text_of_many_files_says_what_its_model_says(bench: Bench) -> None:
    """What a composed text reads and yields is put together from its files, without reading it again."""
    for model in Project(bench.project.folder, bench.project.sources.values()).models.values():
        said = parsed(model.sql)
        whole = (model.upstream, model.columns, frozenset())
        assert (said.upstream, said.columns, said.bare) == whole, model.name
