"""What an engine has to offer: from a model's SELECT and the files it may read to a candidate.

What is computed is judged, digested and published by `engine.py`, whichever engine made it; none of that
belongs into one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from drg_pipeline.duck import literal, quoted
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import NONE, Period, span
from drg_pipeline.sql.model import Model

CANDIDATE = "candidate"
"""the table that a computer leaves behind"""


class TooLarge(Exception):
    """A candidate did not fit into memory: fewer partitions at once may."""


class Computer(Protocol):
    """Computes models on one engine."""

    def candidate(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        partitions: Sequence[Period],
        files: Mapping[str, Sequence[Path]],
    ) -> None:
        """Leave the table `candidate` in a connection: the model's rows of the partitions, in their order.

        con         where the candidate is judged; it has a view `layer.table` over the files of each table
        files       table -> the files it may read of it; none of a table without rows for them

        It is not temporary, so that cursors of the connection see it, and its columns have the types that the
        contract says. Raises TooLarge, or a DrgError where the SELECT itself cannot run.
        """


def asked(model: Model, partitions: Sequence[Period]) -> str:
    """SQL for the rows of a model that partitions have."""
    if model.partition == NONE:
        return f"select * from ({model.sql}\n) as answer"
    values = ", ".join(literal(period.value) for period in partitions)
    return f"select * from ({model.sql}\n) as answer where {model.partition} in ({values})"


def order_of(model: Model) -> str:
    """SQL for the order of a candidate: its partitions, so that each is read alone, and in them its grain."""
    kind = () if model.partition == NONE else (model.partition,)
    return ", ".join(map(quoted, dict.fromkeys((*kind, *model.grain))))


def stopped(model: Model, partitions: Sequence[Period], why: str, remedy: str = "") -> DrgError:
    """The error for a SELECT that did not come to an end."""
    return DrgError(
        f"{model.name} could not be computed for {span(partitions) or 'the region'}.",
        [why],
        state="Nothing was published; what was there stands.",
        remedy=remedy,
    )
