"""Made-up claims belong to the groups they are made for: proven with the plain reading of the scheme layout.

The bytes, amounts, deliveries and faults of made-up claims are tested in tests/machinery/test_generate.py.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.generated import make, read_back, rows, shared_region
from support.schemes import random_scheme

from bench.grouping.row_at_a_time import Record, Scheme
from drg_pipeline.grouping.scheme import LAYOUT_FILE, read_scheme
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.periods import Period
from drg_pipeline.settings import PROJECT, Settings
from drg_pipeline.synthetic.parameters import parameters
from drg_pipeline.synthetic.recipes import recipes_of

STARTER = PROJECT / "data" / "schemes" / "starter"
# As rulebook §3 says: the principal one first, then in order; a version without a principal one has none.
CLAIMS = """
    WITH diagnosis AS (
        SELECT setl_id, dcla_time, bool_or(maindiag_flag = '1') AS has_principal,
            list(diag_code ORDER BY maindiag_flag DESC, diag_srt_no::INTEGER) AS codes
        FROM diseinfo WHERE folder NOT LIKE '%/repeated' GROUP BY setl_id, dcla_time
    ),
    operation AS (
        SELECT setl_id, dcla_time,
            list(oprn_oprt_code ORDER BY oprn_oprt_type, oprn_srt_no::INTEGER) AS codes
        FROM oprninfo WHERE folder NOT LIKE '%/repeated' GROUP BY setl_id, dcla_time
    )
    SELECT DISTINCT ON (s.setl_id, s.dcla_time)
        s.*, d.has_principal, d.codes AS diagnoses, o.codes AS procedures, g.drg_code, g.scheme
    FROM setlinfo AS s
    LEFT JOIN diagnosis AS d ON d.setl_id = s.setl_id AND d.dcla_time = s.dcla_time
    LEFT JOIN operation AS o ON o.setl_id = s.setl_id AND o.dcla_time = s.dcla_time
    LEFT JOIN drginfo AS g ON g.setl_id = s.setl_id AND g.dcla_time = s.dcla_time AND g.folder = s.folder
    WHERE s.folder NOT LIKE '%/repeated'
"""


def whole(text: str | None) -> int | None:
    return None if text is None else int(text)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text[:10])


def record_of(claim: dict[str, Any]) -> Record:
    born, admitted, left = (day(claim[name]) for name in ("brdy", "adm_time", "dscg_time"))
    days = whole(claim["nwb_age"])
    if days is None and born and admitted:
        days = (admitted - born).days
    # No code is like one that is missing.
    diagnoses = claim["diagnoses"] if claim["has_principal"] else ["", *claim["diagnoses"]]
    return Record(
        sex=claim["gend"],
        age_years=whole(claim["age"]),
        age_days=days,
        newborn_weight_g=whole(claim["nwb_adm_wt"]),
        los_days=(left - admitted).days if left and admitted else None,
        discharge_disposition=claim["dscg_way"],
        department=claim["dscg_caty"],
        diagnoses=tuple(diagnoses),
        procedures=tuple(claim["procedures"] or ()),
    )


@pytest.fixture(scope="module")
def oracle() -> Scheme:
    return Scheme.read(STARTER)


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    settings = Settings.for_region()
    scheme = read_scheme(STARTER, load_reference_layout(settings.interface / LAYOUT_FILE))
    folder, con = tmp_path_factory.mktemp("recipes"), duckdb.connect()
    found = {}
    for name, content in recipes_of(settings, scheme, parameters()).items():
        (folder / name).write_bytes(content)
        found[name] = rows(con, f"FROM read_parquet('{folder / name}')")
    return found


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder, told = shared_region(tmp_path_factory)
    assert not [line for line in told["said"] if "No claims of" in line]
    return read_back(folder / "inbox", tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def claims(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(con, CLAIMS)


def ends(recipe: dict[str, Any]) -> Iterator[dict[str, int | None]]:
    """The least and the most that a claim makes of a recipe."""
    for end in ("from", "to"):
        years, days = recipe[f"years_{end}"], recipe[f"days_{end}"]
        yield {
            "age_years": years,
            "age_days": years * 365 + 100 if days is None else days,
            "newborn_weight_g": recipe[f"weight_{end}"],
            "los_days": recipe[f"los_{end}"],
        }


def test_every_group_of_the_starter_has_recipes_that_lead_to_it(
    oracle: Scheme, recipes: dict[str, list[dict[str, Any]]]
) -> None:
    wrong = []
    for recipe in recipes["recipe"]:
        for values in ends(recipe):
            record = Record(
                sex=recipe["sex"],
                discharge_disposition=recipe["disposition"] or "1",
                department=recipe["department"],
                diagnoses=tuple(entry["code"] for entry in recipe["diagnoses"]),
                procedures=tuple(entry["code"] for entry in recipe["procedures"]),
                **values,  # type: ignore[arg-type]
            )
            if oracle.group(record).drg != recipe["drg"]:
                wrong.append((recipe["drg"], record))
    assert wrong == []
    counted = Counter(recipe["drg"] for recipe in recipes["recipe"])
    groups = {drg.code for mdc in oracle.mdcs for adrg in mdc.adrgs for drg in adrg.drgs}
    assert counted.keys() == groups and len(groups) == 623
    assert min(counted.values()) >= 5 and max(counted.values()) >= 60


def test_what_claims_add_changes_no_group(oracle: Scheme, recipes: dict[str, list[dict[str, Any]]]) -> None:
    besides = tuple(entry["code"] for entry in recipes["comorbidity"])
    done = tuple(entry["code"] for entry in recipes["usual_procedure"])
    assert len(besides) > 20 and len(done) > 8
    for recipe in recipes["recipe"][::7]:
        record = Record(
            sex=recipe["sex"],
            discharge_disposition="1",
            department=recipe["department"],
            diagnoses=(*(entry["code"] for entry in recipe["diagnoses"]), *besides),
            procedures=(*(entry["code"] for entry in recipe["procedures"]), *done),
            **next(ends(recipe)),  # type: ignore[arg-type]
        )
        assert oracle.group(record).drg == recipe["drg"]


def test_the_platform_gives_the_group_of_the_claim_but_for_a_stated_share(
    oracle: Scheme, claims: list[dict[str, Any]]
) -> None:
    rates = parameters()["rates"]
    counted: Counter[str] = Counter()
    known = _codes("diagnosis")
    for claim in claims:
        own, told = oracle.group(record_of(claim)), claim["drg_code"]
        flawed = (
            claim["gend"] == "0"
            or not claim["has_principal"]
            or claim["diagnoses"][0] not in known
            or told in (None, "0000")
        )
        if flawed:
            counted["not grouped"] += 1
            assert told in (None, "0000") and (own.status == "grouped") <= (claim["gend"] != "0")
        elif own.drg == told:
            counted["same"] += 1
        else:
            counted["other"] += 1
            # Another group of the ADRG, or at least of the MDC.
            assert own.status == "grouped" and told[0] == own.drg[0], (own, told)
        assert claim["scheme"] in ("starter", None)
    total = counted.total()
    assert 0.3 < counted["other"] / total / float(rates["platform_other"]) < 2
    assert 0 < counted["not grouped"] / total < 0.02


def test_codes_and_names_are_those_of_the_scheme(con: duckdb.DuckDBPyConnection) -> None:
    foreign = []
    for table, file, code, name in (
        ("diseinfo", "diagnosis", "diag_code", "diag_name"),
        ("oprninfo", "procedure", "oprn_oprt_code", "oprn_oprt_name"),
    ):
        named = _codes(file)
        for row in rows(con, f"SELECT DISTINCT {code} AS code, {name} AS name FROM {table}"):
            assert row["name"] in named.values()
            if named.get(row["code"]) != row["name"]:
                foreign.append((table, row["code"]))
    assert foreign and all(table == "diseinfo" and code.endswith("x997") for table, code in foreign)


def test_a_person_keeps_sex_and_birth_and_fits_the_claims(
    claims: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    flaws = shared_region(tmp_path_factory)[1]["flaws"]
    persons: dict[str, set[tuple[str, str]]] = defaultdict(set)
    maternal = newborn = unweighed = misborn = 0
    # An id that was given twice has the claim of another person, told of the one who had it.
    named: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        named[claim["setl_id"]].add(claim["psn_no"] or "")
    for claim in claims:
        principal, age = claim["diagnoses"][0], int(claim["age"])
        born, admitted = day(claim["brdy"]), day(claim["adm_time"])
        if born and admitted and abs(age - (admitted - born).days / 365.25) > 1.01:
            misborn += 1
        elif claim["gend"] != "0" and claim["psn_no"] and born and len(named[claim["setl_id"]] - {""}) == 1:
            persons[claim["psn_no"]].add((claim["gend"], claim["brdy"]))
        if principal.startswith("O"):
            maternal += 1
            assert claim["gend"] in ("2", "0") and 14 <= age <= 50
        if principal.startswith("P"):
            newborn += 1
            assert age == 0 and claim["nwb_age"] is not None
        assert (claim["nwb_age"] is not None) == (age == 0)
        due = age == 0 and int(claim["nwb_age"]) <= 28
        unweighed += due and claim["nwb_adm_wt"] is None
        assert due or claim["nwb_adm_wt"] is None
    assert all(len(kept) == 1 for kept in persons.values())
    assert maternal > 100 and newborn > 100
    assert unweighed == flaws["newborn_incomplete"] > 0
    # Infants whose birth follows their admission are still of their age.
    assert flaws["age_birth_date"] <= misborn <= flaws["age_birth_date"] + flaws["adm_before_birth"]
    assert len(persons) < 0.95 * len(claims)


def test_severe_cases_cost_more_and_stay_longer(claims: list[dict[str, Any]]) -> None:
    """Over the ADRGs that have all three kinds, each weighed by its severe cases."""
    by_drg: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for claim in claims:
        if claim["drg_code"]:
            by_drg[claim["drg_code"]].append(claim)
    cost = {"1": 0.0, "3": 0.0, "5": 0.0}
    count = dict.fromkeys(cost, 0)
    for drg, of in by_drg.items():
        if drg[3] in cost and {drg[:3] + end for end in cost} <= by_drg.keys():
            count[drg[3]] += len(of)
            fees = [float(c["medfee_sumamt"]) for c in of if c["medfee_sumamt"].replace(".", "").isdigit()]
            cost[drg[3]] += sum(fees) / len(fees)
    assert cost["1"] > cost["3"] > cost["5"]
    assert count["1"] < count["3"] < count["5"]


def test_any_scheme_has_its_claims(tmp_path: Path) -> None:
    folder = random_scheme(random.Random(5), tmp_path / "random")
    said: list[str] = []
    make(
        tmp_path,
        claims=300,
        first_month=Period.of("2025-01"),
        last_month=Period.of("2025-01"),
        scheme=folder,
        report=said.append,
    )
    scheme = Scheme.read(folder)
    told = [line for line in said if line.startswith("No claims of")]
    claims = rows(read_back(tmp_path / "inbox", tmp_path / "plain"), CLAIMS)
    results = Counter(scheme.group(record_of(claim)).drg == claim["drg_code"] for claim in claims)
    assert len(claims) >= 300 and results[True] > 0.96 * len(claims)
    assert len(told) == 1 and "whose rules no record met" in told[0]


def _codes(file: str) -> dict[str, str]:
    found = duckdb.execute(f"SELECT code, name FROM read_csv('{STARTER}/{file}.csv', all_varchar = true)")
    return dict(found.fetchall())
