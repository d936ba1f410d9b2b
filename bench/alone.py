"""What the benchmarks share: a measurement in a process of its own, and the memory of a process.

What is measured is the business of each benchmark.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
_SELF = Path("/proc/self")


def run_alone(module: str, options: Sequence[str]) -> dict[str, Any]:
    """What a module measures when it is run alone: the JSON object on the last line it prints."""
    told = subprocess.run(
        [sys.executable, "-m", module, *options], cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return result


def forget_peak() -> None:
    """Begin to measure this process's peak memory anew."""
    (_SELF / "clear_refs").write_text("5")


def peak_gib() -> float:
    """The most memory that this process has held since its start, or since the peak was forgotten."""
    found = re.search(r"VmHWM:\s*(\d+) kB", (_SELF / "status").read_text())
    assert found, "Linux tells the peak in /proc"
    return int(found[1]) / 1024**2
