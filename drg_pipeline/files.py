"""Files and folders that appear at once: written aside, flushed to disk, then given their name.

Whoever is killed at whatever moment leaves what was there or what is new, and at most a temporary beside it.
They are for their owner and group. What is written does not belong here.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drg_pipeline.process import own_name, owner_is_gone

SCRATCH, KEPT = ".drg-scratch-", "drg-kept-"
ABANDONED_AFTER_SECONDS = 24 * 3600
FLUSHES = 8
# What owner and group may not hold of a new file or folder: others nothing, the group no writing.
_WITHHELD = 0o027


def keep_private() -> None:
    """From now on this process, and those that it starts, make files and folders for owner and group alone.

    Whatever the system's umask allows; what it withholds beside stays withheld.
    """
    os.umask(os.umask(0o077) | _WITHHELD)


def temporary(target: Path) -> Path:
    """A fresh name beside the target, in its folder, that nobody else reads; the folder is made.

    What somebody who is gone has left there for this target is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_beside(target)
    return target.with_name(f"{target.name}.{_fresh()}.tmp")


def is_abandoned(path: Path) -> bool:
    """Whether nobody can be writing it any more: its process is gone, or a day has passed."""
    gone = owner_is_gone(path.name)
    return time.time() - path.lstat().st_mtime > ABANDONED_AFTER_SECONDS if gone is None else gone


def sweep(places: Iterable[Path]) -> None:
    """Remove files and folders of this user that are abandoned; what cannot be removed stays."""
    for place in places:
        with contextlib.suppress(OSError):
            if place.lstat().st_uid != os.geteuid() or not is_abandoned(place):
                continue
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink()


def sweep_beside(target: Path) -> None:
    """Remove the temporaries of a file that are abandoned."""
    sweep(target.parent.glob(f"{glob.escape(target.name)}.*.tmp"))


def sweep_tree(folder: Path) -> None:
    """Remove what is abandoned below a folder, hidden folders left out: temporary files and folders."""
    for place, folders, names in os.walk(folder):
        sweep(Path(place) / name for name in (*folders, *names) if name.endswith(".tmp"))
        folders[:] = [name for name in folders if not name.startswith(".") and not name.endswith(".tmp")]


def fresh_folder(parent: Path | None = None, prefix: str = SCRATCH) -> Path:
    """A new folder of this process below `parent`, or where temporary files lie; others' left ones go."""
    place = (parent or Path(tempfile.gettempdir())).resolve()
    place.mkdir(parents=True, exist_ok=True)
    sweep(path for path in place.glob(f"{SCRATCH}*") if owner_is_gone(path.name))
    folder = place / f"{prefix}{_fresh()}"
    folder.mkdir(mode=0o700)
    return folder


@contextlib.contextmanager
def work_folder(parent: Path | None = None, *, keep: bool = False) -> Iterator[Path]:
    """A fresh folder below `parent`, or where temporary files lie; removed at the end unless kept."""
    folder = fresh_folder(parent, KEPT if keep else SCRATCH)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def spill_folder(place: Path) -> Path:
    """A name for what one connection spills, which makes the folder and removes it; others' left ones go.

    Two that spill into one folder write into each other's files. Where there is no lake yet, looking at its
    law or at a scheme makes none.
    """
    with contextlib.suppress(OSError):  # who may only read the lake may not spill
        place.mkdir(exist_ok=True)
        sweep(place.iterdir())
    return place / _fresh()


def _fresh() -> str:
    return f"{own_name()}-{uuid.uuid4().hex[:8]}"


def write_text(target: Path, text: str) -> None:
    """Write a whole file in UTF-8, lines as they are, that appears at once; a device is written to."""
    target = Path(os.path.realpath(target))  # a link stays and leads to what is new
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8", newline="")
        return
    with appearing(target) as aside:
        aside.write_text(text, encoding="utf-8", newline="")


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
            _withhold_as(target, aside)
            os.replace(aside, target)
        list(pool.map(sync, {target.parent for target in moves.values()}))


def name_folder(aside: Path, target: Path, displaced: Path | None = None) -> None:
    """Give a folder its name in one step; OSError where a folder with files has it.

    displaced  where such a folder steps aside for a moment; it is removed afterwards
    """
    if displaced and target.exists():
        _withhold_as(target, aside)
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


def _withhold_as(there: Path, new: Path) -> None:
    """What is new is no more open to others than what it takes the place of."""
    with contextlib.suppress(FileNotFoundError):
        before, now = stat.S_IMODE(there.stat().st_mode), stat.S_IMODE(new.stat().st_mode)
        if now & ~(before | stat.S_IRWXU):
            new.chmod(now & (before | stat.S_IRWXU))


def make_read_only(place: Path) -> None:
    """Nobody writes a file, or the names in a folder, any more; who may read stays as it is."""
    place.chmod(stat.S_IMODE(place.stat().st_mode) & ~0o222)


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
