"""Tables and words as Markdown, in which no text of a table becomes markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from drg_pipeline.visible import one_line

# A cell that is longer says so.
LONGEST = 120
# An underscore within a word is no markup.
_MARKUP = re.compile(r"([\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w))")


def plain(value: object, longest: int | None = LONGEST) -> str:
    """A value as the text of one cell: no markup, no line break; an empty value as nothing."""
    if value is None:
        return ""
    words = one_line(" ".join(str(value).split()))
    cut = words if longest is None or len(words) <= longest else f"{words[: longest - 1]}…"
    return _MARKUP.sub(r"\\\1", cut)


def code(words: str) -> str:
    """A name as code; one that holds a backtick as plain text."""
    words = one_line(words)
    return f"`{words}`" if "`" not in words and "|" not in words else plain(words)


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Collection[int] = (),
    longest: int | None = LONGEST,
) -> str:
    """A table; `right` are the places of figures. A cell that is code already is left as it is."""
    line = "|".join("---:" if place in right else "---" for place in range(len(heads)))
    body = (" | ".join(_cell(value, longest) for value in row) for row in rows)
    return "\n".join([f"| {' | '.join(map(plain, heads))} |", f"|{line}|", *(f"| {row} |" for row in body)])


def _cell(value: object, longest: int | None) -> str:
    if isinstance(value, str) and re.fullmatch(r"`[^`|\n]*`", value):
        return one_line(value)
    return plain(value, longest)
