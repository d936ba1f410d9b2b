"""Takes deliveries in: each becomes one folder of `landing/` that is never rewritten.

A delivery is taken in whole or not at all, and whatever is wrong with any of them is told at once.
Reading a file is in `read.py`; what claims mean is not known here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.duck import connect, write_parquet
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.files import name_folder, spill_folder, sweep, sync_tree, temporary
from drg_pipeline.ingest.arrival import still_arriving
from drg_pipeline.ingest.inbox import Delivery, find_deliveries
from drg_pipeline.ingest.landed import FILE, LANDING, declared, rejected_row
from drg_pipeline.ingest.layout import LAYOUT_FILE, Layout, load_layout
from drg_pipeline.ingest.pseudonym import key_fingerprint, load_key, set_key
from drg_pipeline.ingest.read import FileRead, prepare, read_claim_file, write_nothing
from drg_pipeline.ingest.reading import READING, is_current, reading_of, tell_former
from drg_pipeline.ingest.records import Source
from drg_pipeline.ingest.scan import FileFault, Scan, hash_file, scan_file
from drg_pipeline.ingest.sums import differences
from drg_pipeline.settings import Settings

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TakenIn:
    """A delivery that is landed, with its counts over all files."""

    month: str
    delivery: str
    digest: str
    folder: Path
    records: int
    accepted: int
    rejected: int


def landing_folder(settings: Settings) -> Path:
    return settings.region_lake / LANDING


def landed_manifests(settings: Settings) -> dict[str, dict[str, Any]]:
    """The manifests of all landed deliveries by `month/delivery`: of several readings the last."""
    manifests: dict[str, dict[str, Any]] = {}
    for path in sorted(landing_folder(settings).glob(f"*/{MANIFEST}")):
        if path.parent.name.endswith(".tmp"):
            continue
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            label = f"{manifest['month']}/{manifest['delivery']}"
            if label not in manifests or reading_of(manifests[label]) < reading_of(manifest):
                manifests[label] = manifest
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DrgError(
                f"{path} is no manifest of a landed delivery: {error}.",
                remedy=f"Remove the folder {path.parent} and take the delivery in again.",
            ) from None
    return manifests


def landed_folders(settings: Settings) -> dict[str, Path]:
    """Where the accepted rows of each landed delivery lie, by `month/delivery`."""
    folder = landing_folder(settings)
    return {label: folder / manifest["digest"] for label, manifest in landed_manifests(settings).items()}


def take_in_deliveries(
    settings: Settings,
    *,
    report: Callable[[str], None] = print,
    only: Collection[str] | None = None,
    quiet_seconds: int = 0,
) -> list[TakenIn]:
    """Lands every delivery of the inbox that is not landed yet; returns those landed by this call.

    One that was landed by an earlier reading is landed anew, and stays as it was read where it is no longer
    in the inbox. `only` names those to look at, so that one that was refused does not hold up the others.
    What arrived less than `quiet_seconds` ago is left for the next time (see `arrival.py`).

    Raises DrgError after all deliveries were tried, with every fault of every one that was refused.
    """
    layout = load_layout(settings.interface / LAYOUT_FILE)
    inbox = find_deliveries(settings.inbox, layout)
    for aside in inbox.asides:
        report(str(aside))
    deliveries = [delivery for delivery in inbox.deliveries if only is None or delivery.label in only]
    landed = landed_manifests(settings)
    late = still_arriving(inbox, landed, time.time(), quiet_seconds)
    for each in late:
        report(str(each))
    waits = {each.label for each in late}
    deliveries = [delivery for delivery in deliveries if delivery.label not in waits]
    _remove_left_over(landing_folder(settings))
    faults: dict[str, list[Fault]] = {}
    for delivery in deliveries:
        if delivery.label in landed:
            faults[delivery.label] = _changes(delivery, landed[delivery.label])
        elif delivery.folder is None:
            faults[delivery.label] = list(delivery.faults)
    changed = [label for label, found in faults.items() if found and label in landed]
    current = {label for label, manifest in landed.items() if is_current(manifest)}
    done = {*current, *changed}
    new = [delivery for delivery in deliveries if delivery.label not in done and delivery.folder]
    if only is None:
        tell_former(landed.keys() - current, {delivery.label for delivery in deliveries}, report)
    key = _key(settings, landed, report) if new else b""
    taken: list[TakenIn] = []
    for delivery, landing in _land_all(settings, layout, new, key):
        faults[delivery.label] = landing.faults
        if landing.taken:
            taken.append(landing.taken)
            report(landing.line)
    refused = {label: faults[label] for label in sorted(faults) if faults[label]}
    if refused:
        misnamed = [delivery.label for delivery in deliveries if delivery.folder is None]
        raise _refusal(refused, changed, misnamed, len(taken))
    return taken


def _key(settings: Settings, landed: Mapping[str, Mapping[str, Any]], report: Callable[[str], None]) -> bytes:
    """The pseudonym key; never another one than that of the deliveries landed before."""
    remedy = f"Restore the key at {settings.key}, or name it with --key; a new key needs a new lake."
    if landed and not settings.key.exists():
        raise DrgError(
            f"The pseudonym key {settings.key} is gone, and {len(landed)} deliveries were taken in with it.",
            state="Nothing was taken in.",
            remedy=remedy,
        )
    key = load_key(settings.key, report=report)
    fingerprint = key_fingerprint(key)
    others = [label for label, manifest in landed.items() if manifest.get("key_fingerprint") != fingerprint]
    if others:
        raise DrgError(
            f"{settings.key} is not the pseudonym key that {len(others)} deliveries were taken in with; "
            "the same person would get another pseudonym.",
            [Fault(label, f"taken in with key {landed[label].get('key_fingerprint')}") for label in others],
            state=f"Nothing was taken in with key {fingerprint}.",
            remedy=remedy,
        )
    return key


# --- deliveries that are landed --------------------------------------------------------------


def _changes(delivery: Delivery, manifest: Mapping[str, Any]) -> list[Fault]:
    """The files that are no longer those that were taken in; unchanged size and time save the hashing."""
    before = {entry["file"]: entry for entry in manifest["files"]}
    now = {path.name: path for path in delivery.files.values()}
    faults = []
    for name in sorted(before.keys() | now.keys()):
        where = f"{delivery.label}/{name}"
        if name not in now:
            faults.append(Fault(where, "was taken in and is gone from the inbox"))
        elif name not in before:
            faults.append(Fault(where, "was added after the delivery was taken in"))
        else:
            try:
                stat = now[name].stat()
                same = (stat.st_size, stat.st_mtime_ns) == (before[name]["size"], before[name]["mtime_ns"])
                if not same and hash_file(now[name]) != before[name]["sha256"]:
                    faults.append(Fault(where, "was changed after it was taken in (another SHA-256)"))
            except OSError as error:
                faults.append(Fault(where, f"cannot be read: {error.strerror}"))
    told = {fault.where for fault in faults}
    return faults + [fault for fault in delivery.faults if fault.where not in told]


def _refusal(
    refused: Mapping[str, list[Fault]], changed: list[str], misnamed: list[str], taken: int
) -> DrgError:
    faulty = [label for label in refused if label not in changed]
    if len(refused) == 1 and misnamed:
        headline = f"{misnamed[0]} in the inbox is no delivery by its name, and was not taken in."
    elif len(refused) == 1:
        (label,) = refused
        files = len({fault.where for fault in refused[label]})
        what = "was changed after it was taken in" if changed else "was not taken in"
        headline = f"{label} {what}: {files} of its files {'has' if files == 1 else 'have'} a fault."
    else:
        parts = [f"{len(faulty)} deliveries were not taken in"] if faulty else []
        parts += [f"{len(changed)} deliveries were changed after they were taken in"] if changed else []
        headline = f"{' and '.join(parts)}."
    state, remedy = [], []
    if faulty:
        others = f"; {taken} other new deliveries were" if taken else ""
        state.append(f"Nothing of {', '.join(faulty)} was taken in{others}.")
    if misnamed:
        remedy.append("Rename or move what is named wrongly, or take it out of the inbox, and run again.")
    if months := sorted({label.split("/")[0] for label in faulty if label not in misnamed}):
        span = months[0] if len(months) == 1 else f"{months[0]}..{months[-1]}"
        remedy.append(f"Have the files exported again, then run: drg run --months {span}")
    if changed:
        state.append("What was taken in before stands as it was.")
        remedy.append(
            "Deliveries are immutable: put the old files back, and the new export into a new delivery folder."
        )
    return DrgError(
        headline,
        [fault for found in refused.values() for fault in found],
        state=" ".join(state),
        remedy=" ".join(remedy),
    )


# --- landing ---------------------------------------------------------------------------------


def _remove_left_over(landing: Path) -> None:
    """Folders of processes that died."""
    sweep(landing.glob("*.tmp"))


def delivery_digest(month: str, delivery: str, files: Mapping[str, str]) -> str:
    """What names a landed delivery: its place in the inbox, the SHA-256 of each file by name, the reading."""
    lines = [month, delivery, *(f"{name}\t{files[name]}" for name in sorted(files)), f"reading\t{READING}"]
    # Names that are no text keep their bytes.
    text = "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True)
class _Landing:
    """A delivery taken in and what to tell of it, or its faults; neither if another process was first."""

    taken: TakenIn | None
    faults: list[Fault]
    line: str = ""


def _land_all(
    settings: Settings, layout: Layout, deliveries: Sequence[Delivery], key: bytes
) -> Iterator[tuple[Delivery, _Landing]]:
    """Lands deliveries side by side, in their order, each in one thread.

    Most files are too small to be read by two threads, which would take a tenth more of processor time.
    """
    if not deliveries:
        return
    landing_folder(settings).mkdir(parents=True, exist_ok=True)
    spill = spill_folder(settings.region_lake / ".spill")
    with connect(threads=1, memory_limit=settings.memory_limit, spill=spill) as con:
        prepare(con)
        pool = ThreadPoolExecutor(settings.threads or os.cpu_count() or 1)
        try:
            yield from zip(
                deliveries,
                pool.map(lambda delivery: _land(settings, layout, delivery, key, con), deliveries),
                strict=True,
            )
        finally:
            pool.shutdown(cancel_futures=True)


def _land(
    settings: Settings, layout: Layout, delivery: Delivery, key: bytes, con: duckdb.DuckDBPyConnection
) -> _Landing:
    began = time.perf_counter()
    faults = list(delivery.faults)
    sources, times = _scan(layout, delivery, faults)
    if delivery.sums:
        files = {path.name: path for path in delivery.files.values()}
        digests = {source.path: source.scan.sha256 for source in sources}
        differ = differences(delivery.sums, delivery.label, files, lambda path: digests.get(path, ""))
        told = {fault.where for fault in faults}
        faults += [fault for fault in differ if fault.where not in told]
    digest = delivery_digest(
        delivery.month, delivery.name, {source.path.name: source.scan.sha256 for source in sources}
    )
    target = landing_folder(settings) / digest
    if not sources or target.exists():
        return _Landing(None, faults)
    aside = temporary(target)
    aside.mkdir()
    try:
        reads = _read(con, layout, sources, times, key, aside, faults)
        if faults:
            return _Landing(None, faults)
        entries = [
            {
                "file": source.path.name,
                "sha256": source.scan.sha256,
                "size": source.scan.size,
                "mtime_ns": times[source.path],
                "records": read.records,
                "accepted": read.accepted,
                "rejected": read.rejected,
                "respelled": read.respelled,
            }
            for source, read in zip(sources, reads, strict=True)
        ]
        manifest = {
            "month": delivery.month,
            "delivery": delivery.name,
            "digest": digest,
            "layout_version": layout.version,
            "reading": READING,
            "key_fingerprint": key_fingerprint(key),
            "taken_in": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": entries,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (aside / MANIFEST).write_text(text, encoding="utf-8")
        if not _publish(aside, target):
            return _Landing(None, [])
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    taken = TakenIn(
        delivery.month,
        delivery.name,
        digest,
        target,
        records=sum(read.records for read in reads),
        accepted=sum(read.accepted for read in reads),
        rejected=sum(read.rejected for read in reads),
    )
    lines = sum(read.physical_lines for read in reads)
    rate = lines / max(time.perf_counter() - began, 1e-3)
    line = (
        f"{delivery.label}: {taken.accepted:,} records taken in, {taken.rejected:,} rejected "
        f"({rate:,.0f} lines/s)"
    )
    return _Landing(taken, [], line)


def _scan(layout: Layout, delivery: Delivery, faults: list[Fault]) -> tuple[list[Source], dict[Path, int]]:
    """The delivery's files in the layout's order, with the time each was last changed."""
    sources, times = [], {}
    for claim_file in layout.files:
        path = delivery.files.get(claim_file.name)
        if path is None:
            continue
        try:
            times[path] = path.stat().st_mtime_ns
            scan: Scan = scan_file(path)
        except OSError as error:
            faults.append(Fault(f"{delivery.label}/{path.name}", f"cannot be read: {error.strerror}"))
            continue
        sources.append(Source(path, delivery.month, delivery.name, claim_file, scan))
    return sources, times


def _read(
    database: duckdb.DuckDBPyConnection,
    layout: Layout,
    sources: list[Source],
    times: Mapping[Path, int],
    key: bytes,
    folder: Path,
    faults: list[Fault],
) -> list[FileRead]:
    """Reads the files one by one into the folder; every fault is collected.

    Of a file that may be absent, and is, the folder gets one without rows: every table has its file.
    """
    reads = []
    with database.cursor() as con:
        set_key(con, key)
        con.execute(f"CREATE TEMP TABLE rejected_row ({declared(rejected_row(layout.keys))})")
        con.execute(f"CREATE TEMP TABLE file ({declared(FILE)})")
        for source in sources:
            fault = ""
            try:
                reads.append(read_claim_file(con, source, folder))
            except (FileFault, OSError) as error:
                fault = str(error)
            except DrgError as error:
                fault = error.headline
            if _changed(source, times[source.path]):
                fault = "it was changed while it was read; wait until the export has ended"
            if fault:
                faults.append(Fault(source.name, fault))
        if not faults:
            given = {source.claim_file.name for source in sources}
            for absent in (file for file in layout.files if file.name not in given):
                write_nothing(con, absent, folder)
            rows = [astuple(read) for read in reads]
            marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
            con.execute(f"INSERT INTO file VALUES {marks}", list(chain.from_iterable(rows)))
            for table, order in (("rejected_row", "file, line"), ("file", "file")):
                write_parquet(con, f"FROM {table} ORDER BY {order}", folder / f"{table}.parquet")
    return reads


def _changed(source: Source, mtime_ns: int) -> bool:
    try:
        stat = source.path.stat()
    except OSError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (source.scan.size, mtime_ns)


def _publish(aside: Path, target: Path) -> bool:
    """Makes the folder durable and gives it its name at once; False if another process was quicker."""
    sync_tree(aside)
    try:
        name_folder(aside, target)
    except OSError:
        if aside.exists() and target.exists():
            return False
        raise
    return True
