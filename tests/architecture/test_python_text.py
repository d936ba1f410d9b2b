"""Docstrings of the machinery: each module says what lives there, and none needs the one before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from drg_pipeline.settings import PROJECT

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FILES = sorted(
    path for folder in ("drg_pipeline", "tests", "bench") for path in (PROJECT / folder).rglob("*.py")
)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what a file, its classes and its functions say of themselves; '' where they say nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, DOCUMENTED):
            yield getattr(node, "lineno", 0), ast.get_docstring(node) or ""


def test_a_docstring_says_the_thing_itself() -> None:
    """One that begins with "the same" says nothing to whoever begins to read at it."""
    assert not [
        f"{path.relative_to(PROJECT)}:{line}: {text.splitlines()[0]}"
        for path in FILES
        for line, text in docstrings(path)
        if text.lower().startswith("the same")
    ]


def test_every_module_says_what_lives_there() -> None:
    assert not [
        str(path.relative_to(PROJECT))
        for path in FILES
        if path.read_text(encoding="utf-8").strip() and not next(docstrings(path))[1]
    ]
