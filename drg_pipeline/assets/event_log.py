"""Dagster's SQLite event log with connections that stay open, and with two faults of it mended.

The library opens and closes a connection for every event; closing the last one of a write-ahead log
flushes the whole log to disk. A run over many partitions is mostly that. It also plans a check once for each
partition of a run, where ours give one verdict a run: the check's page would list a skipped execution for
every month. And it tells that a run has failed before the run is marked so. Everything else is the library's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster._time import datetime_from_timestamp
from dagster_shared.record import replace
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

BUSY_TIMEOUT_SECONDS = 60
# A process that runs for months sees many runs; each has a file of its own.
OPEN_FILES = 32


class LocalEventLogStorage(SqliteEventLogStorage):
    """The library's storage; one open connection per file and process, used under the library's own lock."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> LocalEventLogStorage:
        """The library's own makes a storage of the library's class, whatever class is asked."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        """The open file of a shard; of many, the ones used last stay open."""
        engines: dict[str, Engine] = self.__dict__.setdefault("_open_engines", {})
        if shard in engines:
            engines[shard] = engines.pop(shard)
        else:
            while len(engines) >= OPEN_FILES:
                engines.pop(next(iter(engines))).dispose()
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            engines[shard] = engine
        return engines[shard]

    def store_event(self, event: EventLogEntry) -> None:
        told = event.dagster_event
        if told is not None and told.is_run_failure and self.has_instance:
            # The daemon looks the run up when it sees the event, once: a run that is still *Started* then is
            # never run again. So the run comes first; the library sets it once more afterwards.
            when = datetime_from_timestamp(event.timestamp)
            self._instance.run_storage.handle_run_event(event.run_id, told, when)
        super().store_event(event)

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        told = event.dagster_event
        if told is not None:
            planned = replace(told.asset_check_planned_data, partitions_subset=None)
            event = event._replace(dagster_event=told._replace(event_specific_data=planned))
        super()._store_asset_check_evaluation_planned(event, event_id)

    def dispose(self) -> None:
        for engine in self.__dict__.pop("_open_engines", {}).values():
            engine.dispose()
        super().dispose()
