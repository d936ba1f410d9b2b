"""Regions on disk for the end-to-end tests: made once, copied cheaply, run with and without Dagster.

A region's folder holds `inbox`, `reference`, `lake`, `region.key` and, where a test changes the law, `policy`.
As a program (`python -m support.regions WHAT FOLDER …`) this module is the other process of a test. What is right
does not stand here.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.reference_layout import LAYOUT_FILE, load_reference_layout
from drg_pipeline.lake.outcome import refused
from drg_pipeline.lake.store import PART, Store
from drg_pipeline.lake.views import open_views
from drg_pipeline.periods import NONE, WHOLE, YEAR, Period, parse_periods
from drg_pipeline.region import Region
from drg_pipeline.settings import PROJECT, Settings
from support.periods import month_texts, periods

NAME = "jiyuan"
TESTS = Path(__file__).resolve().parents[1]
READ_BY_THE_MONTHS = ("policy", "calibration", "settlement/month_budget")


def settings(folder: Path, **given: object) -> Settings:
    policy = folder / "policy" / NAME
    return Settings.for_region(
        NAME,
        inbox=folder / "inbox",
        reference=folder / "reference",
        policy=policy if policy.is_dir() else None,
        lake=folder / "lake",
        key=folder / "region.key",
        closings=folder / "closings",
        **given,
    )


def lake_of(folder: Path) -> Path:
    return folder / "lake" / NAME


# -- making and copying ------------------------------------------------------------------------


def shared(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """A folder that is built once in a test run, whichever worker comes first; nobody changes it."""
    base = factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    root.mkdir(exist_ok=True)
    folder, ready = root / name, root / f"{name}.ready"
    with open(root / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not ready.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            ready.touch()
    return folder


def give(source: Path, folder: Path, months: Collection[str] | None = None) -> None:
    """The inbox (of some month folders) and the reference files of a sample."""
    for month in sorted((source / "inbox").iterdir()):
        if months is None or month.name in months:
            copy(month, folder / "inbox" / month.name)
    copy(source / "reference", folder / "reference")
    (folder / "inbox").mkdir(exist_ok=True)


def empty(folder: Path) -> Path:
    """A region without deliveries; the reference files that it must have are empty."""
    (folder / "inbox").mkdir()
    (folder / "reference").mkdir()
    layout = load_reference_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
    for file in layout.files:
        if file.required:
            header = ",".join(column.name for column in file.columns)
            (folder / "reference" / f"{file.name}.csv").write_text(f"{header}\n", encoding="utf-8")
    return folder


def copy(source: Path, target: Path) -> None:
    """Copy a folder; published files, which are replaced and never written to, become second names."""
    for root, folders, files in os.walk(source):
        # A lock of one lake must not hold up its copy.
        folders[:] = [name for name in folders if name not in (".locks", ".spill")]
        here = target / Path(root).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in files:
            make = os.link if name == PART else shutil.copy2
            make(Path(root) / name, here / name)


def change_law(folder: Path, file: str, old: str, new: str) -> None:
    """Give the region a pack of its own in which one text is another; `base/<file>` is its base's."""
    if not (folder / "policy").is_dir():
        copy(PROJECT / "data" / "policy", folder / "policy")
    path = folder / "policy" / (file if "/" in file else f"{NAME}/{file}")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def example_year(samples: Path) -> Callable[[Path], None]:
    """The example region with its cleared year 2025, through Dagster."""

    def build(folder: Path) -> None:
        from drg_pipeline.runs import Runner

        give(samples / "examples" / "region-1", folder)
        Runner(Region(settings(folder))).clear(Period.of("2025"))

    return build


def example_of_identity(samples: Path) -> Callable[[Path], None]:
    """The example region of whose claim it is, with its cleared year 2025, without Dagster."""

    def build(folder: Path) -> None:
        from drg_pipeline.assets.jobs import region_jobs

        give(samples / "examples" / "region-3", folder)
        region = Region(settings(folder))
        take_in(region)
        calibrate(region, "2025")
        jobs = region_jobs(region)
        bring(region, jobs["months"].tables, month_texts("2025"))
        bring(region, jobs["clearing"].tables, ["2025"])

    return build


def first_quarter(year: Path) -> Callable[[Path], None]:
    """January to March 2025 of the example region on the calibration of its year, without Dagster."""

    def build(folder: Path) -> None:
        bare(year, folder)
        give(year, folder, month_texts("2025-01..2025-03"))
        settle(Region(settings(folder)), month_texts("2025-01..2025-03"))

    return build


def bare(region: Path, folder: Path) -> None:
    """The reference files of a region and the calibration of its year, with an empty inbox."""
    give(region, folder, ())
    shutil.copy2(region / "region.key", folder / "region.key")
    for name in READ_BY_THE_MONTHS:
        copy(lake_of(region) / name, lake_of(folder) / name)


def remove_months(folder: Path, months: Iterable[str], layers: Sequence[str] = ("*",)) -> None:
    """Unpublish months of all tables that are computed, as if they had never been run."""
    for layer in layers:
        for month in months:
            for partition in lake_of(folder).glob(f"{layer}/*/month={month}"):
                shutil.rmtree(partition)


# -- deliveries --------------------------------------------------------------------------------

NO_OPERATION = "setl_id,dcla_time,oprn_srt_no,oprn_oprt_code\n"


@dataclass(frozen=True)
class Claim:
    """A good claim of March, as far as nothing else is said."""

    setl_id: str
    setlinfo: dict[str, str] = field(default_factory=dict)
    fee: str = "9000.00"
    pooled: str = "6000.00"

    def rows(self) -> dict[str, dict[str, str]]:
        header = {
            "setl_id": self.setl_id,
            "fixmedins_code": "H41900100003",
            "fixmedins_name": "示范区妇幼保健院",
            "psn_no": f"P-{self.setl_id}",
            "gend": "1",
            "brdy": "1960-01-01",
            "insutype": "310",
            "insuplc": "419001",
            "adm_time": "2025-03-03 08:00:00",
            "dscg_time": "2025-03-10 10:00:00",
            "setl_end_date": "2025-03-11",
            "dcla_time": "2025-03-12 12:00:00",
            "hi_paymtd": "4",
            "medfee_sumamt": self.fee,
        } | self.setlinfo
        key = {"setl_id": self.setl_id, "dcla_time": header["dcla_time"]}
        return {
            "setlinfo": header,
            "diseinfo": key
            | {"diag_srt_no": "1", "diag_type": "1", "maindiag_flag": "1", "diag_code": "I10"},
            "oprninfo": {},
            "payinfo": key | {"fund_pay_type": "310100", "fund_payamt": self.pooled},
            "iteminfo": key | {"med_chrgitm": "09", "amt": self.fee},
            "drginfo": key | {"drg_code": "R15", "scheme": "TEST-DRG-1"},
        }


def deliver(folder: Path, label: str, *claims: Claim, **changes: str | bytes | None) -> None:
    """A delivery of claims; `payinfo="…"` replaces a file, `payinfo=None` leaves it out."""
    tables = [claim.rows() for claim in claims]
    target = folder / "inbox" / label
    target.mkdir(parents=True, exist_ok=True)
    for name in tables[0]:
        content = changes.get(name, as_csv([table[name] for table in tables if table[name]]) or NO_OPERATION)
        if content is not None:
            (target / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)


def as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


# -- running without Dagster -------------------------------------------------------------------


def compute(region: Region, names: Iterable[str], partitions: Sequence[str] = ("",)) -> None:
    """Compute models in the order given; the first one whose checks fail stops the rest."""
    for name in names:
        kind = region.project.models[name].partition
        outcomes = region.engine.compute(name, [Period.of(text, kind) for text in partitions])
        error = refused(outcomes)
        if error:
            raise error
        region.progress(name, outcomes)


def take_in(region: Region) -> list[str]:
    """What comes in from the side, with all that was said of it."""
    said: list[str] = []
    region.side.take_in(said.append)
    region.side.publish_reference(said.append)
    region.side.publish_schemes(said.append)
    region.side.publish_policy([WHOLE], region.side.law_tables(NONE))
    compute(region, [model.name for model in region.project.models.values() if model.partition == "none"])
    return said


def settle(region: Region, months: Sequence[str], *, through: str | None = None) -> list[str]:
    """Months as the chain of runs computes them, or the tables that one of their tables needs."""
    from drg_pipeline.assets.jobs import law_read, tables_behind

    said = take_in(region)
    years = sorted({period.year for period in periods(*months)})
    region.side.publish_policy(years, law_read(region, YEAR, region.project.models))
    models = region.project.models
    monthly = [name for name, model in models.items() if model.partition == "month"]
    tables = tables_behind(region, "month", [through] if through else monthly)
    bring(region, tables, months)
    return said


def bring(region: Region, tables: Sequence[str], partitions: Sequence[str]) -> None:
    """The law among the tables, then the models."""
    law = [table for table in tables if table in region.pack.tables]
    region.side.publish_policy(periods(*partitions), law)
    compute(region, [table for table in tables if table in region.project.models], partitions)


def calibrate(region: Region, year: str) -> None:
    """The tables of Dagster's history and calibration jobs, for a year."""
    from drg_pipeline.assets.jobs import region_jobs

    jobs = region_jobs(region)
    before = month_texts(f"{int(year) - 3}-01..{int(year) - 1}-12")
    for role, partitions in (("history", before), ("calibration", [year])):
        bring(region, jobs[role].tables, partitions)


# -- what is published -------------------------------------------------------------------------


def digests(folder: Path, tables: str = "*/*") -> dict[str, str]:
    """Logical digest of every published file, by its place in the region's lake."""
    root = lake_of(folder)
    files = [str(path) for found in (PART, f"*/{PART}") for path in root.glob(f"{tables}/{found}")]
    if not files:
        return {}
    with contextlib.closing(duckdb.connect()) as con:
        found = con.execute(
            "select file_name, decode(value) from parquet_kv_metadata(?) where decode(key) = 'digest'",
            [files],
        ).fetchall()
    assert len(found) == len(files), "a published file carries no digest"
    return {str(Path(name).parent.relative_to(root)): digest for name, digest in found}


def state(folder: Path) -> dict[str, str]:
    """All that a refused step must leave as it was: published files, landed deliveries, no left-overs."""
    root = lake_of(folder)
    landed = {f"landing/{path.name}": "landed" for path in root.glob("landing/*")}
    left_over = {str(path.relative_to(root)): "left over" for path in root.rglob("*.tmp*")}
    return digests(folder) | landed | left_over


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables of which a partition is not as it was."""
    places = {place for place, _ in before.items() ^ after.items()}
    return sorted({".".join(place.split("/")[:2]) for place in places})


def rows(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """A query over the published tables."""
    with contextlib.closing(open_views(Store(lake_of(folder)))) as con:
        return con.execute(query, list(values)).fetchall()


Published = tuple[Path, int, int]


def read_whole(folder: Path, known: Collection[Published] = ()) -> dict[Published, int]:
    """Read every value of every published file; the rows of each: a place, and what stands there now.

    known  files that were read before: another content is another inode or another time
    """
    found: dict[Published, int] = {}
    with contextlib.closing(duckdb.connect()) as con:
        for path in lake_of(folder).rglob(PART):
            stands = path.stat()
            this = (path, stands.st_ino, stands.st_mtime_ns)
            if this in known:
                continue
            source = f"read_parquet('{path}', hive_partitioning = false)"
            ((rows, hashed),) = con.execute(f"select count(*), count(hash(t)) from {source} as t").fetchall()
            assert rows == hashed
            found[this] = int(rows)
    return found


# -- other processes ---------------------------------------------------------------------------


@contextlib.contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """This module as a program; it is ended with the block."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(PROJECT)]),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "support.regions", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def finish(child: subprocess.Popen[str], seconds: float = 300) -> str:
    """Wait for a process that has to end well; returns what it said."""
    said, _ = child.communicate(timeout=seconds)
    assert child.returncode == 0, said
    return said


def _told(folder: Path) -> Region:
    """The region; each of its tables that is done is a line."""
    region = Region(settings(folder))
    region.progress = lambda table, outcomes: print(table, flush=True)
    return region


def _months(folder: Path, months: str) -> None:
    """Months through Dagster."""
    from drg_pipeline.runs import Runner

    Runner(_told(folder)).months(parse_periods(months))


def _settle(folder: Path, months: str) -> None:
    """Months without Dagster, on a calibration that is there."""
    settle(_told(folder), month_texts(months))


def _history(folder: Path, months: str) -> None:
    """Deliveries and months of history through Dagster, on a lake and an instance that may not be there."""
    from drg_pipeline.runs import Runner, Step

    runner = Runner(_told(folder))
    runner.take_in()
    runner.run(Step(runner.jobs["history"], tuple(parse_periods(months))))


def _read(folder: Path, until: str) -> None:
    """Read the published months through views again and again, until a file is there."""
    store = Store(lake_of(folder))
    reads = 0
    while not Path(until).exists():
        with contextlib.closing(open_views(store)) as con:
            tables = con.execute(
                "select table_schema || '.' || table_name from information_schema.tables"
            ).fetchall()
            for (table,) in tables:
                if str(table).split(".")[0] in ("claims", "quality", "pricing", "settlement"):
                    con.execute(f"select count(*), count(distinct t) from {table} as t").fetchall()
        reads += 1
        time.sleep(1)
    print(reads)


ROLES = {"months": _months, "settle": _settle, "history": _history, "read": _read}


def main(what: str, folder: str, argument: str) -> int:
    try:
        ROLES[what](Path(folder), argument)
    except DrgError as error:
        print(error.message())
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
