"""`drg policy check` and `drg policy show`: the law of a region, as it stands and as it was known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import day_option, language, near, region_options, settings_of
from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.errors import Fault, WrongUse, meant
from drg_pipeline.periods import MONTH, YEAR, Period
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    from drg_pipeline.policy import Pack
    from drg_pipeline.policy.parameter import DatedValue, Parameter

# The moment of a parameter: the day it is looked up for, and the day by which it was known.
Moment = tuple[date, date]
When = Callable[[str], Sequence[Moment]]


@click.group("policy")
def policy() -> None:
    """Check the region's law, and show it."""


@policy.command("check")
@language
@region_options()
def check(screen: Screen, **given: Any) -> None:
    """Read the whole pack and open the arithmetic with it; with faults, list them all and exit with 1."""
    from drg_pipeline.region.bound import check_bound, unread

    settings = settings_of(screen, given, ["policy"])
    region = check_bound(settings)
    pack = region.pack
    today = date.today()
    known_on = settings.known_on or today
    parameters = pack.parameters
    cited = {value.law for parameter in parameters.values() for value in parameter.values} - {"open"}
    documents = sorted({law.split("-")[0] for law in cited})
    screen.say("policy.pack", title=pack.title, folder=near(settings.policy))
    screen.say(
        "policy.counts",
        topics=len({name.split(".")[0] for name in parameters}),
        parameters=len(parameters),
        values=sum(len(parameter.values) for parameter in parameters.values()),
        tables=len(pack.tables),
    )
    instruments = pack.instruments.by_id
    numbers = ", ".join(f"{document} {instruments[document].number}" for document in documents)
    screen.say("policy.instruments", cited=len(documents), clauses=len(cited), numbers=numbers)
    screen.say("policy.confirmed", day=min(parameter.confirmed_until for parameter in parameters.values()))
    screen.say("policy.open", count=len(pack.open_choices(today, known_on)), today=today)
    stale = [name for name, parameter in parameters.items() if parameter.confirmed_until < today]
    if stale:
        screen.say("policy.stale", today=today, count=len(stale), names=", ".join(stale))
    for document in documents:
        instrument = instruments[document]
        if instrument.past_its_end(today):
            screen.say(
                "policy.ended",
                day=instrument.in_force_until,
                number=instrument.number,
                title=instrument.title,
            )
        if instrument.needs_confirmation:
            screen.say("policy.to_confirm", number=instrument.number, what=instrument.needs_confirmation)
    if names := unread(region):
        screen.say("policy.unread", count=len(names), names=", ".join(names))
    screen.say("policy.good")


@policy.command("show")
@language
@click.argument("name", required=False)
@region_options()
@day_option("--on", "The day in force.  [default: today]")
@click.option("--month", metavar="YYYY-MM", help="As the runs of this month see it, in place of --on.")
def show(screen: Screen, name: str | None, on: date | None, month: str | None, **given: Any) -> None:
    """List what is in force with the clause it rests on; with NAME, one parameter's whole history.

    NAME is a parameter (`cut_off` or `clearing.cut_off`) or a topic (`clearing`).
    """
    from drg_pipeline.policy import load_pack

    settings = settings_of(screen, given, ["policy"], _faults(on, month))
    pack = load_pack(settings.policy)
    names = _chosen(pack, name)
    today = date.today()
    when: When = lambda full: [(on or today, settings.known_on or today)]  # noqa: E731
    if month is not None:
        when = _of_month(settings, pack, Period.of(month, MONTH))
        title = screen.text("policy.of_month", month=month)
    else:
        title = screen.text("policy.listed", on=on or today, known_on=settings.known_on or today)
    if name is not None and len(names) == 1 and name not in _topics(pack):
        _print_history(screen, pack, names[0], when(names[0]))
    else:
        _print_list(screen, pack, title, names, when)


def _faults(on: date | None, month: str | None) -> list[Fault]:
    if month is None:
        return []
    faults = (
        []
        if Period.read(month, MONTH)
        else [Fault("--month", f"{month!r} is not a month; write it as 2025-01")]
    )
    return [*faults, Fault("--on", "cannot stand beside --month; give one of the two")] if on else faults


def _topics(pack: Pack) -> list[str]:
    return list(dict.fromkeys(full.split(".")[0] for full in pack.parameters))


def _chosen(pack: Pack, name: str | None) -> list[str]:
    """Full names of the parameters that a name means: one, those of a topic, or all."""
    if name is None:
        return list(pack.parameters)
    if name in pack.parameters:
        return [name]
    found = [full for full in pack.parameters if name in full.split(".")]
    if found:
        return found
    known = [*pack.parameters, *(full.split(".")[1] for full in pack.parameters), *_topics(pack)]
    for one in (one for table in pack.lacking.values() for one in table.parameters):
        if name in (one.name, one.full_name):
            raise WrongUse(
                f"{one.full_name} has no value in the pack {pack.region}.",
                [Fault(one.file, one.describe)],
                remedy=f"To have it, give it values in {pack.folder.name}/{one.full_name.split('.')[0]}.yml.",
            )
    raise WrongUse(
        f"{name!r} is neither a parameter nor a topic of the pack {pack.region}.",
        remedy=f"{meant(name, dict.fromkeys(known), cutoff=0.5)}drg policy show lists all.",
    )


def _of_month(settings: Settings, pack: Pack, month: Period) -> When:
    """The moments at which the runs of a month look a parameter up: one for each phase of its table."""
    from drg_pipeline.region import Region

    region = Region(settings)
    tables = {id(parameter): table for table in pack.tables.values() for parameter in table.parameters}

    def moments(full: str) -> list[Moment]:
        table = tables[id(pack.parameters[full])]
        # What has no period is in force by the day, and known as in its month.
        period = month.year if table.period == YEAR else month
        return list(
            dict.fromkeys((period.first, region.side.known_on(phase, period)) for phase in table.known)
        )

    return moments


# -- printing ----------------------------------------------------------------------------------


def _print_list(screen: Screen, pack: Pack, title: str, names: Iterable[str], when: When) -> None:
    rows: list[list[str]] = []
    cited: list[str] = []
    for full in names:
        parameter = pack.parameters[full]
        for on, known_on in when(full):
            held = parameter.at(on, known_on)
            row = [full, screen.text("policy.empty"), _unit(parameter), "", "", parameter.lent_by]
            if held:
                row[1] = _value(screen, held)
                row[3:5] = [held.valid_from.isoformat(), held.law]
                cited.append(held.law)
            if not rows or rows[-1] != row:  # phases that know the same are one row
                rows.append(row)
    heads = ("parameter", "value", "unit", "since", "law", "from")
    screen.table(Grid(title, [Heading(screen.text(f"policy.{head}")) for head in heads], rows))
    if len(rows) > 1:
        _print_methods(screen, pack)
        cited += [chosen.law for chosen in pack.chosen.values()]
    documents = list(dict.fromkeys(law.split("-")[0] for law in cited if law != "open"))
    screen.line()
    for document in documents:
        instrument = pack.instruments.by_id[document]
        screen.line(f"{document}: {instrument.number} {instrument.title}")
    if "open" in cited:
        screen.say("policy.open_law")


def _print_methods(screen: Screen, pack: Pack) -> None:
    """What the region follows where the arithmetic leaves a choice."""
    rows = [
        [choice, ", ".join(chosen.methods), chosen.law, chosen.reason]
        for choice, chosen in sorted(pack.chosen.items())
    ]
    if rows:
        screen.line()
        heads = [Heading(screen.text(f"policy.{name}")) for name in ("choice", "method", "law", "reason")]
        screen.table(Grid(screen.text("policy.methods"), heads, rows))


def _print_history(screen: Screen, pack: Pack, full: str, moments: Sequence[Moment]) -> None:
    parameter = pack.parameters[full]
    held = [parameter.at(on, known_on) for on, known_on in moments]
    heads = ("since", "published", "value", "unit", "in_force", "law", "document", "reason")
    rows = [
        [
            value.valid_from.isoformat(),
            value.published.isoformat(),
            _value(screen, value),
            _unit(parameter),
            screen.text("policy.yes") if any(value is now for now in held) else "",
            value.law,
            _document(pack, value),
            value.reason,
        ]
        for value in parameter.values
    ]
    shown_heads = [place for place in range(len(heads)) if place < 4 or any(row[place] for row in rows)]
    screen.table(
        Grid(
            screen.text("policy.history", name=full, describe=parameter.describe),
            [Heading(screen.text(f"policy.{heads[place]}")) for place in shown_heads],
            [[row[place] for place in shown_heads] for row in rows],
        )
    )
    for on, known_on in moments:
        screen.line(screen.text("policy.phase", on=on, known_on=known_on))
    if parameter.lent_by:
        screen.line(screen.text("policy.lent", base=parameter.lent_by))
    if parameter.columns is not None:
        for value in parameter.values:
            _print_rows(screen, full, parameter.columns, value)


def _print_rows(screen: Screen, full: str, columns: Mapping[str, Any], value: DatedValue) -> None:
    if not isinstance(value.content, tuple) or not value.content:
        return
    screen.line()
    screen.table(
        Grid(
            screen.text("policy.rows_of", name=full, day=value.valid_from),
            [Heading(name, number=field.type.numeric) for name, field in columns.items()],
            [[shown(cell) for cell in row] for row in value.content],
        )
    )


def _value(screen: Screen, value: DatedValue) -> str:
    if value.repealed:
        return screen.text("policy.repealed")
    if isinstance(value.content, tuple):
        return screen.text("policy.rows", count=len(value.content))
    return screen.text("policy.empty") if value.content is None else shown(value.content)


def _unit(parameter: Parameter) -> str:
    return parameter.field.unit if parameter.field else ""


def _document(pack: Pack, value: DatedValue) -> str:
    if value.law == "open":
        return ""
    citation = pack.instruments.resolve(value.law)
    return f"{citation.number} {citation.title} ({citation.note})"
