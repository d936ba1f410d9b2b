"""Who did what to a region's results: an append-only log in which each entry seals the one before it.

`trail.jsonl` holds one entry a line, `trail.head` the last entry's sequence and digest, written after it.
Nothing is ever taken out of the file: a line that was not finished is set down by the next entry as `torn`,
what the head proves to be missing as `broken`. What an event means does not belong here, and nothing that is
a person's may be put in.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from drg_pipeline.errors import Fault
from drg_pipeline.files import appearing, sync
from drg_pipeline.settings import Settings
from drg_pipeline.trail.check import Signed, disagreement, faults_of
from drg_pipeline.trail.keys import PublicKey, Signer
from drg_pipeline.trail.line import (
    BROKEN,
    TORN,
    Entry,
    canonical,
    digest_of,
    kept,
    kept_command,
    kept_text,
    parsed,
    sha256,
    signature_of,
    this_user,
)

TRAIL, HEAD = "trail.jsonl", "trail.head"
EVENT = re.compile(r"[a-z][a-z_]{0,39}")
_BLOCK = 1 << 16


class Trail:
    """The trail of one folder; any number of processes may append at once.

    signer  signs each entry that is appended; None: nobody does
    """

    def __init__(self, folder: Path, signer: Signer | None = None) -> None:
        self.folder = folder
        self.signer = signer
        self.file, self.head_file = folder / TRAIL, folder / HEAD

    @classmethod
    def of(cls, settings: Settings) -> Trail:
        """A region's trail, to be written to; WrongUse where the key that is to sign it cannot be read."""
        signer = Signer.read(settings.signing_key) if settings.signing_key else None
        return cls(settings.region_closings, signer)

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The keys by which what is set down here has to be signed: of whoever signs, else any or none."""
        return (self.signer.public,) if self.signer else ()

    # -- writing -------------------------------------------------------------------------------

    def append(
        self,
        event: str,
        *,
        region: str,
        period: str,
        subject: Mapping[str, object],
        reason: str = "",
        command: Sequence[str] | None = None,
    ) -> Entry:
        """Add one entry and flush it to disk; the folder is made where it is not there.

        subject  texts, whole numbers, truth values, lists and mappings of them; anything else as its text
        command  the arguments, without what is a person's; None: those of this process

        What is found torn or missing is set down first, as an entry of its own. ValueError for an event
        that is not a word or that only the trail itself may say; OSError where nothing can be written.
        """
        if not EVENT.fullmatch(event) or event in (TORN, BROKEN):
            raise ValueError(f"{event!r} is not an event that can be appended")
        place = {"region": kept_text(region), "period": kept_text(period)}
        process = {"host": socket.gethostname(), "pid": os.getpid(), "command": kept_command(command)}
        common: dict[str, Any] = {**place, "user": this_user(), "process": process}
        self._make_file()
        with self._locked(fcntl.LOCK_EX) as file:
            last, after = _last(file)
            head = self._written_head()
            # After a hole the numbers go on behind it, so that no number ever means two entries.
            number = max(last.sequence if last else 0, head[0] if head else 0)
            for kind, found in _findings(last, after, head):
                last = self._write(file, number + 1, last, event=kind, subject=found, reason="", **common)
                number = last.sequence
            given = {"event": event, "subject": kept(subject), "reason": kept_text(reason)}
            return self._write(file, number + 1, last, **given, **common)

    def _make_file(self) -> None:
        if not self.file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file.touch()
            sync(self.folder)

    def _write(self, file: IO[bytes], sequence: int, last: Entry | None, **given: Any) -> Entry:
        """One line, flushed, then the head: whoever is killed in between leaves the head one entry behind."""
        content = {
            "sequence": sequence,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "previous": last.digest if last else "",
            **given,
        }
        digest = digest_of(content)
        entry = Entry(**content, digest=digest, signature=signature_of(digest, self.signer))
        file.seek(max(file.seek(0, os.SEEK_END) - 1, 0))
        unfinished = file.read(1) not in (b"", b"\n")
        file.write((b"\n" if unfinished else b"") + entry.line() + b"\n")
        file.flush()
        sync(self.file)
        with appearing(self.head_file) as aside:
            aside.write_bytes(canonical({"sequence": entry.sequence, "digest": entry.digest}) + b"\n")
        return entry

    # -- reading -------------------------------------------------------------------------------

    def last(self) -> Entry | None:
        """The last entry; None of an empty trail."""
        with self._shared() as file:
            return _last(file)[0] if file else None

    def head(self) -> tuple[int, str]:
        """Sequence and digest of the last entry; (0, "") of an empty trail."""
        last = self.last()
        return (last.sequence, last.digest) if last else (0, "")

    def entries(self) -> Iterator[Entry]:
        """Every line that can be read as an entry, in the order of the file; `verify` tells of the others."""
        for line in self._content()[0].split(b"\n"):
            if entry := parsed(line):
                yield entry

    def verify(
        self,
        anchors: Iterable[tuple[int, str]] = (),
        keys: Sequence[PublicKey] = (),
        signed: Collection[str] = (),
    ) -> list[Fault]:
        """Everything that shows the trail to be changed; an empty list when it is unbroken.

        anchors  (sequence, digest) that were noted elsewhere, as each closing does: they find what was cut
                 off or written anew together with the head
        keys     the keys of which one has to have signed what is signed; none: signatures are not looked at
        signed   the events that one of them has to have signed
        """
        asked = Signed(keys, signed) if keys else None
        return faults_of(*self._content(), HEAD, list(anchors), asked)

    def _content(self) -> tuple[bytes, tuple[int, str] | None]:
        """The bytes of the file and what the head says, of one moment."""
        with self._shared() as file:
            return (file.read() if file else b""), self._written_head()

    @contextlib.contextmanager
    def _shared(self) -> Iterator[IO[bytes] | None]:
        if not self.file.exists():
            yield None
            return
        with self._locked(fcntl.LOCK_SH) as file:
            yield file

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[IO[bytes]]:
        # The file itself is locked: it is never replaced, and who may only read it needs no other file.
        with open(self.file, "rb" if kind == fcntl.LOCK_SH else "ab+") as file:
            fcntl.flock(file, kind)
            yield file

    def _written_head(self) -> tuple[int, str] | None:
        """What the head says; None where it is not there, (-1, "") where it says nothing."""
        try:
            head = json.loads(self.head_file.read_bytes())
            return int(head["sequence"]), str(head["digest"])
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, RecursionError):
            return -1, ""


def _findings(
    last: Entry | None, after: list[bytes], head: tuple[int, str] | None
) -> list[tuple[str, dict[str, Any]]]:
    """What has to be set down before the next entry."""
    found: list[tuple[str, dict[str, Any]]] = []
    if after:
        found.append((TORN, {"lines": len(after), "sha256": sha256(b"\n".join(after))}))
    if what := disagreement(head, last):
        found.append(
            (BROKEN, {"found": what, "head": list(head or ()), "last": last.sequence if last else 0})
        )
    return found


def _last(file: IO[bytes]) -> tuple[Entry | None, list[bytes]]:
    """The last sealed entry, and the lines after it that are none.

    An entry that lacks only the end of its line is one: nothing of it is missing.
    """
    end = file.seek(0, os.SEEK_END)
    taken = 0
    while True:
        taken = min(end, max(_BLOCK, taken * 4))
        file.seek(end - taken)
        lines = file.read(taken).split(b"\n")
        if not lines[-1]:
            lines.pop()
        after: list[bytes] = []
        for line in reversed(lines if taken == end else lines[1:]):
            entry = parsed(line)
            if entry and entry.sealed():
                return entry, after
            after.insert(0, line)
        if taken == end:
            return None, after
