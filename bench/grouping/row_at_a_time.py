"""Groups one record at a time by a scheme folder: the plain reading of the scheme layout, version 1.

The grouper that the pipeline uses is compared with this one and timed against it, so it follows the words of
the layout instead of being quick, and shares no code with that grouper: no SQL, no compiled leaves, no cache.
Code maps (a step before grouping) do not belong here.
"""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from drg_pipeline.errors import DrgError, Fault

LAYOUT_VERSION = 1
NEWBORN_DAYS = 28
NUMBERS = ("age_years", "age_days", "newborn_weight_g", "los_days", "icu_hours")
TEXTS = ("sex", "department", "discharge_disposition")
RULE = ("alternative", "predicate", "negated", "code_set", "min_value", "max_value", "value")


@dataclass(frozen=True)
class Record:
    """What is known of one stay. None: missing; 0 is a value."""

    sex: str | None = None
    age_years: int | None = None
    age_days: int | None = None
    newborn_weight_g: int | None = None
    los_days: int | None = None
    discharge_disposition: str | None = None
    department: str | None = None
    icu_hours: int | None = None
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    mdc: str
    adrg: str
    drg: str
    status: str


INVALID_INPUT = Result("0000", "00", "0000", "invalid_input")
OLDEST = 150
UNGROUPED = Result("0000", "00", "0000", "ungrouped")

Condition = Callable[[Record], bool]
# Alternatives, of which one must hold; the conditions of an alternative must all hold.
Rule = tuple[tuple[Condition, ...], ...]


def holds(rule: Rule, record: Record) -> bool:
    """An owner without alternatives never holds."""
    for alternative in rule:
        for condition in alternative:
            if not condition(record):
                break
        else:
            return True
    return False


@dataclass(frozen=True)
class Drg:
    code: str
    rule: Rule


@dataclass(frozen=True)
class Adrg:
    code: str
    ambiguous: bool
    rule: Rule
    drgs: tuple[Drg, ...]


@dataclass(frozen=True)
class Mdc:
    code: str
    rule: Rule
    adrgs: tuple[Adrg, ...]


@dataclass(frozen=True)
class Scheme:
    name: str
    mdcs: tuple[Mdc, ...]
    retry_with_each_other_procedure: bool

    @classmethod
    def read(cls, folder: Path) -> Scheme:
        return _Reader(folder).scheme()

    def group(self, record: Record) -> Result:
        record = _believed(record)
        if not _is_valid(record):
            return INVALID_INPUT
        result = self._search(record)
        if result == UNGROUPED and self.retry_with_each_other_procedure:
            for procedure in record.procedures[1:]:
                result = self._search(replace(record, procedures=(procedure,)))
                if result != UNGROUPED:
                    break
        return result

    def _search(self, record: Record) -> Result:
        """The first DRG in order whose MDC, ADRG and DRG hold. An MDC or ADRG that leads nowhere lets go."""
        for mdc in self.mdcs:
            if not holds(mdc.rule, record):
                continue
            for adrg in mdc.adrgs:
                if not holds(adrg.rule, record):
                    continue
                if adrg.ambiguous:
                    return Result(mdc.code, "QY", adrg.code, "ambiguous")
                for drg in adrg.drgs:
                    if holds(drg.rule, record):
                        return Result(mdc.code, adrg.code, drg.code, "grouped")
        return UNGROUPED


def _believed(record: Record) -> Record:
    """The record without an age that nobody has."""
    years, days = record.age_years, record.age_days
    return replace(
        record,
        age_years=years if years is not None and 0 <= years <= OLDEST else None,
        age_days=days if days is not None and days >= 0 else None,
    )


def _is_valid(record: Record) -> bool:
    if record.sex not in ("1", "2"):
        return False
    if record.age_years is None:
        return False
    if record.age_years != 0:
        return True
    if record.age_days is None:
        return False
    return record.age_days > NEWBORN_DAYS or record.newborn_weight_g is not None


# -- conditions --------------------------------------------------------------------------------


def _always(record: Record) -> bool:
    return True


def _principal_in(field: str, codes: frozenset[str]) -> Condition:
    listed = attrgetter(field)
    return lambda record: bool(listed(record)) and listed(record)[0] in codes


def _any_in(field: str, codes: frozenset[str]) -> Condition:
    listed = attrgetter(field)
    return lambda record: not codes.isdisjoint(listed(record))


def _other_in(field: str, codes: frozenset[str]) -> Condition:
    listed = attrgetter(field)
    return lambda record: not codes.isdisjoint(listed(record)[1:])


# predicate -> the record's list it looks at, and how it looks
MEMBERSHIPS: dict[str, tuple[str, Callable[[str, frozenset[str]], Condition]]] = {
    "principal_diagnosis_in": ("diagnoses", _principal_in),
    "any_diagnosis_in": ("diagnoses", _any_in),
    "other_diagnosis_in": ("diagnoses", _other_in),
    "principal_procedure_in": ("procedures", _principal_in),
    "any_procedure_in": ("procedures", _any_in),
    "other_procedure_in": ("procedures", _other_in),
}


def _class_count(classes: Mapping[str, str | None], at_least: int) -> Condition:
    """Distinct classes of all diagnoses; a code without a class does not count."""
    return lambda record: len({classes.get(code) for code in record.diagnoses} - {None}) >= at_least


def _complicated(complications: Mapping[str, str | None], exclusions: Mapping[str, str | None]) -> Condition:
    """Some diagnosis from the second on is listed and not excluded by the principal diagnosis.

    A label that is missing on either side equals nothing and so excludes nothing.
    """

    def condition(record: Record) -> bool:
        if not record.diagnoses:
            return False
        excluded = exclusions.get(record.diagnoses[0])
        return any(
            code in complications and (excluded is None or complications[code] != excluded)
            for code in record.diagnoses[1:]
        )

    return condition


def _between(field: str, low: int | None, high: int | None) -> Condition:
    """low <= value < high; an empty bound is open, a missing value is in no band."""
    number = attrgetter(field)

    def condition(record: Record) -> bool:
        value = number(record)
        return value is not None and (low is None or low <= value) and (high is None or value < high)

    return condition


def _equals_one_of(field: str, entries: frozenset[str]) -> Condition:
    text = attrgetter(field)
    return lambda record: text(record) in entries


def _negated(condition: Condition) -> Condition:
    return lambda record: not condition(record)


# -- reading a scheme --------------------------------------------------------------------------

Row = Mapping[str, str | None]


class _Reader:
    """The tables of one folder as dictionaries, and from them the scheme; all faults are told at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.code_sets: dict[str, set[str]] = defaultdict(set)
        self.classes: dict[str, dict[str, str | None]] = defaultdict(dict)
        self.mcc = self._labels("mcc.csv", "code")
        self.cc = self._labels("cc.csv", "code")
        self.exclusions = self._labels("cc_exclusion.csv", "principal_diagnosis")

    def scheme(self) -> Scheme:
        head = self._head()
        for row in self._rows("code_set.csv", ("set_id", "code")):
            self.code_sets[row["set_id"] or ""].add(row["code"] or "")
        for row in self._rows("code_class.csv", ("set_id", "code", "class")):
            # A code that is listed twice has its last class.
            self.classes[row["set_id"] or ""][row["code"] or ""] = row["class"]
        mdcs = self._mdcs()
        if self.faults:
            raise DrgError(
                f"The scheme in {self.folder} cannot be read.",
                self.faults,
                remedy="Correct the named files or import the scheme again.",
            )
        return Scheme(
            name=str(head.get("name", "")),
            mdcs=mdcs,
            retry_with_each_other_procedure=bool(head.get("retry_with_each_other_procedure", False)),
        )

    def _mdcs(self) -> tuple[Mdc, ...]:
        mdc_rules = self._rules("mdc_rule.csv", ("mdc",))
        adrg_rules = self._rules("adrg_rule.csv", ("adrg",))
        drg_rules = self._rules("drg_rule.csv", ("adrg", "drg"))
        drgs: dict[str, list[Drg]] = defaultdict(list)
        for row in self._ordered("drg.csv", ("drg", "adrg", "evaluation_order")):
            adrg, drg = row["adrg"] or "", row["drg"] or ""
            drgs[adrg].append(Drg(drg, drg_rules.get((adrg, drg), ())))
        adrgs: dict[str, list[Adrg]] = defaultdict(list)
        for row in self._ordered("adrg.csv", ("adrg", "mdc", "evaluation_order", "kind")):
            code = row["adrg"] or ""
            if row["kind"] not in ("group", "ambiguous"):
                self.faults.append(Fault("adrg.csv", f"{code} has the unknown kind {row['kind']}"))
            adrgs[row["mdc"] or ""].append(
                Adrg(code, row["kind"] == "ambiguous", adrg_rules.get((code,), ()), tuple(drgs[code]))
            )
        codes = [row["mdc"] or "" for row in self._ordered("mdc.csv", ("mdc", "evaluation_order"))]
        return tuple(Mdc(code, mdc_rules.get((code,), ()), tuple(adrgs[code])) for code in codes)

    def _rules(self, file: str, owner: tuple[str, ...]) -> dict[tuple[str, ...], Rule]:
        alternatives: dict[tuple[str, ...], dict[str, list[Condition]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for number, row in enumerate(self._rows(file, owner + RULE), start=1):
            key = tuple(row[column] or "" for column in owner)
            condition = self._condition(f"{file}, row {number}, {' '.join(key)}", row)
            alternatives[key][row["alternative"] or ""].append(condition)
        return {key: tuple(map(tuple, grouped.values())) for key, grouped in alternatives.items()}

    def _condition(self, where: str, row: Row) -> Condition:
        predicate = row["predicate"] or ""
        low, high = self._whole(where, row, "min_value"), self._whole(where, row, "max_value")
        if predicate == "always":
            condition: Condition = _always
        elif predicate in MEMBERSHIPS:
            field, looks = MEMBERSHIPS[predicate]
            condition = looks(field, frozenset(self.code_sets.get(row["code_set"] or "", ())))
        elif predicate == "any_diagnosis_class_count":
            if low is None:
                self.faults.append(Fault(where, "any_diagnosis_class_count needs a min_value"))
            condition = _class_count(self.classes.get(row["code_set"] or "", {}), low or 0)
        elif predicate in ("has_mcc", "has_cc"):
            condition = _complicated(self.mcc if predicate == "has_mcc" else self.cc, self.exclusions)
        elif predicate in NUMBERS:
            condition = _between(predicate, low, high)
        elif predicate in TEXTS:
            condition = _equals_one_of(predicate, frozenset((row["value"] or "").split("|")) - {""})
        else:
            self.faults.append(Fault(where, f"unknown predicate {predicate}"))
            condition = _always
        if row["negated"] not in ("0", "1"):
            self.faults.append(Fault(where, f"negated is {row['negated']}, not 0 or 1"))
        return _negated(condition) if row["negated"] == "1" else condition

    def _labels(self, file: str, key: str) -> dict[str, str | None]:
        return {row[key] or "": row["exclusion_table"] for row in self._rows(file, (key, "exclusion_table"))}

    def _ordered(self, file: str, columns: tuple[str, ...]) -> list[Row]:
        rows = [(self._whole(file, row, "evaluation_order") or 0, row) for row in self._rows(file, columns)]
        return [row for _, row in sorted(rows, key=lambda pair: pair[0])]

    def _whole(self, where: str, row: Row, column: str) -> int | None:
        text = row[column]
        try:
            return None if text is None else int(text)
        except ValueError:
            self.faults.append(Fault(where, f"{column} is {text}, not a whole number"))
            return None

    def _head(self) -> dict[str, object]:
        path = self.folder / "scheme.toml"
        if not path.is_file():
            self.faults.append(Fault("scheme.toml", "the file is missing"))
            return {}
        head = tomllib.loads(path.read_text(encoding="utf-8"))
        if head.get("layout_version") != LAYOUT_VERSION:
            found = head.get("layout_version")
            self.faults.append(Fault("scheme.toml", f"layout_version is {found}, not {LAYOUT_VERSION}"))
        return head

    def _rows(self, file: str, columns: Sequence[str]) -> Iterator[Row]:
        """The rows of a file, an empty field as None; of a file that cannot be used none and a fault."""
        path = self.folder / file
        if not path.is_file():
            self.faults.append(Fault(file, "the file is missing"))
            return
        with path.open(encoding="utf-8", newline="") as text:
            reader = csv.DictReader(text)
            absent = [column for column in columns if column not in (reader.fieldnames or ())]
            if absent:
                self.faults.append(Fault(file, f"without the column {', '.join(absent)}"))
                return
            for row in reader:
                yield {column: row[column] or None for column in columns}


# -- reading cases -----------------------------------------------------------------------------


def read_cases(path: Path) -> Iterator[tuple[str, Record, Result | None]]:
    """The id, the record and, where the file tells it, the expected result of each case of a .csv or .csv.gz.

    An empty field and an absent optional column are a missing value; `|` separates codes.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text)
        absent = [c for c in ("case_id", "diagnoses", "procedures") if c not in (reader.fieldnames or ())]
        if absent:
            raise DrgError(f"{path} is not a case file.", [Fault(path.name, f"without {c}") for c in absent])
        for row in reader:
            yield row["case_id"], _record(path, reader.line_num, row), _expected(row)


def _record(path: Path, line: int, row: Mapping[str, str | None]) -> Record:
    numbers: dict[str, int | None] = {}
    faults = []
    for column in NUMBERS:
        text = row.get(column)
        try:
            numbers[column] = int(text) if text else None
        except ValueError:
            faults.append(Fault(f"{path.name}, line {line}", f"{column} is {text}, not a whole number"))
    if faults:
        raise DrgError(f"A case of {path} cannot be read.", faults)
    return Record(
        **numbers,
        sex=row.get("sex") or None,
        discharge_disposition=row.get("discharge_disposition") or None,
        department=row.get("department") or None,
        diagnoses=_codes(row["diagnoses"]),
        procedures=_codes(row["procedures"]),
    )


def _codes(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _expected(row: Mapping[str, str | None]) -> Result | None:
    status = row.get("expected_status")
    if not status:
        return None
    return Result(
        row.get("expected_mdc") or "", row.get("expected_adrg") or "", row.get("expected_drg") or "", status
    )
