"""The `drg` command as tests call it, and a small region for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from drg_pipeline import cli

MONTH = "2025-01"
THROUGH = "quality.claim_status"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Drg = Callable[..., Ended]


def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drg:
    """Runs the command in this process, in English unless a test says otherwise."""
    for name in ("LC_ALL", "LC_MESSAGES", "DRG_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


def named(folder: Path) -> list[object]:
    """The options that name a region's folders."""
    kinds = {"inbox": "inbox", "reference": "reference", "lake": "lake", "key": "key"}
    return [part for kind, name in kinds.items() for part in (f"--{kind}", folder / name)]


def small_region(folder: Path) -> None:
    """Two months of a made-up region, one of them run as far as its statuses."""
    place = [str(part) for part in named(folder)]
    size = ["--claims", "300", "--hospitals", "8", "--first-month", MONTH, "--last-month", "2025-02"]
    assert cli.main(["generate", *place[:4], *size]) == 0
    assert cli.main(["run", "--months", MONTH, "--through", THROUGH, *place]) == 0
