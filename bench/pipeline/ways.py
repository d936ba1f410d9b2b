"""What is measured: claims being made, the bare pass over their files, and the pipeline over the same files.

Each is run in a process of its own. How the figures are shown is in `__main__.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from bench.alone import forget_peak, peak_gib
from drg_pipeline.ingest.layout import LAYOUT_FILE, ClaimFile, load_layout
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings

FIRST_MONTH, LAST_MONTH, YEAR = map(Period.of, ("2022-01", "2025-12", "2025"))


def settings_of(folder: Path, threads: int, memory: str | None = None) -> Settings:
    """The folders of a made-up city, all below one; claims are grouped by the scheme that the law names."""
    kinds = {kind: folder / kind for kind in ("inbox", "reference", "lake", "key")}
    return replace(Settings.for_region(grouping="scheme", **kinds), threads=threads, memory_limit=memory)


def make_claims(folder: Path, claims: int, seed: int, threads: int) -> dict[str, Any]:
    """Four years of a city's deliveries."""
    from drg_pipeline.synthetic import generate

    settings = settings_of(folder, threads)
    start = time.perf_counter()
    generate(
        settings.inbox,
        settings.reference,
        claims=claims,
        first_month=FIRST_MONTH,
        last_month=LAST_MONTH,
        seed=seed,
        threads=threads,
        report=lambda line: None,
    )
    return {"seconds": time.perf_counter() - start, "peak": peak_gib()}


def bare_pass(folder: Path, threads: int, memory: str) -> dict[str, Any]:
    """Parse every claim file with the layout's types and aggregate every column once; nothing else.

    Records that do not fit are skipped, as are the few files in another encoding than UTF-8 mostly.
    """
    settings = settings_of(folder, threads)
    layout = load_layout(settings.interface / LAYOUT_FILE)
    start = time.perf_counter()
    with duckdb.connect(config={"threads": threads, "memory_limit": memory}) as con:
        rows = sum(_aggregated(con, settings.inbox, file) for file in layout.files)
    return {"seconds": time.perf_counter() - start, "peak": peak_gib(), "rows": rows}


def _aggregated(con: duckdb.DuckDBPyConnection, inbox: Path, file: ClaimFile) -> int:
    files = sorted(str(path) for path in inbox.glob(f"*/*/{file.name}.csv"))
    if not files:
        return 0
    # The generator writes the same header into all files of a kind, some with a mark before it.
    with open(files[0], encoding="utf-8-sig") as first:
        header = first.readline().strip().split(",")
    types = {column.name: column.type.sql for column in file.columns}
    columns = ", ".join(f"'{name}': '{types[name]}'" for name in header)
    sums = ", ".join(f"{'sum' if 'DECIMAL' in types[name] else 'max'}({name})" for name in header)
    found = con.execute(
        f"select count(*), {sums} from read_csv(?, columns = {{{columns}}}, header = true, "
        "auto_detect = false, quote = '\"', escape = '\"', ignore_errors = true)",
        [files],
    ).fetchone()
    assert found
    return int(found[0])


def pipeline(folder: Path, threads: int, memory: str) -> dict[str, Any]:
    """What `drg clear` does, from the deliveries to the cleared year, stage by stage.

    A stage is a run of Dagster with the planning of the next one. Of its seconds `own` are the pipeline's:
    the intake, the side tables and the engine; the rest is Dagster's, and what its pages are told.
    """
    stages: list[dict[str, Any]] = []
    own = 0.0
    began = time.perf_counter()

    def begin(name: str) -> None:
        nonlocal began, own
        if stages:
            end()
        forget_peak()
        began, own = time.perf_counter(), 0.0
        stages.append({"stage": name})

    def end() -> None:
        stages[-1] |= {"seconds": time.perf_counter() - began, "own": own, "peak": peak_gib()}

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            nonlocal own
            start = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                own += time.perf_counter() - start

        return run

    begin("start")
    from drg_pipeline.region import Region
    from drg_pipeline.runs import Runner

    region = Region(settings_of(folder, threads, memory))
    for name in ("take_in", "publish_reference", "publish_schemes", "publish_policy"):
        setattr(region.side, name, timed(getattr(region.side, name)))
    region.engine.compute = timed(region.engine.compute)
    rows = 0

    def count(table: str, outcomes: Any) -> None:
        nonlocal rows
        rows += sum(outcome.rows for outcome in outcomes)

    region.progress = count
    Runner(region, lambda step: begin(step.job.role)).clear(YEAR)
    end()
    return {"stages": stages, "rows": rows}
