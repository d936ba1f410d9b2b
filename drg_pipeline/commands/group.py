"""`drg group`: a file of cases, or one case, grouped by a scheme, with the reasons."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import check_writable, language, near, region_options
from drg_pipeline.commands.path_tree import Names, path_tree, print_tree
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.commands.sql import FORMULA
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.settings import Settings
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.grouping.group_file import GroupedFile
    from drg_pipeline.grouping.grouper import Grouper
    from drg_pipeline.grouping.unknown_code import UnknownCodes

CODE = 40  # characters of a code that is not known

# The options of one case: name, column of a case file, type, what it is.
_CASE: tuple[tuple[str, str, Any, str], ...] = (
    ("--sex", "sex", click.Choice(("1", "2")), "1 male, 2 female."),
    ("--age", "age_years", int, "Completed years."),
    ("--age-days", "age_days", int, "Age in days; needed at age 0."),
    ("--weight", "newborn_weight_g", int, "Weight in grams; needed up to 28 days."),
    ("--los", "los_days", int, "Length of stay in days."),
    ("--disposition", "discharge_disposition", str, "How the patient left: 1 to 5, 9."),
    ("--department", "department", str, "Department."),
    ("--icu-hours", "icu_hours", int, "Hours in intensive care."),
)


def _case_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, column, kind, words in reversed(_CASE):
        command = click.option(name, column, type=kind, help=words)(command)
    listed = functools.partial(click.option, multiple=True, metavar="CODE")
    command = listed("--px", "procedures", help="Procedures in order, as --dx.")(command)
    return listed("--dx", "diagnoses", help="Diagnoses, the principal one first; repeat, or A|B.")(command)


@click.command("group", short_help="Group cases by a scheme, and say why.")
@language
@click.argument("cases", required=False)
@click.option("--scheme", required=True, metavar="NAME_OR_FOLDER", help="The scheme that groups.")
@region_options("schemes")
@click.option("--out", metavar="OUT.csv", help="Where the answers to a file go.")
@click.option("--explain", is_flag=True, help="Add each case's path: which rules and codes led there.")
@click.option(
    "--normalise", is_flag=True, help="First read coded values as claims are read: j96.000 is J96.000."
)
@click.option("--map-codes", is_flag=True, help="First replace codes by the scheme's code maps.")
@_case_options
@click.option("--json", "as_json", is_flag=True, help="One case: print its steps as JSON.")
def group(
    screen: Screen,
    cases: str | None,
    scheme: str,
    schemes: tuple[str, ...],
    out: str | None,
    explain: bool,
    map_codes: bool,
    normalise: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Group a file of cases (CSV, .csv.gz or Parquet), or one case that the options describe.

    A file has a row a case: case_id, sex, age_years, age_days, newborn_weight_g, los_days,
    discharge_disposition, department, icu_hours, diagnoses and procedures (codes in order between |). OUT.csv
    gets case_id, mdc, adrg, drg and status in the same order. If the file has expected_mdc, expected_adrg,
    expected_drg or expected_status, it is told how many agree.
    """
    one = {name: value for name, value in given.items() if value not in (None, ())}
    _check(cases, out, one, file_only={"--explain": explain}, case_only={"--json": as_json})
    if cases is not None:
        opened = _open(scheme, schemes, normalise)
        _group_file(screen, Path(cases), Path(out or ""), opened, explain, map_codes)
    else:
        for name in ("diagnoses", "procedures"):
            one[name] = [code for text in given[name] for code in text.split("|") if code]
        _group_one(screen, one, _open(scheme, schemes, normalise), map_codes, as_json)


def _check(
    cases: str | None,
    out: str | None,
    one: Mapping[str, Any],
    file_only: Mapping[str, bool],
    case_only: Mapping[str, bool],
) -> None:
    """A file or one case: not both, not neither, and nothing that belongs to the other."""
    faults: list[Fault] = []
    if cases is None:
        if not one.get("diagnoses") and not one.get("procedures"):
            faults.append(
                Fault("CASES", "there is neither a file nor a case: name a file, or give --dx or --px")
            )
        if out is not None:
            faults.append(Fault("--out", "is for a file; the answer to one case is printed"))
        faults += [
            Fault(name, "is for a file; one case is always explained")
            for name, used in file_only.items()
            if used
        ]
    else:
        names = [
            name
            for name, column, *_ in (("--dx", "diagnoses"), ("--px", "procedures"), *_CASE)
            if column in one
        ]
        faults += [
            Fault(name, "describes one case, and a file is named: leave one of them out") for name in names
        ]
        faults += [Fault(name, "is for one case, not for a file") for name, used in case_only.items() if used]
        if out is None:
            faults.append(Fault("--out", "is missing: name the file for the answers"))
        elif not out.lower().endswith(".csv"):
            faults.append(
                Fault(f"--out {out}", "the answers are CSV: give the file a name that ends in .csv")
            )
        elif Path(out).exists() and Path(cases).exists() and Path(out).samefile(cases):
            faults.append(Fault(f"--out {out}", "is the file of the cases: name another one"))
    if faults:
        raise WrongUse("This cannot be grouped.", faults, state="Nothing was written.")


def _open(scheme: str, schemes: tuple[str, ...], normalise: bool) -> tuple[Grouper, str]:
    """A grouper with the scheme, and the scheme's name."""
    from drg_pipeline.grouping.grouper import Grouper
    from drg_pipeline.grouping.scheme import LAYOUT_FILE, find_scheme, read_scheme
    from drg_pipeline.ingest.reference_layout import load_reference_layout
    from drg_pipeline.region import Region

    settings = Settings.for_region(schemes=schemes)
    layout = load_reference_layout(settings.interface / LAYOUT_FILE)
    found = read_scheme(find_scheme(settings.schemes, scheme), layout)
    return Grouper(Region(settings).project, settings.interface, [found], normal=normalise), found.name


def _group_one(
    screen: Screen, one: Mapping[str, Any], opened: tuple[Grouper, str], map_codes: bool, as_json: bool
) -> None:
    grouper, name = opened
    with grouper:
        answer = grouper.case(one, name, map_codes=map_codes)
        steps = grouper.rows(f"{grouper.steps()} order by step")
        unknown = grouper.unknown_codes(name, map_codes=map_codes)
        if as_json:
            told = {"scheme": name, **{key: answer[key] for key in ("mdc", "adrg", "drg", "status")}}
            hidden = ("month", "setl_id", "dcla_time", "scheme", "words")
            told["steps"] = [
                {key: value for key, value in step.items() if key not in hidden} for step in steps
            ]
            told["unknown_codes"] = [asdict(one) for one in unknown.first]
            screen.line(json.dumps(told, ensure_ascii=False, indent=2))
            return
        found = grouper.schemes[name]
        screen.say("group.by", title=one_line(found.title), name=found.name, version=one_line(found.version))
        print_tree(screen, path_tree(screen, answer, steps, Names.of(found)))
        if unknown.codes:
            _print_unknown(screen, unknown, grouper.normal)


def _group_file(
    screen: Screen, cases: Path, out: Path, opened: tuple[Grouper, str], explain: bool, map_codes: bool
) -> None:
    from drg_pipeline.grouping.group_file import group_file

    check_writable(out.parent)
    if not cases.is_file():
        raise WrongUse(
            f"{cases} is not a file.", state="Nothing was written.", remedy="Name a file of cases."
        )

    def progress(done: int, rows: int) -> None:
        if screen.watched and done < rows:
            screen.aside(screen.text("group.progress", done=done, rows=rows))

    grouper, name = opened
    with grouper:
        ended = group_file(
            grouper,
            cases,
            name,
            out,
            explain=explain,
            map_codes=map_codes,
            formulas=FORMULA,
            progress=progress,
        )
    found = grouper.schemes[name]
    screen.say("group.by", title=one_line(found.title), name=found.name, version=one_line(found.version))
    _print_counts(screen, ended)
    if ended.cases.expected:
        _print_agreement(screen, ended)
    if ended.unknown.codes:
        _print_unknown(screen, ended.unknown, grouper.normal)
    for key, names in (("group.absent", ended.cases.absent), ("group.unread", ended.cases.unread)):
        if names:
            screen.say(key, names=one_line(", ".join(names)))
    screen.say("group.written", out=near(out))


def _print_counts(screen: Screen, ended: GroupedFile) -> None:
    rows = ended.cases.rows
    listed = [
        [screen.text(f"group.status.{status}"), f"{count:,}", _share(count, rows)]
        for status, count in ended.statuses.items()
    ]
    heads = [
        Heading(screen.text("group.status")),
        Heading(screen.text("group.cases"), True),
        Heading(screen.text("group.share"), True),
    ]
    screen.table(Grid("", heads, listed))
    speed = int(rows / ended.seconds) if ended.seconds else rows
    screen.say("group.speed", rows=rows, seconds=ended.seconds, speed=speed)


def _print_agreement(screen: Screen, ended: GroupedFile) -> None:
    told = ended.agreement
    if not told.compared:
        screen.say("group.nothing_expected")
        return
    screen.say(
        "group.agreement" if told.differing else "group.all_agree",
        rows=told.compared,
        count=told.differing,
    )
    heads = [
        Heading(screen.text("group.column")),
        Heading(screen.text("group.agree"), True),
        Heading(screen.text("group.differ"), True),
    ]
    rows = [[name, f"{same:,}", f"{told.compared - same:,}"] for name, same in told.agreeing.items()]
    screen.table(Grid("", heads, rows))
    if not told.differences:
        return
    names = list(ended.cases.expected)
    heads = [
        Heading(screen.text("group.row"), True),
        Heading("case_id"),
        Heading(screen.text("group.expected")),
        Heading(screen.text("group.found")),
    ]
    listed = [
        [
            str(one.row),
            one_line(one.case_id),
            one_line(" ".join(one.expected[name] or "-" for name in names)),
            " ".join(one.found[name] or "-" for name in names),
        ]
        for one in told.differences
    ]
    screen.table(Grid(screen.text("group.first"), heads, listed, more=told.differing - len(listed)))


def _print_unknown(screen: Screen, unknown: UnknownCodes, normal: bool) -> None:
    """The codes that stand there most often, each with the nearest one of the scheme."""
    screen.say("group.unknown", codes=unknown.codes, places=unknown.places)
    heads = [
        Heading(screen.text("group.column")),
        Heading(screen.text("group.unknown.code")),
        Heading(screen.text("group.unknown.places"), True),
        Heading(screen.text("group.unknown.nearest")),
    ]
    rows = [
        [one.column, f"'{one_line(one.code)[:CODE]}'", f"{one.places:,}", one_line(one.nearest or "-")]
        for one in unknown.first
    ]
    screen.table(Grid("", heads, rows, more=unknown.codes - len(rows)))
    if any(one.spelling for one in unknown.first) and not normal:
        screen.say("group.unknown.spelling")


def _share(count: int, rows: int) -> str:
    """Per cent with two places, cut: 100 % means all."""
    hundredths = 10_000 * count // rows
    return f"{hundredths // 100}.{hundredths % 100:02} %"
