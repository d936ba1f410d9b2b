"""Whose a claim is, what is refunded and which settlement of a stay stands, for any versions that may come.

The rules are repeated here naively, one version after the other and one day after the other; worked examples
stand in `golden/identity.yml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.harness import Bench, Run

fast = settings(max_examples=12, deadline=None)

THROUGH = (
    "claims.version_index",
    "claims.refund_pair",
    "claims.twin_version",
    "claims.related_version",
    "claims.repeated_version",
    "claims.stray_version",
    "claims.torn_version",
    "stay.twin_finding",
    "stay.second_settlement",
)
DELIVERIES = ("2025-03/a", "2025-03/b", "2025-04/a", "2025-04/z")
FIRST_UPLOAD = datetime(2025, 4, 5, 8)
# A sex that there is not: the version is refused by itself.
NO_SEX = "9"


@dataclass(frozen=True)
class Version:
    """One version of a claim; `fee` in yuan, below 0 for a refund."""

    setl_id: str
    at: datetime
    hospital: str | None
    person: str | None
    fee: int
    settled: date
    visit: str | None
    discharged: date
    sex: str

    @property
    def stay(self) -> tuple[object, ...]:
        return self.hospital, self.person, self.discharged


def _versions(drawn: list[tuple[Any, ...]]) -> list[Version]:
    """Three uploads a day, so that some versions of a claim come on one day."""
    return [
        Version(setl_id, FIRST_UPLOAD + timedelta(hours=8 * n), *rest)
        for n, (setl_id, *rest) in enumerate(drawn)
    ]


versions: st.SearchStrategy[list[Version]] = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from([*["H1"] * 8, "H2", None]),
        st.sampled_from([*["p1"] * 8, "p2", None]),
        st.sampled_from([100, 100, 100, -100, -100, 60]),
        st.sampled_from([date(2025, 3, 5), date(2025, 3, 7), date(2025, 4, 3)]),
        st.sampled_from(["v", "v", "w", None]),
        st.sampled_from([date(2025, 3, 4), date(2025, 3, 4), date(2025, 3, 5)]),
        st.sampled_from(["1", "1", "1", NO_SEX]),
    ),
    min_size=1,
    max_size=10,
).map(_versions)
# Which delivery brings each version, in which order, and which others bring some of them again as they were.
places = st.tuples(
    st.lists(st.sampled_from(DELIVERIES), min_size=10, max_size=10),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(DELIVERIES)), max_size=4),
    st.permutations(range(14)),
)
Places = tuple[list[str], list[tuple[int, str]], list[int]]


# -- the rules, plainly ---------------------------------------------------------------------------


def foreign(found: Sequence[Version]) -> set[Version]:
    """Versions that name another hospital or person than what is held of their claim."""
    held: dict[str, list[str | None]] = defaultdict(lambda: [None, None])
    strange = set()
    for one in sorted(found, key=lambda each: each.at):
        has, names = held[one.setl_id], (one.hospital, one.person)
        if any(value and other and value != other for value, other in zip(names, has)):
            strange.add(one)
        else:
            held[one.setl_id] = [other or value for value, other in zip(names, has)]
    return strange


def standing(own: Sequence[Version], on: date) -> dict[str, Version]:
    """The last version of each claim that was there on a day."""
    return {one.setl_id: one for one in sorted(own, key=lambda each: each.at) if one.at.date() <= on}


def pairs(own: Sequence[Version], on: date) -> set[tuple[str, str]]:
    """(refund, settlement) as of a day."""
    there = standing(own, on)
    found, free = set(), {name: one for name, one in there.items() if one.fee > 0}
    for refund in sorted(there.values(), key=lambda each: (each.settled, each.setl_id)):
        if refund.fee > 0:
            continue
        before = [one for one in own if one.setl_id == refund.setl_id and one.at < refund.at and one.fee > 0]
        if before:
            if max(before, key=lambda each: each.at).fee == -refund.fee:
                found.add((refund.setl_id, refund.setl_id))
            continue
        for one in sorted(free.values(), key=lambda each: (each.settled, each.setl_id)):
            same_person = refund.hospital and refund.person and (one.hospital, one.person) == refund.stay[:2]
            same_visit = (
                one.visit == refund.visit
                if one.visit and refund.visit
                else one.discharged == refund.discharged
            )
            if same_person and same_visit and one.fee == -refund.fee and one.settled <= refund.settled:
                found.add((refund.setl_id, one.setl_id))
                del free[one.setl_id]
                break
    return found


def stays(own: Sequence[Version], on: date) -> list[list[Version]]:
    """The settlements of each stay of which there are several, in the order of the claims' first uploads."""
    refunded = {settlement for _, settlement in pairs(own, on)}
    shared: dict[tuple[object, ...], list[Version]] = defaultdict(list)
    for name, one in standing(own, on).items():
        if one.fee > 0 and name not in refunded and one.hospital and one.person:
            shared[one.stay].append(one)
    first = {one.setl_id: one.at for one in sorted(own, key=lambda each: each.at, reverse=True)}
    return [
        sorted(of, key=lambda one: (first[one.setl_id], one.setl_id)) for of in shared.values() if len(of) > 1
    ]


def seconds(own: Sequence[Version], on: date) -> set[tuple[str, str]]:
    """(settlement, keeper of its stay) as of a day."""
    found = set()
    for of in stays(own, on):
        keeper = next((place for place, one in enumerate(of) if one.sex != NO_SEX), len(of))
        found |= {(one.setl_id, of[keeper].setl_id) for one in of[keeper + 1 :]}
    return found


# -- the models -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(bench: Bench) -> Iterator[Run]:
    hospitals = [
        {
            "fixmedins_code": code,
            "level": "tertiary",
            "agreement_status": "active",
            "valid_from": "2020-01-01",
        }
        for code in ("H1", "H2")
    ]
    run = bench.open({"reference.hospital": hospitals}, THROUGH)
    yield run
    run.con.close()


def compute(run: Run, found: Sequence[Version], where: Places) -> None:
    deliveries, again, order = where
    brought = [(one, delivery) for one, delivery in zip(found, deliveries)]
    brought += [(found[n], delivery) for n, delivery in again if n < len(found)]
    # A version comes once in a delivery.
    kept = list(dict.fromkeys(brought[n] for n in order if n < len(brought)))
    lists, diagnoses, charges = [], [], []
    for line, (one, delivery) in enumerate(kept, 2):
        row = {"setl_id": one.setl_id, "dcla_time": one.at, "delivery": delivery, "line": line}
        row |= {"folder_month": delivery[:7], "fields_found": 20, "fields_expected": 20}
        lists.append(
            {
                **row,
                "fixmedins_code": one.hospital,
                "psn_no": one.person,
                "gend": one.sex,
                "brdy": "1960-03-02",
                "age": 65,
                "insutype": "310",
                "insuplc": "419001",
                "adm_time": "2025-03-01 10:00:00",
                "dscg_time": datetime(one.discharged.year, one.discharged.month, one.discharged.day, 10),
                "setl_end_date": one.settled,
                "hi_paymtd": "3",
                "mdtrt_id": one.visit,
                "medfee_sumamt": Decimal(one.fee),
            }
        )
        diagnoses.append({**row, "diag_type": "1", "maindiag_flag": "1", "diag_code": "I63.9"})
        charges.append({**row, "med_chrgitm": "01", "amt": Decimal(one.fee)})
    run.fill("landing.setlinfo", lists)
    run.fill("landing.diseinfo", diagnoses)
    run.fill("landing.iteminfo", charges)
    run.compute()


def on_day(run: Run, table: str, columns: str, on: date) -> set[tuple[Any, ...]]:
    """What a table of days says of a day, for whatever month looks."""
    holds = f"from_on <= date '{on}' and (until_on is null or until_on > date '{on}')"
    return set(run.con.execute(f"select {columns} from {table} where {holds}").fetchall())


@fast
@given(found=versions, where=places)
def test_neither_order_nor_deliveries_decide_whose_a_claim_is_and_what_stands(
    run: Run, found: list[Version], where: Places
) -> None:
    compute(run, found, where)
    strange = foreign(found)
    own = [one for one in found if one not in strange]
    told = run.con.execute("select setl_id, dcla_time from claims.version_index where is_foreign").fetchall()
    assert set(told) == {(one.setl_id, one.at) for one in strange}
    for on in sorted({one.at.date() for one in found}):
        assert on_day(run, "claims.refund_pair", "refund_setl_id, setl_id", on) == pairs(own, on), on
        assert on_day(run, "stay.second_settlement", "setl_id, keeper_setl_id", on) == seconds(own, on), on


@fast
@given(found=versions, where=places)
def test_of_the_settlements_of_a_stay_one_is_kept_unless_all_are_refused(
    run: Run, found: list[Version], where: Places
) -> None:
    compute(run, found, where)
    refused = {(one.setl_id, one.at) for one in found if one.sex == NO_SEX}
    for on in sorted({one.at.date() for one in found}):
        second = on_day(run, "stay.second_settlement", "month, setl_id, dcla_time", on)
        shared = defaultdict(set)
        columns = "settlement_month, fixmedins_code, psn_no, adm_on, dscg_on, setl_id, dcla_time"
        for *stay, setl_id, at in on_day(run, "claims.twin_version", columns, on):
            shared[tuple(stay)].add((setl_id, at))
        for stay, of in shared.items():
            paid = {one for one in of if (stay[0], *one) not in second and one not in refused}
            assert len(paid) == (0 if of <= refused else 1), (on, stay)
