"""DuckDB in this process as the engine: what a connection to a lake is given, and a SELECT run in it.

Which files are read is said by `reads.py`; what is published of the answer, by `engine.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import connect, first_line
from drg_pipeline.files import spill_folder
from drg_pipeline.lake.computer import CANDIDATE, TooLarge, asked, order_of, stopped
from drg_pipeline.lake.store import SPILL, Store
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project


class DuckEngine:
    """DuckDB over one region's lake.

    within  the only folders that connections reach; none: any
    """

    def __init__(
        self, settings: Settings, project: Project, store: Store, within: Sequence[Path] = ()
    ) -> None:
        self.settings = settings
        self._project = project
        self._store = store
        self._within = within

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with the shared macros; spills into the lake, reaches no network."""
        con = connect(
            threads=self.settings.threads,
            memory_limit=self.settings.memory_limit,
            spill=spill_folder(self._store.root / SPILL),
            within=self._within,
        )
        con.execute(self._project.macros)
        return con

    def candidate(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        partitions: Sequence[Period],
        files: Mapping[str, Sequence[Path]],
    ) -> None:
        """As `Computer` says: computed where it is judged, from the views that are there."""
        try:
            # Sorted once for all that is done with it.
            con.execute(f"create table {CANDIDATE} as {asked(model, partitions)} order by {order_of(model)}")
        except duckdb.OutOfMemoryException as error:
            raise TooLarge(first_line(error)) from error
        except duckdb.Error as error:
            raise stopped(model, partitions, first_line(error)) from error
