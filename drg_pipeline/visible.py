"""Texts that somebody else wrote, as terminals, logs and pages may show them.

Names of folders and files, cells, options: whoever wrote them must not steer a terminal, begin a line of his
own, turn the order of what is read, or hide letters. What is shown, and where, is decided elsewhere.
"""

from __future__ import annotations

import unicodedata

# Controls, formats (direction, zero width, tags), halves of pairs (bytes that are no text), line separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that nobody sees.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def is_hidden(char: str) -> bool:
    """Whether a character is not seen as itself where it is shown."""
    return char in _BLANK or unicodedata.category(char) in _HIDDEN


def one_line(text: object) -> str:
    """A text in one line, in which every hidden character is written by its number."""
    return _escaped(str(text), kept="")


def lines(text: object) -> str:
    """A text of ours, which may have lines: every other hidden character is written by its number."""
    return _escaped(str(text), kept="\n")


def _escaped(text: str, kept: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in kept or not is_hidden(char) else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
