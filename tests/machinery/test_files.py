"""Files and folders appear whole or not at all, and a connection reaches no more than it is given."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.duck import connect, file_literal, literal, quoted, write_parquet
from drg_pipeline.files import (
    ABANDONED_AFTER_SECONDS,
    appearing,
    keep_private,
    make_read_only,
    name_folder,
    temporary,
    write_text,
)


def test_a_file_appears_when_its_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.json"
    with appearing(target) as aside:
        aside.write_text("one")
        assert not target.exists()
    assert target.read_text() == "one"
    with pytest.raises(ZeroDivisionError), appearing(target) as aside:
        aside.write_text("two")
        raise ZeroDivisionError
    assert target.read_text() == "one" and os.listdir(target.parent) == ["a.json"]


def test_a_new_file_does_not_replace_one_that_is_there(tmp_path: Path) -> None:
    target = tmp_path / "key"
    with pytest.raises(FileExistsError), appearing(target, new=True) as aside:
        aside.write_text("second")
        target.write_text("first")
    assert target.read_text() == "first" and os.listdir(tmp_path) == ["key"]


def test_only_what_was_abandoned_for_this_file_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "a[1].json"
    mine, young, foreign = (tmp_path / f"{name}.tmp" for name in ("a[1].json.1.dead", "a[1].json.2.x", "b"))
    for path in (mine, young, foreign):
        path.touch()
    old = time.time() - ABANDONED_AFTER_SECONDS - 60
    for path in (mine, foreign):
        os.utime(path, (old, old))
    fresh = temporary(target)
    assert fresh.parent == tmp_path and not fresh.exists()
    assert not mine.exists() and young.exists() and foreign.exists()


def test_a_folder_takes_the_place_of_another_or_that_one_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, aside, displaced = (tmp_path / name for name in ("there", "new", "old"))
    for folder, text in ((target, "before"), (aside, "after")):
        folder.mkdir()
        (folder / "file").write_text(text)
    with pytest.raises(OSError, match="not empty"):
        name_folder(aside, target)
    with monkeypatch.context() as patched:
        rename = Path.rename
        patched.setattr(Path, "rename", lambda self, to: rename(self, to) if self != aside else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            name_folder(aside, target, displaced)
    assert (target / "file").read_text() == "before" and not displaced.exists()
    name_folder(aside, target, displaced)
    assert (target / "file").read_text() == "after" and os.listdir(tmp_path) == ["there"]


def test_any_text_can_stand_in_sql(tmp_path: Path) -> None:
    with closing(connect()) as con:
        for text in ("it's", "", "\t", "\x00", '"', "a\nb", "甲"):
            assert con.execute(f"select {literal(text)}").fetchall() == [(text,)]
        name = 'odd "name" it\'s'
        assert con.execute(f"select 1 as {quoted(name)}").description[0][0] == name
        file, other = tmp_path / "a[1]*?'.parquet", tmp_path / "a1bb'.parquet"
        for path, number in ((file, 1), (other, 2)):
            assert write_parquet(con, f"select {number} as n", path, notes={"it": "isn't"}) == 1
        assert con.execute(f"select n from read_parquet({file_literal(file)})").fetchall() == [(1,)]
        notes = con.execute(f"select decode(value) from parquet_kv_metadata({file_literal(file)})").fetchall()
        assert notes == [("isn't",)]


def test_a_connection_reaches_only_the_folders_it_is_given(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
    with closing(connect(within=[inside], spill=inside / "spill", threads=1, memory_limit="1GB")) as con:
        write_parquet(con, "select 1 as n", inside / "a.parquet")
        with pytest.raises(duckdb.PermissionException):
            write_parquet(con, "select 1 as n", outside / "a.parquet")
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert con.execute(f"select current_setting('{setting}')").fetchall() == [(False,)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)
    yield lambda number: (os.umask(number), None)[1]
    os.umask(before)


def test_what_is_made_is_for_owner_and_group(tmp_path: Path, umask: Callable[[int], None]) -> None:
    for given, file, folder in ((0o000, 0o640, 0o750), (0o022, 0o640, 0o750), (0o077, 0o600, 0o700)):
        umask(given)
        keep_private()
        place = tmp_path / str(given)
        write_text(place / "a", "x")
        with closing(connect()) as con:
            write_parquet(con, "select 1", place / "b.parquet")
        assert [mode(place), mode(place / "a"), mode(place / "b.parquet")] == [folder, file, file]


def test_what_is_replaced_is_not_opened_to_others(tmp_path: Path, umask: Callable[[int], None]) -> None:
    keep_private()
    target = tmp_path / "a"
    for before, after in ((0o600, 0o600), (0o640, 0o640), (0o664, 0o640), (0o400, 0o600), (0o444, 0o640)):
        target.write_text("x")
        target.chmod(before)
        write_text(target, "y")
        assert (oct(mode(target)), target.read_text()) == (oct(after), "y")
        target.chmod(0o600)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir(mode=0o700)
    new.mkdir()
    name_folder(new, old, tmp_path / "displaced")
    assert mode(old) == 0o700


def test_read_only_leaves_to_readers_what_they_had(tmp_path: Path) -> None:
    for before, after in ((0o640, 0o440), (0o600, 0o400), (0o755, 0o555)):
        path = tmp_path / oct(before)
        path.touch()
        path.chmod(before)
        make_read_only(path)
        assert mode(path) == after


def test_a_text_goes_where_a_link_leads_and_into_a_device(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "deep" / "file"
    link.symlink_to(file)
    write_text(link, "a\r\nb\n")
    assert link.is_symlink() and file.read_bytes() == b"a\r\nb\n"
    write_text(Path("/dev/null"), "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_texts_are_on_disk_before_their_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    real = (os.fsync, os.replace)

    def fsync(number: int) -> None:
        done.append(f"flush {Path(os.readlink(f'/proc/self/fd/{number}')).suffix or 'folder'}")
        real[0](number)

    def replace(old: Path, new: Path) -> None:
        done.append("name")
        real[1](old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_text(tmp_path / "a.html", "x")
    assert done == ["flush .tmp", "name", "flush folder"]
