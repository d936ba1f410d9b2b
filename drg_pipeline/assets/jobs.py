"""The jobs of a region. A job holds assets of one kind of partition; a month or a year is a chain of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from drg_pipeline.assets.describe import key
from drg_pipeline.region import LANDING, REFERENCE, SCHEME, Region

if TYPE_CHECKING:
    # Only as a type: the library has no public name for what its `define_asset_job` makes.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )


@dataclass(frozen=True)
class Job:
    """A named selection of tables of one kind of partition."""

    role: str
    name: str
    partition: str
    tables: tuple[str, ...]
    describe: str

    def selection(self, region: Region) -> dg.AssetSelection:
        return dg.AssetSelection.assets(*(key(region.settings.region, table) for table in self.tables))


def tables_behind(region: Region, kind: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """The given tables, what of the same kind of partition they need, and the law read for them."""
    closure = region.project.upstream_closure(wanted)
    models = [
        name for name, model in region.project.models.items() if name in closure and model.partition == kind
    ]
    return (*law_read(region, kind, closure), *models)


def law_read(region: Region, kind: str, models: Iterable[str]) -> tuple[str, ...]:
    """The law of this kind of partition that the models and the invariants that guard them read."""
    project = region.project
    read = {up for name in models for reader in project.step(name) for up in reader.upstream}
    return tuple(table for table in region.side.law_tables(kind) if table in read)


def region_jobs(region: Region) -> dict[str, Job]:
    """The jobs by role: take_in, history, months, calibration, clearing."""
    project, name = region.project, region.settings.region
    unpartitioned = [model.name for model in project.models.values() if model.partition == "none"]
    sides = [source.name for layer in (LANDING, REFERENCE, SCHEME) for source in region.side.tables(layer)]
    yearly = [model.name for model in project.models.values() if model.partition == "year"]
    # A yearly table that a monthly one reads comes before the months; the others after them.
    read_by_months = project.upstream_closure(
        m.name for m in project.models.values() if m.partition == "month"
    )
    before = tables_behind(
        region, "year", [t for t in yearly if t in read_by_months or _only_history(region, t)]
    )
    after = [table for table in yearly if table not in before]
    monthly = [model.name for model in project.models.values() if model.partition == "month"]
    # The year's law that months read comes before them, whether or not a calibration reads it too.
    before = (*(table for table in law_read(region, "year", monthly) if table not in before), *before)
    # History months stop at the layers that the calibration reads, with all tables of those layers.
    read = {
        project.models[up].layer
        for up in project.upstream_closure(before)
        if project.models[up].partition == "month"
    }
    history = [table for table in monthly if project.models[table].layer in read]
    return {
        "take_in": Job(
            "take_in",
            f"{name}_take_in",
            "none",
            (*sides, *law_read(region, "none", unpartitioned), *unpartitioned),
            "Takes in deliveries, reference files, calendar and grouping schemes.",
        ),
        "history": Job(
            "history",
            f"{name}_history",
            "month",
            tables_behind(region, "month", history),
            "Months of history, as far as the calibration reads them.",
        ),
        "calibration": Job(
            "calibration",
            f"{name}_calibration",
            "year",
            before,
            "Base points, coefficients and the budget's months of a year.",
        ),
        "months": Job(
            "months",
            f"{name}_months",
            "month",
            tables_behind(region, "month", monthly),
            "Pre-settlement of months.",
        ),
        "clearing": Job(
            "clearing",
            f"{name}_clearing",
            "year",
            (*law_read(region, "year", after), *after),
            "Clearing of a year.",
        ),
    }


def _only_history(region: Region, table: str) -> bool:
    """Whether a yearly table reads no month of its own year."""
    project = region.project
    for up in project.upstream_closure([table]):
        model = project.models[up]
        if model.partition != "year":
            continue
        for read in model.upstream:
            if project.partition_of(read) == "month":
                years = model.reads[read].years if read in model.reads else None
                if years is None or years[1] >= 0:
                    return False
    return True


def job_definitions(region: Region) -> dict[str, AssetJob]:
    """The region's jobs as Dagster knows them, by name."""
    return {
        job.name: dg.define_asset_job(
            job.name,
            selection=job.selection(region),
            description=job.describe,
            executor_def=dg.in_process_executor,
            tags={"region": region.settings.region},
        )
        for job in region_jobs(region).values()
    }
