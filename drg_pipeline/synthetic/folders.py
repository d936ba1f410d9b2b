"""Puts made-up folders in place of nothing, or of an earlier made-up one, and of nothing else.

What is in the folders is the business of the modules that fill them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from drg_pipeline.errors import WrongUse
from drg_pipeline.files import name_folder, temporary

MARKER = ".generated"


def check_targets(inbox: Path, reference: Path) -> None:
    first, second = inbox.resolve(), reference.resolve()
    if first == second or first in second.parents or second in first.parents:
        raise WrongUse(f"{inbox} and {reference} lie in each other.", remedy="Name two separate folders.")
    faults = [f"{folder}: {why}" for folder in (inbox, reference) if (why := _foreign(folder))]
    if faults:
        raise WrongUse(
            "Made-up claims are not written over other files.",
            faults,
            state="Nothing was changed.",
            remedy="Name folders that are empty or do not exist yet, or move these files away.",
        )


def stage_of(folder: Path) -> Path:
    """An empty folder beside the target, on the same file system, so that it can be renamed."""
    stage = temporary(folder.with_name(f".{folder.name}"))
    stage.mkdir()
    return stage


def _foreign(folder: Path) -> str:
    """What in the folder was not written by an earlier call, or ''."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return "is not a folder of its own"
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not found:
        return ""
    if MARKER not in found:
        return f"holds {len(found)} entries and was not generated"
    try:
        own = set(json.loads((folder / MARKER).read_text(encoding="utf-8"))["entries"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"its {MARKER} cannot be read"
    added = sorted(found - own - {MARKER})
    return f"holds more than was generated: {', '.join(added)}" if added else ""


def put(stage: Path, folder: Path, called: dict[str, Any]) -> None:
    """Marks the complete folder and moves it into place, over an earlier result."""
    entries = sorted(path.name for path in stage.iterdir())
    marker = json.dumps({**called, "entries": entries}, indent=1, sort_keys=True)
    (stage / MARKER).write_text(marker + "\n", encoding="utf-8")
    name_folder(stage, folder, folder.with_name(f".{folder.name}.{os.getpid()}.old"))
