"""A world of files and a process that does a program's work in it, again and again, each time in a child of its own.

The process has loaded all that programs need; a child of it begins at once, in the state of one that was just
started, and can be killed. As a program (`python -m support.faults.host WORLD FOLDER`) this module is that process.
What worlds there are stands in `worlds.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.settings import PROJECT
from support.faults import native
from support.faults.places import Place, Plan, Watch, read_record

# A program that takes longer has come to no end.
SECONDS = 240
TESTS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code (-9: killed) and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Host:
    """A world and its process, as tests use them.

    folder  holds `world`, and the `start` that it is put back to
    """

    def __init__(self, folder: Path, child: subprocess.Popen[str]) -> None:
        self.folder, self.world, self.start = folder, folder / "world", folder / "start"
        self._child = child
        self._answer()

    def reset(self) -> None:
        """The world is as it was in the beginning."""
        remove(self.world)
        shutil.copytree(self.start, self.world, symlinks=True)

    @contextmanager
    def filled(self, room: int | None) -> Iterator[None]:
        """The file system has so many kB left, while the block lasts; None: all that it has."""
        if room is None:
            yield
            return
        filler = self.folder / "filler"
        with open(filler, "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 12))
            file.truncate(max(os.path.getsize(filler) - (room << 10), 0))
        try:
            yield
        finally:
            filler.unlink()

    def run(self, program: str, **order: Any) -> Ended:
        """One program in a child, in the world as it is.

        plan    what happens to it (`places.Plan`)
        limit   bytes that a file may have; more is refused
        native  which operation of the C library fails and how (the arguments of `native.arm`)
        kill_after  seconds after which it is killed, wherever it is
        """
        plan = order.pop("plan", None)
        return Ended(*self._ask({"program": program, "plan": asdict(plan) if plan else None, **order}))

    def places(self, program: str) -> Counter[Place]:
        """The places that a program passes in the beginning's world."""
        record = self.folder / "record"
        record.unlink(missing_ok=True)
        self.reset()
        ended = self.run(program, plan=Plan(str(self.world), record=str(record)))
        assert ended.code == 0, ended.said
        return read_record(record)

    def operations(self, program: str, *, reads: bool = False) -> int:
        """How many operations of the C library a program does in the beginning's world."""
        self.reset()
        native = {"world": str(self.world), "number": 0, "action": "", "reads": reads}
        ended = self.run(program, native=native)
        assert ended.code == 0, ended.said
        return int((self.folder / "passed").read_text())

    def _ask(self, order: Mapping[str, Any]) -> list[Any]:
        assert self._child.stdin
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()
        return self._answer()

    def _answer(self) -> list[Any]:
        assert self._child.stdout
        line = self._child.stdout.readline()
        assert line, "the process of the world has ended"
        return list(json.loads(line))


@contextmanager
def host(world: str, folder: Path, **environment: str) -> Iterator[Host]:
    """A world in a folder; its process is ended with the block."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(PROJECT)]), "LANG": "C.UTF-8"}
    for name in ("LC_ALL", "LC_MESSAGES", "DRG_DEBUG", "DRG_HOME"):
        env.pop(name, None)
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "support.faults.host", world, str(folder)],
        env=env | environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Host(folder, child)
    finally:
        child.kill()
        child.communicate()


def remove(folder: Path) -> None:
    """A folder with all in it, also what nobody may write to."""
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o755)
    shutil.rmtree(folder, ignore_errors=not folder.exists())


# -- the process --------------------------------------------------------------------------------


def serve(world: str, folder: Path) -> int:
    from support.faults.worlds import WORLDS

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # What programs put aside elsewhere is seen, too.
    (folder / "world" / "tmp").mkdir(parents=True)
    tempfile.tempdir = str(folder / "world" / "tmp")
    programs = WORLDS[world](folder / "world")
    remove(folder / "start")
    shutil.copytree(folder / "world", folder / "start", symlinks=True)
    print("[]", file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        # Pipes: a limit on files, or a full disk, does not silence the program.
        out, err = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            code = _child(folder, order, programs, out[1], err[1])
            sys.stdout.flush()
            sys.stderr.flush()
            # Threads of the libraries were left behind in the process that has loaded them: no more than what a
            # program puts in order at its end.
            atexit._run_exitfuncs()
            os._exit(code)
        signal.signal(signal.SIGALRM, lambda *_, child=child: os.kill(child, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, order.get("kill_after", 0))
        said = _said(out, err)
        _, status = os.waitpid(child, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), *said]), file=answers, flush=True)
    return 0


def _said(*pipes: tuple[int, int]) -> list[str]:
    """What comes out of pipes until nobody holds their other ends."""
    said = {reader: b"" for reader, _ in pipes}
    with selectors.DefaultSelector() as waiting:
        for reader, writer in pipes:
            os.close(writer)
            waiting.register(reader, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                got = os.read(key.fd, 1 << 16)
                said[key.fd] += got
                if not got:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
    return [text.decode("utf-8", "replace") for text in said.values()]


def _child(folder: Path, order: Mapping[str, Any], programs: Mapping[str, Any], out: int, err: int) -> int:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in ((0, nothing), (1, out), (2, err)):
        os.dup2(handle, number)
        os.close(handle)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    # Nobody pulls the plug here: what was written is there, and waiting for the disk would be most of the time.
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    os.chdir(folder / "world")
    if order.get("limit") is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    if order["plan"]:
        Watch(Plan.read(order["plan"])).install()
    if not order.get("native"):
        return int(programs[order["program"]]())
    native.arm(**order["native"])
    code = int(programs[order["program"]]())
    (folder / "passed").write_text(str(native.passed()))
    return code


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1], Path(sys.argv[2])))
