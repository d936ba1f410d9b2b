"""How long a city takes from its deliveries to the cleared year, beside a bare pass over the same files.

    python -m bench.pipeline [--claims 1000000] [--work FOLDER --keep] [--growth 100000,1000000,10000000]

Claims are made up first, in a time of its own. The bare pass parses the files with the layout's types and
aggregates each column once, in DuckDB; the pipeline does what `drg clear` does, through Dagster. Each is run
in a process of its own with the same threads. Seconds are of this machine and this moment; the ratio is what
can be compared.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.alone import run_alone
from bench.pipeline.ways import bare_pass, make_claims, pipeline

# Measured: 1.1 kB of deliveries and 0.7 kB of lake a claim; the rest is room for what is spilled.
BYTES_PER_CLAIM = 3_000
BYTES_IN_ANY_CASE = 300_000_000
INBOX, LAKE = "inbox", "lake"
# It takes seconds, and one that is disturbed would change the ratio; the middle one counts.
BARE_PASSES = 3


def disk_needed(claims: int) -> int:
    """Bytes that a measurement of so many claims may take."""
    return BYTES_IN_ANY_CASE + claims * BYTES_PER_CLAIM


def check_disk(folder: Path, claims: int) -> None:
    """Say what is needed and what is free; stop where that is less."""
    needed, free = disk_needed(claims), shutil.disk_usage(folder).free
    print(f"disk: {needed / 1e9:.1f} GB needed for {claims:,} claims, {free / 1e9:.1f} GB free in {folder}")
    if free < needed:
        sys.exit("That is too little: name a folder on another disk with --work, or fewer --claims.")


def measured(way: str, folder: Path, given: argparse.Namespace, claims: int) -> dict[str, Any]:
    told = {"claims": claims, "seed": given.seed, "threads": given.threads, "memory": given.memory}
    options = [word for name, value in told.items() for word in (f"--{name}", str(value))]
    return run_alone("bench.pipeline", ["--way", way, "--folder", str(folder), *options])


def median(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The one whose seconds are in the middle."""
    return sorted(found, key=lambda one: one["seconds"])[len(found) // 2]


def city(work: Path, given: argparse.Namespace, claims: int) -> dict[str, Any]:
    """Everything that is measured of one size; what was made is removed unless it is to be kept."""
    folder = work / f"claims-{claims}-seed-{given.seed}"
    try:
        made = None
        if not (folder / INBOX).is_dir():
            made = measured("make_claims", folder, given, claims)
        shutil.rmtree(folder / LAKE, ignore_errors=True)
        bare = median([measured("bare_pass", folder, given, claims) for _ in range(BARE_PASSES)])
        whole = measured("pipeline", folder, given, claims)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    stages = whole["stages"]
    seconds = sum(stage["seconds"] for stage in stages)
    return {
        "claims": claims,
        "made": made,
        "bare": bare,
        "stages": stages,
        "rows": whole["rows"],
        "seconds": seconds,
        "own": sum(stage["own"] for stage in stages),
        "peak": max(stage["peak"] for stage in stages),
        "ratio": seconds / bare["seconds"],
    }


def tell(found: dict[str, Any]) -> None:
    """One size, stage by stage."""
    print(f"{'':<14}{'seconds':>10}{'own':>10}{'peak GiB':>10}")
    if found["made"]:
        print(f"{'claims made':<14}{found['made']['seconds']:>10.1f}{'':>10}{found['made']['peak']:>10.2f}")
    print(f"{'bare pass':<14}{found['bare']['seconds']:>10.1f}{'':>10}{found['bare']['peak']:>10.2f}")
    for stage in found["stages"]:
        print(f"{stage['stage']:<14}{stage['seconds']:>10.1f}{stage['own']:>10.1f}{stage['peak']:>10.2f}")
    print(f"{'pipeline':<14}{found['seconds']:>10.1f}{found['own']:>10.1f}{found['peak']:>10.2f}")
    without = found["own"] / found["bare"]["seconds"]
    print(
        f"{found['bare']['rows']:,} records in, {found['rows']:,} rows published; "
        f"{found['claims'] / found['seconds']:,.0f} claims a second\n"
        f"{found['ratio']:.1f} times the bare pass, {without:.1f} times without Dagster"
    )


def growth_line(found: dict[str, Any]) -> str:
    return (
        f"{found['claims']:>12,}{found['seconds']:>10.1f}{found['claims'] / found['seconds']:>12,.0f}"
        f"{found['peak']:>10.2f}{found['ratio']:>8.1f}"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline", description=__doc__.splitlines()[0])
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--growth", default="", help="numbers of claims, instead of one")
    parser.add_argument(
        "--work", type=Path, help="where claims and lake are put  [default: a temporary folder]"
    )
    parser.add_argument("--keep", action="store_true", help="leave them there; claims are not made twice")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="6GB", help="what DuckDB may take before it spills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", choices=("make_claims", "bare_pass", "pipeline"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.way:
        if given.way == "make_claims":
            result = make_claims(given.folder, given.claims, given.seed, given.threads)
        else:
            way = bare_pass if given.way == "bare_pass" else pipeline
            result = way(given.folder, given.threads, given.memory)
        print(json.dumps(result))
        return
    if given.keep and not given.work:
        parser.error("--keep needs --work")
    sizes = [int(size) for size in given.growth.split(",") if size] or [given.claims]
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as temporary:
        work = (given.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        check_disk(work, sum(sizes) if given.keep else max(sizes))
        found = []
        for size in sizes:
            print(
                f"\n{size:,} claims of seed {given.seed}, {given.threads} threads, {given.memory}", flush=True
            )
            found.append(city(work, given, size))
            tell(found[-1])
    if len(found) > 1:
        print(f"\n{'claims':>12}{'seconds':>10}{'claims/s':>12}{'peak GiB':>10}{'ratio':>8}")
        for one in found:
            print(growth_line(one))


if __name__ == "__main__":
    main()
