"""Closings of the form before this one: what their models may say that models no longer say.

There a model could be `like` another one, with other names in the place of some of that one's tables and
columns: today both read a shared SELECT. It could also name the catalogue by which its `flags` were judged,
which computes nothing. Replays read such a folder through this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from drg_pipeline.closings import kinds
from drg_pipeline.forms import Place, fill
from drg_pipeline.sql.header import split_header

FORMAT = 1


@dataclass(frozen=True)
class _Like:
    """The model that another one was like, and what stood in it in the place of what."""

    model: kinds.Table
    with_: Annotated[Mapping[str, str], kinds.by_name]


def split_older(path: Path, place: Place) -> tuple[dict[str, Any] | None, str]:
    """The header of a sealed model as models have it today, and the SELECT that it stands for."""
    header, sql = split_header(path, place)
    if header is None:
        return None, sql
    header.pop("flags", None)
    if "like" in header:
        like = fill(_Like, place.at("like"), header.pop("like"))
        if not like.model:
            return header, sql
        layer, _, table = like.model.partition(".")
        sql = split_header(path.parent.parent / layer / f"{table}.sql", place)[1]
        for name, other in like.with_.items():
            word = rf"(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])"
            # A backslash stands for itself.
            sql = re.sub(word, other.replace("\\", r"\\"), sql)
    return header, sql
