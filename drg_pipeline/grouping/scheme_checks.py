"""What the files of a scheme have to do with each other: references, orders, rules, and what is only odd.

A fault keeps a scheme from being used; a note tells of something that the layout allows and that a
person may want to look at. Single files are judged in `scheme_head.py` and `scheme_table.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from drg_pipeline.errors import Fault
from drg_pipeline.grouping.scheme_gates import shut_out
from drg_pipeline.grouping.scheme_head import AMBIGUOUS, HEAD, Head
from drg_pipeline.grouping.scheme_table import Table, several
from drg_pipeline.ingest.reference_cells import shown

Tables = Mapping[str, Table | None]  # None: could not be read, which is told already

# rules: their owners, and the columns that name one
RULES = {
    "mdc_rule": ("mdc", ("mdc",)),
    "adrg_rule": ("adrg", ("adrg",)),
    "drg_rule": ("drg", ("adrg", "drg")),
}
_REFERENCES = (("adrg", "mdc", ("mdc",)), ("drg", "adrg", ("adrg",)), *((r, *of) for r, of in RULES.items()))

DIAGNOSIS_SETS = ("principal_diagnosis_in", "any_diagnosis_in", "other_diagnosis_in")
PROCEDURE_SETS = ("principal_procedure_in", "any_procedure_in", "other_procedure_in")
CLASS_COUNT = "any_diagnosis_class_count"
NUMBERS = ("age_years", "age_days", "newborn_weight_g", "los_days", "icu_hours")
TEXTS = ("sex", "department", "discharge_disposition")
FIELDS = (*NUMBERS, *TEXTS)
_CONTENT = ("code_set", "min_value", "max_value", "value")
_BOUNDS = ("min_value", "max_value")
# predicate: the columns that it needs; a number needs one of its two bounds
NEEDS: Mapping[str, tuple[str, ...]] = {
    "always": (),
    **dict.fromkeys((*DIAGNOSIS_SETS, *PROCEDURE_SETS), ("code_set",)),
    CLASS_COUNT: ("code_set", "min_value"),
    **dict.fromkeys(("has_mcc", "has_cc", *NUMBERS), ()),
    **dict.fromkeys(TEXTS, ("value",)),
}
# The list of procedures valid for grouping is told whether or not a rule asks for it.
_STANDS_ALONE = frozenset({"valid_procedure"})
_ALWAYS = frozenset({("always", False)})
_MCC, _CC = frozenset({("has_mcc", False)}), frozenset({("has_cc", False)})
_LABELS = {"mcc": {_MCC}, "cc": {_CC}, "mcc_or_cc": {_MCC, _CC}}


@dataclass(frozen=True)
class Condition:
    """One row of a rule that reads well."""

    table: Table
    row: int
    owner: tuple[str, ...]
    alternative: int
    predicate: str
    negated: bool
    code_set: str


def check(head: Head, tables: Tables) -> tuple[list[Fault], list[str]]:
    """All faults between the files, and the notes."""
    rules = {name: list(_conditions(tables[name], RULES[name][1])) for name in RULES}
    conditions = [condition for name in RULES for condition in rules[name]]
    faults = [
        *_references(tables),
        *_orders(tables),
        *(fault for name in RULES for fault in _filled(tables[name])),
        *_kinds(head, tables),
        *_fallbacks(tables, rules["drg_rule"]),
        *_fields(head, conditions),
        *_class_sets(tables, conditions),
    ]
    notes = [
        *_fields_unknown(head),
        *_counts(head, tables),
        *_without_rules(tables),
        *_without_drg(tables),
        *_empty_bands(conditions),
        *_sets(tables, conditions),
        *_nameless(tables, conditions),
        *shut_out(tables["adrg"], tables["code_set"], rules["mdc_rule"], rules["adrg_rule"]),
        *_labels(tables, rules["drg_rule"]),
    ]
    return faults, notes


def _conditions(table: Table | None, owner: tuple[str, ...]) -> Iterator[Condition]:
    if table is None:
        return
    of = table.columns
    owners = table.keys(*owner)
    for row in range(len(table)):
        if row not in table.broken:
            yield Condition(
                table,
                row,
                owners[row],
                int(of["alternative"][row]),
                of["predicate"][row],
                of["negated"][row] == "1",
                of["code_set"][row],
            )


# -- faults ------------------------------------------------------------------------------------


def _references(tables: Tables) -> Iterator[Fault]:
    for name, target, columns in _REFERENCES:
        table, owners = tables[name], tables[target]
        if table is None or owners is None or not owners.complete:
            continue
        known = set(owners.keys(*columns))
        for row, key in enumerate(table.keys(*columns)):
            if key not in known and all(key):
                named = ", ".join(f"{column} {shown(value)}" for column, value in zip(columns, key))
                what = f"{named} is not in {owners.file.file_name}: add it there or correct it here"
                yield table.fault(row, what)


def _orders(tables: Tables) -> Iterator[Fault]:
    mdc, adrg, drg = (_ordered(tables[name]) for name in ("mdc", "adrg", "drg"))
    for table in (mdc, adrg):
        if table:
            yield from _run(table, _places(table), range(len(table)), "")
    if drg:
        within: dict[str, list[int]] = defaultdict(list)
        for row, owner in enumerate(drg.columns["adrg"]):
            within[owner].append(row)
        places = _places(drg)
        for owner, rows in within.items():
            yield from _run(drg, places, rows, f" of adrg {shown(owner)}")
    if mdc and adrg:
        yield from _follows(mdc, adrg)


def _ordered(table: Table | None) -> Table | None:
    """The table, if each of its places can be read."""
    return table if table is not None and table.complete and not table.broken else None


def _places(table: Table) -> list[int]:
    return [int(value) for value in table.columns["evaluation_order"]]


def _run(table: Table, places: Sequence[int], rows: Sequence[int], of: str) -> Iterator[Fault]:
    """Faults where these rows are not numbered from 1 to their number."""
    first: dict[int, int] = {}
    for row in rows:
        before = first.setdefault(places[row], row)
        if before != row:
            what = f"evaluation_order {places[row]}{of} stands twice (first in line {table.lines[before]})"
            yield table.fault(row, f"{what}: number the rows 1 to {len(rows)}")
    missing = [str(place) for place in range(1, len(rows) + 1) if place not in first]
    if missing and len(first) == len(rows):
        what = f"evaluation_order{of} has no {several(missing)}: number the rows 1 to {len(rows)}"
        yield Fault(table.file.file_name, what)


def _follows(mdc: Table, adrg: Table) -> Iterator[Fault]:
    place_of = dict(zip(mdc.columns["mdc"], _places(mdc)))
    places = _places(adrg)
    reached, by = 0, ""
    for row in sorted(range(len(adrg)), key=places.__getitem__):
        own = adrg.columns["mdc"][row]
        if own not in place_of:
            continue
        if place_of[own] < reached:
            what = (
                f"evaluation_order {places[row]} of {shown(own)} comes after ADRGs of the later {shown(by)}"
            )
            yield adrg.fault(row, f"{what}: order the ADRGs as their MDCs")
        else:
            reached, by = place_of[own], own


def _filled(table: Table | None) -> Iterator[Fault]:
    """Faults of rows that do not fill exactly what their predicate needs."""
    if table is None:
        return
    for row, predicate in enumerate(table.columns["predicate"]):
        if predicate not in NEEDS:
            continue  # not a predicate: told with its cell
        needed = NEEDS[predicate]
        taken = _BOUNDS if predicate in NUMBERS else needed
        filled = [name for name in _CONTENT if table.columns[name][row]]
        if lacking := [name for name in needed if name not in filled]:
            yield table.fault(row, f"{predicate} needs {', '.join(lacking)}: fill it in")
        if extra := [name for name in filled if name not in taken]:
            yield table.fault(row, f"{predicate} takes no {', '.join(extra)}: empty it")


def _kinds(head: Head, tables: Tables) -> Iterator[Fault]:
    adrg = tables["adrg"]
    if adrg is None or head.flags.get(AMBIGUOUS, True):
        return
    for row, kind in enumerate(adrg.columns["kind"]):
        if kind == "ambiguous":
            what = f"kind is ambiguous, and {AMBIGUOUS} in {HEAD} is false: correct one of the two"
            yield adrg.fault(row, what)


def _fallbacks(tables: Tables, rules: Sequence[Condition]) -> Iterator[Fault]:
    drg, drg_rule = _ordered(tables["drg"]), tables["drg_rule"]
    if drg is None:
        return
    places = _places(drg)
    last: dict[str, int] = {}
    for row, owner in enumerate(drg.columns["adrg"]):
        last[owner] = max(places[row], last.get(owner, 0))
    kinds = _alternatives(rules)
    ruled = drg_rule is not None and drg_rule.complete and not drg_rule.broken
    for row, (adrg, code, fallback) in enumerate(drg.keys("adrg", "drg", "fallback")):
        if fallback != "1":
            continue
        if places[row] != last[adrg]:
            what = f"fallback {shown(code)} is not the last of adrg {shown(adrg)}: give it the highest place"
            yield drg.fault(row, what)
        if ruled and set(kinds.get((adrg, code), ())) != {_ALWAYS}:
            yield drg.fault(
                row, f"fallback {shown(code)} needs the one rule always: write it in drg_rule.csv"
            )


def _fields(head: Head, conditions: Sequence[Condition]) -> Iterator[Fault]:
    if head.fields_used is None:
        return
    first: dict[str, Condition] = {}
    for condition in conditions:
        if condition.predicate in FIELDS and condition.predicate not in head.fields_used:
            first.setdefault(condition.predicate, condition)
    for name, by in first.items():
        where = f"{by.table.file.file_name} line {by.table.lines[by.row]}"
        yield Fault(f"{HEAD}: fields_used", f"{name} is missing, which {where} looks at: add it")


def _class_sets(tables: Tables, conditions: Sequence[Condition]) -> Iterator[Fault]:
    classes = tables["code_class"]
    if classes is None or not classes.complete:
        return
    known = set(classes.columns["set_id"])
    for condition in conditions:
        if condition.predicate == CLASS_COUNT and condition.code_set and condition.code_set not in known:
            what = f"set {shown(condition.code_set)} has no rows in code_class.csv: add its classes"
            yield condition.table.fault(condition.row, what)


# -- notes -------------------------------------------------------------------------------------


def _fields_unknown(head: Head) -> Iterator[str]:
    unknown = [shown(name) for name in head.fields_used or () if name not in FIELDS]
    if unknown:
        yield f"{HEAD}: fields_used names what no rule can look at: {several(unknown)}"


def counted(tables: Mapping[str, Table]) -> dict[str, int]:
    """What [counts] of the head states, counted in the tables."""
    kinds = tables["adrg"].columns["kind"]
    ambiguous = {code for code, kind in tables["adrg"].keys("adrg", "kind") if kind == "ambiguous"}
    drgs = tables["drg"].keys("adrg", "fallback")
    return {
        "mdc": len(tables["mdc"]),
        "adrg": len(kinds) - kinds.count("ambiguous"),
        "drg": sum(fallback == "0" and adrg not in ambiguous for adrg, fallback in drgs),
        "fallback_drg": sum(fallback == "1" for _, fallback in drgs),
        "ambiguous_group": kinds.count("ambiguous"),
        "code_set": len(set(tables["code_set"].columns["set_id"])),
    }


def _counts(head: Head, tables: Tables) -> Iterator[str]:
    there = {name: table for name, table in tables.items() if table is not None and table.complete}
    if head.counts is None or not there.keys() >= {"mdc", "adrg", "drg", "code_set"}:
        return
    for key, number in counted(there).items():
        if key in head.counts and head.counts[key] != number:
            yield f"{HEAD}: counts.{key} says {head.counts[key]}, the files have {number}"


def _without_rules(tables: Tables) -> Iterator[str]:
    adrg = tables["adrg"]
    ambiguous = {code for code, kind in adrg.keys("adrg", "kind") if kind == "ambiguous"} if adrg else set()
    for name, (target, columns) in RULES.items():
        table, owners = tables[name], tables[target]
        if table is None or owners is None:
            continue
        ruled = set(table.keys(*columns))
        idle = [key for key in owners.keys(*columns) if key not in ruled]
        if target == "drg":  # an ambiguous ADRG ends the search before its DRGs are asked
            idle = [key for key in idle if key[0] not in ambiguous]
        if idle:
            named = several([" ".join(key) for key in idle])
            yield f"{table.file.file_name}: without a rule, so never holding ({len(idle)}): {named}"


def _empty_bands(conditions: Sequence[Condition]) -> Iterator[str]:
    for condition in conditions:
        if condition.predicate in NUMBERS:
            low, high = (condition.table.columns[name][condition.row] for name in _BOUNDS)
            if low and high and int(low) >= int(high):
                fault = condition.table.fault(
                    condition.row,
                    f"min_value {low} is not below max_value {high}, which is exclusive: it never holds",
                )
                yield f"{fault.where}: {fault.what}"


def _without_drg(tables: Tables) -> Iterator[str]:
    adrg, drg = tables["adrg"], tables["drg"]
    if adrg is None or drg is None:
        return
    filled = set(drg.columns["adrg"])
    idle = [code for code, kind in adrg.keys("adrg", "kind") if kind == "group" and code not in filled]
    if idle:
        yield f"drg.csv: ADRGs without a DRG, passed over by the search ({len(idle)}): {several(idle)}"


def _sets(tables: Tables, conditions: Sequence[Condition]) -> Iterator[str]:
    listed, classes = tables["code_set"], tables["code_class"]
    if listed is None or classes is None:
        return
    for table, predicates in ((listed, (*DIAGNOSIS_SETS, *PROCEDURE_SETS)), (classes, (CLASS_COUNT,))):
        asked = dict.fromkeys(c.code_set for c in conditions if c.predicate in predicates and c.code_set)
        known = dict.fromkeys(table.columns["set_id"])
        empty = [shown(name) for name in asked if name not in known]
        if empty and table is listed:
            yield f"code_set.csv: sets of rules without codes, so empty ({len(empty)}): {several(empty)}"
        unused = [shown(name) for name in known if name not in asked and name not in _STANDS_ALONE]
        if unused:
            yield f"{table.file.file_name}: sets that no rule asks for ({len(unused)}): {several(unused)}"


def _nameless(tables: Tables, conditions: Sequence[Condition]) -> Iterator[str]:
    listed = tables["code_set"]
    if listed is None:
        return
    for kind, predicates in (("diagnosis", DIAGNOSIS_SETS), ("procedure", PROCEDURE_SETS)):
        codes = tables[kind]
        if codes is None:
            continue
        sets = {condition.code_set for condition in conditions if condition.predicate in predicates}
        named = {code for code, name in codes.keys("code", "name") if name}
        asked = {code for set_id, code in listed.keys("set_id", "code") if set_id in sets}
        if nameless := sorted(asked - named):
            told = several([shown(code) for code in nameless])
            yield f"{kind}.csv: codes of sets without a name ({len(nameless)}): {told}"


def _alternatives(rules: Sequence[Condition]) -> dict[tuple[str, ...], list[frozenset[tuple[str, bool]]]]:
    """What each alternative of an owner asks, without its bounds and sets."""
    found: dict[tuple[str, ...], dict[int, set[tuple[str, bool]]]] = defaultdict(lambda: defaultdict(set))
    for rule in rules:
        found[rule.owner][rule.alternative].add((rule.predicate, rule.negated))
    return {owner: [frozenset(rows) for rows in below.values()] for owner, below in found.items()}


def _label(alternatives: Sequence[frozenset[tuple[str, bool]]]) -> str:
    """The label that people give a rule of these alternatives."""
    if not alternatives:
        return "never"
    if _ALWAYS in alternatives:
        return "always"
    asked = set(alternatives)
    return next((label for label, wanted in _LABELS.items() if wanted == asked), "other")


def _labels(tables: Tables, rules: Sequence[Condition]) -> Iterator[str]:
    drg, drg_rule = tables["drg"], tables["drg_rule"]
    if drg is None or drg_rule is None or not drg_rule.complete or drg_rule.broken:
        return
    kinds = _alternatives(rules)
    odd = []
    for row, (adrg, code, split) in enumerate(drg.keys("adrg", "drg", "split")):
        derived = _label(kinds.get((adrg, code), []))
        if derived != split and row not in drg.broken:
            odd.append(f"line {drg.lines[row]} says {split}, the rule is {derived}")
    if odd:
        yield f"drg.csv: splits that do not fit their rules ({len(odd)}): {several(odd)}"
