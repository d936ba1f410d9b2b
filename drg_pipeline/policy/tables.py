"""The law as SQL tables: what columns a policy table has, and its rows for given periods.

Scalars of one file stand side by side in one table, one row a period; a table-valued parameter is
a table of its own. Reading files and choosing known-on dates do not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import NamedTuple

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.forms import Column
from drg_pipeline.periods import MONTH, NONE, YEAR, Period, month_of
from drg_pipeline.policy.parameter import OPEN, DatedValue, Parameter
from drg_pipeline.policy.value_type import Scalar

SCHEMA = "policy"
# The column by which the rows of a table of months, of years, or of neither are told apart.
LEAD = {MONTH: MONTH, YEAR: YEAR, NONE: "valid_from"}
KnownOn = Callable[[str, Period], date]


class Stale(NamedTuple):
    """A parameter that nobody has confirmed up to the period's last day."""

    parameter: str
    confirmed_until: date


@dataclass(frozen=True)
class PolicyTable:
    """One SQL table of the pack: `columns` begin with the period, then `phase` where there are phases.

    `known` names the moments that bound `published`: one without a column, several as phases. A table that
    has no periods holds every value that there was, by the day from which it is in force (`valid_from`), each
    as it was known at the moment of that day's month: for what is asked before a record has a month.
    """

    name: str
    period: str
    known: tuple[str, ...]
    describe: str
    columns: Mapping[str, Column]
    parameters: tuple[Parameter, ...]

    @property
    def phases(self) -> tuple[str, ...]:
        return self.known if len(self.known) > 1 else ()

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows apart."""
        return (LEAD[self.period], *(("phase",) if self.phases else ()), *self.parameters[0].key)

    @property
    def file(self) -> str:
        return self.parameters[0].file

    @property
    def citations(self) -> tuple[str, ...]:
        """Every clause that a value of this table cites, and `open` where one is a choice."""
        cited = [value.law for parameter in self.parameters for value in parameter.values]
        return tuple(sorted(set(cited)))

    def rows(self, periods: Sequence[Period], known_on: KnownOn) -> list[tuple[Scalar | None, ...]]:
        """The rows of these periods in column order; DrgError names every value that is missing."""
        rows: list[tuple[Scalar | None, ...]] = []
        missing: list[Fault] = []
        for period in periods:
            if period.kind != self.period:
                raise DrgError(f"{self.name} has rows by {self.period}, and {period} is a {period.kind}.")
            for phase, (on, of, named) in product(self.known, self._days(period)):
                bound = known_on(phase, of)
                held = [parameter.at(on, bound) for parameter in self.parameters]
                for parameter, value in zip(self.parameters, held):
                    if value is None:
                        missing.append(no_value(parameter, on, bound, of))
                lead = (named, phase) if self.phases else (named,)
                rows += self._rows(lead, [value for value in held if value is not None])
        if missing:
            raise DrgError(
                f"{self.name} cannot be built: the law has no value for {len(missing)} of what it needs.",
                missing,
                remedy="Add the values to the pack, then run again.",
            )
        return rows

    def _days(self, period: Period) -> list[tuple[date, Period, Scalar]]:
        """The days on which the law of a period is looked up: the day, the period that bounds what was known
        of it, and what the rows are told apart by."""
        if period.kind != NONE:
            return [(period.first, period, period.value)]
        days = sorted({value.valid_from for parameter in self.parameters for value in parameter.values})
        return [(day, month_of(day), day.isoformat()) for day in days]

    def _rows(self, lead: tuple[Scalar, ...], held: list[DatedValue]) -> Iterable[tuple[Scalar | None, ...]]:
        contents = [value.content for value in held]
        if self.parameters[0].is_table:
            return [(*lead, *row) for content in contents if isinstance(content, tuple) for row in content]
        return [(*lead, *(content for content in contents if not isinstance(content, tuple)))]

    def stale(self, period: Period) -> list[Stale]:
        return [
            Stale(parameter.name, parameter.confirmed_until)
            for parameter in self.parameters
            if parameter.confirmed_until < period.last
        ]


def scalar_table(
    stem: str, period: str, known: tuple[str, ...], describe: str, parameters: Sequence[Parameter]
) -> PolicyTable:
    """The scalars of one file as one row a period."""
    columns = {
        parameter.name: Column(
            parameter.field.type.sql, parameter.field.unit, parameter.describe, parameter.nullable
        )
        for parameter in parameters
        if parameter.field is not None
    }
    lead = _lead(period, known)
    return PolicyTable(f"{SCHEMA}.{stem}", period, known, describe, {**lead, **columns}, tuple(parameters))


def own_table(period: str, known: tuple[str, ...], parameter: Parameter) -> PolicyTable:
    """A table-valued parameter."""
    columns = {
        name: Column(field.type.sql, field.unit, field.meaning, field.nullable)
        for name, field in (parameter.columns or {}).items()
    }
    return PolicyTable(
        f"{SCHEMA}.{parameter.name}",
        period,
        known,
        parameter.describe,
        {**_lead(period, known), **columns},
        (parameter,),
    )


def _lead(period: str, known: tuple[str, ...]) -> dict[str, Column]:
    lead = {
        NONE: Column("DATE", "date", "First day on which the value is in force."),
        MONTH: Column("VARCHAR", "YYYY-MM", "Month on whose first day the value is in force."),
        YEAR: Column("INTEGER", "year", "Policy year on whose first day the value is in force."),
    }
    phase = Column("VARCHAR", "phase", f"Moment that bounds what was known: {' or '.join(known)}.")
    return {LEAD[period]: lead[period], **({"phase": phase} if len(known) > 1 else {})}


def no_value(parameter: Parameter, on: date, known_on: date, period: Period | None = None) -> Fault:
    """Says which value is missing, and whether it is unwritten or only not yet published."""
    in_force = [value for value in parameter.values if value.valid_from <= on]
    late = min((value.published for value in in_force), default=None)
    remedy = (
        f"the one in force was published on {late}; take a later known-on date, or correct its published date"
        if late
        else f"add a value with valid_from <= {on} and published <= {known_on}"
    )
    at = f"{period}, on {on}," if period else f"on {on}"
    return Fault(
        f"{parameter.file}: parameters.{parameter.name}",
        f"no value holds {at} as known on {known_on}: {remedy}",
    )


def open_values(
    parameters: Iterable[Parameter], on: date, known_on: date
) -> list[tuple[Parameter, DatedValue]]:
    """The values in force that are a choice and not the law's."""
    held = [(parameter, parameter.at(on, known_on)) for parameter in parameters]
    return [(parameter, value) for parameter, value in held if value is not None and value.law == OPEN]
