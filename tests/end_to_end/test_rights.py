"""Whatever the system's umask allows: what the commands write is for the owner and the group alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from support.command import MONTH, named

from drg_pipeline.settings import PROJECT


def drg(folder: Path, *arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "drg_pipeline.cli", *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        umask=0,
    )
    assert done.returncode == 0, done.stderr


def test_no_command_writes_for_others(tmp_path: Path) -> None:
    place = [*named(tmp_path), "--closings", tmp_path / "closings"]
    size = ["--claims", "300", "--hospitals", "8", "--first-month", MONTH, "--last-month", MONTH]
    drg(tmp_path, "generate", *place[:4], *size)
    drg(tmp_path, "run", "--months", MONTH, "--through", "quality.claim_status", *place)
    out = tmp_path / "out" / "rows.csv"
    lake = ["--lake", tmp_path / "lake", "--closings", tmp_path / "closings"]
    drg(tmp_path, "sql", "from quality.claim_status", "--out", out, *lake)
    drg(tmp_path, "lineage", "quality.claim_status.reason", "--html", tmp_path / "page" / "a.html")
    open_to_others = [
        f"{oct(stat.S_IMODE(path.lstat().st_mode))} {path}"
        for place in ("inbox", "reference", "lake", "closings", "out", "page", "key")
        for path in (tmp_path / place, *(tmp_path / place).rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o027
    ]
    assert not open_to_others
    assert stat.S_IMODE(os.stat(tmp_path / "key").st_mode) == 0o600
    assert (tmp_path / "lake" / ".dagster").is_dir() and out.is_file()
