"""Dagster's SQLite event log with connections that stay open, batches, and two faults of it mended.

The library opens and closes a connection for every event; closing the last one of a write-ahead log
flushes the whole log to disk. And it writes each event by itself, where its instance can hand over all events
of a table at once. A run over many partitions is mostly that. It also plans a check once for each
partition of a run, where ours give one verdict a run: the check's page would list a skipped execution for
every month. And it tells that a run has failed before the run is marked so. Everything else is the library's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import dagster as dg

# The storage has no public name to build on. Measured: a year with its history, 3,783 events, takes 22.5 s of
# a profile by the library's own and 9.5 s by this one (docs/decisions/0006-event-log-connections.md).
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, BATCH_WRITABLE_EVENTS
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster_shared.record import replace
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.event import listen
from sqlalchemy.pool import StaticPool

BUSY_TIMEOUT_SECONDS = 60
# A process that runs for months sees many runs; each has a file of its own.
OPEN_FILES = 32
# Where Dagster's instance looks whether a storage takes events together, and how many.
BATCH_VARIABLE, BATCH_SIZE = "DAGSTER_EVENT_BATCH_SIZE", "1000"


class LocalEventLogStorage(SqliteEventLogStorage):
    """The library's storage; one open connection per file and process, used under the library's own lock."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._begun: dict[str, Connection] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)
        # The library's lock lets no thread in twice; here what is written together nests.
        self._db_lock = threading.RLock()  # type: ignore[assignment]
        os.environ.setdefault(BATCH_VARIABLE, BATCH_SIZE)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> LocalEventLogStorage:
        """The library's own makes a storage of the library's class, whatever class is asked."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """A transaction on a shard; within another one on it the same, which the outer one commits."""
        with self._db_lock:
            if shard in self._begun:
                yield self._begun[shard]
                return
            with self._engine(shard).connect() as connection, connection.begin():
                self._begun[shard] = connection
                try:
                    yield connection
                finally:
                    del self._begun[shard]

    def _engine(self, shard: str) -> Engine:
        """The open file of a shard; of many, the ones used last stay open."""
        if shard in self._engines:
            self._engines[shard] = self._engines.pop(shard)
        else:
            idle = [other for other in self._engines if other not in self._begun]
            for other in idle[: max(0, len(self._engines) - OPEN_FILES + 1)]:
                self._engines.pop(other).dispose()
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            listen(engine, "connect", _write_ahead)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = engine
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """The library looks for each event, by a connection of its own; no table goes away."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Stores the rows that events leave one by one, in one transaction a file.

        Of an asset only the last event of each kind is written into its row: each replaces the one before.
        """
        kinds = {event.dagster_event_type for event in events}
        if len({event.run_id for event in events}) != 1 or not kinds <= BATCH_WRITABLE_EVENTS:
            super().store_event_batch(events)
            return
        rows = [self._event_to_row(event) for event in events]
        insert = SqlEventLogStorageTable.insert()
        with self._connect(events[0].run_id) as run, self._connect(INDEX_SHARD_NAME) as index:
            run.execute(insert, rows)
            numbered = insert.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)
            ids = list(index.execute(numbered, rows).scalars())
            told = {id: event for id, event in zip(ids, events) if event.dagster_event_type in ASSET_EVENTS}
            self._store_asset_event_tags(index, list(told.values()), list(told))
            last = {_kind_of(event): id for id, event in told.items()}
            for id in last.values():
                self._store_asset_event(index, told[id], id)
            for id, event in zip(ids, events):
                if event.dagster_event_type in ASSET_CHECK_EVENTS:
                    self.store_asset_check_event(event, id)

    def store_event(self, event: dg.EventLogEntry) -> None:
        told = event.dagster_event
        if told is not None and told.is_run_failure and self.has_instance:
            # The daemon looks the run up when it sees the event, once: a run that is still *Started* then is
            # never run again. So the run comes first; the library sets it once more afterwards.
            when = datetime.fromtimestamp(event.timestamp, UTC)
            self._instance.run_storage.handle_run_event(event.run_id, told, when)
        super().store_event(event)

    def _store_asset_check_evaluation_planned(self, event: dg.EventLogEntry, event_id: int | None) -> None:
        told = event.dagster_event
        if told is not None:
            planned = replace(told.asset_check_planned_data, partitions_subset=None)
            event = event._replace(dagster_event=told._replace(event_specific_data=planned))
        super()._store_asset_check_evaluation_planned(event, event_id)

    def dispose(self) -> None:
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _kind_of(event: dg.EventLogEntry) -> tuple[Any, Any]:
    assert event.dagster_event
    return event.dagster_event.asset_key, event.dagster_event_type


def _write_ahead(connection: Any, _: Any) -> None:
    """Keep a write-ahead log from the first table on, and flush it when it is moved into the file.

    A power cut may take the last events with it and leaves the file whole. What is there is never read from
    events.
    """
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
