"""A region's pack: dated, cited parameters, asked by name and by day.

How it is read from its folder and from those that it extends stands in `load.py`. No parameter is known here
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.periods import Period
from drg_pipeline.policy.instruments import Instruments
from drg_pipeline.policy.method import Chosen
from drg_pipeline.policy.moments import Moment, RunDay
from drg_pipeline.policy.parameter import (
    OPEN,
    DatedValue,
    Overlay,
    Parameter,
    Row,
)
from drg_pipeline.policy.tables import (
    KnownOn,
    PolicyTable,
    Stale,
    no_value,
    open_values,
)
from drg_pipeline.policy.value_type import Scalar

PACK_FILE = "pack.yml"

Value = Scalar | list[dict[str, Scalar | None]] | None


class OpenChoice(NamedTuple):
    """A choice that the law leaves open, for the disclosures."""

    name: str
    describe: str
    reason: str


@dataclass(frozen=True)
class Pack:
    """The law of one region. A parameter's full name is `<file>.<name>`; a table's name is its own.

    extends  the folders that it takes over what it does not say itself from
    in_pack  the documents that are its law
    roles    what programs ask the law for -> the full name of the parameter that says it
    chosen   choice of the arithmetic -> the methods that the region follows, with their clause
    lacking  tables of the parameters that a base describes and nobody gives values
    """

    folder: Path
    extends: tuple[Path, ...]
    region: str
    title: str
    instruments: Instruments
    in_pack: tuple[str, ...]
    overlay: Overlay | None
    moments: Mapping[str, Moment]
    run_days: Mapping[str, RunDay]
    options: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, str]
    chosen: Mapping[str, Chosen]
    parameters: Mapping[str, Parameter]
    tables: Mapping[str, PolicyTable]
    lacking: Mapping[str, PolicyTable]

    @property
    def methods(self) -> dict[str, tuple[str, ...]]:
        """choice -> the methods that the region follows"""
        return {choice: chosen.methods for choice, chosen in self.chosen.items()}

    def with_options(self, given: Mapping[str, str | None]) -> Pack:
        """The pack with what the run's options put in the place of parameters; None leaves one as it is.

        Raises DrgError for an option that the pack does not know and a value that its parameters cannot take.
        """
        texts = {option: text for option, text in given.items() if text is not None}
        parameters = dict(self.parameters)
        faults: list[Fault] = []
        for option, text in texts.items():
            if option not in self.options:
                faults.append(
                    Fault(f"--{option}", f"the pack names no parameter for it: add options.{option}")
                )
            for name in self.options.get(option, ()):
                parameters[name] = _in_place(parameters[name], option, text, faults)
        if faults:
            raise DrgError(
                f"The options do not fit the pack {self.region}.", faults, remedy=f"See {PACK_FILE}."
            )
        return self.with_parameters(parameters)

    def with_parameters(self, parameters: Mapping[str, Parameter]) -> Pack:
        """The pack with others of the same shape in the place of parameters, by full name."""
        changed = {id(self.parameters[name]): parameter for name, parameter in parameters.items()}
        tables = {
            name: replace(table, parameters=tuple(changed.get(id(p), p) for p in table.parameters))
            for name, table in self.tables.items()
        }
        return replace(self, parameters={**self.parameters, **parameters}, tables=tables)

    def texts_of(self, option: str) -> list[str]:
        """Every value, of whatever day, of the parameters that an option stands for."""
        held = [value for name in self.options.get(option, ()) for value in self.parameters[name].values]
        return sorted({str(value.content) for value in held if value.content is not None})

    @property
    def first_published(self) -> date:
        """The earliest day on which anything of the pack was known."""
        return min(value.published for parameter in self.parameters.values() for value in parameter.values)

    def parameter(self, name: str) -> Parameter:
        """By full name, or by the bare name where only one file has it."""
        if name in self.parameters:
            return self.parameters[name]
        found = [full for full in self.parameters if full.split(".")[1] == name]
        if len(found) == 1:
            return self.parameters[found[0]]
        raise DrgError(
            f"{name!r} is {'in several files' if found else 'not a parameter'} of the pack {self.region}.",
            found,
            remedy="Write <file>.<name>; drg policy show lists them.",
        )

    def value(self, name: str, on: date, known_on: date) -> Value:
        """What holds on a day, of what was published by `known_on`; a table as a list of rows."""
        parameter = self.parameter(name)
        held = parameter.at(on, known_on)
        if held is None:
            raise DrgError(
                f"{name} has no value on {on} as known on {known_on}.", [no_value(parameter, on, known_on)]
            )
        if parameter.columns is not None and isinstance(held.content, tuple):
            return [dict(zip(parameter.columns, row)) for row in held.content]
        return held.content if not isinstance(held.content, tuple) else None

    def rows_of(self, role: str, on: date) -> list[dict[str, Scalar | None]]:
        """The rows in force on a day of the table that plays a role; DrgError where the pack names none."""
        if role not in self.roles:
            raise DrgError(
                f"The pack {self.region} names no table for {role}.",
                remedy=f"Add roles.{role} to {PACK_FILE}.",
            )
        held = self.value(self.roles[role], on, date.max)
        assert isinstance(held, list)
        return held

    def moment(self, name: str, period: Period, nth_working_day: Callable[[Period, int], date]) -> date:
        """The day of a moment for a period; `nth_working_day(month, n)` counts from the month's last day."""
        if name not in self.moments:
            raise DrgError(
                f"The pack {self.region} does not say when the law of `{name}` must have been known.",
                remedy=f"Add moments.{name} to {PACK_FILE}.",
            )
        moment = self.moments[name]
        if moment.working_days:
            days = self.value(moment.working_days, period.first, date.max)
            return nth_working_day(period, int(str(days)))
        month, day = str(self.value(moment.day, period.year.first, date.max)).split("-")
        return date(period.first.year + moment.years_after, int(month), int(day))

    def table(self, name: str) -> PolicyTable:
        if name not in self.tables:
            raise DrgError(
                f"{name} is not a table of the pack {self.region}.",
                remedy=f"Add it to {self.folder.name}, or read one of: {', '.join(sorted(self.tables))}.",
            )
        return self.tables[name]

    def rows(self, table_name: str, periods: Sequence[Period], known_on: KnownOn) -> list[Row]:
        """The table's rows for these periods; `known_on(phase, period)` bounds `published`."""
        return self.table(table_name).rows(periods, known_on)

    def stale(self, table_name: str, period: Period) -> list[Stale]:
        """The parameters that nobody has confirmed up to the period's last day."""
        return self.table(table_name).stale(period)

    def mark(self, period: Period) -> str | None:
        """What outputs of a month or year must say because its law is the overlay's."""
        return self.overlay.marks if self.overlay and period.first < self.overlay.until else None

    def open_choices(self, on: date, known_on: date) -> list[OpenChoice]:
        """What holds on a day by choice, with the reason."""
        return [
            OpenChoice(parameter.full_name, parameter.describe, value.reason)
            for parameter, value in open_values(self.parameters.values(), on, known_on)
        ]


def _in_place(parameter: Parameter, option: str, text: str, faults: list[Fault]) -> Parameter:
    """The parameter with one value for every day, known from the first."""
    assert parameter.field is not None
    content: Scalar | None = None
    try:
        content = parameter.field.type.parse(text)
    except ValueError as error:
        faults.append(Fault(f"--{option}", str(error)))
    if parameter.field.domain and content not in parameter.field.domain:
        faults.append(Fault(f"--{option}", f"{text!r} is not one of: {', '.join(parameter.field.domain)}"))
    first = min(parameter.values, key=lambda value: value.valid_from)
    known = min(value.published for value in parameter.values)
    value = DatedValue(first.valid_from, known, content, OPEN, f"given for this run by --{option}")
    return replace(parameter, values=(value,))
