"""Whatever a person is made to type or an inbox holds: nothing of it steers the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.command import Drg, named

from drg_pipeline.visible import is_hidden

EVIL = "x\x1b]0;owned\x07\x1b[2J\x9b\u202e\u2066\u200b\u2028\r\nDone: nothing is wrong."
SHOWN = "x\\x1b]0;owned\\x07\\x1b[2J\\x9b\\u202e\\u2066\\u200b\\u2028\\r\\nDone"


def harmless(text: str) -> bool:
    return not [char for char in text if char != "\n" and is_hidden(char)]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "arguments",
    [
        *([EVIL], ["run", EVIL], ["run", f"--{EVIL}"], ["run", "--months", EVIL]),
        *(["run", "--months", "2025-01", "--through", EVIL], ["run", "--months", "2025-01", "--lake", EVIL]),
        *(["run", "--months", "2025-01", "--inbox", EVIL], ["run", "--months", "2025-01", "--region", EVIL]),
        *(["run", "--months", "2025-01", "--grouping", EVIL], ["run", "--months", "2025-01", "--scheme", EVIL]),
        *(["run", "--months", "2025-01", "--known-on", EVIL], ["clear", "--year", EVIL]),
        *(["sql", "select 1", "--lake", EVIL], ["sql", EVIL], ["sql", f'select "{EVIL}"'], ["sql", "from a", "--out", EVIL]),
        *(["sql", f"select '{EVIL}' as a"], ["sql", f"select 1 as \"{EVIL}\"", "--format", "table"]),
        *(["explain", EVIL], ["lineage", EVIL], ["report", EVIL], ["report", "month", "--months", EVIL]),
        *(["simulate", "--months", "2025-01", "--set", EVIL], ["simulate", "--months", EVIL, "--set", "a=1"]),
        *(["audit", "verify", "--anchor", EVIL], ["audit", "show", "--closings", EVIL], ["close", "--month", EVIL]),
        *(["reopen", "--month", "2025-01", "--reason", EVIL], ["replay", "--month", EVIL]),
        *(["policy", "show", EVIL], ["policy", "check", "--policy", EVIL], ["policy", "show", "--on", EVIL]),
        *(["scheme", "check", EVIL], ["scheme", "import", EVIL], ["scheme", "import", "a", "--name", EVIL]),
        *(["group", EVIL, "--out", "x.csv"], ["group", "--dx", EVIL], ["group", "--dx", "I63.900", "--scheme", EVIL]),
        *(["generate", "--claims", EVIL], ["generate", "--inbox", EVIL, "--reference", EVIL]),
        *(["ui", "--host", EVIL], ["ui", "--port", EVIL], ["where", "--region", EVIL]),
    ],
)  # fmt: skip
def test_what_is_typed_is_echoed_harmless(
    drg: Drg, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], lang: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRG_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "zh_CN.UTF-8" if lang == "zh" else "C.UTF-8")
    # A lake that is there, where the option does not name another.
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lake").symlink_to(small / "lake")
    ended = drg(*arguments)
    assert harmless(ended.out) and harmless(ended.err)
    assert "Unexpected" not in ended.err and "意外错误" not in ended.err


def test_what_is_no_text_is_wrong_use(drg: Drg, small: Path) -> None:
    for arguments in (
        ["\udcc8"],
        ["sql", "select '\udcc8'"],
        ["explain", "\udcc8"],
        ["run", "--inbox", "\udcc8\x1b[2J"],
    ):
        ended = drg(*arguments)
        assert ended.code == 2 and "\\udcc8" in ended.err and "is not UTF-8" in ended.err
        assert harmless(ended.err)


def test_names_in_an_inbox_are_told_harmless(drg: Drg, small: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for place in (f"2025-01/{EVIL}", EVIL, f"\udcc8{EVIL}", "2025-01/d-1", "2025-01/\udcc8"):
        os.makedirs(inbox / place)
    (inbox / "2025-01" / "d-1" / f"{EVIL}\udcc8.csv").touch()
    options = named(small)
    options[options.index("--inbox") + 1] = inbox
    options[options.index("--lake") + 1] = tmp_path / "lake"
    ended = drg("run", "--months", "2025-01", "-v", *options)
    assert ended.code == 1 and harmless(ended.out) and harmless(ended.err)
    assert SHOWN in ended.err and "\nDone: nothing" not in ended.err
    log = (tmp_path / "lake" / ".dagster" / "failures.log").read_text("utf-8")
    assert SHOWN.replace("\\", "\\\\") in log and harmless(log)
