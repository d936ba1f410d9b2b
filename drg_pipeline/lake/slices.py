"""What months can depend on of a table that has no partitions, narrowed once for all models that read it.

A month depends on every row of the keys that have a row in it, whatever their month: the slice of the table's
header names the two columns. No rule stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from drg_pipeline.duck import literal, quoted, write_parquet
from drg_pipeline.lake.digest import empty_digest, logical_digests
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.periods import Period
from drg_pipeline.process import own_name
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project


@dataclass(frozen=True)
class Narrowed:
    """The rows that some months depend on, in the table's order, and by month the digest of its own."""

    file: Path
    digests: Mapping[Period, str]


class Slices:
    """Narrowed tables, as long as this object lives; their files lie below a folder for what is spilled."""

    def __init__(self, project: Project, spill: Path) -> None:
        self._project = project
        self._spill = spill
        self._folder: TemporaryDirectory[str] | None = None
        self._made: dict[tuple[object, ...], Narrowed] = {}

    def of(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        files: Sequence[Path],
        stands: str,
        months: Sequence[Period],
    ) -> Narrowed:
        """The rows of a sliced table that the months can depend on.

        stands  changes whenever the table does
        """
        asked = (model.name, stands, *months)
        if asked not in self._made:
            self._made[asked] = self._narrowed(con, model, parquet(files), months)
        return self._made[asked]

    def _narrowed(
        self, con: duckdb.DuckDBPyConnection, model: Model, whole: str, months: Sequence[Period]
    ) -> Narrowed:
        assert model.slice_by
        month, key = model.slice_by
        kept, parts = quoted(f"{model.table}_kept"), quoted(f"{model.table}_parts")
        listed = ", ".join(map(literal, months))
        con.execute(
            f"create temp table {kept} as select distinct {month} as m, {key} as k from {whole} "
            f"where {month} in ({listed})"
        )
        con.execute(
            f"create temp table {parts} as select s.m, v.* from {whole} as v "
            f"inner join {kept} as s on s.k = v.{key}"
        )
        columns = [(name, self._project.column(model.name, name).type) for name in model.columns]
        found = logical_digests(con, parts, columns, "m", model.grain)
        file = self._file()
        write_parquet(con, f"select * from {whole} where {key} in (select k from {kept})", file)
        con.execute(f"drop table {parts}")
        con.execute(f"drop table {kept}")
        none = empty_digest(columns)
        return Narrowed(file, {value: found.get(str(value), none).digest for value in months})

    def _file(self) -> Path:
        if self._folder is None:
            self._spill.mkdir(parents=True, exist_ok=True)
            self._folder = TemporaryDirectory(prefix=f"{own_name()}-", dir=self._spill)
        return Path(self._folder.name) / f"{len(self._made)}.parquet"
