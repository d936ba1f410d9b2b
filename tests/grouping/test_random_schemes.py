"""The set-wise grouper against the plain reading of the same tables: random schemes and records, what must not
change an answer, every bound of ages and weights, and the shared samples.

Both sides read the same folders and share no code. The reasons for an answer are in `test_path.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.grouping import grouped, opened
from support.harness import Bench
from support.schemes import random_records, random_scheme

from bench.grouping.row_at_a_time import Record, Result, Scheme, read_cases
from drg_pipeline.grouping.grouper import Grouper

BATCHES, TOGETHER, RECORDS = 8, 8, 200
SAMPLED = 3000


def drawn(
    bench: Bench, folder: Path, seed: int, count: int
) -> Iterator[tuple[Grouper, str, Path, random.Random]]:
    """Random schemes side by side in one grouper, so that none may look at another's tables."""
    rng = random.Random(seed)
    folders = [random_scheme(rng, folder / str(number)) for number in range(count)]
    with opened(bench.project, *folders, name="s") as grouper:
        for number, own in enumerate(folders):
            yield grouper, f"s{number}", own, rng


def check(grouper: Grouper, name: str, folder: Path, records: list[Record]) -> list[Result]:
    oracle = Scheme.read(folder)
    found = grouped(grouper, records, name)
    wrong = [
        (record, answer, expected)
        for record, answer in zip(records, found, strict=True)
        if answer != (expected := oracle.group(record))
    ]
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[0]}"
    return found


@pytest.mark.parametrize("seed", range(BATCHES))
def test_random_schemes_group_as_the_plain_reading_does(bench: Bench, tmp_path: Path, seed: int) -> None:
    statuses: set[str] = set()
    for grouper, name, folder, rng in drawn(bench, tmp_path, seed, TOGETHER):
        records = random_records(rng, folder, RECORDS)
        statuses |= {result.status for result in check(grouper, name, folder, records)}
    assert statuses == {"grouped", "ambiguous", "ungrouped", "invalid_input"}


@pytest.fixture(scope="module")
def many(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Grouper, str, Path]]]:
    folder = tmp_path_factory.mktemp("many")
    rng = random.Random(20)
    folders = [random_scheme(rng, folder / str(number)) for number in range(4)]
    with opened(bench.project, *folders, name="s") as grouper:
        yield [(grouper, f"s{number}", own) for number, own in enumerate(folders)]


def test_the_order_of_other_diagnoses_changes_nothing(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(1)
    for grouper, name, folder in many:
        records = random_records(rng, folder, RECORDS)
        turned = [
            replace(r, diagnoses=(*r.diagnoses[:1], *rng.sample(r.diagnoses[1:], len(r.diagnoses[1:]))))
            for r in records
        ]
        assert grouped(grouper, turned, name) == grouped(grouper, records, name)


def test_a_repeated_other_diagnosis_changes_nothing(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(2)
    for grouper, name, folder in many:
        records = [r for r in random_records(rng, folder, RECORDS) if len(r.diagnoses) > 1]
        doubled = [replace(r, diagnoses=(*r.diagnoses, rng.choice(r.diagnoses[1:]))) for r in records]
        assert grouped(grouper, doubled, name) == grouped(grouper, records, name)


def test_an_unknown_further_code_changes_nothing(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(3)
    for grouper, name, folder in many:
        records = [r for r in random_records(rng, folder, RECORDS) if r.diagnoses and r.procedures]
        more = [replace(r, diagnoses=(*r.diagnoses, "?"), procedures=(*r.procedures, "?")) for r in records]
        assert grouped(grouper, more, name) == grouped(grouper, records, name)


def test_letters_of_the_other_case_make_an_unknown_code(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(4)
    for grouper, name, folder in many:
        tables = grouper.schemes[name].tables
        known = {*tables["diagnosis"]["code"], *tables["procedure"]["code"]}

        def turned(codes: tuple[str, ...], unknown: str = "", known: set[str] = known) -> tuple[str, ...]:
            return tuple(code if code.swapcase() in known else unknown or code.swapcase() for code in codes)

        records = random_records(rng, folder, RECORDS)
        swapped = [
            replace(r, diagnoses=turned(r.diagnoses), procedures=turned(r.procedures)) for r in records
        ]
        unknown = [
            replace(r, diagnoses=turned(r.diagnoses, "?"), procedures=turned(r.procedures, "?"))
            for r in records
        ]
        assert swapped != unknown
        assert grouped(grouper, swapped, name) == grouped(grouper, unknown, name)


def test_empty_lists(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(5)
    for grouper, name, folder in many:
        records = random_records(rng, folder, 100)
        check(grouper, name, folder, [replace(r, diagnoses=()) for r in records])
        check(grouper, name, folder, [replace(r, procedures=()) for r in records])
        check(grouper, name, folder, [replace(r, diagnoses=(), procedures=()) for r in records])


def test_the_order_of_records_changes_nothing(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(6)
    for grouper, name, folder in many:
        records = random_records(rng, folder, RECORDS)
        assert grouped(grouper, records[::-1], name) == grouped(grouper, records, name)[::-1]
        alone = [grouped(grouper, [record], name)[0] for record in records[:3]]
        assert alone == grouped(grouper, records, name)[:3]


def test_ages_and_weights_at_every_bound(many: list[tuple[Grouper, str, Path]]) -> None:
    rng = random.Random(7)
    numbers = (0, 1, 6, 7, 8, 16, 17, 18, 27, 28, 29, 30, 64, 65, 66)
    weights = (None, 0, 1, 1499, 1500, 1501, 1999, 2000, 2499, 2500, 2501)
    for grouper, name, folder in many:
        base = [r for r in random_records(rng, folder, 20) if r.sex in ("1", "2")][:4]
        records = [
            replace(r, age_years=years, age_days=days, newborn_weight_g=weight)
            for r in base
            for years in (None, *numbers)
            for days in ((None, *numbers) if years == 0 else (None, 28))
            for weight in (weights if years == 0 else (None, 1499))
        ]
        check(grouper, name, folder, records)


# -- the shared samples ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def national(bench: Bench, samples: Path) -> Iterator[Grouper]:
    with opened(bench.project, samples / "schemes" / "chs_drg_11") as grouper:
        yield grouper


@pytest.mark.parametrize("file", ["cases_dev.csv.gz", "real_cases.csv"])
def test_the_cases_of_the_samples_get_what_they_expect(national: Grouper, samples: Path, file: str) -> None:
    cases = list(read_cases(samples / "schemes" / "chs_drg_11" / file))
    found = grouped(national, [record for _, record, _ in cases], "chs_drg_11")
    wrong = [
        (case, answer, expected)
        for (case, _, expected), answer in zip(cases, found, strict=True)
        if answer != expected
    ]
    assert not wrong


@pytest.mark.parametrize("name", ["anyang_2021", "beijing_2022", "guangxi_2022"])
def test_schemes_of_the_samples_group_as_the_plain_reading_does(
    bench: Bench, samples: Path, name: str
) -> None:
    folder = samples / "schemes" / name
    with opened(bench.project, folder) as grouper:
        found = check(grouper, name, folder, random_records(random.Random(name), folder, SAMPLED))
    assert {"grouped", "ungrouped", "invalid_input"} <= {result.status for result in found}
