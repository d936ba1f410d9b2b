"""Puts the sealed tables of a closing back into a lake that has lost them."""

from __future__ import annotations

import shutil

from drg_pipeline.closings import steps
from drg_pipeline.closings.manifest import read_manifest
from drg_pipeline.closings.record import Record
from drg_pipeline.closings.seal import check_in_place, check_vouched, differing_outputs
from drg_pipeline.closings.verify import verify
from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing
from drg_pipeline.lake.deeds import DEEDS
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.trail import Trail


def restore(region: Region, period: Period) -> list[str]:
    """Put the sealed tables of a standing closing back into the lake; returns those that were not there so.

    DrgError where the period is not closed or a sealed file is not what was sealed.
    """
    trail = Trail.of(region.settings)
    steps.end_what_was_begun(region.closed, trail)
    if broken := trail.verify((), trail.keys, DEEDS):
        raise DrgError(
            "Nothing is put back on the word of a trail that is not as it was written.",
            broken,
            state="Nothing was changed.",
            remedy="Put back a copy of the trail; where there is none, reopen the period with the reason. "
            "What was set down before there was a key, drg audit sign vouches for.",
        )
    record = Record(region.closed, trail, trail.keys)
    check_in_place(region.closed, [period])
    standing = region.closed.standing(period)
    if standing is None:
        raise DrgError(f"{period} of {region.settings.region} is not closed.", state="Nothing was changed.")
    check_vouched(record, [standing])
    manifest = read_manifest(standing.folder)
    if found := verify(standing, manifest, record):
        raise DrgError(
            f"Closing {standing.number} of {period} is not what was sealed.",
            map(str, found),
            state="Nothing was changed.",
            remedy="Restore the closing from a copy first.",
        )
    wanted = {fault.where for fault in differing_outputs(region, standing, manifest)}
    done: list[str] = []
    with region.store.alone(str(period)):
        for entry in manifest.outputs:
            where = f"{entry.table} {entry.partition}"
            if where in wanted:
                target = region.store.file(entry.table, entry.partition)
                with appearing(target) as aside:
                    shutil.copyfile(standing.folder / entry.file, aside)
                done.append(where)
    return done
