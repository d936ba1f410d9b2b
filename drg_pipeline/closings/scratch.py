"""A lake made of a closing alone, to compute it again in: thrown away afterwards.

Sees what the closing holds by links and writes beside them. The region's lake, law and inbox are not known,
and the models that are run, which somebody may have changed, reach nothing but this lake and the closing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from drg_pipeline.closings.manifest import LAKE
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.store import Store
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project


def _link(link: Path, target: Path) -> None:
    """What is computed replaces names and never writes into a file, so a link is safe."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target.resolve())


@contextmanager
def scratch(
    settings: Settings,
    folder: Path,
    *,
    held: Iterable[str],
    landed: Mapping[str, str],
    project: Project,
) -> Iterator[Engine]:
    """An engine over the partitions and deliveries of a closing.

    folder  of the closing
    held    paths in it of the partitions that are taken as they are
    landed  delivery -> the folder of its rows in the closing
    project the models that compute
    """
    where = Path(tempfile.mkdtemp(prefix="drg-replay-")).resolve()
    try:
        root = where / settings.region
        for path in held:
            _link(root / Path(path).relative_to(LAKE), folder / path)
        for place in landed.values():
            _link(root / place, folder / place)
        own = replace(settings, lake=where)
        rows = {delivery: root / place for delivery, place in landed.items()}
        yield Engine(own, project, Store(root), lambda: rows, within=(where, folder))
    finally:
        shutil.rmtree(where, ignore_errors=True)
