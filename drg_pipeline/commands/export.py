"""Rows that leave the lake in a file are set down in the region's trail, before the file is there.

What a query answers and how rows are written is `sql.py`'s. A pipe's other end is not known here, nor what a
terminal shows is kept.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from drg_pipeline.commands.options import check_writable
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.files import appearing
from drg_pipeline.settings import Settings
from drg_pipeline.trail import Trail
from drg_pipeline.trail.line import sha256

EVENT = "exported"
KINDS = {".csv": "csv", ".json": "json"}
Write = Callable[[TextIO], int]


def kind_of(out: str | None, kind: str | None) -> str:
    """How rows are written: as said, else as the name of the file says, else as a table."""
    by_name = KINDS.get(Path(out).suffix.lower()) if out else "table"
    if out and (by_name is None or kind not in (None, by_name)):
        said = f" and --format says {kind}" if kind else ""
        raise WrongUse(
            "The rows cannot be written.",
            [Fault(f"--out {out}", f"a file of rows ends in .csv or .json{said}")],
            state="Nothing was written.",
        )
    return kind or by_name or "table"


def redirected() -> Path | None:
    """The file that standard output goes to, where it goes to one."""
    try:
        number = sys.stdout.fileno()
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        return Path(os.readlink(f"/proc/self/fd/{number}"))
    except io.UnsupportedOperation:
        return None
    except OSError:
        return Path("?")  # a file, on a system that does not tell its name


def write_file(settings: Settings, query: str, kind: str, out: Path, write: Write) -> int:
    """Write rows to a new file that appears at once, after the trail knows of it; returns their number."""
    check_writable(out.parent, settings.region_closings)
    with appearing(out) as aside:
        with open(aside, "x", encoding="utf-8", newline="") as file:
            rows = write(file)
        _set_down(settings, query, kind, out.resolve(), rows)
    return rows


def write_redirected(settings: Settings, query: str, kind: str, out: Path, write: Write) -> int:
    """Write rows to a file that the shell has opened; refused where the trail cannot be written."""
    check_writable(settings.region_closings)
    rows = write(sys.stdout)
    sys.stdout.flush()
    _set_down(settings, query, kind, out, rows)
    return rows


def _set_down(settings: Settings, query: str, kind: str, out: Path, rows: int) -> None:
    digest = sha256(query.encode("utf-8", "surrogatepass"))
    # A query may name a person: its text stays out, its digest proves which one it was.
    command = [f"SHA-256 {digest}" if argument == query else argument for argument in sys.argv]
    Trail.of(settings).append(
        EVENT,
        region=settings.region,
        period="",
        subject={"query_sha256": digest, "format": kind, "rows": rows, "file": str(out)},
        command=command,
    )
