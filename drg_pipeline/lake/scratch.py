"""Lakes that are thrown away: made of links to what is there, to compute in them what is not to stay.

A link costs nothing and is safe: what is published is replaced by renaming and never written into, so that a
new file takes the link's place and not the file's. Locks, spilled rows and failing rows lie beside the links.
What is computed here, and why, is not known.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from drg_pipeline.files import work_folder
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.needs import Needs
from drg_pipeline.lake.store import PART, Store
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project


def beside(lake: Path) -> Path:
    """Where links to a lake need no copies: the folder that it lies in, or none that may be written to."""
    return lake.parent if os.access(lake.parent, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


@contextlib.contextmanager
def scratch(
    settings: Settings,
    project: Project,
    *,
    held: Mapping[str, Path],
    landed: Mapping[str, Path],
    within: Path,
) -> Iterator[Engine]:
    """An engine over a lake that has these files and deliveries and nothing else.

    held    path in the lake -> the file that is shown there
    landed  delivery -> the folder of its rows
    within  the folder in which all of them lie: beside the lake itself, the only one that models reach
    """
    with work_folder() as folder:
        root = folder / settings.region
        for place, file in held.items():
            link(file, root / place)
        own = replace(settings, lake=folder)
        yield Engine(own, project, Store(root), lambda: landed, within=(folder, within))


def link(source: Path, target: Path) -> None:
    """Show a file at another place: a second name, or a symbolic link on another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        target.symlink_to(source.resolve())


def link_tables(source: Store, targets: Sequence[Store], layers: Collection[str]) -> None:
    """Show every published partition of the layers' tables."""
    for layer in layers:
        for path in [*source.root.glob(f"{layer}/*/{PART}"), *source.root.glob(f"{layer}/*/*/{PART}")]:
            for target in targets:
                link(path, target.root / path.relative_to(source.root))


def link_plan(source: Store, targets: Sequence[Store], engine: Engine, plan: Needs) -> None:
    """Show the partitions that a plan names, as far as they are there."""
    for table, partitions in plan.items():
        if engine.project.partition_of(table) == "delivery":
            continue
        for period in partitions:
            path = source.file(table, period)
            for target in targets:
                shown = target.root / path.relative_to(source.root)
                if path.is_file() and not shown.exists():
                    link(path, shown)
