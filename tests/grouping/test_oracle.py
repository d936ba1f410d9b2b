"""The reference evaluation of a scheme: each predicate and each turn of the search, worked out by hand.

The pipeline's grouper is compared with this evaluation elsewhere; here it is compared with the layout's words.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.schemes import random_records, random_scheme, write_scheme

from bench.grouping.random_cases import write_random_cases
from bench.grouping.row_at_a_time import INVALID_INPUT, UNGROUPED, Record, Result, Scheme, read_cases
from drg_pipeline.errors import DrgError

ADULT = Record(sex="1", age_years=40)
TAKEN = Result("MDCB", "BB1", "BB11", "grouped")
SETS = {"D1": ["I63.900", "C34.900x001"], "P1": ["01.2400", "39.6500"]}


def always(**owner: str) -> dict[str, str]:
    return {**owner, "predicate": "always"}


def one_rule(folder: Path, *conditions: dict[str, Any], **tables: Any) -> Scheme:
    """A scheme of one DRG, whose ADRG rule is the conditions."""
    return Scheme.read(
        write_scheme(
            folder,
            **{
                "mdc": [("MDCB",)],
                "mdc_rule": [always(mdc="MDCB")],
                "adrg": [("BB1", "MDCB")],
                "adrg_rule": [{"adrg": "BB1", **condition} for condition in conditions],
                "drg": [("BB11", "BB1")],
                "drg_rule": [always(adrg="BB1", drg="BB11")],
                "code_set": SETS,
                **tables,
            },
        )
    )


def takes(scheme: Scheme, **fields: Any) -> bool:
    result = scheme.group(replace(ADULT, **fields))
    assert result in (TAKEN, UNGROUPED)
    return result == TAKEN


# -- predicates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "codes", "holds"),
    [
        ("principal", ("I63.900",), True),
        ("principal", ("I10.x00", "I63.900"), False),
        ("principal", (), False),
        ("any", ("I63.900",), True),
        ("any", ("I10.x00", "unknown", "I63.900"), True),
        ("any", ("I10.x00",), False),
        ("any", (), False),
        ("other", ("I63.900",), False),
        ("other", ("I10.x00", "I63.900"), True),
        ("other", ("I63.900", "I63.900"), True),  # the same code first as well
        ("other", ("I63.900", "I10.x00"), False),
        ("other", (), False),
    ],
)
@pytest.mark.parametrize("negated", [0, 1])
@pytest.mark.parametrize("kind", ["diagnosis", "procedure"])
def test_membership(
    tmp_path: Path, kind: str, looks: str, codes: tuple[str, ...], holds: bool, negated: int
) -> None:
    sets = {"S1": ["I63.900", "I64.x00"]}
    scheme = one_rule(
        tmp_path,
        {"predicate": f"{looks}_{kind}_in", "code_set": "S1", "negated": negated},
        code_set=sets,
    )
    field = {"diagnosis": "diagnoses", "procedure": "procedures"}[kind]
    assert takes(scheme, **{field: codes}) == (holds != bool(negated))


@pytest.mark.parametrize(
    "code", ["c34.900x001", "C34.900X001", "C34.900", "C34.900x0011", "C34.900x001 ", " C34.900x001"]
)
def test_codes_are_exact_strings(tmp_path: Path, code: str) -> None:
    scheme = one_rule(tmp_path, {"predicate": "any_diagnosis_in", "code_set": "D1"})
    assert takes(scheme, diagnoses=("C34.900x001",))
    assert not takes(scheme, diagnoses=(code,))


def test_a_combined_code_is_one_code(tmp_path: Path) -> None:
    scheme = one_rule(
        tmp_path,
        {"predicate": "any_diagnosis_in", "code_set": "D1"},
        code_set={"D1": ["A01.002+G01*"]},
    )
    assert takes(scheme, diagnoses=("A01.002+G01*",))
    assert not takes(scheme, diagnoses=("A01.002", "G01*"))


def test_a_set_without_rows_is_empty(tmp_path: Path) -> None:
    inside = one_rule(tmp_path / "in", {"predicate": "any_diagnosis_in", "code_set": "D9"})
    outside = one_rule(tmp_path / "out", {"predicate": "any_diagnosis_in", "code_set": "D9", "negated": 1})
    assert not takes(inside, diagnoses=("I63.900",))
    assert takes(outside, diagnoses=("I63.900",))


NUMBERS = ["age_years", "age_days", "newborn_weight_g", "los_days", "icu_hours"]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize(
    ("low", "high", "inside", "outside"),
    [
        (18, 65, (18, 64), (17, 65)),  # the lower bound belongs to the band, the upper one does not
        (None, 65, (1, 64), (65, 66)),
        (18, None, (18, 150), (17,)),
        (None, None, (1, 150), ()),
    ],
)
def test_numbers(
    tmp_path: Path,
    field: str,
    low: int | None,
    high: int | None,
    inside: tuple[int, ...],
    outside: tuple[int, ...],
) -> None:
    band = {"predicate": field, "min_value": low, "max_value": high}
    plain, turned = one_rule(tmp_path / "0", band), one_rule(tmp_path / "1", {**band, "negated": 1})
    for value in inside:
        assert takes(plain, **{field: value}) and not takes(turned, **{field: value})
    for value in outside:
        assert not takes(plain, **{field: value}) and takes(turned, **{field: value})


@pytest.mark.parametrize("field", [name for name in NUMBERS if name != "age_years"])
def test_a_missing_number_is_in_no_band(tmp_path: Path, field: str) -> None:
    # Not even in the band without bounds; turned round, false becomes true.
    plain = one_rule(tmp_path / "0", {"predicate": field})
    turned = one_rule(tmp_path / "1", {"predicate": field, "negated": 1})
    assert not takes(plain, **{field: None})
    assert takes(turned, **{field: None})
    assert takes(plain, **{field: 0})


def test_weight_zero_is_a_value(tmp_path: Path) -> None:
    low = one_rule(tmp_path, {"predicate": "newborn_weight_g", "min_value": 1, "max_value": 1500})
    infant = {"age_years": 0, "age_days": 3}
    # Weight 0 passes the input check and is in no band that starts at 1.
    assert not takes(low, **infant, newborn_weight_g=0)
    assert takes(low, **infant, newborn_weight_g=1)
    assert takes(low, **infant, newborn_weight_g=1499)
    assert not takes(low, **infant, newborn_weight_g=1500)


@pytest.mark.parametrize(
    ("field", "entries", "inside", "outside"),
    [
        ("sex", "2", ("2",), ("1",)),
        ("sex", "1|2", ("1", "2"), ()),
        ("department", "0301|外科", ("0301", "外科"), (None, "", "0301|外科", "03", "0301 ")),
        ("department", "ICU", ("ICU",), ("icu", "I")),
        ("department", "", (), ("", None)),  # an empty text is no value
        ("discharge_disposition", "4|5", ("4", "5"), ("1", "45", "4|5", None)),
    ],
)
def test_texts(
    tmp_path: Path, field: str, entries: str, inside: tuple[str, ...], outside: tuple[str | None, ...]
) -> None:
    rule = {"predicate": field, "value": entries}
    plain, turned = one_rule(tmp_path / "0", rule), one_rule(tmp_path / "1", {**rule, "negated": 1})
    for text in inside:
        assert takes(plain, **{field: text}) and not takes(turned, **{field: text})
    for other in outside:
        assert not takes(plain, **{field: other}) and takes(turned, **{field: other})


def test_always_and_its_negation(tmp_path: Path) -> None:
    assert takes(one_rule(tmp_path / "0", {"predicate": "always"}))
    assert not takes(one_rule(tmp_path / "1", {"predicate": "always", "negated": 1}))


def test_class_count(tmp_path: Path) -> None:
    scheme = one_rule(
        tmp_path,
        {"predicate": "any_diagnosis_class_count", "code_set": "site", "min_value": 2},
        code_class=[
            ("site", "S1", "head"),
            ("site", "S2", "head"),
            ("site", "S3", "chest"),
            ("site", "S4", "head"),
            ("site", "S4", "chest"),  # the last row counts: S4 is chest
            ("other_site", "S1", "chest"),
        ],
    )
    assert takes(scheme, diagnoses=("S1", "S3"))  # head, chest: the principal counts too
    assert takes(scheme, diagnoses=("X", "S1", "S3"))
    assert not takes(scheme, diagnoses=("S1", "S2", "S1"))  # head alone, however often
    assert not takes(scheme, diagnoses=("S1", "X"))  # no class of X to count
    assert takes(scheme, diagnoses=("S1", "S4"))  # head, chest
    assert not takes(scheme, diagnoses=("S3", "S4"))  # chest, chest
    assert not takes(scheme, diagnoses=())


def test_class_count_of_nothing(tmp_path: Path) -> None:
    least = {"predicate": "any_diagnosis_class_count", "code_set": "site"}
    assert takes(one_rule(tmp_path / "0", {**least, "min_value": 0}))  # 0 >= 0
    assert not takes(one_rule(tmp_path / "1", {**least, "min_value": 1}))


# -- complications -----------------------------------------------------------------------------

COMPLICATIONS: dict[str, Any] = {
    "mcc": [("M1", "1"), ("M2", "2")],
    "cc": [("C1", "1"), ("C2", "01")],
    "cc_exclusion": [("A", "1"), ("M1", "1")],
}


@pytest.mark.parametrize(
    ("diagnoses", "mcc", "cc"),
    [
        ((), False, False),
        (("M2",), False, False),  # the principal is not its own complication
        (("C2",), False, False),
        (("B", "M1"), True, False),  # no exclusion row of B
        (("A", "M1"), False, False),  # A excludes label 1
        (("A", "M1", "M2"), True, False),  # M2 has label 2
        (("A", "C1"), False, False),
        (("A", "C2"), False, True),  # 01 is another text than 1
        (("B", "C1", "M1"), True, True),
        (("M2", "M2"), True, False),  # principal and, again, another diagnosis
        (("M1", "M1"), False, False),  # M1 excludes label 1, which is its own
        (("B", "m1", "unknown"), False, False),
    ],
)
def test_complications(tmp_path: Path, diagnoses: tuple[str, ...], mcc: bool, cc: bool) -> None:
    for predicate, holds in (("has_mcc", mcc), ("has_cc", cc)):
        plain = one_rule(tmp_path / predicate, {"predicate": predicate}, **COMPLICATIONS)
        turned = one_rule(
            tmp_path / f"not_{predicate}", {"predicate": predicate, "negated": 1}, **COMPLICATIONS
        )
        assert takes(plain, diagnoses=diagnoses) == holds
        assert takes(turned, diagnoses=diagnoses) != holds


def test_a_missing_label_excludes_nothing(tmp_path: Path) -> None:
    scheme = one_rule(tmp_path, {"predicate": "has_mcc"}, mcc=[("M1", "")], cc_exclusion=[("A", "")])
    assert takes(scheme, diagnoses=("A", "M1"))


def test_the_usual_triple_and_an_order_that_is_not_alphabetical(tmp_path: Path) -> None:
    rules = [
        {"adrg": "BB1", "drg": "BB11", "predicate": "has_mcc"},
        {"adrg": "BB1", "drg": "BB13", "predicate": "has_mcc", "alternative": 1},
        {"adrg": "BB1", "drg": "BB13", "predicate": "has_cc", "alternative": 2},
        always(adrg="BB1", drg="BB15"),
    ]
    triple: dict[str, Any] = {**COMPLICATIONS, "drg_rule": rules}
    usual = one_rule(
        tmp_path / "usual",
        {"predicate": "always"},
        **triple,
        drg=[("BB15", "BB1", 3), ("BB11", "BB1", 1), ("BB13", "BB1", 2)],
    )
    found = [
        usual.group(replace(ADULT, diagnoses=d)).drg for d in (("B", "M1", "C1"), ("B", "C1"), ("B",), ())
    ]
    assert found == ["BB11", "BB13", "BB15", "BB15"]
    # The split that always holds stands first: the rest cannot be reached.
    first = one_rule(
        tmp_path / "first",
        {"predicate": "always"},
        **triple,
        drg=[("BB11", "BB1", 2), ("BB13", "BB1", 3), ("BB15", "BB1", 1)],
    )
    assert first.group(replace(ADULT, diagnoses=("B", "M1"))).drg == "BB15"


# -- rules -------------------------------------------------------------------------------------


def test_one_alternative_is_enough_and_needs_all_its_rows(tmp_path: Path) -> None:
    # (I63.900 first and an operation) or (from 65 on); rows of an alternative need not stand together.
    scheme = one_rule(
        tmp_path,
        {"alternative": 1, "predicate": "principal_diagnosis_in", "code_set": "D1"},
        {"alternative": 2, "predicate": "age_years", "min_value": 65},
        {"alternative": 1, "predicate": "any_procedure_in", "code_set": "P1"},
    )
    assert takes(scheme, diagnoses=("I63.900",), procedures=("01.2400",))
    assert not takes(scheme, diagnoses=("I63.900",))
    assert not takes(scheme, procedures=("01.2400",))
    assert takes(scheme, age_years=65)
    assert not takes(scheme, age_years=64)


def test_two_rows_of_one_predicate_ask_for_both(tmp_path: Path) -> None:
    scheme = one_rule(
        tmp_path,
        {"predicate": "any_procedure_in", "code_set": "P1"},
        {"predicate": "any_procedure_in", "code_set": "P2"},
        code_set={"P1": ["01.2400"], "P2": ["39.6500"]},
    )
    assert takes(scheme, procedures=("39.6500", "01.2400"))
    assert not takes(scheme, procedures=("39.6500", "39.6500"))


def test_an_owner_without_rows_never_holds(tmp_path: Path) -> None:
    assert not takes(one_rule(tmp_path / "adrg"))
    assert not takes(one_rule(tmp_path / "mdc", {"predicate": "always"}, mdc_rule=[]))
    assert not takes(one_rule(tmp_path / "drg", {"predicate": "always"}, drg_rule=[]))


# -- the input check ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "valid"),
    [
        ({}, True),
        ({"sex": None}, False),
        ({"sex": "9"}, False),
        ({"sex": "1 "}, False),
        ({"age_years": None}, False),
        ({"age_years": -1}, False),
        ({"age_years": 151}, False),
        ({"age_years": 150}, True),
        ({"age_years": 0, "age_days": -3, "newborn_weight_g": 3000}, False),
        ({"age_years": None, "age_days": 400}, False),
        ({"age_years": 0}, False),
        ({"age_years": 0, "age_days": 28}, False),
        ({"age_years": 0, "age_days": 28, "newborn_weight_g": 0}, True),
        ({"age_years": 0, "age_days": 29}, True),
        ({"age_years": 1, "age_days": 3}, True),  # a contradiction that nobody checks
        ({"age_years": 0, "age_days": 400}, True),
        ({"diagnoses": ("unknown",), "procedures": ("unknown",)}, True),
    ],
)
def test_input_check(tmp_path: Path, fields: dict[str, Any], valid: bool) -> None:
    scheme = one_rule(tmp_path, {"predicate": "always"})
    assert scheme.group(replace(ADULT, **fields)) == (TAKEN if valid else INVALID_INPUT)


# -- the search --------------------------------------------------------------------------------


def in_set(code_set: str, **owner: str) -> dict[str, str]:
    kind = {"D": "diagnosis", "P": "procedure"}[code_set[0]]
    return {**owner, "predicate": f"any_{kind}_in", "code_set": code_set}


SEARCH: dict[str, Any] = {
    # File order and names contradict the order of evaluation: Z before B; in Z first ZJ1, then ZB1.
    "mdc": [("MDCB", 2), ("MDCZ", 1)],
    "mdc_rule": [always(mdc="MDCB"), in_set("D1", mdc="MDCZ")],
    "adrg": [("BB1", "MDCB", 3), ("ZB1", "MDCZ", 2), ("ZJ1", "MDCZ", 1), ("BR1", "MDCB", 4)],
    "adrg_rule": [
        in_set("P1", adrg="ZJ1"),
        in_set("P2", adrg="ZB1"),
        in_set("P1", adrg="BB1"),
        in_set("D2", adrg="BR1"),
    ],
    "drg": [("ZJ11", "ZJ1"), ("ZB19", "ZB1"), ("BB19", "BB1"), ("BR19", "BR1")],
    "drg_rule": [
        {"adrg": "ZJ1", "drg": "ZJ11", "predicate": "age_years", "min_value": 65},
        always(adrg="ZB1", drg="ZB19"),
        always(adrg="BB1", drg="BB19"),
        always(adrg="BR1", drg="BR19"),
    ],
    "code_set": {"D1": ["S06.310"], "D2": ["I63.900"], "P1": ["01.2400"], "P2": ["39.6500"]},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Z's gate, ZJ1, 65 years: the first of all.
        (
            {"diagnoses": ("S06.310",), "procedures": ("01.2400", "39.6500"), "age_years": 65},
            Result("MDCZ", "ZJ1", "ZJ11", "grouped"),
        ),
        # ZJ1 holds, none of its DRGs does: on to the next ADRG of Z.
        (
            {"diagnoses": ("S06.310",), "procedures": ("01.2400", "39.6500")},
            Result("MDCZ", "ZB1", "ZB19", "grouped"),
        ),
        # ZJ1 holds, none of its DRGs does, ZB1 does not hold: the gate of Z does not keep the record.
        ({"diagnoses": ("S06.310",), "procedures": ("01.2400",)}, Result("MDCB", "BB1", "BB19", "grouped")),
        # No gate of Z: the same operation is B's.
        ({"diagnoses": ("I63.900",), "procedures": ("01.2400",)}, Result("MDCB", "BB1", "BB19", "grouped")),
        ({"diagnoses": ("I63.900",)}, Result("MDCB", "BR1", "BR19", "grouped")),
        ({"diagnoses": ("S06.310",)}, UNGROUPED),
        # No diagnosis at all, but an operation.
        ({"procedures": ("01.2400",)}, Result("MDCB", "BB1", "BB19", "grouped")),
        ({}, UNGROUPED),
    ],
)
def test_search(tmp_path: Path, fields: dict[str, Any], expected: Result) -> None:
    assert Scheme.read(write_scheme(tmp_path, **SEARCH)).group(replace(ADULT, **fields)) == expected


def test_an_ambiguous_group_stops_the_search_at_its_place(tmp_path: Path) -> None:
    # B: surgical BB1 (P1), then QY for any valid procedure, then medical BR1, which always holds.
    folder = write_scheme(
        tmp_path,
        mdc=[("MDCB",)],
        mdc_rule=[always(mdc="MDCB")],
        adrg=[("BB1", "MDCB"), ("BQY", "MDCB", None, "ambiguous"), ("BR1", "MDCB")],
        adrg_rule=[in_set("P1", adrg="BB1"), in_set("PV", adrg="BQY"), always(adrg="BR1")],
        drg=[("BB19", "BB1"), ("BR19", "BR1")],
        drg_rule=[always(adrg="BB1", drg="BB19"), always(adrg="BR1", drg="BR19")],
        code_set={"P1": ["01.2400"], "PV": ["01.2400", "39.6500"]},
    )
    scheme = Scheme.read(folder)
    assert scheme.group(replace(ADULT, procedures=("39.6500", "01.2400"))).drg == "BB19"
    # BQY has no DRG and needs none.
    assert scheme.group(replace(ADULT, procedures=("39.6500",))) == Result("MDCB", "QY", "BQY", "ambiguous")
    assert scheme.group(replace(ADULT, procedures=("unknown",))).drg == "BR19"


RETRY = [{"predicate": "principal_procedure_in", "code_set": "P1"}]


def test_retry_takes_each_other_procedure_alone(tmp_path: Path) -> None:
    with_retry = one_rule(tmp_path / "1", *RETRY, retry=True)
    without = one_rule(tmp_path / "0", *RETRY)
    for procedures in (("x", "01.2400"), ("x", "y", "39.6500")):
        assert takes(with_retry, procedures=procedures)
        assert not takes(without, procedures=procedures)
    assert not takes(with_retry, procedures=("x",))
    assert not takes(with_retry, procedures=())
    assert not takes(with_retry, procedures=("x", "y"))
    assert with_retry.group(Record(sex="9", age_years=40, procedures=("x", "01.2400"))) == INVALID_INPUT


def test_retry_sees_one_procedure_and_keeps_the_diagnoses(tmp_path: Path) -> None:
    # BB1 needs an operation of P1 and none of P2: with both on the list it fails, alone the second one does.
    scheme = one_rule(
        tmp_path,
        {"predicate": "any_procedure_in", "code_set": "P1"},
        {"predicate": "any_procedure_in", "code_set": "P2", "negated": 1},
        {"predicate": "principal_diagnosis_in", "code_set": "D1"},
        code_set={"P1": ["01.2400"], "P2": ["39.6500"], "D1": ["I63.900"]},
        retry=True,
    )
    assert takes(scheme, procedures=("39.6500", "01.2400"), diagnoses=("I63.900",))
    assert not takes(scheme, procedures=("39.6500", "01.2400"))
    # The first procedure is never tried alone.
    assert not takes(scheme, procedures=("01.2400", "39.6500"), diagnoses=("I63.900",))


def test_retry_stops_at_the_first_result_even_an_ambiguous_one(tmp_path: Path) -> None:
    folder = write_scheme(
        tmp_path,
        mdc=[("MDCB",)],
        mdc_rule=[always(mdc="MDCB")],
        adrg=[("BB1", "MDCB"), ("BQY", "MDCB", None, "ambiguous")],
        adrg_rule=[
            {"adrg": "BB1", "predicate": "principal_procedure_in", "code_set": "P1"},
            {"adrg": "BQY", "predicate": "principal_procedure_in", "code_set": "P2"},
        ],
        drg=[("BB11", "BB1")],
        drg_rule=[always(adrg="BB1", drg="BB11")],
        code_set={"P1": ["01.2400"], "P2": ["39.6500"]},
        retry=True,
    )
    scheme = Scheme.read(folder)
    # The whole list leads to BB11: no retry, although the 2nd procedure alone would lead to BQY.
    assert scheme.group(replace(ADULT, procedures=("01.2400", "39.6500"))).drg == "BB11"
    # 2nd procedure: BQY, and that is final although the 3rd would lead to BB11.
    assert scheme.group(replace(ADULT, procedures=("x", "39.6500", "01.2400"))).drg == "BQY"
    assert scheme.group(replace(ADULT, procedures=("x", "01.2400", "39.6500"))).drg == "BB11"


# -- reading -----------------------------------------------------------------------------------


def test_all_faults_of_a_scheme_are_told_at_once(tmp_path: Path) -> None:
    folder = write_scheme(
        tmp_path,
        mdc=[("MDCB",)],
        mdc_rule=[{"mdc": "MDCB", "predicate": "sometimes"}],
        adrg=[("BB1", "MDCB", None, "mixed")],
        adrg_rule=[{"adrg": "BB1", "predicate": "age_years", "min_value": "old"}],
        drg=[("BB11", "BB1")],
        drg_rule=[{"adrg": "BB1", "drg": "BB11", "predicate": "any_diagnosis_class_count", "code_set": "s"}],
    )
    (folder / "cc.csv").unlink()
    (folder / "mcc.csv").write_text("code\n", encoding="utf-8")
    with pytest.raises(DrgError) as refused:
        Scheme.read(folder)
    assert sorted(str(fault) for fault in refused.value.faults) == [
        "adrg.csv: BB1 has the unknown kind mixed",
        "adrg_rule.csv, row 1, BB1: min_value is old, not a whole number",
        "cc.csv: the file is missing",
        "drg_rule.csv, row 1, BB1 BB11: any_diagnosis_class_count needs a min_value",
        "mcc.csv: without the column exclusion_table",
        "mdc_rule.csv, row 1, MDCB: unknown predicate sometimes",
    ]


def test_cases_plain_and_compressed(tmp_path: Path) -> None:
    text = (
        "case_id,sex,age_years,newborn_weight_g,diagnoses,procedures,expected_mdc,expected_adrg,expected_drg,expected_status\n"
        "a,1,0,0,I63.900|I63.900|x,,MDCB,BB1,BB11,grouped\n"
        "b,,,,,01.2400,,,,\n"
    )
    (tmp_path / "cases.csv").write_text(text, encoding="utf-8")
    with gzip.open(tmp_path / "cases.csv.gz", "wt", encoding="utf-8") as compressed:
        compressed.write(text)
    # Columns that are absent and fields that are empty are missing; 0 is a value.
    expected = [
        (
            "a",
            Record(sex="1", age_years=0, newborn_weight_g=0, diagnoses=("I63.900", "I63.900", "x")),
            TAKEN,
        ),
        ("b", Record(procedures=("01.2400",)), None),
    ]
    assert list(read_cases(tmp_path / "cases.csv")) == expected
    assert list(read_cases(tmp_path / "cases.csv.gz")) == expected


def test_a_number_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(
        "case_id,age_years,los_days,diagnoses,procedures\na,4,4,,\nb,old,2.5,,\n", encoding="utf-8"
    )
    with pytest.raises(DrgError) as refused:
        list(read_cases(path))
    assert [str(fault) for fault in refused.value.faults] == [
        "cases.csv, line 3: age_years is old, not a whole number",
        "cases.csv, line 3: los_days is 2.5, not a whole number",
    ]


def test_the_oracle_reproduces_the_shared_cases(samples: Path) -> None:
    folder = samples / "schemes" / "chs_drg_11"
    scheme = Scheme.read(folder)
    cases = list(read_cases(folder / "cases_dev.csv.gz"))
    wrong = [
        (case_id, expected, found)
        for case_id, record, expected in cases
        if (found := scheme.group(record)) != expected
    ]
    assert len(cases) == 20_000
    assert wrong == []


# -- what is drawn at random -------------------------------------------------------------------


def test_random_schemes_reach_every_kind_of_result(tmp_path: Path) -> None:
    statuses: dict[str, int] = {}
    drgs = set()
    for seed in range(20):
        folder = random_scheme(random.Random(seed), tmp_path / str(seed))
        scheme = Scheme.read(folder)
        for record in random_records(random.Random(seed), folder, 100):
            result = scheme.group(record)
            statuses[result.status] = statuses.get(result.status, 0) + 1
            drgs.add((seed, result.drg))
    assert set(statuses) == {"grouped", "ambiguous", "ungrouped", "invalid_input"}
    assert statuses["grouped"] > 800
    assert len(drgs) > 200


def test_the_same_seed_draws_the_same_scheme_and_records(tmp_path: Path) -> None:
    first = random_scheme(random.Random(5), tmp_path / "1")
    second = random_scheme(random.Random(5), tmp_path / "2")
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    assert random_records(random.Random(1), first, 50) == random_records(random.Random(1), second, 50)


def test_random_cases_are_the_same_whatever_the_threads(tmp_path: Path) -> None:
    scheme = random_scheme(random.Random(3), tmp_path / "scheme")
    rows = {}
    for name, threads, seed in (("one", 1, 7), ("two", 2, 7), ("other", 2, 8)):
        with duckdb.connect(config={"threads": threads}) as con:
            write_random_cases(scheme, tmp_path / f"{name}.parquet", 5_000, seed, con)
            rows[name] = con.execute(f"from '{tmp_path}/{name}.parquet'").fetchall()
    assert rows["one"] == rows["two"]
    assert rows["one"] != rows["other"]
    assert [row[0] for row in rows["one"]] == list(range(1, 5_001))


def test_random_cases_hold_what_is_seldom(tmp_path: Path) -> None:
    scheme = random_scheme(random.Random(3), tmp_path / "scheme")
    out = tmp_path / "cases.parquet"
    write_random_cases(scheme, out, 5_000, 1)
    with duckdb.connect() as con:
        seldom = con.execute(
            f"""
            select
                count(*) filter (where age_years = 0),
                count(*) filter (where newborn_weight_g = 0),
                count(*) filter (where age_years = 0 and age_days <= 28 and newborn_weight_g is null),
                count(*) filter (where sex is null or sex not in ('1', '2')),
                count(*) filter (where age_years is null),
                count(*) filter (where diagnoses = ''),
                count(*) filter (where procedures = ''),
                count(*) filter (where diagnoses like '%?%'),
                max(len(string_split(diagnoses, '|'))),
                max(len(string_split(procedures, '|'))),
                count(*) filter (where diagnoses is null or procedures is null)
            from '{out}'
            """
        ).fetchone()
    assert seldom is not None
    *counted, diagnoses, procedures, null_lists = seldom
    assert all(count > 0 for count in counted)
    assert (diagnoses, procedures, null_lists) == (8, 4, 0)
    assert not (tmp_path / "cases.parquet.tmp").exists()


def test_random_cases_need_a_whole_scheme(tmp_path: Path) -> None:
    with pytest.raises(DrgError, match=r"procedure\.csv: the file is missing"):
        write_random_cases(tmp_path, tmp_path / "cases.parquet", 10, 1)
