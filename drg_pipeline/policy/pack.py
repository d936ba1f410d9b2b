"""A region's pack: one folder of dated, cited parameters, read strictly and asked by name.

Reads `pack.yml` and one file a topic; all faults of all files come at once. No parameter is known
here by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.periods import MONTH, YEAR, Period
from drg_pipeline.policy.instruments import Instruments, load_instruments
from drg_pipeline.policy.moments import MOMENTS, Moment, RunDay, read_moments, read_run_days
from drg_pipeline.policy.parameter import (
    NAME,
    OPEN,
    Context,
    DatedValue,
    Overlay,
    Parameter,
    Row,
    read_parameter,
)
from drg_pipeline.policy.tables import (
    KnownOn,
    PolicyTable,
    Stale,
    no_value,
    open_values,
    own_table,
    scalar_table,
)
from drg_pipeline.policy.value_type import Scalar, parse_date
from drg_pipeline.settings import PROJECT

PACK_FILE = "pack.yml"
INSTRUMENTS_FILE = "instruments.yml"

Value = Scalar | list[dict[str, Scalar | None]] | None


class OpenChoice(NamedTuple):
    """A choice that the law leaves open, for the disclosures."""

    name: str
    describe: str
    reason: str


@dataclass(frozen=True)
class Pack:
    """The law of one region. A parameter's full name is `<file>.<name>`; a table's name is its own."""

    folder: Path
    region: str
    title: str
    instruments: Instruments
    overlay: Overlay | None
    moments: Mapping[str, Moment]
    run_days: Mapping[str, RunDay]
    options: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Parameter]
    tables: Mapping[str, PolicyTable]

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
        names = {id(parameter): name for name, parameter in self.parameters.items()}
        return [
            OpenChoice(names[id(parameter)], parameter.describe, value.reason)
            for parameter, value in open_values(self.parameters.values(), on, known_on)
        ]


def load_pack(folder: Path) -> Pack:
    """Reads a region's folder; DrgError lists every fault of every file."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DrgError(
            f"The policy folder {folder} is not there.",
            remedy="Name the region's own with --policy, or write data/policy/<region>.",
        )
    instruments = load_instruments(instruments_file(folder))
    faults: list[Fault] = []
    head = _Head.read(Place(PACK_FILE, faults), folder / PACK_FILE, instruments)
    topics: list[_Topic] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in (PACK_FILE, INSTRUMENTS_FILE) or path.suffix == ".md":
            continue
        place = Place(path.name, faults)
        if not path.is_file() or path.suffix != ".yml":
            place.fault("is not a topic of the pack: name it <topic>.yml or move it out of the folder")
        elif not NAME.fullmatch(path.stem):
            place.fault("a topic's name is small letters, digits and _: rename the file")
        else:
            topics.append(_Topic.read(place, path, head.context))
    if not topics:
        faults.append(Fault(folder.name, "holds no topic: add <topic>.yml files with parameters"))
    names = Counter(table.name for topic in topics for table in topic.tables)
    parameters = {
        f"{topic.stem}.{parameter.name}": parameter for topic in topics for parameter in topic.parameters
    }
    named = [(f"options.{option}", name) for option, names in head.options.items() for name in names]
    named += [
        (f"run_days.{role}", day.working_days) for role, day in head.run_days.items() if day.working_days
    ]
    for where, name in named:
        if not faults and (name not in parameters or parameters[name].is_table):
            faults.append(Fault(f"{PACK_FILE}: {where}", f"{name!r} is not a scalar parameter here"))
    for topic in topics:
        for table in topic.tables:
            if names[table.name] > 1:
                faults.append(
                    Fault(table.file, f"{table.name} is made twice in this pack: rename one of the two")
                )
    if faults:
        raise DrgError(
            f"The policy pack {folder} cannot be used.",
            faults,
            state="Nothing was computed with it.",
            remedy="Mend the files and run again; drg policy check shows what is left.",
        )
    return Pack(
        folder,
        head.region,
        head.title,
        instruments,
        head.context.overlay,
        head.moments,
        head.run_days,
        head.options,
        parameters,
        {table.name: table for topic in topics for table in topic.tables},
    )


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


def instruments_file(folder: Path) -> Path:
    """The region's own list, else that beside it, else the project's."""
    own, beside = folder / INSTRUMENTS_FILE, folder.parent / INSTRUMENTS_FILE
    project = PROJECT / "data" / "policy" / INSTRUMENTS_FILE
    return next((path for path in (own, beside) if path.is_file()), project)


@dataclass(frozen=True)
class _Head:
    """`pack.yml`."""

    region: str
    title: str
    context: Context
    moments: Mapping[str, Moment]
    run_days: Mapping[str, RunDay]
    options: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, place: Place, path: Path, instruments: Instruments) -> _Head:
        content = read_yaml(path, place)
        required = ["region", "title", "instruments", "confirmed_until"]
        may = ["overlay", "moments", "run_days", "options"]
        keys = place.mapping(content, required, may) if content is not None else {}

        def text(key: str) -> str:
            return place.at(key).text(keys[key]) if key in keys else ""

        listed = place.at("instruments").sequence(keys["instruments"], "ids") if "instruments" in keys else []
        in_pack = tuple(
            place.at("instruments").item(position).choice(node, instruments.by_id)
            for position, node in enumerate(listed, 1)
        )
        confirmed = _day(place.at("confirmed_until"), keys.get("confirmed_until"), "confirmed_until" in keys)
        overlay = cls._overlay(place.at("overlay"), keys["overlay"]) if "overlay" in keys else None
        context = Context(instruments, in_pack, confirmed, overlay)
        moments = read_moments(place.at("moments"), keys["moments"]) if "moments" in keys else {}
        days = read_run_days(place.at("run_days"), keys["run_days"], moments) if "run_days" in keys else {}
        options = cls._options(place.at("options"), keys["options"]) if "options" in keys else {}
        return cls(text("region"), text("title"), context, moments, days, options)

    @staticmethod
    def _options(place: Place, node: Any) -> dict[str, tuple[str, ...]]:
        named = place.named(node, "options")
        return {
            option: tuple(str(name) for name in place.at(option).sequence(listed, "parameters"))
            for option, listed in named.items()
        }

    @staticmethod
    def _overlay(place: Place, node: Any) -> Overlay:
        keys = place.mapping(node, ["until", "valid_from", "published", "law", "reason", "marks"])
        until, starts, published = (
            _day(place.at(key), keys.get(key), key in keys) for key in ("until", "valid_from", "published")
        )
        reason, marks = (place.at(key).text(keys[key]) if key in keys else "" for key in ("reason", "marks"))
        if "law" in keys:
            place.at("law").choice(keys["law"], [OPEN])
        if {"until", "valid_from"} <= keys.keys() and starts >= until:
            place.at("valid_from").fault(
                f"{starts} does not lie before until {until}: correct one of the two"
            )
        return Overlay(until, starts, published, OPEN, reason, marks)


def _day(place: Place, node: object, given: bool) -> date:
    try:
        return parse_date(node if isinstance(node, str) else repr(node)) if given else date.max
    except ValueError as error:
        place.fault(str(error))
        return date.max


@dataclass(frozen=True)
class _Topic:
    """One file of the pack with the tables it makes."""

    stem: str
    parameters: tuple[Parameter, ...]
    tables: tuple[PolicyTable, ...]

    @classmethod
    def read(cls, place: Place, path: Path, context: Context) -> _Topic:
        content = read_yaml(path, place)
        if content is None:
            return cls(path.stem, (), ())
        keys = place.mapping(content, ["describe", "period", "known", "parameters"])
        describe = place.at("describe").text(keys["describe"]) if "describe" in keys else ""
        period = place.at("period").choice(keys["period"], (MONTH, YEAR)) if "period" in keys else ""
        known = cls._known(place.at("known"), keys["known"]) if "known" in keys else ()
        parameters: list[Parameter] = []
        if "parameters" in keys:
            where = place.at("parameters")
            for name, node in where.named(keys["parameters"], "parameters").items():
                parameter = read_parameter(where.at(name), name, node, context)
                if parameter is not None:
                    parameters.append(parameter)
        if not period or not known:
            return cls(path.stem, tuple(parameters), ())
        scalars = [parameter for parameter in parameters if not parameter.is_table]
        tables = [own_table(period, known, parameter) for parameter in parameters if parameter.is_table]
        if scalars:
            tables.insert(0, scalar_table(path.stem, period, known, describe, scalars))
        return cls(path.stem, tuple(parameters), tuple(tables))

    @staticmethod
    def _known(place: Place, node: object) -> tuple[str, ...]:
        if isinstance(node, list):
            listed = tuple(place.item(n).choice(text, MOMENTS) for n, text in enumerate(node, 1))
            if len(set(listed)) != len(listed) or len(listed) < 2:
                place.fault("a list names two or more different moments: write a single one without a list")
            return listed
        moment = place.choice(node, MOMENTS)
        return (moment,) if moment else ()
