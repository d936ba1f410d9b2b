"""A lake's code location and daemon as processes of their own, as an operator starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support import regions

from drg_pipeline.commands.ui import environment
from drg_pipeline.settings import PROJECT


@contextmanager
def daemon(folder: Path, **given: str) -> Iterator[Path]:
    """The daemon on a region's lake; hands out the file that it writes to. Ended, with all it has started."""
    said = folder / "daemon.log"
    command = [sys.executable, "-W", "ignore", "-m", "dagster._daemon", "run"]
    command += ["-m", "drg_pipeline.definitions"]
    with open(said, "w") as log:
        child = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment(regions.settings(folder)) | {"DAGSTER_DISABLE_TELEMETRY": "1"} | given,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield said
        finally:
            os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def wait_for(found: Callable[[], bool], seconds: float, what: str, said: Path) -> float:
    """The seconds it took; AssertionError with the daemon's last words if it takes too long."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if found():
            return time.monotonic() - began
        time.sleep(0.5)
    last = said.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise AssertionError(f"{what} did not come within {seconds:g} s. The daemon's last words:\n{last}")


def pythonpath(given: Mapping[str, str], *folders: Path) -> str:
    return os.pathsep.join(filter(None, [*map(str, folders), given.get("PYTHONPATH")]))
