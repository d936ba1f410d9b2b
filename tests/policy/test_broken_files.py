"""Each file of `broken/` has one mistake and says in its first line what the loader must answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.policy import load_instruments, load_pack

BROKEN = Path(__file__).parent / "broken"
POLICY = Path(__file__).parents[2] / "data" / "policy"
TOPICS = sorted(BROKEN.glob("*.yml"))
HEADS = sorted((BROKEN / "pack").glob("*.yml"))
INSTRUMENTS = sorted((BROKEN / "instruments").glob("*.yml"))

GOOD_TOPIC = """
describe: A topic without a mistake.
period: month
known: month
parameters:
  good_days:
    describe: Days.
    unit: days
    type: whole
    values:
      - {valid_from: 2026-01-30, value: 5, published: 2026-01-30, law: JY-31-1}
"""


def expectation(path: Path) -> str:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# expect: "), f"{path.name} does not say what it expects"
    return first.removeprefix("# expect: ")


def new_pack(folder: Path) -> Path:
    folder.mkdir()
    head = (POLICY / "jiyuan" / "pack.yml").read_text(encoding="utf-8")
    moments = (POLICY / "base" / "base.yml").read_text(encoding="utf-8")
    moments = moments[moments.index("moments:") : moments.index("# What an option")]
    # By itself: without a base, and without the options, whose parameters stand in topics that are not there.
    head = head[: head.index("# Where the arithmetic")].replace("extends: [base]\n", "")
    (folder / "pack.yml").write_text(head + moments, encoding="utf-8")
    return folder


def only_fault(error: DrgError) -> str:
    assert len(error.faults) == 1, error.message()
    assert isinstance(error.faults[0], Fault)
    return str(error.faults[0])


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_topic_with_one_mistake(path: Path, tmp_path: Path) -> None:
    folder = new_pack(tmp_path / "pack")
    shutil.copy(path, folder)
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    assert only_fault(caught.value).startswith(f"{path.name}: {expectation(path)}")


@pytest.mark.parametrize("path", HEADS, ids=lambda path: path.stem)
def test_pack_file_with_one_mistake(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    shutil.copy(path, folder / "pack.yml")
    (folder / "topic.yml").write_text(GOOD_TOPIC, encoding="utf-8")
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    assert only_fault(caught.value).startswith(f"pack.yml: {expectation(path)}")


@pytest.mark.parametrize("path", INSTRUMENTS, ids=lambda path: path.stem)
def test_instruments_with_one_mistake(path: Path) -> None:
    with pytest.raises(DrgError) as caught:
        load_instruments(path)
    assert only_fault(caught.value).startswith(f"{path.name}: {expectation(path)}")


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = new_pack(tmp_path / "pack")
    for path in TOPICS:
        shutil.copy(path, folder)
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    told = {str(fault).split(":")[0] for fault in caught.value.faults}
    assert told == {path.name for path in TOPICS}
    assert len(caught.value.faults) == len(TOPICS)


def test_two_topics_may_not_make_the_same_table(tmp_path: Path) -> None:
    folder = new_pack(tmp_path / "pack")
    (folder / "days.yml").write_text(GOOD_TOPIC, encoding="utf-8")
    table = GOOD_TOPIC[: GOOD_TOPIC.index("  good_days")] + (
        "  days:\n    describe: Days.\n    type: table\n    key: [day]\n"
        "    columns: {day: {type: whole, unit: day, meaning: day}}\n"
        "    values: [{valid_from: 2026-01-30, published: 2026-01-30, law: JY-31-1, rows: [{day: 1}]}]\n"
    )
    (folder / "other.yml").write_text(table, encoding="utf-8")
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    assert [str(fault) for fault in caught.value.faults] == [
        "days.yml: policy.days is made twice in this pack: rename one of the two",
        "other.yml: policy.days is made twice in this pack: rename one of the two",
    ]


def test_strange_files_in_a_pack_are_refused(tmp_path: Path) -> None:
    folder = new_pack(tmp_path / "pack")
    (folder / "topic.yml").write_text(GOOD_TOPIC, encoding="utf-8")
    (folder / "README.md").write_text("about this pack", encoding="utf-8")
    (folder / "late.yaml").write_text(GOOD_TOPIC, encoding="utf-8")
    (folder / "My Topic.yml").write_text(GOOD_TOPIC, encoding="utf-8")
    (folder / "latin.yml").write_bytes("describe: caf\xe9".encode("latin-1"))
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    assert [str(fault) for fault in caught.value.faults] == [
        "My Topic.yml: a topic's name is small letters, digits and _: rename the file",
        "late.yaml: is not a topic of the pack: name it <topic>.yml or move it out of the folder",
        "latin.yml: is not UTF-8 (byte 13): save it as UTF-8",
    ]


def test_a_folder_that_is_not_there_or_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(DrgError, match="is not there"):
        load_pack(tmp_path / "nowhere")
    with pytest.raises(DrgError) as caught:
        load_pack(new_pack(tmp_path / "pack"))
    assert only_fault(caught.value) == "pack: holds no topic: add <topic>.yml files with parameters"
