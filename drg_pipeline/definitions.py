"""The code location: the only place that assembles `dg.Definitions`.

`defs` is called when Dagster loads it; the regions and their folders come from the environment
(see `settings.from_environment`).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from drg_pipeline.assets.factory import (
    landing_asset,
    model_asset,
    policy_assets,
    reference_asset,
    scheme_asset,
)
from drg_pipeline.assets.jobs import job_definitions
from drg_pipeline.region import Region
from drg_pipeline.settings import from_environment


def build(regions: Sequence[Region]) -> dg.Definitions:
    """Assets, checks and jobs of the given regions."""
    return dg.Definitions(
        assets=[
            asset
            for region in regions
            for asset in (
                landing_asset(region),
                reference_asset(region),
                scheme_asset(region),
                *policy_assets(region),
                *(model_asset(region, model) for model in region.project.models.values()),
            )
        ],
        jobs=[job for region in regions for job in job_definitions(region)],
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build([Region(settings) for settings in from_environment()])
