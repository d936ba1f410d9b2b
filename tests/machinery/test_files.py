"""Files and folders appear whole or not at all, and a connection reaches no more than it is given."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.duck import connect, file_literal, literal, quoted, write_parquet
from drg_pipeline.files import ABANDONED_AFTER_SECONDS, appearing, name_folder, temporary


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
