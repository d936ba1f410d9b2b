"""The code location: the only place that assembles `dg.Definitions`.

`defs` is called when Dagster loads it; the regions and their folders come from the environment
(see `settings.from_environment` and `operations.operations_from`).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from drg_pipeline.assets.automation import automation, settlement_freshness
from drg_pipeline.assets.factory import (
    landing_asset,
    model_asset,
    policy_assets,
    reference_asset,
    scheme_asset,
)
from drg_pipeline.assets.failures import failure_sensor
from drg_pipeline.assets.jobs import job_definitions
from drg_pipeline.assets.operations import Operations, operations_from
from drg_pipeline.files import keep_private
from drg_pipeline.region import Region
from drg_pipeline.settings import from_environment

DEFAULT = Operations()


def build(regions: Sequence[Region], operations: Operations = DEFAULT) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of the given regions."""
    jobs = {region: job_definitions(region) for region in regions}
    automated = [automation(region, operations, jobs[region]) for region in regions]
    lakes = {region.settings.lake for region in regions}
    return dg.Definitions(
        assets=[
            asset
            for region in regions
            for asset in (
                landing_asset(region),
                reference_asset(region),
                scheme_asset(region),
                *policy_assets(region),
                *_model_assets(region, operations),
            )
        ],
        jobs=[
            *(job for found in jobs.values() for job in found.values()),
            *(job for each in automated for job in each.jobs),
        ],
        schedules=[schedule for each in automated for schedule in each.schedules],
        sensors=[
            *(sensor for each in automated for sensor in each.sensors),
            *(failure_sensor(lake) for lake in lakes),
        ],
        executor=dg.in_process_executor,
    )


def _model_assets(region: Region, operations: Operations) -> list[dg.AssetsDefinition]:
    """The models; those that end a month say when they should have been renewed."""
    models = region.project.models.values()
    last = [model.layer for model in models if model.partition == "month"][-1:]
    freshness = settlement_freshness(region, operations)
    return [
        model_asset(region, model, freshness if model.partition == "month" and model.layer in last else None)
        for model in models
    ]


@dg.definitions
def defs() -> dg.Definitions:
    keep_private()  # runs are this process's children, whoever has started it
    return build([Region(settings) for settings in from_environment()], operations_from())
