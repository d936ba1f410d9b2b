"""Grouping schemes as small as a test needs them: written by hand in a few lines, or drawn at random.

Every file of the layout is written. What a record is grouped to does not stand here.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.grouping.row_at_a_time import OLDEST, Record

RULE = ("alternative", "predicate", "negated", "code_set", "min_value", "max_value", "value")
COLUMNS = {
    "mdc": ("mdc", "evaluation_order", "name"),
    "mdc_rule": ("mdc", *RULE),
    "adrg": ("adrg", "mdc", "evaluation_order", "kind", "name"),
    "adrg_rule": ("adrg", *RULE),
    "drg": ("drg", "adrg", "evaluation_order", "split", "fallback", "name"),
    "drg_rule": ("adrg", "drg", *RULE),
    "code_set": ("set_id", "code"),
    "code_class": ("set_id", "code", "class"),
    "mcc": ("code", "exclusion_table"),
    "cc": ("code", "exclusion_table"),
    "cc_exclusion": ("principal_diagnosis", "exclusion_table"),
    "diagnosis": ("code", "name", "valid_for_grouping"),
    "procedure": ("code", "name", "valid_for_grouping"),
    "diagnosis_map": ("source_code", "code"),
    "procedure_map": ("source_code", "code"),
}
RULES = ("mdc_rule", "adrg_rule", "drg_rule")
VALID_PROCEDURE = "valid_procedure"
CHECKED_FIELDS = {"sex", "age_years", "age_days", "newborn_weight_g"}
NUMBERS = ("age_years", "age_days", "newborn_weight_g", "los_days", "icu_hours")
TEXTS = ("sex", "department", "discharge_disposition")

# A row by column name, or its values in the columns' order; what is left out has its default.
Row = Mapping[str, Any] | Sequence[Any]
Rows = Iterable[Row]
Full = dict[str, Any]


def write_scheme(
    folder: Path,
    *,
    mdc: Rows,
    mdc_rule: Rows,
    adrg: Rows,
    adrg_rule: Rows,
    drg: Rows,
    drg_rule: Rows,
    code_set: Rows | Mapping[str, Iterable[str]] = (),
    code_class: Rows = (),
    mcc: Rows = (),
    cc: Rows = (),
    cc_exclusion: Rows = (),
    diagnosis: Rows | None = None,
    procedure: Rows | None = None,
    retry: bool = False,
    name: str = "tiny",
) -> Path:
    """Write all files of a scheme; orders run as the rows stand, code lists hold every code mentioned."""
    if isinstance(code_set, Mapping):
        code_set = [(set_id, code) for set_id, codes in code_set.items() for code in codes]
    given: dict[str, Rows] = {"mdc": mdc, "mdc_rule": mdc_rule, "adrg": adrg, "adrg_rule": adrg_rule}
    given |= {"drg": drg, "drg_rule": drg_rule, "code_set": code_set, "code_class": code_class}
    given |= {"mcc": mcc, "cc": cc, "cc_exclusion": cc_exclusion}
    tables = {table: [_full(table, row) for row in rows] for table, rows in given.items()}
    _complete(tables)
    for table, rows in (("diagnosis", diagnosis), ("procedure", procedure)):
        tables[table] = _codes(tables, table) if rows is None else [_full(table, row) for row in rows]
        tables[f"{table}_map"] = [{"source_code": r["code"], "code": r["code"]} for r in tables[table]]
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, COLUMNS[table], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "scheme.toml").write_text(_head(tables, name, retry), encoding="utf-8")
    return folder


def _full(table: str, row: Row) -> Full:
    columns = COLUMNS[table]
    found = dict(row) if isinstance(row, Mapping) else dict(zip(columns, row, strict=False))
    unknown = found.keys() - set(columns)
    if unknown or (not isinstance(row, Mapping) and len(row) > len(columns)):
        raise ValueError(f"{table} has no place for {sorted(unknown) or row}")
    return {column: "" if found.get(column) is None else found[column] for column in columns}


def _complete(tables: dict[str, list[Full]]) -> None:
    for table in RULES:
        for row in tables[table]:
            row["alternative"] = row["alternative"] or 1
            row["negated"] = int(row["negated"] or 0)
    for number, row in enumerate(tables["mdc"], start=1):
        row["evaluation_order"] = row["evaluation_order"] or number
    for number, row in enumerate(tables["adrg"], start=1):
        row["evaluation_order"] = row["evaluation_order"] or number
        row["kind"] = row["kind"] or "group"
    placed: dict[str, int] = {}
    for row in tables["drg"]:
        placed[row["adrg"]] = placed.get(row["adrg"], 0) + 1
        row["evaluation_order"] = row["evaluation_order"] or placed[row["adrg"]]
        row["fallback"] = row["fallback"] or 0
        row["split"] = row["split"] or _split(
            [r for r in tables["drg_rule"] if (r["adrg"], r["drg"]) == (row["adrg"], row["drg"])]
        )


def _split(rules: Sequence[Full]) -> str:
    """The label that the layout derives from a DRG's rule for people."""
    alternatives: dict[Any, list[tuple[str, int]]] = {}
    for rule in rules:
        alternatives.setdefault(rule["alternative"], []).append((rule["predicate"], rule["negated"]))
    if not rules:
        return "never"
    if [("always", 0)] in alternatives.values():
        return "always"
    mcc, cc = [("has_mcc", 0)], [("has_cc", 0)]
    kinds = list(alternatives.values())
    if all(kind == mcc for kind in kinds):
        return "mcc"
    if all(kind == cc for kind in kinds):
        return "cc"
    return "mcc_or_cc" if all(kind in (mcc, cc) for kind in kinds) else "other"


def _codes(tables: Mapping[str, list[Full]], kind: str) -> list[Full]:
    """All codes that the tables mention as a diagnosis (procedure), each once."""
    rules = [rule for table in RULES for rule in tables[table]]
    used = {r["code_set"] for r in rules if r["predicate"].endswith(f"{kind}_in")}
    sets: dict[str, list[str]] = {}
    for row in tables["code_set"]:
        sets.setdefault(row["set_id"], []).append(row["code"])
    if kind == "procedure":
        valid = set(sets.get(VALID_PROCEDURE, ()))
        mentioned = set(valid)
    else:
        gates = {r["code_set"] for r in tables["mdc_rule"] if r["predicate"].endswith("diagnosis_in")}
        valid = {code for gate in gates for code in sets.get(gate, ())}
        mentioned = {row["principal_diagnosis"] for row in tables["cc_exclusion"]}
        mentioned |= {row["code"] for table in ("code_class", "mcc", "cc") for row in tables[table]}
    mentioned |= {code for set_id in used for code in sets.get(set_id, ())}
    return [
        {"code": code, "name": f'name, "{code}"', "valid_for_grouping": int(code in valid)}
        for code in sorted(mentioned)
    ]


def _head(tables: Mapping[str, list[Full]], name: str, retry: bool) -> str:
    kinds = [row["kind"] for row in tables["adrg"]]
    predicates = {rule["predicate"] for table in RULES for rule in tables[table]}
    fields = sorted(CHECKED_FIELDS | (predicates & {*NUMBERS, *TEXTS}))
    ambiguous = {row["adrg"] for row in tables["adrg"] if row["kind"] == "ambiguous"}
    counts = {
        "mdc": len(tables["mdc"]),
        "adrg": kinds.count("group"),
        "drg": len({row["drg"] for row in tables["drg"]} - ambiguous),
        "fallback_drg": sum(int(row["fallback"]) for row in tables["drg"]),
        "ambiguous_group": kinds.count("ambiguous"),
        "code_set": len({row["set_id"] for row in tables["code_set"]}),
    }
    values: dict[str, object] = {"layout_version": 1, "name": name, "version": "1", "title": name}
    values |= {"issuer": "nobody", "region": "nowhere", "family": "test", "source": "made up for a test"}
    values |= {"retry_with_each_other_procedure": retry, "ambiguous_groups": "ambiguous" in kinds}
    values |= {"fields_used": fields}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    lines += ["", "[counts]", *(f"{key} = {number}" for key, number in counts.items())]
    lines += ["", "[notes]", "unreachable_drgs = []", 'remarks = ["made up for a test"]', ""]
    return "\n".join(lines)


# -- random schemes ----------------------------------------------------------------------------

# Codes that differ only in case or by an extension, and combined ones: exact comparison keeps them apart.
DIAGNOSES = (
    "A01.002+G01*|A41.900|C34.900|C34.900X001|C34.900x001|C61.x00|D25.900|E11.900|I10.x00|I10.x00x002|I21.900"
    "|I63.900|J18.900|J96.900|K35.900|N17.900|O82.000|P07.100|P22.000|S06.310|S27.300|S36.100|T79.400|Z51.100"
)
PROCEDURES = (
    "00.6600|01.2400|31.1x00|32.4100|32.4100X001|32.4100x001|36.0600|36.0600x007|37.8300|39.6500|45.7300|47.0100"
    "|51.2300|60.2900|68.4100|74.1x01|79.3500|81.5100|96.0400|99.2503"
)
BOUNDS = {
    "age_years": (0, 1, 17, 18, 65),
    "age_days": (1, 7, 28, 29),
    "newborn_weight_g": (1, 1500, 2000, 2500),
    "los_days": (0, 1, 2, 30),
    "icu_hours": (1, 24, 96),
}
WORDS = {
    "sex": ("1", "2", "1|2"),
    "department": ("0301", "0301|ICU", "ICU|外科|儿科"),
    "discharge_disposition": ("1", "5", "2|3", "1|4|9"),
}
LABELS = ("1", "2", "01", "10")  # compared as text
CLASSES = ("头颈部", "胸部", "腹部", "四肢")
CLASS_SETS = ("site_MDCZ", "K0001", "K0002")
EMPTY_SET = "0000"  # after D or P: a set without rows


class _Dice:
    """Draws the rules of a random scheme from its sets."""

    def __init__(self, rng: random.Random, sets: Mapping[str, Collection[str]]) -> None:
        self.rng = rng
        self.sets = {kind: [s for s in sets if s.startswith(kind)] + [f"{kind}{EMPTY_SET}"] for kind in "DP"}
        self.sets["P"].append(VALID_PROCEDURE)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def member(self, kind: str, looks: Sequence[str] = ("principal", "any", "other")) -> Full:
        noun = {"D": "diagnosis", "P": "procedure"}[kind]
        return {
            "predicate": f"{self.rng.choice(looks)}_{noun}_in",
            "code_set": self.rng.choice(self.sets[kind]),
        }

    def condition(self) -> Full:
        kind = self.rng.choice(
            ("D", "D", "P", "P", "number", "number", "text", "class", "severity", "always")
        )
        if kind in "DP":
            found = self.member(kind)
        elif kind == "number":
            predicate = self.rng.choice(NUMBERS)
            low, high = sorted(self.rng.sample(BOUNDS[predicate], 2))
            found = {"predicate": predicate, "min_value": low, "max_value": high}
            for bound in self.rng.choice(((), ("min_value",), ("max_value",), ("min_value", "max_value"))):
                del found[bound]
        elif kind == "text":
            predicate = self.rng.choice(TEXTS)
            found = {"predicate": predicate, "value": self.rng.choice(WORDS[predicate])}
        elif kind == "class":
            found = {
                "predicate": "any_diagnosis_class_count",
                "code_set": self.rng.choice(CLASS_SETS),
                "min_value": self.rng.choice((0, 1, 1, 2, 2, 3)),
            }
        elif kind == "severity":
            found = {"predicate": self.rng.choice(("has_mcc", "has_cc"))}
        else:
            found = {"predicate": "always"}
        return found | {"negated": int(self.chance(0.2))}

    def rule(self, owner: Full, *starts: Full, extra: int = 1) -> list[Full]:
        """One alternative for each start, with up to `extra` further conditions."""
        return [
            owner | {"alternative": number} | condition
            for number, start in enumerate(starts, start=1)
            for condition in (start, *(self.condition() for _ in range(self.rng.randint(0, extra))))
        ]


def random_scheme(rng: random.Random, folder: Path) -> Path:
    """A small valid scheme with every predicate likely, in an order that is not alphabetical, rows shuffled."""
    diagnoses = rng.sample(DIAGNOSES.split("|"), rng.randint(12, 20))
    procedures = rng.sample(PROCEDURES.split("|"), rng.randint(12, 20))
    sets = {f"D{n:04}": rng.sample(diagnoses, rng.randint(2, len(diagnoses))) for n in range(1, 9)}
    sets |= {f"P{n:04}": rng.sample(procedures, rng.randint(1, len(procedures) // 2)) for n in range(1, 7)}
    dice = _Dice(rng, sets)
    tables: dict[str, list[Full]] = {table: [] for table in ("mdc", "adrg", "drg", *RULES)}
    for letter in rng.sample("ABCFJNPYZ", rng.randint(3, 6)):
        _random_mdc(dice, tables, f"MDC{letter}")
    classes = [
        (set_id, code, rng.choice(CLASSES))
        for set_id in CLASS_SETS
        for code in (*rng.sample(diagnoses, len(diagnoses) * 2 // 3), *rng.sample(diagnoses, 2))
    ]
    for rows in tables.values():
        rng.shuffle(rows)  # the order is what evaluation_order says
    return write_scheme(
        folder,
        **tables,
        code_set=sets | {VALID_PROCEDURE: rng.sample(procedures, len(procedures) * 2 // 3)},
        code_class=classes,
        mcc=[(code, rng.choice(LABELS)) for code in rng.sample(diagnoses, 5)],
        cc=[(code, rng.choice(LABELS)) for code in rng.sample(diagnoses, 6)],
        cc_exclusion=[(code, rng.choice(LABELS)) for code in rng.sample(diagnoses, len(diagnoses) // 2)],
        retry=dice.chance(0.4),
        name="random",
    )


def _random_mdc(dice: _Dice, tables: dict[str, list[Full]], mdc: str) -> None:
    rng = dice.rng
    gates = [dice.member("D", ("principal", "principal", "any")) for _ in range(rng.randint(1, 2))]
    if dice.chance(0.3):
        gates[0] = dice.member("P", ("principal", "any"))
    tables["mdc"].append({"mdc": mdc, "evaluation_order": len(tables["mdc"]) + 1})
    tables["mdc_rule"] += dice.rule({"mdc": mdc}, *gates)
    letter = mdc[-1]
    adrgs = rng.sample(
        [f"{letter}{second}{third}" for second in "BJRZ" for third in "129"], rng.randint(2, 4)
    )
    if dice.chance(0.4):
        adrgs.insert(rng.randint(0, len(adrgs)), f"{letter}QY")
    for adrg in adrgs:
        kind = "ambiguous" if adrg.endswith("QY") else "group"
        place = len(tables["adrg"]) + 1
        tables["adrg"].append({"adrg": adrg, "mdc": mdc, "evaluation_order": place, "kind": kind})
        if kind == "ambiguous":
            step = {"predicate": "any_procedure_in", "code_set": VALID_PROCEDURE}
            tables["adrg_rule"] += dice.rule({"adrg": adrg}, step, extra=0)
            if dice.chance(0.5):  # schemes list it among the DRGs; the search stops before it looks there
                tables["drg"].append({"drg": adrg, "adrg": adrg, "evaluation_order": 1})
                tables["drg_rule"].append({"adrg": adrg, "drg": adrg, "predicate": "always"})
            continue
        if not dice.chance(0.05):  # an ADRG without a rule never holds
            starts = [dice.condition() for _ in range(rng.randint(1, 3))]
            tables["adrg_rule"] += dice.rule({"adrg": adrg}, *starts, extra=2)
        for order, (drg, starts) in enumerate(_splits(dice, adrg), start=1):
            tables["drg"].append({"drg": drg, "adrg": adrg, "evaluation_order": order})
            tables["drg_rule"] += dice.rule({"adrg": adrg, "drg": drg}, *starts, extra=int(dice.chance(0.2)))


def _splits(dice: _Dice, adrg: str) -> list[tuple[str, list[Full]]]:
    """One to three DRGs in order; often the usual triple, often without the last one that takes the rest."""
    mcc, cc, rest = {"predicate": "has_mcc"}, {"predicate": "has_cc"}, {"predicate": "always"}
    usual = [(f"{adrg}1", [mcc]), (f"{adrg}3", [mcc, cc]), (f"{adrg}5", [rest])]
    others = [
        (f"{adrg}9", [rest]),
        (f"{adrg}3", [cc]),
        (f"{adrg}2", [dice.condition()]),
        (f"{adrg}4", [dice.condition(), dice.condition()]),
    ]
    if dice.chance(0.5):
        return usual[: dice.rng.randint(2, 3)]
    return dice.rng.sample(others, dice.rng.randint(1, 3))


# -- random records ----------------------------------------------------------------------------


def random_records(rng: random.Random, scheme_folder: Path, n: int) -> list[Record]:
    """Records on and just below every bound of the scheme; with duplicates, unknown codes, wrong case, no codes."""
    rules = [row for table in RULES for row in _read(scheme_folder, table)]
    numbers: dict[str, list[int]] = {}
    for field in NUMBERS:
        bounds = {
            int(r[c]) for r in rules if r["predicate"] == field for c in ("min_value", "max_value") if r[c]
        }
        numbers[field] = sorted({0, 1, 400, *bounds, *(bound - 1 for bound in bounds)})
    texts: dict[str, Sequence[str | None]] = {}
    for field in TEXTS:
        values = [r["value"] for r in rules if r["predicate"] == field]
        entries = {entry for value in values for entry in value.split("|")}
        # The whole list as it stands in a rule equals none of its entries.
        texts[field] = [None, "", "7", *sorted({*entries, *values, *(entry.swapcase() for entry in entries)})]
    codes = {kind: [r["code"] for r in _read(scheme_folder, kind)] for kind in ("diagnosis", "procedure")}
    return [_record(rng, numbers, texts, codes) for _ in range(n)]


def _read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _record(
    rng: random.Random,
    numbers: Mapping[str, Sequence[int]],
    texts: Mapping[str, Sequence[str | None]],
    codes: Mapping[str, Sequence[str]],
) -> Record:
    ages = [age for age in numbers["age_years"] if 0 <= age <= OLDEST]
    drawn = {
        field: None if rng.random() < 0.1 else rng.choice(values)
        for field, values in numbers.items()
        if field != "age_years"
    }
    return Record(
        **drawn,
        # Few are refused by the input check, so that most of the draw reaches the rules.
        age_years=rng.choice((None, -1, OLDEST + 1)) if rng.random() < 0.02 else rng.choice(ages),
        sex=rng.choice(("1", "2")) if rng.random() < 0.95 else rng.choice(texts["sex"]),
        discharge_disposition=rng.choice(texts["discharge_disposition"]),
        department=rng.choice(texts["department"]),
        diagnoses=_listed(rng, codes["diagnosis"], rng.choice((0, 1, 1, 2, 2, 3, 4, 6))),
        procedures=_listed(rng, codes["procedure"], rng.choice((0, 0, 1, 1, 2, 3, 4))),
    )


def _listed(rng: random.Random, codes: Sequence[str], length: int) -> tuple[str, ...]:
    found: list[str] = []
    for _ in range(length):
        code = rng.choice(codes)
        if rng.random() < 0.1:
            code = rng.choice((code.swapcase(), f"{code} ", code[:-1], "unknown"))
        found.append(rng.choice(found) if found and rng.random() < 0.15 else code)
    return tuple(found)
