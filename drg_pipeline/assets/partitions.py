"""Partitions of the assets, and which partitions of one asset another one reads."""

from __future__ import annotations

import dagster as dg

from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period
from drg_pipeline.sql.header import Reads
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project


def month_partitions(first_month: Period) -> dg.MonthlyPartitionsDefinition:
    """Settlement months `YYYY-MM`, up to the current one."""
    return dg.MonthlyPartitionsDefinition(start_date=str(first_month), fmt="%Y-%m", end_offset=1)


def year_partitions(first_month: Period) -> dg.TimeWindowPartitionsDefinition:
    """Policy years `YYYY`, up to the current one."""
    return dg.TimeWindowPartitionsDefinition(
        start=str(first_month.year), fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1
    )


def definition_of(kind: str, first_month: Period) -> dg.PartitionsDefinition[str] | None:
    if kind == MONTH:
        return month_partitions(first_month)
    if kind == YEAR:
        return year_partitions(first_month)
    return None


def periods_of(context: dg.AssetExecutionContext) -> list[Period]:
    """The periods that a step is run for."""
    if context.has_partition_key or context.has_partition_key_range:
        return [Period.of(key) for key in context.partition_keys]
    return [WHOLE]


def mapping(project: Project, model: Model, upstream: str) -> dg.PartitionMapping | None:
    """How the partitions of a model depend on those of what it reads; None where one of them has none.

    Offsets count in the model's own periods. Periods before the first partition need not be there for
    Dagster: whether something is missing is read from what is published.
    """
    up_kind = project.partition_of(upstream)
    if model.partition == NONE or up_kind in (NONE, "delivery"):
        return None
    reads = model.reads.get(upstream) or Reads()
    if reads.year_from:
        # A calibration binds for its own year and, in a longer cycle, for years after it.
        start, end = (-12 if model.partition == MONTH else -1), 0
    else:
        start, end = reads.months if reads.months and model.partition == MONTH else reads.years or (0, 0)
    return dg.TimeWindowPartitionMapping(
        start_offset=start, end_offset=end, allow_nonexistent_upstream_partitions=True
    )
