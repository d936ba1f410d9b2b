"""`drg audit`, and the exports of `drg sql` that it shows."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.command import Drg

from drg_pipeline.settings import PROJECT
from drg_pipeline.trail import PublicKey, Trail

PERSON = "select 1 as n, '张三' as name"


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    trail = Trail(tmp_path / "closings" / "jiyuan")
    trail.append("exported", region="jiyuan", period="2025-01", subject={"file": 1, "query": "ab" * 32})
    trail.append("replayed", region="jiyuan", period="2025-01", subject={"file": 1}, reason="a\x1b[2J\nb")
    trail.append("exported", region="jiyuan", period="2025", subject={"file": 1})
    return trail


def anchor_of(drg: Drg, tmp_path: Path) -> str:
    """The anchor as somebody copies it: without the words around it."""
    said = drg("audit", "anchor", "--closings", tmp_path / "closings")
    assert said.code == 0 and "锚文" in said.out and "Anchor of jiyuan" in said.out
    return said.out[said.out.index("drg-anchor") :]


def test_an_unbroken_trail_is_verified(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    ended = drg("audit", "verify", "--closings", tmp_path / "closings")
    assert ended.code == 0 and "Unbroken: 3 entries" in ended.out and "drg audit anchor" in ended.out
    for what in ("verify", "anchor"):
        said = drg("audit", what, "--closings", tmp_path / "none")
        assert said.code == 0 and said.out.startswith("There is no entry in")
    assert not (tmp_path / "none").exists()


def test_every_finding_is_listed_and_ends_with_1(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    lines = trail.file.read_bytes().splitlines(keepends=True)
    trail.file.write_bytes(lines[0].replace(b'"file":1', b'"file":2') + lines[2])
    ended = drg("audit", "verify", "--closings", tmp_path / "closings")
    assert ended.code == 1
    assert "entry 1 (line 1): was changed" in ended.err
    assert "after entry 1: entry 2 is missing" in ended.err
    assert "drg audit verify says where" in drg("audit", "show", "--closings", tmp_path / "closings").err


def test_an_anchor_finds_what_was_cut_off_and_written_anew(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    place = ["--closings", tmp_path / "closings"]
    anchor = anchor_of(drg, tmp_path)
    kept = tmp_path / "anchor.txt"
    kept.write_text(f"Sent on Monday.\n\n{anchor}\nRegards\n", encoding="utf-8")
    trail.append("exported", region="jiyuan", period="2025", subject={"file": 2})
    # As it was printed, in one line, in capitals; and the file.
    for given in (anchor, " ".join(anchor.split()), anchor.replace("drg-anchor", "DRG-ANCHOR"), kept):
        ended = drg("audit", "verify", *place, "--anchor", given)
        assert ended.code == 0 and "goes on from the anchor of entry 3" in ended.out, ended.err
    trail.file.unlink()
    trail.head_file.unlink()
    trail.append("exported", region="jiyuan", period="2025-01", subject={"file": 1})
    assert drg("audit", "verify", *place).code == 0
    ended = drg("audit", "verify", *place, "--anchor", kept)
    assert ended.code == 1 and "entry 3: is missing: it was noted elsewhere" in ended.err
    for number in range(3):
        trail.append("exported", region="jiyuan", period="2025-01", subject={"file": number})
    ended = drg("audit", "verify", *place, "--anchor", kept)
    assert ended.code == 1 and "entry 3: is not the one that was noted elsewhere" in ended.err


def test_a_typing_error_in_an_anchor_is_told_from_a_changed_trail(
    drg: Drg, trail: Trail, tmp_path: Path
) -> None:
    place = ["--closings", tmp_path / "closings"]
    anchor = anchor_of(drg, tmp_path)
    lines = anchor.splitlines()
    digits = lines[1]
    other = digits.replace(digits[0], "f" if digits[0] != "f" else "e", 1)
    for typed, said in (
        (anchor.replace(digits, other), "has a typing error"),
        (anchor.replace(" 3 2", " 4 2", 1), "has a typing error"),
        (anchor.replace(digits, digits[1:]), "digits are missing"),
        (anchor.replace("jiyuan", "jinan"), "has a typing error"),
        ("3:" + trail.head()[1], "is no anchor"),
        ("", "is no anchor"),
        ("x" * 5000, "is no anchor"),
    ):
        ended = drg("audit", "verify", *place, "--anchor", typed)
        assert ended.code == 2 and said in ended.err, (typed, ended.err)
    other_region = drg("audit", "verify", *place, "--region", "jinan", "--anchor", anchor)
    assert other_region.code == 2 and "is of the region jiyuan, not of jinan" in other_region.err


def test_a_key_is_made_once_and_for_its_owner(
    drg: Drg, trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drg("audit", "key", "new", "--out", tmp_path / "agency")
    private, public = tmp_path / "agency", tmp_path / "agency.pub"
    assert made.code == 0 and stat.S_IMODE(private.stat().st_mode) == 0o600
    assert PublicKey.read(public).name in made.out
    again = drg("audit", "key", "new", "--out", private)
    assert again.code == 2 and "is there already" in again.err
    place = ["--closings", tmp_path / "closings"]
    assert "There is no key to sign with" in drg("audit", "sign", *place).err
    monkeypatch.setenv("DRG_SIGNING_KEY", str(private))
    private.chmod(0o644)
    assert "open to others" in drg("audit", "sign", *place).err
    private.chmod(0o600)
    signed = drg("audit", "sign", *place)
    assert signed.code == 0 and "vouches for the 3 entries" in signed.out
    verified = drg("audit", "verify", *place, "--key", public, "--anchor", anchor_of(drg, tmp_path))
    assert verified.code == 0 and PublicKey.read(public).name in verified.out, verified.err
    for wrong in (private, tmp_path / "nowhere"):
        ended = drg("audit", "verify", *place, "--key", wrong)
        assert ended.code == 2 and "cannot be read as a public key" in ended.err
    monkeypatch.setenv("DRG_SIGNING_KEY", str(public))
    public.chmod(0o600)
    assert "cannot be read as a private key" in drg("audit", "anchor", *place).err


def test_a_key_may_have_a_password(
    drg: Drg, trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRG_SIGNING_PASSWORD", "开门")
    assert drg("audit", "key", "new", "--out", tmp_path / "agency").code == 0
    assert b"ENCRYPTED" in (tmp_path / "agency").read_bytes()
    monkeypatch.setenv("DRG_SIGNING_KEY", str(tmp_path / "agency"))
    place = ["--closings", tmp_path / "closings"]
    assert "signed " in drg("audit", "anchor", *place).out
    monkeypatch.setenv("DRG_SIGNING_PASSWORD", "wrong")
    assert "cannot be read as a private key" in drg("audit", "anchor", *place).err
    monkeypatch.delenv("DRG_SIGNING_PASSWORD")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "nobody can be asked" in drg("audit", "anchor", *place).err
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", lambda words: asked.append(words) or "开门")
    for _ in range(2):
        assert "signed " in drg("audit", "anchor", *place).out
    assert len(asked) == 1


def test_entries_are_listed_in_both_languages_and_as_json(drg: Drg, trail: Trail, tmp_path: Path) -> None:
    place = ["--closings", tmp_path / "closings"]
    shown = drg("audit", "show", *place)
    assert len(shown.out.splitlines()) == 5 and "\x1b" not in shown.out and "a\\x1b[2J\\nb" in shown.out
    assert "query: abababababab" in shown.out and "重演" in drg("audit", "show", *place, "--lang", "zh").out
    assert len(drg("audit", "show", *place, "--period", "2025").out.splitlines()) == 3
    assert "No such entry" in drg("audit", "show", *place, "--event", "closed").out
    listed = drg("audit", "show", *place, "--event", "replayed", "--json").out.splitlines()
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
