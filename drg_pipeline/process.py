"""This process, those that it starts, and those that are gone: who is there, and what ended one.

What they work on is not known here.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
# What ends a process that asked for memory and got none, by its own hand or the system's.
_OF_MEMORY = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL)

_NAMED = re.compile(r"([0-9a-f]{12})-([1-9][0-9]*)-([0-9]+)-")


def own_name() -> str:
    """What tells this process from all that see a folder: its machine, its number and when it began."""
    return f"{_machine()}-{os.getpid()}-{_began(os.getpid())}"


def owner_is_gone(name: str) -> bool | None:
    """Whether the process in whose name (`own_name` and `-`) something lies is gone; None: nobody can say."""
    named = _NAMED.search(name)
    if not named or named[1] != _machine():
        return None
    return _began(int(named[2])) != named[3]


def fields_of(pid: int) -> list[str] | None:
    """What Linux says of a process behind its name, its state first; None where it says nothing."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return told.rpartition(")")[2].split()


@functools.cache
def _machine() -> str:
    """The host and, in a container, its own numbers of processes."""
    numbers = ""
    with suppress(OSError):
        numbers = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(f"{socket.gethostname()} {numbers}".encode()).hexdigest()[:12]


def _began(pid: int) -> str | None:
    """When a process began, in the system's ticks, or 0 where it does not say; None where it is gone."""
    if fields := fields_of(pid):
        return None if fields[0] == "Z" else fields[19]
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        pass
    return "0"


def end_with_parent() -> None:
    """Asked of Linux for this process, right after it was started; elsewhere it may live on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def apart() -> int | None:
    """Go on in a child: None there, and its exit code here, when it has ended.

    MemoryError where it was ended for the memory that it took: no library can end this process by that. To
    be called before the first thread is started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        end_with_parent()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return None

    def pass_on(number: int, _: FrameType | None) -> None:
        # Ctrl-C reaches both, and the child says what became of it.
        if number != signal.SIGINT or not _at_the_terminal():
            with suppress(ProcessLookupError):
                os.kill(child, number)

    told = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in told}
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if -code in _OF_MEMORY:
        raise MemoryError(f"it was ended by {signal.Signals(-code).name}")
    return code if code >= 0 else 128 - code


def _at_the_terminal() -> bool:
    """Whether the terminal sends its keys to this process and to its children."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def bounded(more: int) -> Iterator[None]:
    """In the block this process cannot grow by more than so many bytes; who wants more gets MemoryError.

    Only where the system says how large a process is (Linux).
    """
    size = _size()
    if size is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = min([size + more, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _size() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return None
