"""The UI on one machine: a code server, the web server behind its guard, and the daemon, until one ends.

They are the processes of `deploy/README.md`, started together; each ends when the one that started it does.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from drg_pipeline.errors import DrgError
from drg_pipeline.files import work_folder
from drg_pipeline.process import end_with_parent

CODE = "drg_pipeline.definitions"
# Until the code server listens; until what was told to end has ended.
STARTED_SECONDS = 120
ENDED_SECONDS = 20
LOOK_SECONDS = 0.5


def serve(
    env: Mapping[str, str],
    host: str,
    port: int,
    *,
    allowed: Sequence[str] = (),
    read_only: bool = False,
    code: Sequence[str] = ("-m", CODE),
) -> None:
    """Runs them until told to end (SIGINT, SIGTERM); DrgError where one of them ended by itself.

    allowed    names under which the web server may be asked, beside its host's
    read_only  it passes on no order, and no daemon is started
    """
    with work_folder() as folder, _told_to_end() as ending:
        place, workspace = folder / "code", folder / "workspace.yaml"
        # JSON is YAML.
        listed = {"grpc_server": {"socket": str(place), "location_name": CODE}}
        workspace.write_text(json.dumps({"load_from": [listed]}), encoding="utf-8")
        programs = {
            "code server": [
                *("dagster", "code-server", "start", *code, "--socket", str(place)),
                *("--location-name", CODE, "--log-level", "warning", "--use-python-environment-entry-point"),
            ],
            "web server": [
                *("drg_pipeline.web", "-w", str(workspace), "-h", host, "-p", str(port)),
                *(part for name in allowed for part in ("--allow-host", name)),
                *(["--read-only"] if read_only else []),
            ],
            "daemon": ["dagster._daemon", "run", "-w", str(workspace)],
        }
        if read_only:
            del programs["daemon"]
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, module in programs.items():
                children[name] = _start(module, env)
                if name == "code server":
                    _wait(place, children[name], ending)
            while not ending() and all(child.poll() is None for child in children.values()):
                time.sleep(LOOK_SECONDS)
        finally:
            ended = {name: child.returncode for name, child in children.items() if child.poll() is not None}
            _end(list(children.values()))
        if ended and not ending():
            told = [f"the {name} ended with {code}" for name, code in ended.items()]
            raise DrgError(
                "The UI has ended.",
                told,
                state="What was published stands as it was.",
                remedy="Its last words stand above; mend that, and start it again.",
            )


@contextmanager
def _told_to_end() -> Iterator[Callable[[], bool]]:
    told: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(module: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore", "-m", *module]
    return subprocess.Popen(command, env=dict(env), preexec_fn=end_with_parent)


def _wait(place: Path, child: subprocess.Popen[bytes], ending: Callable[[], bool]) -> None:
    """Until the code server listens, has ended, or nobody wants it any more."""
    began = time.monotonic()
    while child.poll() is None and not ending() and time.monotonic() - began < STARTED_SECONDS:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(place)) == 0:
                return
        time.sleep(LOOK_SECONDS / 5)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """All at once are told to end; who does not is ended."""
    for child in reversed(children):
        child.terminate()
    until = time.monotonic() + ENDED_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
