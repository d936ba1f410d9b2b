"""A world as it is seen from outside: what is published, sealed, set down and left over, to compare two of them.

What is different each time (moments, process ids, random names) is left out; what must agree within a world
(a closing and the trail) is looked at here too.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import duckdb

from drg_pipeline.trail import Trail
from drg_pipeline.trail.trail import HEAD, TRAIL
from support.faults.marker import rows_tell, stands_in

# Notes of the machine to itself, which differ or may be there or not.
MACHINE = (".locks", ".lineage", ".dagster", ".spill", ".failing")
_LEFT = re.compile(r".*\.tmp(\.wal)?|\.?drg-\w+-.*|slices-.*|duckdb_temp.*")
_CHANGES = re.compile(
    r"[0-9a-f]{64}|\d{4}-\d\d-\d\d[T ][\d:.+]+|\"\w*(size|mtime_ns|pid)\": \d+|\"trail\": ?\[\s*\d+"
)
# What the world is given: a program writes nothing there.
GIVEN = ("inbox", "reference", "given")
A_WHILE = 3 * 24 * 3600


@dataclass
class State:
    """What stands where; `left` are names that only a program at work may use, `persons` files that tell one."""

    files: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)

    def between(self, before: State, after: State) -> list[str]:
        """The places where neither what was nor what was to be stands."""
        places = self.files.keys() | before.files.keys()
        return sorted(
            place
            for place in places
            if self.files.get(place) not in (before.files.get(place), after.files.get(place))
        )

    def differs(self, other: State) -> list[str]:
        return sorted({place for place, _ in self.files.items() ^ other.files.items()})


def seen(world: Path, but: Path | None = None) -> State:
    """Everything below a folder, `but` for a file that was damaged; DuckDB's error where a published file cannot be
    read whole."""
    found = State()
    with contextlib.closing(duckdb.connect()) as con:
        for place, folders, names in os.walk(world):
            here = Path(place)
            for name in [*folders, *names]:
                if _LEFT.fullmatch(name):
                    found.left.append(str((here / name).relative_to(world)))
            folders[:] = sorted(name for name in folders if here != world or name not in GIVEN)
            for name in names:
                if here / name == but:
                    continue
                told = _place(str((here / name).relative_to(world)), world)
                content, tells = _looked(con, here / name, _is_whole(told))
                if tells:
                    found.persons.append(told)
                if content and _is_whole(told) and not set(told.split("/")) & set(MACHINE):
                    found.files[told] = content
    return found


def _is_whole(told: str) -> bool:
    return not any(_LEFT.fullmatch(part) for part in told.split("/"))


def _place(told: str, world: Path) -> str:
    """The place of a file; that of a folder which has stepped aside is its own, as for those who read it."""
    for part in Path(told).parts:
        stands = re.fullmatch(r"\.(.+)\.before\.tmp", part)
        if stands and not (world / told[: told.index(part)] / stands[1]).exists():
            return told.replace(part, stands[1])
    return told


_known: dict[tuple[str, bool, str], tuple[str, bool]] = {}


def _looked(con: duckdb.DuckDBPyConnection, path: Path, whole: bool) -> tuple[str, bool]:
    """A file's content without what is different each time ('' for a trail, which is verified), and whether it
    tells a person. What was read before is known by its bytes.

    whole  it can be asked for its rows; what was left over may be torn
    """
    raw = path.read_bytes()
    key = (path.suffix, whole, sha256(raw).hexdigest())
    if key not in _known:
        found = _content(con, path, raw) if whole else ""
        _known[key] = (found, stands_in(raw) or (whole and rows_tell(con, path)))
    content, tells = _known[key]
    return ("" if path.name in (TRAIL, HEAD) else content), tells or stands_in(path.name)


def _content(con: duckdb.DuckDBPyConnection, path: Path, raw: bytes) -> str:
    if path.suffix == ".parquet":
        source = f"read_parquet('{path}', hive_partitioning = false)"
        ((rows, summed),) = con.execute(
            f"select count(*), sum(cast(hash(t) as hugeint)) from {source} as t"
        ).fetchall()
        return f"{rows} rows {summed}"
    if path.suffix == ".duckdb":
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as own:
            return str(own.execute("select count(*) from duckdb_views() where not internal").fetchall())
    if path.suffix in (".json", ".md"):
        return _CHANGES.sub("", raw.decode("utf-8"))
    return sha256(raw).hexdigest()


def a_day_later(world: Path) -> None:
    """What was left over is so old that nobody can be at work on it."""
    then = time.time() - A_WHILE
    for place, folders, names in os.walk(world):
        for name in (*folders, *names):
            if _LEFT.fullmatch(name):
                os.utime(Path(place) / name, (then, then), follow_symlinks=False)


def broken(world: Path) -> list[str]:
    """What of the closings of a world does not hold: bytes, the trail, and what one says of the other.

    Read from the files as anybody can, not by the functions that are on trial; the trail's chain is verified by them.
    """
    found: list[str] = []
    for folder in sorted(path.parent for path in world.glob(f"closings/*/{TRAIL}")):
        trail = Trail(folder)
        found += map(str, trail.verify())
        told: dict[str, set[tuple[str, str]]] = {"closed": set(), "reopened": set()}
        for entry in trail.entries():
            if entry.event in told:
                told[entry.event].add((entry.period, str(entry.subject.get("number"))))
        there: dict[str, set[tuple[str, str]]] = {
            "closed": {
                path.parts[-3:-1] for path in folder.glob("*/*/manifest.json") if path.parts[-2].isdigit()
            },
            "reopened": {
                (path.parts[-2], path.stem.removeprefix("reopened-"))
                for path in folder.glob("*/reopened-*.json")
            },
        }
        for event, periods in there.items():
            for what, which in (
                ("the trail says nothing", periods - told[event]),
                ("only the trail says so", told[event] - periods),
            ):
                found += [f"{period} ({number}) is {event}, and {what}" for period, number in sorted(which)]
        for period, number in there["closed"]:
            found += _changed(folder / period / number)
    return found


def _changed(closing: Path) -> list[str]:
    """The files of a closing that are not what its manifest says."""
    listed = json.loads((closing / "manifest.json").read_bytes())["files"]
    return [
        f"{closing.name}/{entry['path']} is not what was sealed"
        for entry in listed
        if sha256((closing / entry["path"]).read_bytes()).hexdigest() != entry["sha256"]
    ]


def events(world: Path) -> list[tuple[str, str]]:
    """What the trails of a world tell, in order, without what they tell of themselves."""
    return [
        (entry.event, entry.period)
        for folder in sorted(path.parent for path in world.glob(f"closings/*/{TRAIL}"))
        for entry in Trail(folder).entries()
    ]


def counts(world: Path) -> Mapping[str, tuple[int, int, int]]:
    """Records, accepted and rejected of each landed delivery, as its manifest says and its rows are."""
    found = {}
    with contextlib.closing(duckdb.connect()) as con:
        for path in sorted(world.glob("lake/*/landing/*/manifest.json")):
            if path.parent.name.endswith(".tmp"):
                continue
            manifest = json.loads(path.read_text(encoding="utf-8"))
            records, accepted, rejected = (
                sum(entry[what] for entry in manifest["files"])
                for what in ("records", "accepted", "rejected")
            )
            rows = {
                file.stem: con.execute(f"select count(*) from '{file}'").fetchall()[0][0]
                for file in path.parent.glob("*.parquet")
            }
            kept = sum(count for name, count in rows.items() if name not in ("file", "rejected_row"))
            assert (kept, rows["rejected_row"]) == (accepted, rejected), path
            found[f"{manifest['month']}/{manifest['delivery']}"] = (records, accepted, rejected)
    return found
