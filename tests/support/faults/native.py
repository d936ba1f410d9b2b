"""The C library's operations as DuckDB and SQLite use them, too: counted, refused, torn or deadly (`native.c`).

Needs a C compiler where tests run, and a program that is started with the library before all others.
"""

from __future__ import annotations

import ctypes
import errno
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("native.c")
KILL = "kill"


def library(folder: Path) -> Path:
    """The compiled library; the test is skipped where nothing compiles it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler or not Path("/proc/self/fd").is_dir():
        pytest.skip("no C compiler is here, or no /proc: what DuckDB and SQLite write cannot be disturbed")
    made = folder / "native.so"
    made_by = [compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE), "-ldl"]
    ended = subprocess.run(made_by, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.skip(f"the C compiler of this machine does not compile {SOURCE.name}: {ended.stderr[-500:]}")
    return made


def arm(world: str, number: int, action: str, *, for_good: bool = False, reads: bool = False) -> None:
    """Let one operation of this process be what the action says: KILL, or an error's name; '' only counts."""
    error = 0 if action in (KILL, "") else getattr(errno, action)
    ctypes.CDLL(None).drg_arm(world.encode(), ctypes.c_long(number), error, int(for_good), int(reads))


def passed() -> int:
    """How many operations there were since."""
    count = ctypes.CDLL(None).drg_passed
    count.restype = ctypes.c_long
    return int(count())
