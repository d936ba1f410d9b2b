"""Turns model files and side tables into assets.

One asset a model, keyed `region/layer/table`, grouped by layer; its contract and the invariants that
guard it are asset checks that block. One step computes all partitions of its run and publishes each
that passes.
"""

# No `from __future__ import annotations`: Dagster reads the annotation of `context` as an object.
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import dagster as dg

from drg_pipeline.assets.checks import check_result, contract_specs
from drg_pipeline.assets.describe import (
    group_of,
    key,
    lineage_metadata,
    lineage_of,
    lineage_table,
    model_description,
    model_metadata,
    outcome_metadata,
    owners_of,
    preview,
    source_description,
    source_metadata,
)
from drg_pipeline.assets.failures import failure, failure_hook, told
from drg_pipeline.assets.looking import look
from drg_pipeline.assets.partitions import definition_of, mapping, periods_of
from drg_pipeline.assets.pictures import CHART, pictures
from drg_pipeline.assets.processes import PROCESS
from drg_pipeline.assets.rules import OUTSIDE, outside_check, rule_checks, rule_specs, tells_months
from drg_pipeline.assets.side import side_metadata
from drg_pipeline.lake.outcome import Outcome, refused
from drg_pipeline.periods import Period
from drg_pipeline.region import LANDING, REFERENCE, SCHEME, Region, Written
from drg_pipeline.settings import quiet_seconds
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.model import Model
from drg_pipeline.visible import one_line

# Config of the intake: the deliveries to look at, `month/delivery`; without it all.
DELIVERIES = "deliveries"
Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult]


def model_asset(
    region: Region, model: Model, freshness: dg.FreshnessPolicy | None = None
) -> dg.AssetsDefinition:
    """The asset of one model."""
    name = region.settings.region
    asset_key = key(name, model.name)
    contract = Contract(region.project, model)

    @dg.asset(
        key=asset_key,
        group_name=group_of(region, model.layer),
        description=model_description(region, model),
        metadata=model_metadata(region, model),
        owners=owners_of(region, model.layer),
        tags={"region": name, "layer": model.layer, "partition": model.partition},
        kinds={"sql", "duckdb", "parquet"},
        code_version=region.project.code_version(model.name),
        partitions_def=definition_of(model.partition, region.settings.first_month),
        backfill_policy=dg.BackfillPolicy.single_run() if model.partition != "none" else None,
        deps=[
            dg.AssetDep(key(name, upstream), partition_mapping=mapping(region.project, model, upstream))
            for upstream in model.upstream
        ],
        check_specs=check_specs(region, model, contract),
        freshness_policy=freshness,
        hooks={failure_hook(region.settings.lake)},
    )
    def compute(context: dg.AssetExecutionContext) -> Events:
        with told(context):
            outcomes = region.engine.compute(model.name, periods_of(context))
        region.progress(model.name, outcomes)
        for group in contract.groups():
            yield check_result(region, asset_key, group, outcomes)
        if model.catalogue:
            yield from rule_checks(region, model, asset_key, outcomes)
        if tells_months(region.project, model):
            yield outside_check(region, model, asset_key, outcomes[-1])
        for outcome, metadata in looks_of(region, model, outcomes):
            tell(context, asset_key, outcome.partition, metadata)
        if stopped := refused(outcomes):
            raise failure(stopped)
        yield dg.MaterializeResult(asset_key=asset_key)

    return compute


def tell(
    context: dg.AssetExecutionContext, asset_key: dg.AssetKey, period: Period, metadata: Mapping[str, Any]
) -> None:
    """What the UI shows of one partition of an asset."""
    context.add_asset_metadata(metadata, asset_key=asset_key, partition_key=str(period) or None)


def looks_of(
    region: Region, model: Model, outcomes: Sequence[Outcome]
) -> list[tuple[Outcome, dict[str, Any]]]:
    """Each published partition with its metadata: its charts, and with the last one what shows the table."""
    published = [outcome for outcome in outcomes if outcome.published]
    found: list[tuple[Outcome, dict[str, Any]]] = []
    with closing(look(region.engine)) as con:
        drawn = pictures(region, con, model, published)
        for outcome in published:
            looks: dict[str, Any] = {CHART: drawn[outcome.partition]} if outcome.partition in drawn else {}
            if outcome is published[-1]:
                looks["preview"] = preview(region, con, model.name, outcome.path)
                lineage = lineage_of(region, model)
                looks["column_sources"] = lineage_table(lineage)
                looks["dagster/column_lineage"] = lineage_metadata(region, lineage)
            found.append((outcome, outcome_metadata(outcome, looks)))
    return found


def check_specs(region: Region, model: Model, contract: Contract) -> list[dg.AssetCheckSpec]:
    """The checks of a model: its contract and invariants block, quality rules and stray months warn."""
    asset_key = key(region.settings.region, model.name)
    specs = contract_specs(region, model, contract)
    if model.catalogue:
        specs += rule_specs(region, model)
    if tells_months(region.project, model):
        about = "Rows whose month has no partition: before the lake's first month, or not begun yet."
        specs.append(dg.AssetCheckSpec(OUTSIDE, asset=asset_key, description=about))
    return specs


def landing_asset(region: Region) -> dg.AssetsDefinition:
    """Takes in the deliveries of the inbox; its tables are the rows as they arrived."""
    return _side_asset(region, LANDING, "delivery")


def reference_asset(region: Region) -> dg.AssetsDefinition:
    """Loads the reference files and the working-day calendar."""
    return _side_asset(region, REFERENCE, "none")


def scheme_asset(region: Region) -> dg.AssetsDefinition:
    """Checks and loads the grouping schemes that the law names."""
    return _side_asset(region, SCHEME, "none")


def policy_assets(region: Region) -> list[dg.AssetsDefinition]:
    """The law as known for each month and each year, and what is asked before a record has either."""
    return [_side_asset(region, "policy", period) for period in ("none", "month", "year")]


def side_op(region: str, layer: str, kind: str) -> str:
    """The op that brings a layer from the side."""
    return f"{region}__{layer}_{kind}".replace("-", "_")


def take_in_config(region: str, deliveries: Sequence[str]) -> dict[str, Any]:
    """The run config of a run that looks at these deliveries only."""
    return {"ops": {side_op(region, LANDING, "delivery"): {"config": {DELIVERIES: list(deliveries)}}}}


def deliveries_in(region: str, run_config: Mapping[str, Any]) -> list[str]:
    """The deliveries that a run's config names."""
    op = run_config.get("ops", {}).get(side_op(region, LANDING, "delivery"), {})
    return list(op.get("config", {}).get(DELIVERIES, []))


def _side_asset(region: Region, layer: str, kind: str) -> dg.AssetsDefinition:
    name = region.settings.region
    sources = [source for source in region.side.tables(layer) if source.partition == kind]
    partitions_def = definition_of(kind, region.settings.first_month)

    @dg.multi_asset(
        name=side_op(name, layer, kind),
        can_subset=layer == "policy",
        specs=[
            dg.AssetSpec(
                key(name, source.name),
                skippable=layer == "policy",
                group_name=group_of(region, layer),
                description=source_description(region, source),
                metadata=source_metadata(source),
                owners=owners_of(region, layer),
                tags={"region": name, "layer": layer, "partition": source.partition},
                kinds={"yaml" if layer == "policy" else "csv", "parquet"},
            )
            for source in sources
        ],
        partitions_def=partitions_def,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions_def else None,
        config_schema={DELIVERIES: dg.Field([str], is_required=False)} if layer == LANDING else None,
        hooks={failure_hook(region.settings.lake)},
    )
    def bring(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        selected = [source for source in sources if key(name, source.name) in context.selected_asset_keys]
        with told(context):
            written = _bring(region, layer, context, [source.name for source in selected])
        with closing(look(region.engine)) as con:
            for source in selected:
                asset_key = key(name, source.name)
                for partition, metadata in side_metadata(region, con, source, written):
                    tell(context, asset_key, partition, metadata)
        for source in selected:
            yield dg.MaterializeResult(asset_key=key(name, source.name))

    return bring


def _bring(region: Region, layer: str, context: dg.AssetExecutionContext, tables: list[str]) -> list[Written]:
    def report(line: str) -> None:
        context.log.info(one_line(line))
        region.report(line)

    if layer == LANDING:
        only = context.op_execution_context.op_config.get(DELIVERIES)
        # Who requested these by name, or waited at the command line, has judged that they are complete.
        judged = only is not None or PROCESS in context.run.tags
        region.side.take_in(report, only, 0 if judged else quiet_seconds())
        return []
    if layer == REFERENCE:
        return region.side.publish_reference(report)
    if layer == SCHEME:
        return region.side.publish_schemes(report)
    return region.side.publish_policy(periods_of(context), tables)
