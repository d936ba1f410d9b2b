"""`drg audit`, and the exports of `drg sql` that it shows."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import regions
from support.command import Drg, command, small_region

from drg_pipeline.settings import PROJECT
from drg_pipeline.trail import Trail

PERSON = "select 1 as n, '张三' as name"


@pytest.fixture
def drg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drg:
    return command(capsys, monkeypatch)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return regions.shared(tmp_path_factory, "small_cli", small_region)


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    trail = Trail(tmp_path / "closings" / "jiyuan")
    trail.append("closed", region="jiyuan", period="2025-01", subject={"closing": 1, "manifest": "ab" * 32})
    trail.append("reopened", region="jiyuan", period="2025-01", subject={"closing": 1}, reason="a\x1b[2J\nb")
    trail.append("closed", region="jiyuan", period="2025", subject={"closing": 1})
    return trail


def test_an_unbroken_trail_is_verified_with_its_head(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    ended = drg("audit", "verify", "--closings", tmp_path / "closings")
    sequence, digest = trail.head()
    assert ended.code == 0 and "Unbroken: 3 entries" in ended.out and f"{sequence}:{digest}" in ended.out
    assert drg("audit", "verify", "--closings", tmp_path / "none").out.startswith("There is no entry in")
    assert not (tmp_path / "none").exists()


def test_every_finding_is_listed_and_ends_with_1(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    lines = trail.file.read_bytes().splitlines(keepends=True)
    trail.file.write_bytes(lines[0].replace(b'"closing":1', b'"closing":2') + lines[2])
    ended = drg("audit", "verify", "--closings", tmp_path / "closings")
    assert ended.code == 1
    assert "entry 1 (line 1): was changed" in ended.err
    assert "after entry 1: entry 2 is missing" in ended.err
    assert "drg audit verify says where" in drg("audit", "show", "--closings", tmp_path / "closings").err


def test_what_closings_and_people_noted_finds_a_cut_tail(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    sequence, digest = trail.head()
    manifest = trail.folder / "2025" / "1" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"trail": [sequence, digest]}))
    place = ["--closings", tmp_path / "closings"]
    assert "1 heads noted" in drg("audit", "verify", *place).out
    trail.file.unlink()
    trail.head_file.unlink()
    trail.append("closed", region="jiyuan", period="2025-01", subject={"closing": 1})
    ended = drg("audit", "verify", *place)
    assert ended.code == 1 and "entry 3: is missing: it was noted elsewhere" in ended.err
    manifest.write_text("[]")
    assert "manifest.json: cannot be read" in drg("audit", "verify", *place).err
    ended = drg("audit", "verify", *place, "--anchor", f"1:{digest}", "--anchor", f"3:{digest}")
    assert ended.code == 1 and "entry 1: is not the one that was noted elsewhere" in ended.err
    ended = drg("audit", "verify", *place, "--anchor", "x", "--anchor", "1:zz")
    assert ended.code == 2 and "--anchor x" in ended.err and "--anchor 1:zz" in ended.err


def test_entries_are_listed_in_both_languages_and_as_json(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    place = ["--closings", tmp_path / "closings"]
    shown = drg("audit", "show", *place)
    assert len(shown.out.splitlines()) == 5 and "\x1b" not in shown.out and "a\\x1b[2J\\nb" in shown.out
    assert (
        "manifest: abababababab" in shown.out and "重开" in drg("audit", "show", *place, "--lang", "zh").out
    )
    assert len(drg("audit", "show", *place, "--period", "2025").out.splitlines()) == 3
    assert "No such entry" in drg("audit", "show", *place, "--event", "exported").out
    listed = drg("audit", "show", *place, "--event", "reopened", "--json").out.splitlines()
    assert [json.loads(line)["reason"] for line in listed] == ["a\x1b[2J\nb"]


def test_an_export_is_set_down_without_the_text_of_its_query(
    drg: Drg, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--lake", small / "lake", "--closings", tmp_path / "closings"]
    monkeypatch.setattr("sys.argv", ["drg", "sql", PERSON])
    out = tmp_path / "new" / "rows.csv"
    ended = drg("sql", *place, PERSON, "--out", out)
    assert ended.code == 0 and ended.out == "" and "rows: 1" in ended.err
    assert out.read_text(encoding="utf-8").splitlines() == ["n,name", "1,张三"]
    monkeypatch.setattr("sys.argv", ["drg", "sql"])
    assert drg("sql", *place, "select 1 as n where false", "--out", tmp_path / "rows.json").code == 0
    assert json.loads((tmp_path / "rows.json").read_text()) == []
    trail = Trail(tmp_path / "closings" / "jiyuan")
    first, second = trail.entries()
    digest = hashlib.sha256(PERSON.encode()).hexdigest()
    assert (first.event, first.subject) == (
        "exported",
        {"file": str(out), "format": "csv", "query_sha256": digest, "rows": 1},
    )
    assert first.process["command"] == ["drg", "sql", f"SHA-256 {digest}"]
    assert second.subject["rows"] == 0 and "\\u5f20" not in trail.file.read_text()


def test_what_a_shell_writes_to_a_file_is_an_export_too(small: Path, tmp_path: Path) -> None:
    place = ["--lake", str(small / "lake"), "--closings", str(tmp_path / "closings")]
    with open(tmp_path / "rows.txt", "wb") as file:
        subprocess.run(
            [sys.executable, "-m", "drg_pipeline.cli", "sql", *place, PERSON],
            cwd=PROJECT,
            stdout=file,
            check=True,
        )
    [entry] = Trail(tmp_path / "closings" / "jiyuan").entries()
    assert entry.subject["file"] == str(tmp_path / "rows.txt") and entry.subject["rows"] == 1


def test_nothing_leaves_where_the_trail_cannot_be_written(drg: Drg, small: Path, tmp_path: Path) -> None:
    (tmp_path / "closings").write_text("a file")
    place = ["--lake", small / "lake", "--closings", tmp_path / "closings"]
    ended = drg("sql", *place, PERSON, "--out", tmp_path / "rows.csv")
    assert ended.code == 2 and "is not a folder" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["closings"]


@pytest.mark.parametrize(
    "given",
    [
        ["--out", "rows.txt"],
        ["--out", "rows.csv", "--format", "json"],
        ["--out", "rows.csv", "--format", "table"],
    ],
)
def test_a_file_of_rows_is_named_for_what_it_is(drg: Drg, small: Path, given: list[str]) -> None:
    ended = drg("sql", "--lake", small / "lake", "select 1", *given)
    assert ended.code == 2 and f"--out {given[1]}" in ended.err


def test_rows_need_a_query_to_go_to_a_file(drg: Drg, small: Path, tmp_path: Path) -> None:
    ended = drg("sql", "--lake", small / "lake", "--out", tmp_path / "rows.csv")
    assert ended.code == 2 and "There is no query" in ended.err
