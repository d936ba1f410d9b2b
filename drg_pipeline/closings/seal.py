"""Closes a month or a year: what may be sealed, what goes into the seal, and the one step that makes it so.

Everything is built beside its place and renamed. What a replay does with it, and what differs from the
closing before, does not belong here.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from drg_pipeline.closings import steps
from drg_pipeline.closings.contents import Contents, Scope, model_files, scope_of
from drg_pipeline.closings.difference import write_difference
from drg_pipeline.closings.manifest import (
    CODE,
    INTERFACE,
    LAW,
    MODELS,
    SOURCES,
    TEXT,
    Manifest,
    manifest_digest,
    read_manifest,
    write_sources,
)
from drg_pipeline.closings.record import Record
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.files import is_abandoned, make_read_only, name_folder, sync_tree
from drg_pipeline.ingest.delivery import landed_manifests
from drg_pipeline.ingest.layout import LAYOUT_FILE
from drg_pipeline.lake.closed import MANIFEST, Closed, ClosedPeriods, now
from drg_pipeline.lake.deeds import CLOSING
from drg_pipeline.lake.digest import KIND
from drg_pipeline.lake.store import footers
from drg_pipeline.periods import MONTH, YEAR, Period, span
from drg_pipeline.policy.load import INSTRUMENTS_FILE, instruments_file
from drg_pipeline.region import Region
from drg_pipeline.settings import time_zone
from drg_pipeline.trail import Trail
from drg_pipeline.trail.line import this_user

# The run day whose moment ends what a period is settled from.
ROLES = {MONTH: "month", YEAR: "clearing"}
PACKAGES = ("drg-pipeline", "duckdb", "dagster")


@dataclass(frozen=True)
class Sealed:
    """A closing that stands; `new` tells whether this call made it."""

    closed: Closed
    manifest: Manifest
    digest: str
    new: bool


def close(region: Region, period: Period, *, early: bool = False, today: date | None = None) -> Sealed:
    """Seal a month or a year; a period that stands closed as it is in the lake is left alone.

    early  also before the day after which nothing more may enter

    Raises DrgError with everything that speaks against it: nothing of it is written then.
    """
    trail = Trail.of(region.settings)
    steps.end_what_was_begun(region.closed, trail)
    scope = scope_of(region.engine, period)
    computed = scope.computed()
    with region.store.alone(*(str(part) or table for table, parts in computed.items() for part in parts)):
        record = Record(region.closed, trail, trail.keys)
        check_in_place(region.closed, sorted({period, *period.months}))
        if standing := region.closed.standing(period):
            check_vouched(record, [standing])
            return _standing(region, standing)
        _check_day(region, period, early, today or datetime.now(time_zone()).date())
        months = _months(region, period)
        check_vouched(record, months.values())
        _check_chain(region, scope, period)
        return _seal(region, scope, period, months, early, trail)


# -- whether it may be closed ------------------------------------------------------------------


def check_vouched(record: Record, closings: Iterable[Closed]) -> None:
    """Everything that is built on is what the trail says was closed."""
    faults = [fault for one in closings for fault in record.of(one.period, one.number)]
    if faults:
        raise DrgError(
            "What lies in the folder of closings is not what the trail says was closed.",
            faults,
            state="Nothing was changed.",
            remedy="drg audit verify tells all of it. Put back a copy of what was closed; where there is "
            "none, reopen it with the reason, and run and close it again. What was closed before there was a "
            "key, drg audit sign vouches for.",
        )


def check_in_place(closed: ClosedPeriods, periods: Iterable[Period]) -> None:
    """A period is closed while the trail says so, also where its closing was removed, or a note put in."""
    standing = (closed.standing(period) for period in periods)
    against = [found for found in standing if found and found.against]
    if against:
        listed = ", ".join(str(each.period) for each in against)
        raise DrgError(
            f"The trail says that {listed} {'is' if len(against) == 1 else 'are'} closed, and the folder of "
            "closings does not.",
            map(str, against),
            state="Nothing was changed.",
            remedy="Put back a copy of what was closed, without notes that nobody set down; where there is "
            f"none, reopen it with the reason: {against[0].reopen}",
        )


def _standing(region: Region, standing: Closed) -> Sealed:
    """The closing that stands, when the lake holds what it seals; else nobody can say what is right."""
    manifest = read_manifest(standing.folder)
    faults = differing_outputs(region, standing, manifest)
    if faults:
        raise DrgError(
            f"{standing}, and the lake holds other tables than it seals.",
            faults,
            state="Nothing was changed.",
            remedy=f"To put back what is sealed: drg close --restore --{standing.period.kind} "
            f"{standing.period}. To settle anew: {standing.reopen}.",
        )
    return Sealed(standing, manifest, manifest_digest(standing.folder), new=False)


def differing_outputs(region: Region, standing: Closed, manifest: Manifest) -> list[Fault]:
    """The sealed partitions that the lake lacks or holds otherwise."""
    paths = [(entry, region.store.file(entry.table, entry.partition)) for entry in manifest.outputs]
    with closing(region.engine.connect()) as con:
        there = footers(con, [path for _, path in paths if path.is_file()])
    return [
        Fault(f"{entry.table} {entry.partition}", "is not in the lake" if path not in there else "is another")
        for entry, path in paths
        if path not in there or there[path].digest != entry.digest
    ]


def _check_day(region: Region, period: Period, early: bool, today: date) -> None:
    rule = region.pack.run_days.get(ROLES[period.kind])
    if early or rule is None:
        return
    last = region.pack.moment(rule.after, period, region.side.deadline)
    if today <= last:
        raise DrgError(
            f"{period} cannot be closed yet: what is known by {last} still belongs to it.",
            state="Nothing was changed.",
            remedy=f"Run it again after {last} and close it then; --early closes it as it stands.",
        )


def _months(region: Region, period: Period) -> dict[Period, Closed]:
    """The closings that a year rests on: all its months, standing, and in the lake as they were sealed."""
    if period.kind == MONTH:
        return {}
    standing = {month: region.closed.standing(month) for month in period.months}
    lacking = [month for month, found in standing.items() if found is None]
    if lacking:
        listed = ",".join(map(str, lacking))
        raise DrgError(
            f"{period} cannot be closed: {len(lacking)} of its months are open.",
            map(str, lacking),
            state="Nothing was changed.",
            remedy=f"Close them first: drg close --month {listed}",
        )
    closed = {month: found for month, found in standing.items() if found}
    faults = [
        fault
        for found in closed.values()
        for fault in differing_outputs(region, found, read_manifest(found.folder))
    ]
    if faults:
        raise DrgError(
            f"{period} cannot be closed: the lake holds other months than were sealed.",
            faults,
            state="Nothing was changed.",
            remedy=f"Put back what is sealed: drg close --restore --month {span(period.months)}",
        )
    return closed


def _check_chain(region: Region, scope: Scope, period: Period) -> None:
    """Everything that the sealed tables rest on is there, and each was computed from what is there now."""
    faults: list[Fault] = []
    for table, partitions in scope.taken().items():
        kind = region.project.partition_of(table)
        there = region.store.partitions(table, kind)
        faults += [
            Fault(f"{table} {part}".rstrip(), "is not there") for part in partitions if part not in there
        ]
    if not faults:
        faults += _other_law(region, scope)
    for table, partitions in scope.computed().items():
        for part in region.engine.stale(table, partitions):
            path = region.store.file(table, part)
            what = (
                "is out of date: its model or what it reads has changed" if path.is_file() else "is missing"
            )
            faults.append(Fault(f"{table} {part}".rstrip(), what))
    if faults:
        command = f"drg run --months {period}" if period.kind == MONTH else f"drg clear --year {period}"
        raise DrgError(
            f"{period} cannot be closed: the chain from what arrived to what is sealed is broken.",
            faults,
            state="Nothing was changed.",
            remedy=f"Bring it up to date, look at the result, then close it: {command}",
        )


def _other_law(region: Region, scope: Scope) -> Iterator[Fault]:
    """What the law says today of these periods and their tables were not computed with."""
    together: dict[tuple[Period, ...], list[str]] = {}
    for table, partitions in scope.taken().items():
        if table in region.pack.tables:
            together.setdefault(tuple(partitions), []).append(table)
    for periods, tables in together.items():
        for law in region.side.publish_policy(periods, tables, write=False):
            if law.changed:
                yield Fault(f"{law.table} {law.partition}", "is not what the law, or an option, says today")


# -- making it ---------------------------------------------------------------------------------


def _seal(
    region: Region,
    scope: Scope,
    period: Period,
    months: Mapping[Period, Closed],
    early: bool,
    trail: Trail,
) -> Sealed:
    closed, settings = region.closed, region.settings
    before = closed.last(period)
    # No number that anybody ever used is used again, whoever signed it.
    record = Record(closed, trail)
    number = record.next_number(period)
    with _aside(closed.place(period, number)) as folder:
        contents = Contents(settings, region.engine, scope, folder)
        contents.take_tables()
        _take_code_and_law(region, contents)
        labels = contents.take_deliveries()
        landed = landed_manifests(settings)
        known = {label: landed[label] for label in sorted(labels)}
        manifest = Manifest(
            region=settings.region,
            period=period,
            number=number,
            previous=record.previous(period, number),
            closed_at=now(),
            closed_by=str(this_user()["name"]),
            reason=before.reopened.reason if before and before.reopened else "",
            early=early,
            known_on=str(settings.known_on or ""),
            versions=versions(),
            key_fingerprints=sorted({str(each["key_fingerprint"]) for each in known.values()}),
            trail=list(trail.head()),
            months={
                month: {"number": found.number, "manifest": manifest_digest(found.folder)}
                for month, found in months.items()
            },
            schemes=contents.schemes(),
            personal=sorted(region.layouts.personal),
            deliveries=[_delivery(label, each) for label, each in known.items()],
            plan=scope.computed(),
            tables=contents.tables,
            digests=KIND,
            methods=region.project.methods,
        )
        if before:
            write_difference(settings, before, folder, manifest, contents.add_report)
        manifest = replace(manifest, files=contents.files)
        (folder / MANIFEST).write_bytes(manifest.bytes())
        _make_read_only(folder)
        sync_tree(folder)
        digest = manifest_digest(folder)
        with steps.alone(closed.folder):
            _check_still(closed, trail, period, number, months)
            subject = {"number": number, "manifest": digest, "early": early}
            with steps.set_down(trail, CLOSING, period, subject, manifest.reason):
                name_folder(folder, closed.place(period, number))
                make_read_only(closed.place(period, number))
    return Sealed(closed.closing(period, number), manifest, digest, new=True)


def _check_still(
    closed: ClosedPeriods, trail: Trail, period: Period, number: int, months: Mapping[Period, Closed]
) -> None:
    """Nobody has closed the period, from another lake, or reopened a month while this closing was built."""
    steps.end_alone(closed, trail)
    if Record(closed, trail).next_number(period) != number:
        raise DrgError(
            f"{period} was closed by somebody else meanwhile.",
            state="That closing stands; this one was not made.",
            remedy="Look at it, and close the period again if it is to be another.",
        )
    others = [month for month, found in months.items() if closed.standing(month) != found]
    if others:
        raise DrgError(
            f"{period} was not closed: months that it rests on were reopened meanwhile.",
            map(str, others),
            state="Nothing was changed.",
            remedy=f"Run and close them again first: drg close --month {span(others)}",
        )


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _delivery(label: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "delivery": label,
        "digest": manifest["digest"],
        "taken_in": manifest["taken_in"],
        "files": [{name: entry[name] for name in ("file", "sha256", "size")} for entry in manifest["files"]],
    }


def _take_code_and_law(region: Region, contents: Contents) -> None:
    """The models as they are, the layout of claim files, and the law as people read it."""
    settings, project = region.settings, region.project
    for path in model_files(settings.models):
        contents.add(path, f"{MODELS}/{path.relative_to(settings.models)}", CODE)
    contents.add(settings.interface / LAYOUT_FILE, f"{INTERFACE}/{LAYOUT_FILE}", CODE)
    write_sources(contents.folder / SOURCES, project.sources.values())
    contents.enter(SOURCES, CODE)
    law = {settings.region: region.pack.folder, **{folder.name: folder for folder in region.pack.extends}}
    for name, folder in law.items():
        for path in sorted(folder.glob("*.yml")):
            contents.add(path, f"{LAW}/{name}/{path.name}", TEXT)
    contents.add(instruments_file(region.pack.folder), f"{LAW}/{INSTRUMENTS_FILE}", TEXT)


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A folder beside the place of a closing, which is gone afterwards where it was not given that name."""
    folder = steps.aside_of(target, os.getpid())
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob("*.tmp"):
        if old == folder or is_abandoned(old):
            _remove(old)
    folder.mkdir()
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    steps.open_again(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _make_read_only(folder: Path) -> None:
    """Advice to whoever comes by; the proof is the manifest."""
    for place, _, names in os.walk(folder):
        for name in names:
            make_read_only(Path(place) / name)
        if Path(place) != folder:
            make_read_only(Path(place))
