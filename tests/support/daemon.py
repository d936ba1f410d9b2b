"""A lake's daemon and code server as processes of their own, as an operator starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from drg_pipeline.commands.ui import environment
from drg_pipeline.settings import PROJECT
from support import regions

THE_CODE = ("-m", "drg_pipeline.definitions")


def environment_of(folder: Path) -> dict[str, str]:
    env = environment(regions.settings(folder))
    code = os.pathsep.join([str(regions.TESTS), env["PYTHONPATH"]])
    return env | {"DAGSTER_DISABLE_TELEMETRY": "1", "PYTHONPATH": code}


def daemon(
    folder: Path, code: Sequence[str] = THE_CODE, at: str | None = None, **given: str
) -> AbstractContextManager[Path]:
    """The daemon on a region's lake; with `at` its clock begins at that moment."""
    return started(folder, "daemon", clocked(["dagster._daemon", "run", *code], at), **given)


def clocked(module: Sequence[str], at: str | None) -> list[str]:
    """A module as a program, under a clock that begins at a moment."""
    return [*(["support.clock", at] if at else []), *module]


@contextmanager
def started(folder: Path, name: str, module: Sequence[str], **given: str) -> Iterator[Path]:
    """A module as a program; hands out the file that it writes to. Ended with all that it has started."""
    said = folder / f"{name}.log"
    with open(said, "w") as log:
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *module],
            cwd=PROJECT,
            env=environment_of(folder) | given,
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
    """The seconds it took; AssertionError with the program's last words if it takes too long."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if found():
            return time.monotonic() - began
        time.sleep(0.5)
    last = said.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise AssertionError(f"{what} did not come within {seconds:g} s. The last words:\n{last}")
