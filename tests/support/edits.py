"""A file with one text in the place of another, for tests of what a wrong file is told."""

from __future__ import annotations

from pathlib import Path


def edited(path: Path, old: str, new: str, to: Path | None = None) -> Path:
    """The file with the first of a text that has to stand in it exchanged; written in its place, or to another."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} stands nowhere in {path}"
    target = to or path
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    return target
