"""A closing or a reopening that is stopped between any two of its steps: told of by whoever only looks, finished
or withdrawn by the next command that writes there, and set down either way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from support.forger import open_up
from support.small_closing import MONTHS, SmallRegion

from drg_pipeline.closings import reopen as reopening
from drg_pipeline.closings import seal, steps
from drg_pipeline.closings.record import Witness, examined
from drg_pipeline.closings.reopen import reopen
from drg_pipeline.closings.replay import replay
from drg_pipeline.closings.restore import restore
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import PROJECT
from drg_pipeline.trail import Trail, make_key

JANUARY, FEBRUARY = "2025-01", "2025-02"
MONTH = Period.of(JANUARY)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region of which nothing is closed; to be copied."""
    folder = tmp_path_factory.mktemp("built")
    region = SmallRegion(folder)
    region.deliver("2025-01/d1", [(1, 10, JANUARY), (2, 20, FEBRUARY)])
    region.run(MONTHS[:2])
    return folder


@pytest.fixture
def region(built: Path, tmp_path: Path) -> SmallRegion:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return SmallRegion(tmp_path)


def events(region: SmallRegion) -> list[str]:
    return [entry.event for entry in Trail(region.closed.folder).entries() if entry.event != "replayed"]


def said(region: SmallRegion) -> list[str]:
    """What `drg audit verify` says."""
    broken, differences = examined(region.closed, Witness())
    return [*map(str, broken), *(str(each.fault) for each in differences)]


def seen(region: SmallRegion) -> dict[str, bytes]:
    """Every file of the closings, which who only looks leaves as it is."""
    return {str(path): path.read_bytes() for path in region.closed.folder.rglob("*") if path.is_file()}


def _full(*given: object, **more: object) -> Any:
    raise OSError(28, "No space left on device")


def _append_but(event: str) -> Callable[..., Any]:
    """The disk is full when this event is to be set down."""
    real = Trail.append

    def append(self: Trail, what: str, **more: Any) -> Any:
        return _full() if what == event else real(self, what, **more)

    return append


# Where the disk is full, what is in place then, and what the next command makes of it.
CLOSING = {
    "before the intent": ("closing", False, None),
    "before the name": ("name", False, "withdrawn"),
    "before the end": ("closed", True, "closed"),
}


@pytest.mark.parametrize("moment", CLOSING)
def test_a_full_disk_while_closing(region: SmallRegion, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    where, in_place, ended = CLOSING[moment]
    with monkeypatch.context() as patch:
        if where == "name":
            patch.setattr(seal, "name_folder", _full)
        else:
            patch.setattr(Trail, "append", _append_but(where))
        with pytest.raises(OSError, match="No space"):
            region.close(JANUARY)
    assert region.closed.numbers(MONTH) == ([1] if in_place else [])
    assert not list(region.closed.folder.rglob("*.tmp"))
    before = seen(region)
    told = said(region)
    assert bool(told) == (ended is not None)
    if ended:
        assert "closing 1 of 2025-01: was begun (entry 1 of the trail) and not ended" in told[0]
    assert seen(region) == before
    sealed = region.close(JANUARY)
    assert (sealed.closed.number, sealed.new) == (1, not in_place)
    assert (
        events(region)
        == {
            None: ["closing", "closed"],
            "withdrawn": ["closing", "withdrawn", "closing", "closed"],
            "closed": ["closing", "closed"],
        }[ended]
    )
    assert said(region) == [] and replay(region.settings, MONTH).identical


@pytest.mark.parametrize("moment", ["reopening", "note", "reopened"])
def test_a_full_disk_while_reopening(
    region: SmallRegion, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    region.close(JANUARY)
    with monkeypatch.context() as patch:
        if moment == "note":
            patch.setattr(reopening, "appearing", _full)
        else:
            patch.setattr(Trail, "append", _append_but(moment))
        with pytest.raises(OSError, match="No space"):
            reopen(region.settings, MONTH, "a reason")
    in_place = moment == "reopened"
    assert (region.closed.standing(MONTH) is None) == in_place
    told = said(region)
    assert ["its reopening was begun (entry 3 of the trail)" in each for each in told] == (
        [] if moment == "reopening" else [True]
    )
    if told:
        done = replay(region.settings, MONTH)
        assert not done.identical and "its reopening was begun" in done.changed[0].what
    (ended,) = steps.end_what_was_begun(region.closed, Trail.of(region.settings)) or [None]
    assert (ended and ended.event) == {"reopening": None, "note": "withdrawn", "reopened": "reopened"}[moment]
    assert said(region) == []
    if not in_place:
        reopen(region.settings, MONTH, "a reason")
    assert region.closed.standing(MONTH) is None and said(region) == []


PROGRAM = """
import os, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from support.small_closing import SmallRegion
from drg_pipeline import files
from drg_pipeline.closings import seal, steps
from drg_pipeline.closings.reopen import reopen
from drg_pipeline.periods import Period
from drg_pipeline.trail import Trail

what, where, moment = sys.argv[1:]
def die(*given, **more):
    os.kill(os.getpid(), signal.SIGKILL)
def dying(real, event=None):
    def call(*given, **more):
        if event and event not in given:
            return real(*given, **more)
        if moment == "before":
            die()
        made = real(*given, **more)
        die()
        return made
    return call
if where == "name":
    seal.name_folder = dying(files.name_folder)
elif where == "head":
    from drg_pipeline.trail import trail
    trail.appearing = die
elif where == "link":
    os.replace = dying(os.replace)
else:
    Trail.append = dying(Trail.append, where)
region = SmallRegion(Path({folder!r}))
if what == "close":
    region.close("2025-01")
else:
    reopen(region.settings, Period.of("2025-01"), "a reason")
"""
KILLS = [
    ("close", "closing", "before", []),
    ("close", "head", "before", ["closing", "withdrawn"]),
    ("close", "closing", "after", ["closing", "withdrawn"]),
    ("close", "name", "before", ["closing", "withdrawn"]),
    ("close", "name", "after", ["closing", "closed"]),
    ("close", "closed", "before", ["closing", "closed"]),
    ("close", "closed", "after", ["closing", "closed"]),
    ("reopen", "reopening", "before", []),
    ("reopen", "reopening", "after", ["reopening", "withdrawn"]),
    ("reopen", "reopened", "before", ["reopening", "reopened"]),
    ("reopen", "reopened", "after", ["reopening", "reopened"]),
]


@pytest.mark.parametrize(("what", "where", "moment", "left"), KILLS, ids=lambda one: str(one))
def test_a_process_that_is_killed_between_two_steps(
    region: SmallRegion, what: str, where: str, moment: str, left: list[str]
) -> None:
    before: list[str] = []
    if what == "reopen":
        region.close(JANUARY)
        before = events(region)
    text = PROGRAM.format(path=[str(PROJECT / "tests"), str(PROJECT)], folder=str(region.folder))
    ended = subprocess.run(
        [sys.executable, "-c", text, what, where, moment], capture_output=True, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    unfinished = len(events(region)) % 2 == 1
    assert bool(said(region)) == unfinished
    steps.end_what_was_begun(region.closed, Trail.of(region.settings))
    assert events(region) == before + left
    assert said(region) == []
    # Whatever was left, what was meant can be done, once.
    if what == "close":
        assert region.close(JANUARY).closed.number == 1
    elif region.closed.standing(MONTH):
        reopen(region.settings, MONTH, "a reason")
    assert (region.closed.standing(MONTH) is None) == (what == "reopen")
    assert said(region) == [] and replay(region.settings, MONTH).identical


def test_a_closing_of_a_version_that_set_down_only_its_end_stands(region: SmallRegion) -> None:
    """One entry, `closed`, and of a reopening one, `reopened`, that names no note."""
    sealed = region.close(JANUARY)
    trail = Trail(region.closed.folder)
    for path in (trail.file, trail.head_file):
        path.unlink()
    where = {"region": "small", "period": JANUARY}
    trail.append("closed", subject={"number": 1, "manifest": sealed.digest, "early": False}, **where)
    assert said(region) == [] and replay(region.settings, MONTH).identical
    restore(cast(Region, region), MONTH)
    reopen(region.settings, MONTH, "a reason")
    (region.closed.folder / "keep").write_bytes(trail.file.read_bytes())
    for path in (trail.file, trail.head_file):
        path.unlink()
    (region.closed.folder / "keep").unlink()
    trail.append("closed", subject={"number": 1, "manifest": sealed.digest, "early": False}, **where)
    trail.append("reopened", subject={"number": 1, "manifest": sealed.digest}, reason="a reason", **where)
    assert said(region) == []


def test_an_older_closing_without_an_entry_is_told_and_can_be_reopened(region: SmallRegion) -> None:
    """The version before could be stopped between the folder and its entry."""
    region.close(JANUARY)
    trail = Trail(region.closed.folder)
    for path in (trail.file, trail.head_file):
        path.unlink()
    assert said(region) == ["closing 1 of 2025-01: no entry of the trail vouches for it"]
    with pytest.raises(DrgError, match="no entry of the trail vouches for it"):
        region.close(JANUARY)
    with pytest.raises(DrgError, match="no entry of the trail vouches for it"):
        restore(cast(Region, region), MONTH)
    assert "no entry of the trail" in replay(region.settings, MONTH).changed[0].what
    reopen(region.settings, MONTH, "nobody set it down")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "write_difference", lambda *given: None)
        assert region.close(JANUARY).closed.number == 2
    assert said(region) == ["closing 1 of 2025-01: no entry of the trail vouches for it"]


def test_what_was_begun_without_the_key_is_not_made_good_by_it(
    region: SmallRegion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody without the key puts a folder in place and an entry that says that it is about to be."""
    with monkeypatch.context() as patch:
        patch.setattr(Trail, "append", _append_but("closed"))
        with pytest.raises(OSError, match="No space"):
            region.close(JANUARY)
    make_key(tmp_path / "agency")
    monkeypatch.setenv("DRG_SIGNING_KEY", str(tmp_path / "agency"))
    signing = SmallRegion(region.folder)
    trail = Trail.of(signing.settings)
    (ended,) = steps.end_what_was_begun(signing.closed, trail)
    assert ended.event == "withdrawn"
    assert said(signing) == ["closing 1 of 2025-01: no entry of the trail vouches for it"]
    assert trail.verify((), trail.keys, ("withdrawn",)) == []
    # Its own it finishes.
    open_up(signing.closed.folder)
    with monkeypatch.context() as patch:
        patch.setattr(Trail, "append", _append_but("closed"))
        with pytest.raises(OSError, match="No space"):
            signing.close(FEBRUARY)
    (ended,) = steps.end_what_was_begun(signing.closed, trail)
    assert (ended.event, ended.number) == ("closed", 1)


def test_two_lakes_do_not_close_one_month_at_once(
    region: SmallRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process closes it, from another lake, while this one builds its closing."""
    real = seal.sync_tree

    def meanwhile(folder: Path) -> None:
        real(folder)
        if not region.closed.numbers(MONTH):
            with steps.alone(region.closed.folder):
                trail, subject = Trail(region.closed.folder), {"number": 1, "manifest": "0" * 64}
                with steps.set_down(trail, "closing", MONTH, subject):
                    shutil.copytree(folder, region.closed.place(MONTH, 1))

    monkeypatch.setattr(seal, "sync_tree", meanwhile)
    with pytest.raises(DrgError, match="was closed by somebody else meanwhile"):
        region.close(JANUARY)
    assert region.closed.numbers(MONTH) == [1] and events(region) == ["closing", "closed"]
    assert not list(region.closed.folder.rglob("*.tmp")) and os.listdir(region.closed.folder / JANUARY) == [
        "1"
    ]
