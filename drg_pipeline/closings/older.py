"""Closings of the form before this one: what their models may say that models no longer say.

There a model could be `like` another one, with other names in the place of some of that one's tables and
columns: today both read a shared SELECT. It could also name the catalogue by which its `flags` were judged,
which computes nothing. Replays read such a folder through this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drg_pipeline.forms import Place
from drg_pipeline.sql.header import split_header

FORMAT = 1


def split_older(path: Path, place: Place) -> tuple[dict[str, Any] | None, str]:
    """The header of a sealed model as models have it today, and the SELECT that it stands for."""
    header, sql = split_header(path, place)
    if header is None:
        return None, sql
    header.pop("flags", None)
    if "like" in header:
        spec = header.pop("like")
        layer, _, table = str(spec["model"]).partition(".")
        names: Mapping[str, str] = spec["with"]
        sql = split_header(path.parent.parent / layer / f"{table}.sql", place)[1]
        for name, other in names.items():
            sql = re.sub(rf"(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])", other, sql)
    return header, sql
