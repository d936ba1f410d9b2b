"""How fast cases are grouped: the set-wise grouper beside a record-by-record evaluation of the same tables.

    python -m bench.grouping [--cases 1000000] [--scheme FOLDER] [--growth 100000,1000000,10000000]

Random cases of the scheme (the worst case for repetition) are written once; then each way reads the same
file and writes an answer to each case, in a process of its own, whose seconds and peak memory are told. Both
must give the same answers. Seconds are of this machine and this moment; the ratio is what can be compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.alone import PROJECT, peak_gib, run_alone

SAMPLES = "DRG_SAMPLES"


def set_wise(cases: Path, scheme: Path, threads: int) -> dict[str, float | str]:
    """Group the file with the models of the project."""
    from drg_pipeline.grouping.group_file import group_file
    from drg_pipeline.grouping.grouper import Grouper
    from drg_pipeline.grouping.scheme import LAYOUT_FILE, read_scheme
    from drg_pipeline.ingest.reference_layout import load_reference_layout
    from drg_pipeline.region import Region
    from drg_pipeline.settings import Settings

    settings = Settings.for_region()
    read = read_scheme(scheme, load_reference_layout(settings.interface / LAYOUT_FILE))
    project = Region(settings).project
    start = time.perf_counter()
    with Grouper(project, settings.interface, [read], threads=threads) as grouper:
        opened = time.perf_counter()
        answers = cases.with_suffix(".csv")
        done = group_file(grouper, cases, read.name, answers)
        seconds = time.perf_counter() - opened
    return {
        "compile": opened - start,
        "seconds": seconds,
        "cases": float(sum(done.statuses.values())),
        "digest": _digest(answers),
    }


def record_by_record(cases: Path, scheme: Path) -> dict[str, float | str]:
    """Evaluate the same tables one record after the other."""
    import duckdb

    from bench.grouping.row_at_a_time import Record, Scheme

    start = time.perf_counter()
    evaluated = Scheme.read(scheme)
    opened = time.perf_counter()
    columns = (
        "sex, age_years, age_days, newborn_weight_g, los_days, discharge_disposition, department, "
        "diagnoses, procedures"
    )
    answers = cases.with_suffix(".rows.csv")
    with duckdb.connect() as con, answers.open("w", encoding="utf-8", newline="") as out:
        out.write("case_id,mdc,adrg,drg,status\n")
        cursor = con.execute(f"select case_id, {columns} from read_parquet(?) order by case_id", [str(cases)])
        count = 0
        while rows := cursor.fetchmany(10_000):
            for case_id, *fields, diagnoses, procedures in rows:
                record = Record(
                    *fields[:7],
                    diagnoses=tuple(diagnoses.split("|")) if diagnoses else (),
                    procedures=tuple(procedures.split("|")) if procedures else (),
                )
                found = evaluated.group(record)
                out.write(f"{case_id},{found.mdc},{found.adrg},{found.drg},{found.status}\n")
            count += len(rows)
    return {
        "compile": opened - start,
        "seconds": time.perf_counter() - opened,
        "cases": float(count),
        "digest": _digest(answers),
    }


def _digest(answers: Path) -> str:
    digest = hashlib.sha256()
    with answers.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def measured(way: str, cases: Path, scheme: Path, threads: int) -> dict[str, float | str]:
    """One way in a process of its own, with its peak memory."""
    options = ["--way", way, "--file", str(cases), "--scheme", str(scheme), "--threads", str(threads)]
    return run_alone("bench.grouping", options)


def line(what: str, count: int, result: dict[str, float | str]) -> str:
    seconds = float(result["seconds"])
    return (
        f"{what:<18}{count:>12,}{seconds:>10.2f}{count / seconds:>14,.0f}"
        f"{float(result['compile']):>10.2f}{float(result['peak']):>10.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.grouping", description=__doc__.splitlines()[0])
    samples = os.environ.get(SAMPLES)
    national = Path(samples) / "schemes" / "chs_drg_11" if samples else None
    starter = PROJECT / "data" / "schemes" / "starter"
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--scheme", type=Path, default=national or starter)
    parser.add_argument("--growth", default="", help="further numbers of cases, set-wise only")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", choices=("set_wise", "record_by_record"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        if given.way == "set_wise":
            result = set_wise(given.file, given.scheme, given.threads)
        else:
            result = record_by_record(given.file, given.scheme)
        result["peak"] = peak_gib()
        print(json.dumps(result))
        return
    from bench.grouping.random_cases import write_random_cases

    growth = [int(count) for count in given.growth.split(",") if count]
    print(f"scheme {given.scheme.name}, {given.threads} threads, random cases of seed {given.seed}")
    print(f"{'':<18}{'cases':>12}{'seconds':>10}{'cases/s':>14}{'compile s':>10}{'peak GiB':>10}")
    with tempfile.TemporaryDirectory(prefix="bench-grouping-") as folder:
        cases = Path(folder) / "cases.parquet"
        write_random_cases(given.scheme, cases, given.cases, given.seed)
        ours = measured("set_wise", cases, given.scheme, given.threads)
        print(line("set-wise", given.cases, ours))
        other = measured("record_by_record", cases, given.scheme, 1)
        print(line("record by record", given.cases, other))
        if ours["digest"] != other["digest"]:
            sys.exit("The two ways give different answers.")
        ratio = float(other["seconds"]) / float(ours["seconds"])
        print(f"the same answers; set-wise is {ratio:.1f} times as fast")
        for count in growth:
            write_random_cases(given.scheme, cases, count, given.seed)
            print(line("set-wise", count, measured("set_wise", cases, given.scheme, given.threads)))


if __name__ == "__main__":
    main()
