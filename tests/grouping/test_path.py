"""Why a case got its group: worked cases step by step, and for random schemes every step against the plain reading
of the same tables.

Whether the answers are right is the business of `test_random_schemes.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.grouping import SCHEME, Step, grouped, opened, paths, tiny_scheme
from support.harness import Bench
from support.schemes import random_records, random_scheme

from bench.grouping.row_at_a_time import Record, Scheme, _Reader, holds
from drg_pipeline.grouping.grouper import Grouper

ADULT = Record(sex="1", age_years=50, diagnoses=("I63.900",))


@pytest.fixture(scope="module")
def tiny(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grouper]:
    folder = tiny_scheme(tmp_path_factory.mktemp("path") / SCHEME)
    with opened(bench.project, folder) as grouper:
        yield grouper


def told(grouper: Grouper, record: Record) -> list[str]:
    """The path of one record as `drg group --explain` writes it, a step a line."""
    grouped(grouper, [record], SCHEME)
    return [str(step["words"]) for step in paths(grouper, [record])[0]]


# -- worked cases ------------------------------------------------------------------------------


def test_a_cc_splits_where_the_excluded_mcc_does_not(tiny: Grouper) -> None:
    record = replace(
        ADULT, diagnoses=("I63.900", "J96.900", "E11.900", "I10.x00"), procedures=("01.2401", "01.2400")
    )
    assert told(tiny, record) == [
        "MDCB[1] principal_diagnosis_in D0001: I63.900",
        "BB1[1] any_procedure_in P0002: 01.2401, 01.2400",
        "MCC J96.900 excluded by I63.900 through table T1",
        "CC E11.900 counts",
        "CC I10.x00 excluded by I63.900 through table T1",
        "BB11[1] has_mcc: none - fails",
        # Of the split that is met, the alternative that is met.
        "BB13[2] has_cc: E11.900",
        "result: MDCB BB1 BB13 grouped",
    ]


def test_an_mcc_of_another_table_splits_at_once(tiny: Grouper) -> None:
    record = replace(ADULT, diagnoses=("I63.900", "I46.900", "I46.900"), procedures=("01.2400",))
    assert told(tiny, record) == [
        "MDCB[1] principal_diagnosis_in D0001: I63.900",
        "BB1[1] any_procedure_in P0002: 01.2400",
        "MCC I46.900 counts",
        "BB11[1] has_mcc: I46.900",
        "result: MDCB BB1 BB11 grouped",
    ]


def test_a_negated_rule_and_a_drg_without_a_rule(tiny: Grouper) -> None:
    assert told(tiny, ADULT) == [
        "MDCB[1] principal_diagnosis_in D0001: I63.900",
        "BR1[1] not any_procedure_in P0002: none",
        "BR1[1] sex 1|2: 1",
        "BR12: it has no rule",
        "BR11[1] always",
        "result: MDCB BR1 BR11 grouped",
    ]


def test_an_mdc_that_lets_the_case_go_is_told(tiny: Grouper) -> None:
    record = replace(ADULT, procedures=("37.8300", "01.2400"))
    assert told(tiny, record) == [
        "MDCA[1] any_procedure_in P0001: 37.8300",
        "MDCA passed: its gate holds, but none of its ADRGs takes the case",
        "MDCB[1] principal_diagnosis_in D0001: I63.900",
        "BB1[1] any_procedure_in P0002: 01.2400",
        "BB11[1] has_mcc: none - fails",
        "BB13[1] has_mcc: none - fails",
        "BB13[2] has_cc: none - fails",
        "BB15[1] always",
        "result: MDCB BB1 BB15 grouped",
    ]


def test_a_newborn_by_weight(tiny: Grouper) -> None:
    record = Record(sex="2", age_years=0, age_days=3, newborn_weight_g=1400, diagnoses=("P07.100",))
    assert told(tiny, record) == [
        "MDCP[1] age_days [, 29): 3",
        "MDCP[1] age_years [0, 1): 0",
        "PS1[1] newborn_weight_g [1, 1500): 1400",
        "PS11[1] always",
        "result: MDCP PS1 PS11 grouped",
    ]


def test_injuries_of_two_sites(tiny: Grouper) -> None:
    record = replace(ADULT, diagnoses=("S06.310", "S27.301", "S27.300"))
    assert told(tiny, record) == [
        "MDCZ[1] any_diagnosis_class_count sites >= 2: S06.310 (head), S27.301 (chest), S27.300 (chest)",
        "MDCZ[1] principal_diagnosis_in D0003: S06.310",
        "ZZ1[1] always",
        "ZZ19[1] always",
        "result: MDCZ ZZ1 ZZ19 grouped",
    ]


def test_an_ambiguous_group(tiny: Grouper) -> None:
    assert told(tiny, replace(ADULT, procedures=("31.1x00",))) == [
        "MDCB[1] principal_diagnosis_in D0001: I63.900",
        "BQY[1] any_procedure_in P0003: 31.1x00",
        "result: MDCB QY BQY ambiguous",
    ]


def test_a_procedure_that_finds_a_group_alone(tiny: Grouper) -> None:
    # AA1 wants it as the principal procedure; the whole list has it third.
    record = replace(ADULT, diagnoses=("Z99.900",), procedures=("37.8300", "?", "99.9999"))
    assert told(tiny, record) == [
        "retry: the whole list finds no group; procedure 3 alone does",
        "MDCA[1] any_procedure_in P0001: 99.9999",
        "AA1[1] principal_procedure_in P0009: 99.9999",
        "AA19[1] always",
        "result: MDCA AA1 AA19 grouped",
    ]


def test_no_procedure_finds_a_group(tiny: Grouper) -> None:
    record = replace(ADULT, diagnoses=("Z99.900",), procedures=("37.8300", "37.8300"))
    assert told(tiny, record) == [
        "retry: no further procedure alone finds a group",
        "MDCA[1] any_procedure_in P0001: 37.8300",
        "MDCA passed: its gate holds, but none of its ADRGs takes the case",
        "result: 0000 00 0000 ungrouped",
    ]


def test_no_gate_and_a_failed_input_check(tiny: Grouper) -> None:
    assert told(tiny, replace(ADULT, diagnoses=())) == [
        "the gate of no MDC holds",
        "result: 0000 00 0000 ungrouped",
    ]
    assert told(tiny, replace(ADULT, age_years=0, age_days=28)) == [
        "input: newborn_weight_g is missing for a new-born",
        "result: 0000 00 0000 invalid_input",
    ]


# -- random schemes ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_every_step_of_a_random_case_holds_up(bench: Bench, tmp_path: Path, seed: int) -> None:
    rng = random.Random(100 + seed)
    folders = [random_scheme(rng, tmp_path / str(number)) for number in range(6)]
    seen: set[str] = set()
    with opened(bench.project, *folders, name="s") as grouper:
        for number, folder in enumerate(folders):
            records = random_records(rng, folder, 150)
            answers = grouped(grouper, records, f"s{number}")
            found = paths(grouper, records)
            reader, scheme = _Reader(folder), Scheme.read(folder)
            reader.scheme()
            for record, answer, steps in zip(records, answers, found, strict=True):
                seen |= {step["kind"] for step in steps}
                last = steps[-1]
                assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
                assert (last["kind"], last["subject"]) == ("result", answer.drg)
                assert last["note"] == f"{answer.mdc} {answer.adrg} {answer.drg} {answer.status}"
                if answer.status == "invalid_input":
                    assert [step["kind"] for step in steps] == ["input", "result"]
                    continue
                tried = [step["subject"] for step in steps if step["kind"] == "retry" and step["holds"]]
                case = replace(record, procedures=tuple(tried)) if tried else record
                check_rules(reader, case, steps)
                check_complications(reader, case, steps, answer.status)
                check_search(scheme, case, steps, (answer.mdc, answer.adrg, answer.drg, answer.status))
    assert seen >= {"input", "mdc", "passed", "adrg", "drg", "mcc", "cc", "result"}


def check_rules(reader: _Reader, case: Record, steps: Sequence[Step]) -> None:
    """Each row of a rule says of the case what the plain reading says."""
    for step in steps:
        if step["predicate"] is None:
            continue
        row: dict[str, str | None] = dict.fromkeys(("code_set", "min_value", "max_value", "value"))
        row |= {"predicate": step["predicate"], "negated": "1" if step["negated"] else "0"}
        criterion = step["criterion"]
        if step["predicate"] == "any_diagnosis_class_count":
            row["code_set"], row["min_value"] = criterion.split(" >= ")
        elif criterion and criterion.startswith("["):
            row["min_value"], row["max_value"] = (bound or None for bound in criterion[1:-1].split(", "))
        elif step["predicate"] in ("sex", "department", "discharge_disposition"):
            row["value"] = criterion
        else:
            row["code_set"] = criterion
        assert reader._condition("", row)(case) == step["holds"], (case, step)
        if step["predicate"].endswith("_in"):
            assert bool(step["codes"]) == (step["holds"] != step["negated"])
        assert {*step["codes"]} <= {*case.diagnoses, *case.procedures}


def check_complications(reader: _Reader, case: Record, steps: Sequence[Step], status: str) -> None:
    told = {(step["kind"], step["subject"], step["holds"]) for step in steps if step["kind"] in ("mcc", "cc")}
    excluded = reader.exclusions.get(case.diagnoses[0]) if case.diagnoses else None
    expected = {
        (kind, code, excluded is None or table[code] != excluded)
        for kind, table in (("mcc", reader.mcc), ("cc", reader.cc))
        for code in case.diagnoses[1:]
        if code in table
    }
    assert told == (expected if status == "grouped" else set())


def check_search(
    scheme: Scheme, case: Record, steps: Sequence[Step], answer: tuple[str, str, str, str]
) -> None:
    """The MDCs, the ADRG and the DRGs that the path names are those that the search meets."""
    mdc, adrg, drg, status = answer
    entered = [own.code for own in scheme.mdcs if holds(own.rule, case)]
    if mdc in entered:
        entered = entered[: entered.index(mdc) + 1]
    gates = list(dict.fromkeys(step["subject"] for step in steps if step["kind"] == "mdc"))
    passed = [step["subject"] for step in steps if step["kind"] == "passed"]
    assert gates == entered
    assert passed == ([code for code in entered if code != mdc] or ([None] if status == "ungrouped" else []))
    assert all(step["holds"] for step in steps if step["kind"] in ("mdc", "adrg"))
    taken = {step["subject"] for step in steps if step["kind"] == "adrg"}
    assert taken == {"grouped": {adrg}, "ambiguous": {drg}, "ungrouped": set()}[status]
    if status != "grouped":
        assert not any(step["kind"] == "drg" for step in steps)
        return
    drgs = [
        own
        for mdc_ in scheme.mdcs
        if mdc_.code == mdc
        for a in mdc_.adrgs
        if a.code == adrg
        for own in a.drgs
    ]
    upto = drgs[: [own.code for own in drgs].index(drg) + 1]
    splits: dict[str, dict[int | None, bool]] = {}
    for step in steps:
        if step["kind"] == "drg":
            alternatives = splits.setdefault(step["subject"], {})
            alternatives[step["alternative"]] = alternatives.get(step["alternative"], True) and step["holds"]
    assert list(splits) == [own.code for own in upto]
    for own in upto:
        assert any(splits[own.code].values()) == (own.code == drg)
        assert own.code == drg or len(splits[own.code]) == max(1, len(own.rule))
