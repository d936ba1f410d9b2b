"""The seam of the engine: whatever makes the candidate, from the files that it is given alone, what is published
is the same. What a lake and its engine do is tested in `test_engine.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from support.periods import periods
from support.small_lake import MONTHS, ORDER, Lake

from drg_pipeline.duck import literal, write_parquet
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.computer import CANDIDATE, TooLarge, asked, order_of
from drg_pipeline.periods import WHOLE, Period
from drg_pipeline.sql.model import Model


class Elsewhere:
    """An engine that shares nothing with the one that judges but files: what it reads, and what it leaves."""

    def __init__(self, lake: Lake, at_most: int = 99) -> None:
        self.lake = lake
        self.at_most = at_most
        self.goes: list[tuple[str, int]] = []

    def candidate(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        partitions: Sequence[Period],
        files: Mapping[str, Sequence[Path]],
    ) -> None:
        self.goes.append((model.name, len(partitions)))
        if len(partitions) > self.at_most:
            raise TooLarge("there is no room")
        answer = self.lake.folder / "answer.parquet"
        with duckdb.connect() as own:
            own.execute(self.lake.engine.project.macros)
            for table, read in files.items():
                self.lake.engine.inputs.view(own, table, read)
            write_parquet(own, asked(model, partitions), answer)
        con.execute(
            f"create table {CANDIDATE} as select * from read_parquet({literal(answer)}) "
            f"order by {order_of(model)}"
        )
        answer.unlink()


@pytest.fixture
def lakes(tmp_path: Path) -> tuple[Lake, Lake]:
    """A lake, and one of the same deliveries that is computed elsewhere."""
    found = Lake(tmp_path / "here"), Lake(tmp_path / "there")
    for lake in found:
        lake.side(MONTHS)
        lake.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, "2025-01"), (3, 5, "2025-02")])
        lake.deliver("2025-03/d1", [(1, 11, "2025-03"), (4, 7, "2025-03"), (5, 9, "2025-04")])
        lake.engine.compute("early.version", [WHOLE])
    return found


def published(lake: Lake) -> dict[tuple[str, object], object]:
    """Rows, code and inputs of everything that was computed."""
    found = {(table, month): lake.footer(table, month) for table in ORDER for month in MONTHS}
    return {**found, ("late.yearly", "2025"): lake.footer("late.yearly", "2025")}


def run(lake: Lake) -> None:
    lake.run(MONTHS)
    lake.run(periods("2025"), ["late.yearly"])


def test_another_engine_publishes_what_duckdb_does(lakes: tuple[Lake, Lake]) -> None:
    here, there = lakes
    there.engine.computer = Elsewhere(there)
    run(here)
    run(there)
    assert published(there) == published(here)
    assert there.rows("early.row") == here.rows("early.row") != []
    # DuckDB finds nothing to do after it.
    there.engine.computer = there.engine.duck
    assert all(there.engine.stale(table, MONTHS) == [] for table in ORDER)
    assert not there.leftovers()


def test_another_engine_is_asked_for_less_where_it_has_no_room(lakes: tuple[Lake, Lake]) -> None:
    here, there = lakes
    computer = there.engine.computer = Elsewhere(there, at_most=5)
    run(here)
    there.run(MONTHS)
    assert [size for table, size in computer.goes if table == "early.row"] == [12, 6, 3, 3, 3, 3]
    run(there)
    assert published(there) == published(here)


def test_no_room_for_one_month_is_said(lakes: tuple[Lake, Lake]) -> None:
    _, there = lakes
    there.engine.computer = Elsewhere(there, at_most=0)
    with pytest.raises(DrgError) as stopped:
        there.engine.compute("early.row", MONTHS[:2])
    assert "early.row could not be computed for 2025-01." in stopped.value.headline
    assert list(stopped.value.faults) == ["there is no room"]
    assert "DRG_MEMORY_LIMIT" in stopped.value.message()
