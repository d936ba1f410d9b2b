"""Pictures of pages by a headless Chromium, where there is one and a folder is named for them (DRG_PICTURES)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# The page's own time for loading and drawing, in milliseconds; it passes as fast as the page allows.
PAGE_TIME = 40_000


def folder() -> Path | None:
    """Where pictures go; None where none are wanted or no browser is there."""
    named = os.environ.get("DRG_PICTURES")
    return Path(named) if named and _program() else None


def picture(address: str, name: str, *, width: int = 1700, height: int = 1000) -> Path | None:
    """The page at an address as `<name>.png`."""
    target, program = folder(), _program()
    if target is None or program is None:
        return None
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"{name}.png"
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(program, *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}"),
            *(f"--virtual-time-budget={PAGE_TIME}", f"--screenshot={file}", address),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert file.is_file(), done.stderr[-2000:]
    return file


def _program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)
