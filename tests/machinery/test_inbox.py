"""Whatever lies in the inbox and is no delivery is named: as a fault where it can hardly be anything else."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from drg_pipeline import messages
from drg_pipeline.errors import DrgError
from drg_pipeline.ingest import arrival, take_in_deliveries
from drg_pipeline.ingest.inbox import Delivery, Inbox, find_deliveries
from drg_pipeline.ingest.layout import LAYOUT_FILE, load_layout
from drg_pipeline.ingest.sums import sums_of
from drg_pipeline.settings import PROJECT, Settings

LAYOUT = load_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
REQUIRED = [f"{file.name}.csv" for file in LAYOUT.files if file.required]


def put(inbox: Path, *names: str) -> None:
    """Files of these places; one that ends in / is a folder."""
    for name in names:
        path = inbox / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x", encoding="utf-8")


def whole(label: str = "2025-06/d") -> list[str]:
    """The places of a delivery that lacks nothing."""
    return [f"{label}/{name}" for name in REQUIRED]


def found(inbox: Path) -> Inbox:
    return find_deliveries(inbox, LAYOUT)


def faults(inbox: Path) -> list[str]:
    return [str(fault) for delivery in found(inbox).deliveries for fault in delivery.faults]


# -- months ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *((name, "2025-06") for name in ("2025-6", "202506", "2025_06", "2025年6月", "2025-06 (2)")),
        *((name, "2025-06") for name in ("2025.6", "06-2025", "20250601", "2025-06-副本", "２０２５-06")),
        ("2025-13", ""),
        ("2025", ""),
    ],
)
def test_a_month_folder_with_another_name_is_refused_with_the_name_that_was_meant(
    tmp_path: Path, name: str, meant: str
) -> None:
    put(tmp_path, *whole(f"{name}/d"))
    told = f"was {meant} meant?" if meant else "no month is named so"
    assert len(faults(tmp_path)) == 1 and faults(tmp_path)[0].startswith(f"{name}: ")
    assert told in faults(tmp_path)[0]


def test_a_folder_with_claim_files_is_a_delivery_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path, *whole("六月/d"), *whole("new"))
    assert faults(tmp_path) == [
        "new: month folders are named YYYY-MM, and this one holds diseinfo.csv",
        "六月: month folders are named YYYY-MM, and this one holds d/diseinfo.csv",
    ]


def test_what_need_not_be_a_delivery_is_an_aside_and_nothing_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, *whole(), "README.md", "2025-06.txt", "notes/list.txt", "2025-7/")
    put(tmp_path, "2025-06/letter.pdf", "2025-06/d/payinfo.csv.bak", "2025-06/d/sums.md5", ".DS_Store")
    put(tmp_path, "2025-06/d/.lock", "2025-06/.DS_Store", "lost+found/", "2025-06/d/Thumbs.db")
    assert faults(tmp_path) == []
    assert [aside.where for aside in found(tmp_path).asides] == [
        "2025-06/d/payinfo.csv.bak",
        "2025-06/d/sums.md5",
        "2025-06/letter.pdf",
        "2025-06.txt",
        "2025-7",
        "README.md",
        "notes",
    ]
    for aside in found(tmp_path).asides:
        assert aside.where in aside.text("zh") != aside.text("en")


def test_claim_files_above_a_delivery_and_packed_ones_are_refused(tmp_path: Path) -> None:
    put(
        tmp_path, *whole(), "2025-06/setlinfo.csv", "2025-06/d2.zip", "iteminfo.csv", "2025-07.rar", "2025-05"
    )
    assert faults(tmp_path) == [
        "2025-05: a file, where a month folder stands",
        "2025-06/d2.zip: is packed: unpack it into 2025-06/<delivery>/",
        "2025-06/setlinfo.csv: claim files stand in 2025-06/<delivery>/: was setlinfo.csv of a delivery meant?",
        "2025-07.rar: is packed: unpack it into YYYY-MM/<delivery>/",
        "iteminfo.csv: claim files stand in YYYY-MM/<delivery>/: was iteminfo.csv of a delivery meant?",
    ]


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "2025-6\n\x07"])
def test_a_hostile_name_is_shown_in_one_line(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"{name}.md", f"2025-06/{name}.md", f"2025-06/d/{name}.md", *whole(), *whole(name))
    said = [*faults(tmp_path), *map(str, found(tmp_path).asides)]
    assert len(said) == 4 and all(line.isprintable() for line in said)


# -- files of a delivery -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("setlinfo .csv", "no file of a delivery has this name: was setlinfo.csv meant?"),
        ("setlinfos.csv", "no file of a delivery has this name: was setlinfo.csv meant?"),
        ("setlinfo(1).csv", "no file of a delivery has this name: was setlinfo.csv meant?"),
        ("setlinfo - 副本.csv", "no file of a delivery has this name: was setlinfo.csv meant?"),
        ("setlinfo.CSV", "file names are in lower case: rename it to setlinfo.csv"),
        ("setlinfo.xlsx", "claim files are CSV or Parquet: was setlinfo.csv meant? Export it as such"),
        ("setlinfo", "claim files are CSV or Parquet: was setlinfo.csv meant? Export it as such"),
        ("setlinfo.csv.part", "is still being written, or its transfer broke off: let it end, or remove it"),
        ("setlinfo.csv.tmp", "is still being written, or its transfer broke off: let it end, or remove it"),
        (
            ".setlinfo.csv.Xy12Ab",
            "is still being written, or its transfer broke off: let it end, or remove it",
        ),
    ],
)
def test_a_file_with_nearly_the_name_is_named_and_not_said_to_be_missing_too(
    tmp_path: Path, name: str, told: str
) -> None:
    put(tmp_path, *(place for place in whole() if not place.endswith("setlinfo.csv")), f"2025-06/d/{name}")
    assert faults(tmp_path) == [f"2025-06/d/{name}: {told}"]


def test_a_second_file_of_nearly_the_name_is_refused_and_a_text_about_it_is_not(tmp_path: Path) -> None:
    put(tmp_path, *whole(), "2025-06/d/setlinfo_2.csv", "2025-06/d/setlinfo_readme.txt")
    assert faults(tmp_path) == [
        "2025-06/d/setlinfo_2.csv: is like setlinfo.csv, which is there as well: keep one, under that name"
    ]


def test_a_misnamed_month_stops_the_intake_after_all_else_was_landed(tmp_path: Path) -> None:
    settings = Settings.for_region("r", inbox=tmp_path / "in", lake=tmp_path / "lake", key=tmp_path / "key")
    put(settings.inbox, *whole("2025-6/d"))
    with pytest.raises(DrgError) as caught:
        take_in_deliveries(settings, report=lambda line: None)
    assert str(caught.value) == (
        "2025-6 in the inbox is no delivery by its name, and was not taken in.\n"
        "  2025-6: month folders are named YYYY-MM: was 2025-06 meant?\n"
        "Nothing of 2025-6 was taken in. Rename or move what is named wrongly, or take it out of the inbox, "
        "and run again."
    )
    assert not settings.key.exists()


# -- complete or not ---------------------------------------------------------------------------


def aged(folder: Path, seconds: float, now: float) -> None:
    """As if nothing in a folder had been changed for so long; only the time of a change of state is younger."""
    for path in (folder, *folder.iterdir()):
        os.utime(path, (now - seconds, now - seconds))


def the_delivery(inbox: Path) -> Delivery:
    (only,) = found(inbox).deliveries
    return only


def test_a_delivery_is_complete_when_nothing_in_its_folder_was_changed_for_some_time(tmp_path: Path) -> None:
    put(tmp_path, *whole())
    now = (tmp_path / "2025-06" / "d").stat().st_ctime
    waits = arrival.arriving(the_delivery(tmp_path), now + 10, 300)
    assert waits and waits.left == pytest.approx(290, abs=5)
    assert arrival.arriving(the_delivery(tmp_path), now + 310, 300) is None
    # A file under another name counts as well: it is still being written.
    put(tmp_path, "2025-06/d/iteminfo.csv.part")
    part = tmp_path / "2025-06" / "d" / "iteminfo.csv.part"
    os.utime(part, (now + 305, now + 305))
    assert arrival.arriving(the_delivery(tmp_path), now + 310, 300)


def summed(inbox: Path, label: str = "2025-06/d", **other: str) -> Path:
    """The delivery's SHA256SUMS, with other sums than its files have."""
    folder = inbox / label
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    path = folder / "SHA256SUMS"
    path.write_text(sums_of(digests | {f"{name}.csv": digest for name, digest in other.items()}), "utf-8")
    return path


def test_a_delivery_that_is_as_its_checksums_say_is_complete_at_once(tmp_path: Path) -> None:
    put(tmp_path, *whole())
    now = (tmp_path / "2025-06" / "d").stat().st_ctime
    assert arrival.arriving(the_delivery(tmp_path), now, 300)
    sums = summed(tmp_path)
    assert arrival.arriving(the_delivery(tmp_path), now, 300) is None
    assert found(tmp_path).asides == [] and faults(tmp_path) == []
    # As `sha256sum -b ./*.csv` writes it on a machine that ends lines otherwise.
    told = sums_of({name: sha256(b"x").hexdigest() for name in REQUIRED})
    sums.write_bytes(told.replace("  ", " *./").replace("\n", "\r\n").encode())
    assert arrival.arriving(the_delivery(tmp_path), now, 300) is None


@pytest.mark.parametrize(
    "left",
    [
        "a file in part",
        "a file to come",
        "a file that is not named",
        "another transfer",
        "a list in part",
        "no list",
    ],
)
def test_until_its_checksums_agree_a_delivery_is_waited_for_as_any_other(tmp_path: Path, left: str) -> None:
    put(tmp_path, *whole())
    sums = summed(tmp_path)
    folder = sums.parent
    match left:
        case "a file in part":
            (folder / "payinfo.csv").write_bytes(b"")
        case "a file to come":
            summed(tmp_path, drginfo=sha256(b"x").hexdigest())
        case "a file that is not named":
            put(tmp_path, "2025-06/d/drginfo.csv")
        case "another transfer":
            put(tmp_path, "2025-06/d/drginfo.csv.part")
        case "a list in part":
            sums.write_bytes(sums.read_bytes()[:-30])
        case "no list":
            sums.write_bytes(b"\xff\x00 nothing\n")
    now = folder.stat().st_ctime
    assert arrival.arriving(the_delivery(tmp_path), now, 300)
    assert arrival.arriving(the_delivery(tmp_path), now + 310, 300) is None


def test_a_time_to_come_holds_nothing_up(tmp_path: Path) -> None:
    """A copy keeps the time that another clock wrote."""
    put(tmp_path, *whole())
    now = (tmp_path / "2025-06" / "d").stat().st_ctime
    aged(tmp_path / "2025-06" / "d", -1_000_000, now)
    assert arrival.arriving(the_delivery(tmp_path), now + 400, 300) is None


def test_what_waiting_does_not_mend_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, *whole("2025-6/d"), "2025-06/setlinfo.csv")
    assert arrival.still_arriving(found(tmp_path), {}, 0.0, 300) == []
    put(tmp_path, "2025-07.part/", "2025-06/d.tmp/x")
    waits = arrival.still_arriving(found(tmp_path), {}, 0.0, 300)
    assert [each.label for each in waits] == ["2025-06/d.tmp", "2025-07.part"]


class Clock:
    """Time that passes when it is slept."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_waiting_ends_when_all_is_complete_or_its_time_is_over() -> None:
    clock = Clock()
    quiet_at = clock.now + 42
    told: list[list[str]] = []

    def look(now: float) -> list[arrival.Arriving]:
        return [arrival.Arriving("2025-06/d", 300 - (quiet_at - now), 300)] if now < quiet_at else []

    def say(found: list[arrival.Arriving]) -> None:
        told.append([each.label for each in found])

    assert arrival.wait_until_complete(look, 900, say, clock=clock, sleep=clock.sleep) == []
    assert clock.now == pytest.approx(quiet_at, abs=1) and told == [["2025-06/d"]]

    def never(now: float) -> list[arrival.Arriving]:
        return [arrival.Arriving("2025-06/d", 0, 300)]

    began = clock.now
    left = arrival.wait_until_complete(never, 30, say, clock=clock, sleep=clock.sleep)
    assert [each.label for each in left] == ["2025-06/d"] and clock.now - began == pytest.approx(30, abs=1)


def test_a_long_list_is_cut_and_what_is_left_is_counted() -> None:
    lines = [str(number) for number in range(25)]
    assert messages.bounded(lines, 8, "en") == [*lines[:8], "… and 17 more"]
    assert messages.bounded(lines, 8, "zh")[-1] == "……另有 17 项"
    assert messages.bounded(lines, 25, "en") == lines
