"""Closings that come damaged or made to do harm: each is told of with file and key, the next one is looked at, and
nothing is written outside of the place where a replay computes."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Drg, command
from support.forger import mend, open_up, raw_manifest
from support.small_closing import MONTHS, SmallRegion

from drg_pipeline.closings.manifest import read_manifest, read_sources
from drg_pipeline.closings.replay import Replayed, _Replay, replay
from drg_pipeline.duck import connect
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import MANIFEST
from drg_pipeline.periods import Period

FEBRUARY = "2025-02"
ODD: tuple[Any, ...] = (None, True, 7, 1.5, "x", [], ["x"], [[]], {}, {"x": "y"}, {"x": {"x": []}})
Node = dict[str, Any] | list[Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January and February, closed; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    region = SmallRegion(folder)
    region.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, FEBRUARY)])
    region.run(MONTHS[:2])
    region.close("2025-01")
    region.close(FEBRUARY)
    open_up(folder / "closings")
    return folder


@pytest.fixture
def region(made: Path, tmp_path: Path) -> SmallRegion:
    shutil.copytree(made, tmp_path / "home")
    return SmallRegion(tmp_path / "home")


@pytest.fixture
def place(region: SmallRegion) -> Path:
    return region.closed.place(Period.of(FEBRUARY), 1)


@pytest.fixture
def drg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drg:
    monkeypatch.setattr(_Replay, "_today", lambda self: None)
    return command(capsys, monkeypatch)


def spots(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value of a tree; of a long list to its first and last entry."""
    keys: list[str | int] = []
    if isinstance(node, dict):
        keys = list(node)
    elif isinstance(node, list):
        keys = sorted({0, len(node) - 1} & set(range(len(node))))
    for key in keys:
        yield (*path, key)
        yield from spots(node[key], (*path, key))


def put(tree: Any, path: tuple[str | int, ...], value: object) -> Any:
    """A copy with another value at one place."""
    made = copy.deepcopy(tree)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return made


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def write(place: Path, manifest: object) -> None:
    (place / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def again(region: SmallRegion, period: str = FEBRUARY) -> Replayed:
    return replay(region.settings, Period.of(period))


def test_each_key_of_each_wrong_type_is_told_with_file_and_key(place: Path) -> None:
    manifest = raw_manifest(place)
    tried = 0
    for path in spots(manifest):
        was = at(manifest, path)
        for value in ODD:
            if type(value) is type(was) or (path == ("methods",) and value in ({}, None)):
                continue
            write(place, put(manifest, path, value))
            with pytest.raises(DrgError) as caught:
                read_manifest(place)
            told = str(caught.value)
            named = [str(key) for key in path if isinstance(key, str)]
            assert "cannot be read" in told and str(place / MANIFEST) in told, (path, value)
            assert any(named[-1] in str(fault) for fault in caught.value.faults), (path, value, told)
            tried += 1
    assert tried > 500


def test_each_key_that_is_missing_or_unknown_is_told(place: Path) -> None:
    manifest = raw_manifest(place)
    may_lack = {"files", "format", "digests", "methods", "table", "partition", "file", "grain"}
    for path in spots(manifest):
        inside = at(manifest, path[:-1])
        named = path[0] in ("inputs", "versions", "schemes", "plan", "months") or "inputs" in path
        if not isinstance(inside, dict) or named:
            continue
        less = put(manifest, path, None)
        del at(less, path[:-1])[path[-1]]
        write(place, less)
        if path[-1] not in may_lack or path == ("format",):
            with pytest.raises(DrgError, match=str(path[-1])):
                read_manifest(place)
        write(place, put(manifest, (*path[:-1], "never_heard_of"), 1))
        with pytest.raises(DrgError, match="never_heard_of"):
            read_manifest(place)


HARMFUL = (
    "../../../../victim",
    "{victim}",
    "lake/{victim}",
    "a/../../victim",
    ".locks",
    "victim\0",
    "..",
    "x.y",
)


def test_no_name_in_a_manifest_leads_out_of_the_replay(
    region: SmallRegion, place: Path, tmp_path: Path
) -> None:
    """Whatever stands where a text stands: it is refused or it does nothing; nothing outside is written."""
    victim = tmp_path / "victim"
    for name in ("victim", "victim.lock"):
        (tmp_path / name).write_text("precious", encoding="utf-8")
    manifest = raw_manifest(place)
    texts = [path for path in spots(manifest) if isinstance(at(manifest, path), str)]
    computed = 0
    for number, path in enumerate(texts):
        for value in (HARMFUL[number % len(HARMFUL)], "../../../../victim"):
            value = value.format(victim=victim)
            write(place, put(manifest, path, value))
            before = seen(tmp_path)
            done = again(region)
            assert not done.identical and "unexpected" not in done.stopped, (path, value, done.stopped)
            assert seen(tmp_path) == before, (path, value)
            computed += done.steps > 0
    assert computed
    for table in manifest["plan"]:
        for harm in HARMFUL:
            name = harm.format(victim=victim)
            plan = {key: [name] if key == table else found for key, found in manifest["plan"].items()}
            write(place, manifest | {"plan": plan})
            assert "plan" in again(region).stopped
            write(place, manifest | {"plan": manifest["plan"] | {name: [FEBRUARY]}})
            assert "never" not in (told := again(region).stopped) and ("plan" in told or "neither" in told)
    assert seen(tmp_path) == before


def seen(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file of a folder but the trail, which says that there was a replay: its size and its last change."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("trail.") and path.name != MANIFEST
    }


def test_a_model_that_writes_reaches_nothing_of_the_closing(
    region: SmallRegion, place: Path, tmp_path: Path
) -> None:
    """Macros are run as they stand: one that writes a file finds neither the closing nor anything else there."""
    macros = place / "models" / "macros.sql"
    text = macros.read_text(encoding="utf-8")
    sealed = sorted(place.glob("landing/*/entry.parquet"))[0]
    for target in (sealed, place / "more.parquet", tmp_path / "victim"):
        macros.write_text(f"{text}\ncopy (select 1 as n) to '{target}' (format parquet);", encoding="utf-8")
        before = seen(tmp_path)
        done = again(region)
        assert "disabled" in done.stopped or "Permission" in done.stopped, done.stopped
        assert seen(tmp_path) == before
    sources = json.loads((place / "sources.json").read_bytes())
    sources[0]["columns"] = {
        "n": f"integer) from (select 1)); copy (select 1) to '{tmp_path / 'victim'}'; --"
    }
    (place / "sources.json").write_text(json.dumps(sources), encoding="utf-8")
    assert "is not the type of a column" in again(region).stopped
    assert seen(tmp_path).keys() == before.keys()


def test_each_key_of_the_list_of_sources_is_told(place: Path) -> None:
    path = place / "sources.json"
    sources = json.loads(path.read_bytes())
    for spot in spots(sources):
        for value in ODD:
            if type(value) is type(at(sources, spot)):
                continue
            path.write_text(json.dumps(put(sources, spot, value)), encoding="utf-8")
            with pytest.raises(DrgError, match=r"sources\.json") as caught:
                read_sources(path)
            assert caught.value.faults
    for content in (b"", b"{", b"\xff", b"[" * 100_000, b"7", b'"x"'):
        path.write_bytes(content)
        with pytest.raises(DrgError, match="cannot be read"):
            read_sources(path)


def _gone(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _noise(path: Path) -> None:
    path.write_bytes(b"\xff\x00PAR1 nothing of the kind PAR1")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _no_notes(path: Path) -> None:
    """A Parquet file that says nothing, or something else, of itself."""
    with connect() as con:
        con.execute(f"create table t as from read_parquet('{path}', hive_partitioning = false)")
        con.execute(
            f"copy t to '{path}' (format parquet, kv_metadata {{digest: 'x', inputs: '[1', rows: 'y'}})"
        )


PIECES = (
    "landing/*/entry.parquet",
    "lake/policy/rate/*/part.parquet",
    "lake/scheme/weight/part.parquet",
    "lake/late/monthly/month=2025-02/part.parquet",
    "models/late/monthly.sql",
    "models/columns.yml",
    "models/layers.yml",
    "models/macros.sql",
    "sources.json",
    "law/small/topic.yml",
    MANIFEST,
)


@pytest.mark.parametrize("piece", PIECES)
def test_a_file_that_is_damaged_or_gone_is_named_and_the_rest_is_looked_at(
    region: SmallRegion, place: Path, tmp_path: Path, piece: str
) -> None:
    """Also where somebody made the manifest fit it."""
    (path,) = sorted(place.glob(piece))[:1]
    ways: list[Callable[[Path], None]] = [_gone, _empty, _noise, _folder, _link]
    ways += [_no_notes] if piece.endswith(".parquet") else []
    for spoil in ways:
        for fits in (False, True) if piece != MANIFEST and spoil in (_empty, _noise, _no_notes) else (False,):
            kept = tmp_path / "kept"
            shutil.copytree(place, kept)
            spoil(path)
            if fits:
                mend(place, raw_manifest(place))
            if path == place / MANIFEST and spoil in (_gone, _folder):
                assert _is_missed(region, spoil)
            else:
                done = again(region)
                told = "\n".join([*map(str, done.changed), done.stopped])
                assert not done.identical and "unexpected" not in told, (spoil, fits, told)
                assert path.name in told or (fits and "manifest" in told), (spoil, fits, told)
            shutil.rmtree(place)
            os.replace(kept, place)
    assert again(region).identical


def _is_missed(region: SmallRegion, spoil: object) -> bool:
    """Whether what has no manifest any more is told of: it is no closing, and the trail knows of one."""
    try:
        done = again(region)
    except DrgError as error:
        return "entry 4 of the trail" in str(error)
    return "cannot be read" in done.stopped


def test_headers_of_the_form_before_are_read_or_refused(region: SmallRegion, place: Path) -> None:
    """A model could be like another one, which it named."""
    path = place / "models" / "late" / "monthly.sql"
    text = path.read_text(encoding="utf-8")
    manifest = raw_manifest(place) | {"format": 1}
    del manifest["methods"]
    for like in ("7", "[x]", "{}", "{model: x}", "{model: [x], with: {}}", "{model: ../../x.y, with: {}}"):
        path.write_text(text.replace("/*---\n", f"/*---\nlike: {like}\n", 1), encoding="utf-8")
        mend(place, manifest)
        done = again(region)
        assert "monthly" in done.stopped and "like" in done.stopped, (like, done.stopped)
    path.write_text(
        text.replace("/*---\n", "/*---\nlike: {model: early.none, with: {a: b}}\n", 1), encoding="utf-8"
    )
    mend(place, manifest)
    assert "monthly: cannot be read (No such file" in again(region).stopped


def test_the_replay_of_all_goes_on_behind_a_closing_that_cannot_be_read(
    region: SmallRegion, drg: Drg
) -> None:
    first = region.closed.place(Period.of("2025-01"), 1)
    manifest = raw_manifest(first)
    write(first, manifest | {"versions": 7})
    options = ["--region", "small", "--closings", region.settings.closings]
    ended = drg("replay", "--all", *options)
    assert ended.code == 1 and "Unexpected" not in ended.err
    assert "manifest.json: versions: must be a mapping" in ended.out
    assert "2025-02 (1): identical" in ended.out and "2025-01 (1)" in ended.err
    (first / MANIFEST).write_bytes(b"[")
    ended = drg("replay", "--all", *options)
    assert ended.code == 1 and "2025-02 (1): identical" in ended.out and "cannot be read" in ended.out
    ended = drg("audit", "verify", *options)
    assert ended.code == 1 and "closing 1 of 2025-01" in ended.err and "cannot be read" in ended.err
