"""What a finished run leaves behind stands only as long as all that it rested on is as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from support import regions
from support.regions import Claim, deliver

from drg_pipeline.assets.chain import Chain, Goal
from drg_pipeline.lake.store import PART
from drg_pipeline.periods import Period
from drg_pipeline.region import Region, Standing
from drg_pipeline.settings import PROJECT

MONTH, TABLE, GOAL = "2025-03", "claims.claim", "months 2025-03"


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region with one delivery and its claims."""
    folder = regions.empty(tmp_path_factory.mktemp("standing"))
    deliver(folder, f"{MONTH}/first", Claim("A"))
    regions.settle(Region(regions.settings(folder)), [MONTH], through=TABLE)
    return folder


@pytest.fixture
def own(computed: Path, tmp_path: Path) -> Path:
    """A copy of it, of which a run has ended well."""
    shutil.copytree(computed, tmp_path / "own")
    assert standing(tmp_path / "own").note(lambda: True)
    return tmp_path / "own"


def standing(folder: Path, **other: object) -> Standing:
    return Standing(Region(replace(regions.settings(folder), **other)), GOAL)


def part(folder: Path) -> Path:
    return regions.lake_of(folder) / "claims" / "claim" / f"month={MONTH}" / PART


def write(file: Path, select: str, notes: str = "") -> None:
    """Put a file of other making into its place."""
    with duckdb.connect() as con:
        con.execute(f"create table was as from read_parquet('{file}', hive_partitioning = false)")
        con.execute(f"copy ({select}) to '{file}.new' (format parquet{notes})")
    Path(f"{file}.new").replace(file)


def notes_of(file: Path) -> str:
    """The notes in a file's footer, to be written into another one."""
    with duckdb.connect() as con:
        noted = con.execute(
            f"select decode(key), decode(value) from parquet_kv_metadata('{file}')"
        ).fetchall()
    listed = ", ".join(f"{key}: '{value}'" for key, value in noted if not key.startswith("ARROW"))
    return f", kv_metadata {{{listed}}}"


def test_what_has_not_changed_stands(own: Path) -> None:
    found = standing(own).find()
    assert found.stands and found.at
    assert not Standing(Region(regions.settings(own)), "months 2025-04").find().stands


def new_delivery(folder: Path) -> None:
    deliver(folder, f"{MONTH}/second", Claim("B"))


def other_delivery(folder: Path) -> None:
    deliver(folder, f"{MONTH}/first", Claim("A", fee="9001.00"))


def misnamed_month(folder: Path) -> None:
    deliver(folder, "2025-4/first", Claim("B"))


def reference_row(folder: Path) -> None:
    with open(folder / "reference" / "hospital.csv", "a", encoding="utf-8") as file:
        file.write("H1,One,primary,,active,,2020-01-01,\n")


def reference_file(folder: Path) -> None:
    (folder / "reference" / "basic_group.csv").write_text("drg,valid_from\n", encoding="utf-8")


def landed_gone(folder: Path) -> None:
    shutil.rmtree(next(regions.lake_of(folder).glob("landing/*")))


def closed(folder: Path) -> None:
    place = regions.settings(folder).region_closings / MONTH / "1"
    place.mkdir(parents=True)
    (place / "manifest.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (new_delivery, "deliveries"),
        (other_delivery, "deliveries"),
        (misnamed_month, "deliveries"),
        (reference_row, "reference"),
        (reference_file, "reference"),
        (landed_gone, "landed"),
        (closed, "closings"),
        (lambda folder: part(folder).unlink(), f"claims/claim/month={MONTH}/{PART}"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_has_changed_is_told(own: Path, change: Callable[[Path], None], told: str) -> None:
    change(own)
    found = standing(own).find()
    assert not found.stands and told in found.changed


def test_another_law_another_model_and_another_option_are_changes(own: Path, tmp_path: Path) -> None:
    assert standing(own, grouping="scheme").find().changed == ("options",)
    assert standing(own, first_month=Period.of("2020-01")).find().changed == ("options",)
    models = shutil.copytree(PROJECT / "dbt_like_sql", tmp_path / "models")
    assert standing(own, models=models).find().changed == ("models",)
    policy = shutil.copytree(PROJECT / "data" / "policy", tmp_path / "policy")
    found = standing(own, policy=policy / regions.NAME)
    assert "law" in found.find().changed


def test_a_file_that_was_written_again_with_the_same_rows_stands(own: Path) -> None:
    region = Region(regions.settings(own))
    before = part(own).stat().st_ino
    region.engine.compute(TABLE, [Period.of(MONTH)])
    assert part(own).stat().st_ino != before
    assert standing(own).find().stands
    noted = json.loads(standing(own).path.read_text(encoding="utf-8"))
    assert noted["files"][f"claims/claim/month={MONTH}/{PART}"][1] == part(own).stat().st_ino


def other_rows(file: Path) -> None:
    write(file, "select * replace ('X' as setl_id) from was")


def other_rows_with_the_old_notes(file: Path) -> None:
    write(file, "select * replace ('X' as setl_id) from was", notes_of(file))


def no_rows_with_the_old_notes(file: Path) -> None:
    write(file, "from was where false", notes_of(file))


def another_table(file: Path) -> None:
    write(file, "select 1 as one", notes_of(file))


def damaged(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    "alter",
    [other_rows, other_rows_with_the_old_notes, no_rows_with_the_old_notes, another_table, damaged, emptied],
    ids=lambda value: value.__name__,
)
def test_a_file_whose_rows_were_altered_is_unpublished_and_computed_again(
    own: Path, alter: Callable[[Path], None]
) -> None:
    before = regions.rows(own, f"from {TABLE} order by all")
    alter(part(own))
    stands = standing(own)
    found = stands.find()
    assert found.altered == (part(own),) and not found.stands
    # A damaged file stops no plan.
    assert stands.region.engine.stale("claims.setlinfo", [Period.of(MONTH)]) == []
    assert stands.remove(found.altered) == [] and not part(own).exists()
    assert stands.region.engine.stale(TABLE, [Period.of(MONTH)]) == [Period.of(MONTH)]
    stands.region.engine.compute(TABLE, [Period.of(MONTH)])
    assert regions.rows(own, f"from {TABLE} order by all") == before
    assert standing(own).find().stands


def test_what_was_altered_of_a_closed_month_stays(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(part(own))
    stands = standing(own)
    monkeypatch.setattr(stands.region.closed, "standing", lambda period: period)
    assert stands.remove(stands.find().altered) == [part(own)] and part(own).exists()


def test_what_changes_while_a_run_computes_is_not_noted(own: Path) -> None:
    stands = standing(own)
    reference_row(own)
    assert not stands.note(lambda: True)
    assert standing(own).find().at == ""


def test_a_delivery_that_comes_while_a_run_computes_is_not_noted(own: Path) -> None:
    stands = standing(own)
    new_delivery(own)
    assert not stands.note(lambda: True)


def test_what_the_engine_would_compute_otherwise_is_not_noted(own: Path) -> None:
    chain = Chain(Region(regions.settings(own)))
    goal = Goal("months", (Period.of(MONTH),))
    assert chain.is_current(goal, TABLE) and not chain.is_current(goal)
    new_delivery(own)
    regions.take_in(chain.region)
    assert not chain.is_current(goal, TABLE)
    assert not standing(own).note(lambda: chain.is_current(goal, TABLE))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 1}', '{"form": 0}'])
def test_a_note_that_cannot_be_read_is_none(own: Path, text: str) -> None:
    standing(own).path.write_text(text, encoding="utf-8")
    assert standing(own).find().at == ""
