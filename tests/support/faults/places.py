"""Named places at which a program touches files, and what can be made to happen there: it is killed, or refused.

A place is an operation, the function of ours that asks for it, and the file it is for, without what is different
each time (process ids, random names). Python's own operations are found here; what DuckDB and SQLite write is not
seen, for that goes past Python.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What gives a file or a folder its name.
NAMING = ("replace", "rename", "link", "symlink")
REMOVING = ("rmdir", "unlink", "remove")
CHANGING = (*NAMING, *REMOVING, "fsync", "mkdir", "chmod", "truncate")
WRITE, READ = "write", "read"
# What a full disk refuses; what takes away still works.
GROWING = (*NAMING, "fsync", "mkdir", "truncate", WRITE)
BEFORE, AFTER = "before", "after"
KILL = "kill"
OURS = f"{os.sep}drg_pipeline{os.sep}"
_CHANGES = (
    (re.compile(r"^(\.drg-scratch-|tmp)\w{6,}"), r"\1R"),
    (re.compile(r"[0-9a-f]{8,}"), "H"),
    (re.compile(r"\d+"), "N"),
)


@dataclass(frozen=True, order=True)
class Place:
    """Where a program touches a file.

    code  the innermost function of ours, and behind `<` what called the module it stands in; a library's name
          where none of ours asks
    name  of the file or folder
    """

    operation: str
    code: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation} {self.name} in {self.code}"


@dataclass(frozen=True)
class Plan:
    """What happens to a program.

    world       only what lies below this folder is looked at
    record      a file that gets a line for each place passed; none: nothing is written down
    place       where it happens, at which passing (from 1) and whether before or after the operation
    action      KILL, or the name of an error (ENOSPC)
    for_good    the error stays: a full disk refuses whatever grows from then on
    """

    world: str
    record: str = ""
    place: Place | None = None
    passing: int = 1
    when: str = BEFORE
    action: str = ""
    for_good: bool = False

    @classmethod
    def read(cls, given: dict[str, Any]) -> Plan:
        place = given.pop("place")
        return cls(place=Place(**place) if place else None, **given)


def read_record(path: Path) -> Counter[Place]:
    """The places that a program passed, and how often."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Counter(Place(*json.loads(line)) for line in lines)


def stable(name: str) -> str:
    """A file's name without what is different each time."""
    for pattern, instead in _CHANGES:
        name = pattern.sub(instead, name)
    return name


def asked_by(frame: Any) -> str:
    """The function of ours that asks, and the first outside of its module that called it."""
    found: list[str] = []
    modules: list[str] = []
    library = ""
    while frame and len(found) < 2:
        file = frame.f_code.co_filename
        if OURS in file:
            module = file.rsplit(OURS, 1)[1].removesuffix(".py").replace(os.sep, ".")
            if module not in modules:
                modules.append(module)
                found.append(f"{module}.{frame.f_code.co_qualname.replace('.<locals>', '')}")
        elif not library and "site-packages" in file:
            library = file.rsplit("site-packages", 1)[1].split(os.sep)[1]
        frame = frame.f_back
    return " < ".join(found) or library or "python"


class Watch:
    """The operations of this process, as they are under a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.passed: Counter[Place] = Counter()
        self.full = False
        self.lock = threading.RLock()
        self.file = -1

    def install(self) -> None:
        self.real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CHANGING}
        self.real |= {"os.open": os.open, "open": builtins.open, "write": os.write, "readlink": os.readlink}
        if self.plan.record:
            self.file = os.open(self.plan.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for name in CHANGING:
            setattr(os, name, self._changing(name))
        os.open = self._os_open  # type: ignore[assignment]
        builtins.open = io.open = self._open  # type: ignore[assignment]

    # -- operations ----------------------------------------------------------------------------

    def _changing(self, name: str) -> Callable[..., Any]:
        real, of_target = self.real[name], name in NAMING

        def operation(*given: Any, **named: Any) -> Any:
            of = given[1] if of_target and len(given) > 1 else given[0] if given else None
            folder = named.get("dir_fd") or named.get("dst_dir_fd")
            return self._at(name, self._path(of, folder), lambda: real(*given, **named))

        return operation

    def _os_open(self, path: Any, flags: int, *given: Any, **named: Any) -> int:
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        real = self.real["os.open"]

        def work() -> int:
            return int(real(path, flags, *given, **named))

        where = self._path(path, named.get("dir_fd"))
        # A folder is opened to be flushed or locked, and says nothing by itself.
        return int(self._at(WRITE, where, work)) if writes else work()

    def _open(self, file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        kind = WRITE if set(mode) & set("wxa+") else READ
        where = "" if isinstance(file, int) else self._path(file)
        return self._at(kind, where, lambda: self.real["open"](file, mode, *given, **named))

    def _path(self, of: Any, folder: int | None = None) -> str:
        """The place of what an operation is given; '' where that cannot be told."""
        try:
            if isinstance(of, int):
                return str(self.real["readlink"](f"/proc/self/fd/{of}"))
            text = os.fsdecode(of)
            if folder is not None:
                text = os.path.join(self.real["readlink"](f"/proc/self/fd/{folder}"), text)
            return os.path.abspath(text)
        except (OSError, TypeError):
            return ""

    # -- what happens --------------------------------------------------------------------------

    def _at(self, operation: str, path: str, work: Callable[[], Any]) -> Any:
        if not path.startswith(self.plan.world):
            return work()
        place = Place(operation, asked_by(sys._getframe(2)), stable(os.path.basename(path)))
        with self.lock:
            self.passed[place] += 1
            hit = place == self.plan.place and self.passed[place] == self.plan.passing
            if self.file >= 0:
                line = json.dumps([place.operation, place.code, place.name])
                self.real["write"](self.file, f"{line}\n".encode())
        if hit and self.plan.when == BEFORE:
            self._act(path)
        if self.full and operation in GROWING:
            self._refuse(path)
        done = work()
        if hit and self.plan.when == AFTER:
            self._act(path)
        return done

    def _act(self, path: str) -> None:
        if self.plan.action == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        self.full = self.plan.for_good
        self._refuse(path)

    def _refuse(self, path: str) -> None:
        number = getattr(errno, self.plan.action)
        raise OSError(number, os.strerror(number), path)
