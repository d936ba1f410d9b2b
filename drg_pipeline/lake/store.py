"""Where the partitions of tables lie as Parquet files, and what these say of themselves.

A partition is `<root>/<layer>/<table>/<kind>=<value>/part.parquet`; a table without partitions is
`<root>/<layer>/<table>/part.parquet`. A file under another name is never read.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.periods import NONE, WHOLE, Period

PART = "part.parquet"
# What does not fit into memory, and what lasts as long as a step.
SPILL = ".spill"


@dataclass(frozen=True)
class Footer:
    """What a published file says of itself.

    digest   logical digest of its rows
    code     version of the model that computed it
    inputs   logical digests of what it was computed from, by table (one digest over the partitions read)
    rows     number of rows
    kind     which digest it is (`lake.digest.KIND`)
    """

    digest: str
    code: str
    inputs: dict[str, str]
    rows: int
    kind: int


class Store:
    """The partitions of one region's lake."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, table: str) -> Path:
        return self.root / _folder_of(table)

    def file(self, table: str, period: Period) -> Path:
        """The place of a partition, whether it is there or not."""
        return self.root / place_of(table, period)

    def partitions(self, table: str, kind: str) -> dict[Period, Path]:
        """The published partitions of a table, in order."""
        folder = self.folder(table)
        if kind == NONE:
            return {WHOLE: folder / PART} if (folder / PART).is_file() else {}
        found = sorted(folder.glob(f"{kind}=*/{PART}"))
        return {period: path for path in found if (period := period_of(path)) != WHOLE}

    @contextlib.contextmanager
    def alone(self, *names: str) -> Iterator[None]:
        """Let one process at a time write these partitions; others that want one of them wait.

        Whoever comes later reads its inputs later too, so that an older answer never replaces a newer one.
        Readers and writers of other partitions are not held up.
        """
        folder = self.root / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            for name in sorted(set(names)):
                handle = stack.enter_context(open(folder / f"{name}.lock", "w"))
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def place_of(table: str, period: Period) -> Path:
    """The place of a partition below the root of a lake."""
    return _folder_of(table) / name_of(period) / PART


def _folder_of(table: str) -> Path:
    layer, name = table.split(".")
    return Path(layer, name)


def name_of(period: Period) -> str:
    """A partition's folder in that of its table: `month=2025-01`; '' of a table without partitions."""
    return "" if period == WHOLE else f"{period.kind}={period}"


def period_of(path: Path) -> Period:
    """The period of a file that was published, as its folder's name says."""
    kind, _, text = path.parent.name.partition("=")
    return Period.read(text, kind) or WHOLE


def footers(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, Footer]:
    """What Parquet files of the lake record of themselves; a file that records nothing, or something else, is
    left out."""
    if not paths:
        return {}
    found: dict[str, dict[str, str]] = {}
    for name, field, value in con.execute(
        "select file_name, decode(key), decode(value) from parquet_kv_metadata(?) "
        "where decode(key) in ('digest', 'code', 'inputs', 'rows', 'kind')",
        [[str(path) for path in paths]],
    ).fetchall():
        found.setdefault(name, {})[field] = value
    return {Path(name): read for name, of in found.items() if (read := _footer_of(of))}


def _footer_of(said: Mapping[str, str]) -> Footer | None:
    """What texts in a file's footer say; None where they are not those that this program writes."""
    try:
        inputs = {str(table): str(digest) for table, digest in json.loads(said["inputs"]).items()}
        return Footer(said["digest"], said["code"], inputs, int(said["rows"]), int(said.get("kind", 1)))
    except (KeyError, ValueError, AttributeError, RecursionError):
        return None


def footer(con: duckdb.DuckDBPyConnection, path: Path) -> Footer | None:
    """What one file records of itself; None for a file that records nothing."""
    return footers(con, [path]).get(path)
