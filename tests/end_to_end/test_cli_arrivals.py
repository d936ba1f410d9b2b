"""What drg run says of an inbox in which not everything is a delivery, and how it waits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import regions
from support.command import Drg, named
from support.regions import Claim, deliver

THROUGH = ["--through", "quality.claim_status"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A region with one delivery of March."""
    regions.empty(tmp_path)
    deliver(tmp_path, "2025-03/first", Claim("A"))
    return tmp_path


def run(drg: Drg, folder: Path, *more: object):
    return drg("run", "--months", "2025-03", *THROUGH, *named(folder), *more)


def test_a_misnamed_month_is_no_green_run(drg: Drg, folder: Path) -> None:
    deliver(folder, "2025-4/late", Claim("B"))
    ended = run(drg, folder)
    assert ended.code == 1
    assert "2025-4: month folders are named YYYY-MM: was 2025-04 meant?" in ended.err
    # Renamed it is a delivery like any other.
    (folder / "inbox" / "2025-4").rename(folder / "inbox" / "2025-04")
    assert run(drg, folder).code == 0


def test_what_is_no_delivery_is_named_without_v(drg: Drg, folder: Path) -> None:
    for number in range(25):
        (folder / "inbox" / f"README-{number:02}.md").write_text("x", encoding="utf-8")
    # The first run computes, the others find nothing new: all of them name it.
    ended = run(drg, folder)
    assert ended.code == 0 and "README-08.md" not in ended.err
    assert "README-00.md in the inbox is left alone: a file, where month folders stand" in ended.err
    assert "… and 17 more" in ended.err
    chinese = run(drg, folder, "--lang", "zh").err
    assert "README-00.md：收件目录下应为月份目录，此处是文件，未处理" in chinese and "……另有 17 项" in chinese
    # With -v all of them, each once.
    for again in ([], ["--again"]):
        assert run(drg, folder, "-v", *again).err.count("README-24.md") == 1


def test_a_run_waits_for_what_is_arriving_and_says_so(
    drg: Drg, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRG_QUIET_SECONDS", "3")
    ended = run(drg, folder)
    assert ended.code == 0
    assert "Waiting for deliveries that are still arriving, for at most 9 s" in ended.err
    assert "2025-03/first: changed" in ended.err and "quiet for 3 s" in ended.err
    # What was taken in is waited for no more.
    assert "Waiting" not in run(drg, folder).err


def test_what_a_sender_sums_up_is_waited_for_no_more(
    drg: Drg, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRG_QUIET_SECONDS", "3600")
    place = folder / "inbox" / "2025-03" / "first"
    summed = subprocess.run("sha256sum *.csv > SHA256SUMS", shell=True, cwd=place, check=False)
    if summed.returncode:
        pytest.skip("there is no sha256sum here")
    ended = run(drg, folder)
    assert ended.code == 0 and "Waiting" not in ended.err


def test_a_run_that_waited_long_enough_takes_nothing_in(
    drg: Drg, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRG_QUIET_SECONDS", "3600")
    ended = run(drg, folder, "--wait", "1")
    assert ended.code == 1
    assert "Deliveries are still arriving after 1 s of waiting." in ended.err
    assert "2025-03/first" in ended.err and "--wait 0" in ended.err
    assert not list((folder / "lake").rglob("manifest.json"))
    assert run(drg, folder, "--wait", "0").code == 0


def test_a_quiet_time_that_is_none_is_wrong_use(
    drg: Drg, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRG_QUIET_SECONDS", "soon")
    ended = run(drg, folder)
    assert ended.code == 2 and "DRG_QUIET_SECONDS: 'soon' is not a whole number" in ended.err
