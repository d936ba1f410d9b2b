"""The asset graph of a region's code location as text: what depends on what, and what runs it.

    make graph

writes it to `tests/architecture/asset_graph.txt`, where a change of the graph is read in review. Nothing else
writes that file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from drg_pipeline.definitions import build
from drg_pipeline.region import Region
from drg_pipeline.settings import PROJECT, Settings

REGION = "jiyuan"
FILE = PROJECT / "tests" / "architecture" / "asset_graph.txt"
HEAD = f"""\
Every asset of the code location of {REGION}: its partitions, its group and the jobs that compute it; what it
reads, with the periods where they are not its own; its checks. Then jobs, schedules and sensors.
Written by: make graph
"""


def asset_graph(region: Region) -> str:
    """One block an asset, one line a dependency, everything in the order of its name."""
    repository = build([region]).get_repository_def()
    name = region.settings.region
    jobs = sorted((job for job in repository.get_all_jobs() if job.name.startswith(name)), key=_name)
    parts: list[str] = [HEAD]
    graph = repository.asset_graph
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        by = [job.name for job in jobs if key in job.asset_layer.selected_asset_keys]
        parts.append(
            f"{_told(key)} ({_kind(node.partitions_def)}; {node.group_name}; {', '.join(by) or '-'})"
        )
        parts += [
            f"    {_told(parent)}{_periods(node.partition_mappings.get(parent))}"
            for parent in sorted(node.parent_keys)
        ]
        parts += [f"    check {check.name}" for check in sorted(node.check_keys)]
    parts += ["", *(f"job {job.name} ({_kind(job.partitions_def)})" for job in jobs)]
    parts += [
        f"schedule {each.name} ({each.cron_schedule}; {each.default_status.value}) starts {each.job_name}"
        for each in sorted(repository.schedule_defs, key=_name)
    ]
    parts += [
        f"sensor {each.name} ({each.sensor_type.value}; {each.default_status.value}) "
        f"starts {', '.join(_targets(each)) or '-'}"
        for each in sorted(repository.sensor_defs, key=_name)
    ]
    return "\n".join(parts) + "\n"


def _name(definition: dg.JobDefinition | dg.ScheduleDefinition | dg.SensorDefinition) -> str:
    return definition.name


def _told(key: dg.AssetKey) -> str:
    """A key as tables are named: the region's name is left out."""
    return ".".join(key.path[1:])


def _kind(partitions: dg.PartitionsDefinition[str] | None) -> str:
    if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        return "none" if partitions is None else type(partitions).__name__
    return {"%Y-%m": "month", "%Y": "year"}[partitions.fmt] + f" from {partitions.start:%Y-%m}"


def _periods(mapping: dg.PartitionMapping | None) -> str:
    if mapping is None:
        return ""
    assert isinstance(mapping, dg.TimeWindowPartitionMapping)
    offsets = (mapping.start_offset, mapping.end_offset)
    return f" {offsets[0]}..{offsets[1]}" if any(offsets) else ""


def _targets(sensor: dg.SensorDefinition) -> Sequence[str]:
    return sorted(target.job_name for target in sensor.targets)


if __name__ == "__main__":
    with TemporaryDirectory() as lake:
        jiyuan = Region(Settings.for_region(REGION, lake=Path(lake)))
        FILE.write_text(asset_graph(jiyuan), encoding="utf-8")
