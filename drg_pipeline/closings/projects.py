"""The models that a replay computes with: those of the closing as they were read then, or today's."""

from __future__ import annotations

from pathlib import Path

from drg_pipeline.closings import older
from drg_pipeline.closings.contents import model_files, sha256_of
from drg_pipeline.closings.manifest import MODELS, SOURCES, Manifest, read_sources
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.lake.closed import MANIFEST
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.sql.header import Split, split_header
from drg_pipeline.sql.methods import Methods, methods_before
from drg_pipeline.sql.project import Project


class Projects:
    """Folders of models that were read, by what stands in them: most closings hold the same."""

    def __init__(self) -> None:
        self._read: dict[str, Project] = {}

    def sealed(self, folder: Path, manifest: Manifest) -> Project:
        """The models of a closing, read as they were then."""
        split = older.split_older if manifest.format == older.FORMAT else split_header
        return self._of(folder / MODELS, folder / SOURCES, manifest.methods, split)

    def today(self, models: Path, folder: Path, manifest: Manifest) -> Project:
        """The models of the program over the tables of a closing, by the methods of its region then.

        DrgError where they read what the closing does not hold.
        """
        then = manifest.methods or {}
        methods = {name: then.get(name, before) for name, before in methods_before(models).items()}
        return self._of(models, folder / SOURCES, methods, split_header)

    def _of(self, models: Path, sources: Path, methods: Methods | None, split: Split) -> Project:
        content = [("", sha256_of(sources)), (repr(methods), split.__name__)]
        content += [(str(path.relative_to(models)), sha256_of(path)) for path in model_files(models)]
        key = digest_of(content)
        if key not in self._read:
            try:
                self._read[key] = Project(models, read_sources(sources), methods, split)
            except UnicodeDecodeError as error:
                raise DrgError(f"A file in {models} cannot be read: {error}.") from None
        return self._read[key]


def check_fits(project: Project, manifest: Manifest) -> None:
    """Everything that a manifest says of tables can be said of those that its models and sources have."""
    faults: list[Fault] = []
    planned = [(table, period) for table, periods in manifest.plan.items() for period in periods]
    for table, period in [*planned, *((entry.table, entry.partition) for entry in manifest.tables)]:
        where = f"{MANIFEST}: {table} {period}".rstrip()
        if table not in project.models and table not in project.sources:
            faults.append(Fault(where, "is a table that neither the closing's models nor its sources have"))
        elif project.partition_of(table) not in (period.kind, "delivery"):
            faults.append(Fault(where, f"is no partition of it: it has one a {project.partition_of(table)}"))
    outputs = {entry.table for entry in manifest.outputs}
    faults += [
        Fault(f"{MANIFEST}: {table}", "is computed again, and no model of the closing computes it")
        for table in sorted(outputs | manifest.plan.keys())
        if table in project.sources
    ]
    if faults:
        raise DrgError("The manifest and the models of the closing do not fit.", list(dict.fromkeys(faults)))
