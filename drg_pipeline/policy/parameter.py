"""One parameter of the law: dated, published, cited values, and which of them holds.

Two clocks: `valid_from` is when a value binds, `published` when it was known. Which parameters
there are, and in which table they stand, is not known here; how one is read stands in `entry.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from drg_pipeline.forms import Place
from drg_pipeline.policy.instruments import Instrument, Instruments
from drg_pipeline.policy.value_type import Scalar, ValueType

OPEN = "open"
NAME = re.compile(r"[a-z][a-z0-9_]*")

Row = tuple[Scalar | None, ...]
Content = Scalar | tuple[Row, ...] | None


@dataclass(frozen=True)
class Field:
    """How one scalar, or one column of a table, is typed and what it may be.

    of  of a column: the table parameter of the pack whose column of this name has its values
    """

    type: ValueType
    unit: str
    meaning: str
    nullable: bool = False
    domain: tuple[str, ...] = ()
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    of: str = ""


@dataclass(frozen=True)
class DatedValue:
    """A value from a day on, until a later one or a later text takes its place."""

    valid_from: date
    published: date
    content: Content
    law: str
    reason: str = ""
    repealed: bool = False


@dataclass(frozen=True)
class Overlay:
    """Years before an instrument are worked with its own first values, and say so."""

    until: date
    valid_from: date
    published: date
    law: Literal["open"]
    reason: str
    marks: str

    def check(self, place: Place) -> None:
        if self.valid_from >= self.until:
            place.at("valid_from").fault(
                f"{self.valid_from} does not lie before until {self.until}: correct one of the two"
            )

    def before(self, value: DatedValue) -> DatedValue:
        reason = f"{self.reason}; {value.reason}" if value.reason else self.reason
        return replace(
            value, valid_from=self.valid_from, published=self.published, law=self.law, reason=reason
        )


@dataclass(frozen=True)
class Parameter:
    """A parameter of one file. `columns` is None for a scalar, whose type is `field`; a table's `key` names
    the columns that tell its rows apart, its `bands` the two that have to follow on each other. A `complete`
    table has a row for each combination of what the columns of its key may be. Without `values` it says what
    a value would be."""

    name: str
    file: str
    describe: str
    field: Field | None
    columns: Mapping[str, Field] | None
    nullable: bool
    values: tuple[DatedValue, ...]
    confirmed_until: date
    key: tuple[str, ...] = ()
    bands: tuple[str, str] | None = None
    complete: bool = False

    @property
    def full_name(self) -> str:
        """`<topic>.<name>`"""
        return f"{self.file.rpartition('/')[2].removesuffix('.yml')}.{self.name}"

    @property
    def lent_by(self) -> str:
        """The base whose values these are; '' of the region's own."""
        return self.file.rpartition("/")[0]

    @property
    def is_table(self) -> bool:
        return self.columns is not None

    def at(self, on: date, known_on: date) -> DatedValue | None:
        """The value in force on a day, of what was published by `known_on`."""
        known = [value for value in self.values if value.valid_from <= on and value.published <= known_on]
        return max(known, key=lambda value: (value.valid_from, value.published), default=None)


@dataclass(frozen=True)
class Context:
    """What the values of a pack are checked against."""

    instruments: Instruments
    in_pack: tuple[str, ...]
    confirmed_until: date
    overlay: Overlay | None

    def cite(self, place: Place, law: str) -> Instrument | None:
        """The document of a clause that a value rests on; None, with a fault, where it cannot be cited."""
        found = self.instruments.find(law)
        if found is None:
            place.fault(
                f"{law!r} is not a clause of {self.instruments.path.name}{self.instruments.nearest(law)}: "
                "correct it"
            )
            return None
        if self.in_pack and found[0].id not in self.in_pack:
            place.fault(f"{law} is not law of this region: cite one of {', '.join(self.in_pack)}, or open")
            return None
        return found[0]
