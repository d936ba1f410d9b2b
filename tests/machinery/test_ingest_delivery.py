"""Deliveries: taken in whole or not at all, once, and never changed afterwards."""

from __future__ import annotations

import csv
import hashlib
import json
import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest import TakenIn, delivery, landed_manifests, landing_folder, take_in_deliveries
from drg_pipeline.ingest.landed import LANDED
from drg_pipeline.ingest.layout import LAYOUT_FILE, load_layout
from drg_pipeline.ingest.pseudonym import key_fingerprint
from drg_pipeline.ingest.sums import sums_of
from drg_pipeline.settings import PROJECT, Settings
from drg_pipeline.visible import one_line

LAYOUT = load_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
T = "2025-01-05 10:00:00"
GOOD = {
    "setlinfo.csv": "setl_id,fixmedins_code,psn_no,gend,brdy,insutype,insuplc,adm_time,dscg_time,"
    f"setl_end_date,dcla_time,medfee_sumamt\nS1,H1,P1,1,1960-01-01,310,419001,{T},{T},{T},{T},100.00\n",
    "diseinfo.csv": f"setl_id,dcla_time,diag_srt_no,maindiag_flag,diag_code\nS1,{T},1,1,I10\n",
    "oprninfo.csv": "setl_id,dcla_time,oprn_srt_no,oprn_oprt_code\n",
    "payinfo.csv": f"setl_id,dcla_time,fund_pay_type,fund_payamt\nS1,{T},310100,60.00\n",
    "iteminfo.csv": f"setl_id,dcla_time,med_chrgitm,amt\nS1,{T},09,100.00\n",
}


@pytest.fixture
def region(tmp_path: Path) -> Settings:
    (tmp_path / "inbox").mkdir()
    return Settings.for_region(
        "r", inbox=tmp_path / "inbox", lake=tmp_path / "lake", key=tmp_path / "r.key", threads=1
    )


def deliver(region: Settings, label: str = "2025-01/d-1", **changes: str | bytes | None) -> Path:
    """A delivery of good files; `payinfo="…"` changes a file and `payinfo=None` leaves it out."""
    folder = region.inbox / label
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes | None] = GOOD | {f"{name}.csv": text for name, text in changes.items()}
    for name, text in files.items():
        if text is not None:
            (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def take_in(region: Settings) -> tuple[list[TakenIn], list[str]]:
    said: list[str] = []
    return take_in_deliveries(region, report=said.append), said


def refusal(region: Settings) -> DrgError:
    with pytest.raises(DrgError) as error:
        take_in(region)
    assert not list(landing_folder(region).glob("*.tmp"))
    return error.value


def where(error: DrgError) -> list[str]:
    return [fault.where for fault in error.faults]


def query(region: Settings, table: str, select: str = "*") -> list[tuple]:
    return duckdb.sql(f"SELECT {select} FROM '{landing_folder(region)}/*/{table}.parquet'").fetchall()


def test_a_delivery_is_taken_in_as_its_checksums_say_or_not_at_all(region):
    folder = deliver(region)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    sums, none = folder / "SHA256SUMS", "0" * 64
    sums.write_text(sums_of(digests | {"payinfo.csv": none, "drginfo.csv": none, "list.txt": none}))
    assert [str(fault) for fault in refusal(region).faults] == [
        "2025-01/d-1/drginfo.csv: SHA256SUMS names it, and it is missing",
        "2025-01/d-1/payinfo.csv: is not what SHA256SUMS says: it came in part, or was changed since",
    ]
    sums.write_text(sums_of({name: digest for name, digest in digests.items() if name != "payinfo.csv"}))
    assert [str(fault) for fault in refusal(region).faults] == [
        "2025-01/d-1/payinfo.csv: SHA256SUMS does not name it"
    ]
    # What it names is somebody else's text.
    sums.write_text(sums_of(digests | {"\x1b[2J.csv": none}))
    assert where(refusal(region)) == ["2025-01/d-1/\\x1b[2J.csv"]
    for content, told in (
        (f"{none} payinfo.csv\n", "line 1 is no SHA-256 and name"),
        (f"{none}  a.csv\n{none[1:]}1  a.csv\n", "line 2 names a.csv with another sum than before"),
        ("\n" * 1_100_000, "it is too large"),
    ):
        sums.write_text(content)
        assert [str(fault) for fault in refusal(region).faults] == [
            f"2025-01/d-1/SHA256SUMS: cannot be read: {told}"
        ]
    sums.write_text(sums_of(digests))
    assert len(take_in(region)[0]) == 1


# --- what is landed --------------------------------------------------------------------------


def test_a_delivery_becomes_a_folder_with_everything_about_it(region):
    folder = deliver(region)
    (taken,), said = take_in(region)
    assert (taken.month, taken.delivery, taken.records, taken.accepted, taken.rejected) == (
        "2025-01", "d-1", 4, 4, 0,
    )  # fmt: skip
    assert taken.folder == landing_folder(region) / taken.digest
    assert sorted(path.name for path in taken.folder.iterdir()) == [
        "diseinfo.parquet", "drginfo.parquet", "file.parquet", "iteminfo.parquet", "manifest.json",
        "oprninfo.parquet", "payinfo.parquet", "rejected_row.parquet", "setlinfo.parquet",
    ]  # fmt: skip
    # The platform's groups may be absent: nothing came, and the table is there.
    assert query(region, "drginfo") == []
    assert "2025-01/d-1: 4 records taken in, 0 rejected" in said[-1]

    manifest = json.loads((taken.folder / "manifest.json").read_text())
    assert manifest == landed_manifests(region)["2025-01/d-1"]
    key = bytes.fromhex(region.key.read_text())
    assert manifest["key_fingerprint"] == key_fingerprint(key)
    assert manifest["layout_version"] == LAYOUT.version
    pay = next(entry for entry in manifest["files"] if entry["file"] == "payinfo.csv")
    raw = (folder / "payinfo.csv").read_bytes()
    assert pay == {
        "file": "payinfo.csv", "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw),
        "mtime_ns": (folder / "payinfo.csv").stat().st_mtime_ns, "records": 1, "accepted": 1, "rejected": 0,
            "respelled": 0,
    }  # fmt: skip
    assert query(region, "file", "file, bytes, physical_lines, records")[-1] == (
        "2025-01/d-1/setlinfo.csv", len(GOOD["setlinfo.csv"]), 2, 1,
    )  # fmt: skip


def test_every_column_of_the_layout_is_landed_in_its_type(region):
    deliver(region)
    (taken,), _ = take_in(region)
    for file in LAYOUT.files:
        if file.required:
            described = duckdb.sql(f"DESCRIBE FROM '{taken.folder}/{file.name}.parquet'").fetchall()
            assert [row[:2] for row in described] == [
                *((column.name, column.type.sql) for column in file.columns),
                ("delivery", "VARCHAR"), ("folder_month", "VARCHAR"), ("line", "BIGINT"),
                ("fields_found", "INTEGER"), ("fields_expected", "INTEGER"),
                ("respelled", LANDED["respelled"].type),
            ]  # fmt: skip


def test_rejected_rows_are_kept_by_file_and_line(region):
    pay, dise = GOOD["payinfo.csv"], GOOD["diseinfo.csv"]
    deliver(region, payinfo=pay + f"S2,{T},1,1.005\nS3,{T},1,x\n", diseinfo=dise + f"S1,{T},1x,0,I10\n")
    (taken,), _ = take_in(region)
    assert (taken.records, taken.accepted, taken.rejected) == (7, 4, 3)
    told = "file, claim_file, line, column_name, raw, reason, setl_id, cast(dcla_time as varchar)"
    assert query(region, "rejected_row", told) == [
        ("2025-01/d-1/diseinfo.csv", "diseinfo", 3, "diag_srt_no", "1x", "not a whole number", "S1", T),
        ("2025-01/d-1/payinfo.csv", "payinfo", 3, "fund_payamt", "1.005", "more than two decimals", "S2", T),
        ("2025-01/d-1/payinfo.csv", "payinfo", 4, "fund_payamt", "x", "not an amount", "S3", T),
    ]


def test_a_rejected_row_tells_its_claim_as_far_as_it_can_be_read(region):
    pay = f"S2,yesterday,1,1\n,{T},1,1\n4.19E+15,{T},1,1\nS5,{T},1,\0\n"
    deliver(region, payinfo=GOOD["payinfo.csv"] + pay)
    take_in(region)
    told = "line, column_name, setl_id, cast(dcla_time as varchar)"
    assert query(region, "rejected_row", told) == [
        (3, "dcla_time", "S2", None),
        (4, "setl_id", None, T),
        (5, "setl_id", None, T),
        # What cannot be taken apart says nothing of anybody.
        (6, "setl_id", None, None),
    ]


def test_child_rows_without_a_claim_are_accepted(region):
    deliver(region, payinfo=GOOD["payinfo.csv"] + f"S99,{T},310100,1\n")
    take_in(region)
    assert query(region, "payinfo", "setl_id") == [("S1",), ("S99",)]


def test_an_optional_file_and_parquet_files_are_taken_in(region):
    folder = deliver(region, payinfo=None, drginfo=f"setl_id,dcla_time,drg_code\nS1,{T},ES15\n")
    duckdb.sql(
        f"COPY (SELECT 'S1' AS setl_id, '{T}' AS dcla_time, 310100 AS fund_pay_type, 60.5 AS fund_payamt) "
        f"TO '{folder}/payinfo.parquet'"
    )
    take_in(region)
    assert query(region, "drginfo", "drg_code, scheme") == [("ES15", None)]
    assert query(region, "file", "format").count(("parquet",)) == 1


def test_a_person_has_one_pseudonym_in_all_deliveries(region):
    deliver(region)
    deliver(region, "2025-02/d-1", setlinfo=GOOD["setlinfo.csv"].replace("S1,", "S2,"))
    take_in(region)
    assert query(region, "setlinfo", "count(*), count(DISTINCT psn_no)") == [(2, 1)]
    assert not [path for path in region.lake.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"P1"]


def test_paths_with_wildcards_are_taken_literally(tmp_path):
    inbox = tmp_path / "in[1]*?'box"
    inbox.mkdir()
    region = Settings.for_region("r", inbox=inbox, lake=tmp_path / "la[k]e'", key=tmp_path / "r.key")
    deliver(region, payinfo=GOOD["payinfo.csv"].replace("310100", '"310100"') + "S2,x,1,1\n")
    (taken,), _ = take_in(region)
    assert (taken.accepted, taken.rejected) == (4, 1)


# --- once and for all ------------------------------------------------------------------------


def test_the_same_inbox_again_takes_in_nothing(region):
    deliver(region)
    (taken,), _ = take_in(region)
    before = {path: path.stat().st_mtime_ns for path in taken.folder.iterdir()}
    assert take_in(region) == ([], [])
    os.utime(region.inbox / "2025-01/d-1/payinfo.csv")  # another time, the same bytes
    deliver(region, "2025-02/d-1")
    assert [other.month for other in take_in(region)[0]] == ["2025-02"]
    assert {path: path.stat().st_mtime_ns for path in taken.folder.iterdir()} == before


def test_the_same_content_as_another_delivery_is_another_landing(region):
    deliver(region)
    deliver(region, "2025-01/d-2")
    taken, _ = take_in(region)
    assert len({delivery.digest for delivery in taken}) == 2


def test_the_digest_depends_on_content_and_place_alone(region, tmp_path):
    deliver(region)
    (taken,), _ = take_in(region)
    shutil.rmtree(region.lake)
    for path in (region.inbox / "2025-01/d-1").iterdir():
        os.utime(path, (1, 1))
    assert take_in(region)[0][0].digest == taken.digest


def test_a_delivery_changed_after_landing_is_refused_and_names_its_files(region):
    deliver(region)
    deliver(region, "2025-01/d-2")
    take_in(region)
    deliver(region, payinfo=GOOD["payinfo.csv"].replace("60", "61"), drginfo="setl_id,dcla_time\n")
    (region.inbox / "2025-01/d-1/iteminfo.csv").unlink()
    deliver(region, "2025-03/d-1")
    error = refusal(region)
    assert where(error) == [f"2025-01/d-1/{name}.csv" for name in ("drginfo", "iteminfo", "payinfo")]
    assert "2025-01/d-1 was changed after it was taken in" in error.headline
    assert "new delivery folder" in error.remedy
    assert query(region, "payinfo", "fund_payamt") == [(60,)] * 3
    assert "2025-03/d-1" in landed_manifests(region)


def test_an_archived_delivery_may_leave_the_inbox(region):
    deliver(region)
    take_in(region)
    shutil.rmtree(region.inbox / "2025-01")
    assert take_in(region) == ([], [])


def test_left_over_folders_are_ignored_and_removed_after_a_day(region):
    landing = landing_folder(region)
    for name in ("old.1.tmp", "young.1.tmp"):
        (landing / name).mkdir(parents=True)
        (landing / name / "manifest.json").write_text("{}")
    os.utime(landing / "old.1.tmp", (time.time() - 90_000,) * 2)
    deliver(region)
    assert len(take_in(region)[0]) == 1
    assert not (landing / "old.1.tmp").exists() and (landing / "young.1.tmp").exists()


def both(region: Settings) -> int:
    return len(take_in_deliveries(region, report=str))


def test_two_processes_at_once_land_each_delivery_once(region):
    for number in range(4):
        deliver(region, f"2025-01/d-{number}")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        taken = list(pool.map(both, [region, region]))
    assert sum(taken) == len(list(landing_folder(region).iterdir())) == 4
    assert len(landed_manifests(region)) == 4
    assert query(region, "setlinfo", "count(*), count(DISTINCT psn_no)") == [(4, 1)]


def test_an_interrupted_landing_leaves_nothing_that_counts(region, monkeypatch):
    deliver(region)
    monkeypatch.setattr("drg_pipeline.ingest.delivery._publish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_in(region)
    assert list(landing_folder(region).iterdir()) == []


# --- faulty deliveries -----------------------------------------------------------------------


def test_every_fault_of_every_delivery_is_told_and_the_others_are_taken_in(region):
    pay = GOOD["payinfo.csv"]
    deliver(region, "2025-01/d-1", payinfo=None, diseinfo="")
    deliver(region, "2025-01/d-2")
    deliver(region, "2025-02/d-1", payinfo=pay + pay, iteminfo="setl_id,dcla_time,amount,med_chrgitm\n")
    deliver(region, "2025-02/d-2", setlinfo=GOOD["setlinfo.csv"].encode("utf-16"))
    error = refusal(region)
    assert [str(fault) for fault in error.faults] == [
        "2025-01/d-1/payinfo.csv: the file is missing",
        "2025-01/d-1/diseinfo.csv: the file is empty (0 bytes, not even a header)",
        "2025-02/d-1/payinfo.csv: the header stands twice (lines 1, 3)",
        "2025-02/d-1/iteminfo.csv: column amt is missing (found: amount, line 1)",
        "2025-02/d-2/setlinfo.csv: the file is in UTF-16; UTF-8 or GB18030 is expected",
    ]
    assert error.headline == "3 deliveries were not taken in."
    assert "1 other new deliveries were" in error.state
    assert "drg run --months 2025-01..2025-02" in error.remedy
    assert list(landed_manifests(region)) == ["2025-01/d-2"]
    deliver(region, "2025-01/d-1")
    deliver(region, "2025-02/d-1")
    deliver(region, "2025-02/d-2")
    assert len(take_in(region)[0]) == 3


def test_a_refused_delivery_does_not_hold_up_those_that_are_named(region):
    deliver(region, "2025-01/bad", payinfo="a,b\n1,2\n")
    deliver(region, "2025-01/good")
    taken = take_in_deliveries(region, report=lambda line: None, only=["2025-01/good"])
    assert [(found.month, found.delivery) for found in taken] == [("2025-01", "good")]
    with pytest.raises(DrgError, match="2025-01/bad was not taken in"):
        take_in(region)


def test_a_misspelt_file_name_is_named(region):
    folder = deliver(region, payinfo=None)
    (folder / "PayInfo.CSV").write_text(GOOD["payinfo.csv"])
    assert [str(fault) for fault in refusal(region).faults] == [
        "2025-01/d-1/PayInfo.CSV: file names are in lower case: rename it to payinfo.csv"
    ]


def test_a_file_in_two_formats_is_refused(region):
    folder = deliver(region)
    (folder / "payinfo.parquet").write_bytes(b"")
    assert "comes in one format" in str(refusal(region))


def test_a_path_outside_the_inbox_is_refused(region, tmp_path):
    outside = tmp_path / "elsewhere"
    shutil.copytree(deliver(region), outside / "2025-05" / "d-1")
    folder = deliver(region, "2025-02/d-1", payinfo=None)
    (folder / "payinfo.csv").symlink_to(outside / "2025-05/d-1/payinfo.csv")
    (region.inbox / "2025-02/d-2").symlink_to(outside / "2025-05/d-1")
    (region.inbox / "2025-05").symlink_to(outside / "2025-05")
    (region.inbox / "2025-02/d-3").symlink_to(tmp_path / "nowhere")
    error = refusal(region)
    assert where(error) == ["2025-02/d-1/payinfo.csv", "2025-02/d-2", "2025-02/d-3", "2025-05"]
    assert str(error).count("a path outside the inbox") == 3 and "leads nowhere" in str(error)
    assert list(landed_manifests(region)) == ["2025-01/d-1"]


def test_a_link_inside_the_inbox_is_followed(region):
    folder = deliver(region)
    (region.inbox / ".store").mkdir()
    shutil.move(folder / "payinfo.csv", region.inbox / ".store" / "payinfo.csv")
    (folder / "payinfo.csv").symlink_to(region.inbox / ".store" / "payinfo.csv")
    assert len(take_in(region)[0]) == 1


@pytest.mark.parametrize("name", ["d 1", "d\n1", "-d", "d'1", "x" * 101])
def test_odd_delivery_names_are_refused(region, name):
    deliver(region, f"2025-01/{name}")
    assert "a delivery's name" in str(refusal(region))


@pytest.mark.parametrize(
    "place",
    [
        b"2025-01/\xc8\xcb\xc3\xf1\xd2\xbd\xd4\xba",
        b"\xc8\xcb/d",
        b"2025-01/d-1/\xc8.csv",
        b"2025-01/d\x1b[2J\n",
    ],
)
def test_a_name_that_is_no_text_holds_up_nothing_else(region, place):
    deliver(region)
    folder = os.fsencode(region.inbox) + b"/" + place
    os.makedirs(folder)
    said: list[str] = []
    told = ""
    try:
        take_in_deliveries(region, report=lambda line: said.append(one_line(line)))
    except DrgError as error:
        told = error.message()
    assert list(landed_manifests(region)) == ["2025-01/d-1"]
    shown = one_line(os.fsdecode(place))
    assert shown in told or any(shown in line for line in said) or shown.split("/")[0] in "".join(said)
    assert told.isprintable() or all(line.isprintable() for line in told.splitlines())


def test_what_belongs_to_no_delivery_is_reported_and_hidden_files_are_not(region):
    folder = deliver(region)
    (region.inbox / "2025-13").mkdir()
    (region.inbox / "notes").mkdir()
    (region.inbox / "readme.txt").write_text("x")
    (region.inbox / ".hidden").write_text("x")
    (region.inbox / "2025-01" / "stray.csv").write_text("x")
    (folder / "payinfo.csv.bak").write_text("x")
    (folder / ".lock").write_text("x")
    taken, said = take_in(region)
    alone = [line.split(" in the inbox")[0] for line in said if "left alone" in line]
    assert alone == ["2025-01/d-1/payinfo.csv.bak", "2025-01/stray.csv", "2025-13", "notes", "readme.txt"]
    assert len(taken) == 1


def test_a_missing_inbox_is_told(region):
    region.inbox.rmdir()
    assert "There is no inbox" in str(refusal(region))


def test_a_file_that_changes_while_it_is_read_is_refused(region, monkeypatch):
    folder = deliver(region)
    original = delivery.read_claim_file

    def growing(con, source, target):
        read = original(con, source, target)
        with (folder / "payinfo.csv").open("a") as file:
            file.write(f"S2,{T},310100,1\n")
        return read

    monkeypatch.setattr(delivery, "read_claim_file", growing)
    assert [str(fault) for fault in refusal(region).faults] == [
        "2025-01/d-1/payinfo.csv: it was changed while it was read; wait until the export has ended"
    ]


def test_lines_that_do_not_reconcile_stop_the_delivery(region, monkeypatch):
    original = delivery.scan_file
    monkeypatch.setattr(delivery, "scan_file", lambda path: replace(original(path), physical_lines=99))
    deliver(region)
    error = refusal(region)
    assert len(error.faults) == 5
    assert "does not reconcile: 99 physical lines, but 2 were read" in str(error)


# --- the key ---------------------------------------------------------------------------------


def test_another_or_a_lost_key_stops_before_anything_is_taken_in(region):
    deliver(region)
    take_in(region)
    deliver(region, "2025-02/d-1")
    old = region.key.read_text()
    region.key.write_text("ab" * 32)
    error = refusal(region)
    assert "is not the pseudonym key" in error.headline and "ab" * 32 not in str(error)
    region.key.unlink()
    assert "is gone" in refusal(region).headline
    assert not region.key.exists()
    region.key.write_text(old)
    region.key.chmod(0o600)
    assert len(take_in(region)[0]) == 1


# --- example regions -------------------------------------------------------------------------


@pytest.fixture
def samples() -> Path:
    folder = os.environ.get("DRG_SAMPLES")
    if not folder:
        pytest.skip("DRG_SAMPLES names no folder with example regions")
    return Path(folder)


def test_the_example_region_rejects_what_it_expects(samples, tmp_path):
    example = samples / "examples" / "region-1"
    region = Settings.for_region("r", inbox=example / "inbox", lake=tmp_path / "lake", key=tmp_path / "r.key")
    taken, _ = take_in(region)
    with (example / "expected" / "claims.rejected_row.csv").open(encoding="utf-8-sig", newline="") as file:
        expected = [
            (row["file"], int(row["line"]), row["column_name"], row["raw"]) for row in csv.DictReader(file)
        ]
    assert sorted(query(region, "rejected_row", "file, line, column_name, raw")) == sorted(expected)
    reconciles(region, taken)


def test_real_deliveries_reconcile(samples, tmp_path):
    inbox = samples / "real" / "ny_discharges" / "inbox"
    region = Settings.for_region("r", inbox=inbox, lake=tmp_path / "lake", key=tmp_path / "r.key")
    taken, _ = take_in(region)
    reconciles(region, taken)


def reconciles(region: Settings, taken: list[TakenIn]) -> None:
    """Against Python's own reader: every record of every file is accepted or rejected."""
    files = query(region, "file", "file, records, accepted, rejected, encoding, blank_lines")
    on_disk = sorted(path for path in region.inbox.glob("*/*/*.csv"))
    assert sorted(row[0] for row in files) == [str(path.relative_to(region.inbox)) for path in on_disk]
    for name, records, accepted, rejected, encoding, blank in files:
        text = (region.inbox / name).read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
        rows = list(csv.reader(text.splitlines(keepends=True)))
        assert (records, blank) == (sum(1 for row in rows if row) - 1, sum(1 for row in rows if not row)), (
            name
        )
        assert accepted + rejected == records
    assert sum(delivery.records for delivery in taken) == sum(row[1] for row in files)
