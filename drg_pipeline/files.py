"""Files and folders that appear at once: written aside, flushed to disk, then given their name.

Whoever is killed at whatever moment leaves what was there or what is new, and at most a temporary beside it.
What is written does not belong here.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ABANDONED_AFTER_SECONDS = 24 * 3600
FLUSHES = 8


def temporary(target: Path) -> Path:
    """A fresh name beside the target, in its folder, that nobody else reads; the folder is made.

    Those that somebody left there for this target a day ago and more are removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob(f"{glob.escape(target.name)}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if is_abandoned(old):
                old.unlink()
    return target.with_name(f"{target.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp")


def is_abandoned(path: Path) -> bool:
    """Whether nobody can be writing it any more."""
    return time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS


@contextlib.contextmanager
def appearing(target: Path, *, new: bool = False) -> Iterator[Path]:
    """A place to write a file, which is the target's once the block has ended, and is gone if it fails.

    new  FileExistsError where the target is there; otherwise it is replaced
    """
    aside = temporary(target)
    try:
        yield aside
        if new:
            sync(aside)
            os.link(aside, target)
            sync(target.parent)
        else:
            publish({aside: target})
    except OSError as error:
        if error.filename is None:
            error.filename = str(target)  # what writes to an open file does not say to which
        raise
    finally:
        aside.unlink(missing_ok=True)


def publish(moves: Mapping[Path, Path]) -> None:
    """Give files (temporary -> its place) their names, each in one step, after they were flushed to disk.

    Waiting for the disk is most of it, so files are flushed side by side; each is renamed after its own.
    """
    with ThreadPoolExecutor(FLUSHES) as pool:
        list(pool.map(sync, moves))
        for aside, target in moves.items():
            os.replace(aside, target)
        list(pool.map(sync, {target.parent for target in moves.values()}))


def name_folder(aside: Path, target: Path, displaced: Path | None = None) -> None:
    """Give a folder its name in one step; OSError where a folder with files has it.

    displaced  where such a folder steps aside for a moment; it is removed afterwards
    """
    if displaced and target.exists():
        target.rename(displaced)
        try:
            aside.rename(target)
        except BaseException:
            displaced.rename(target)
            raise
        shutil.rmtree(displaced, ignore_errors=True)
    else:
        aside.rename(target)
    sync(target.parent)


def sync_tree(folder: Path) -> None:
    """Wait until all that is in a folder is on disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync(Path(place) / name)
        sync(Path(place))


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)
