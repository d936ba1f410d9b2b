"""One claim file read by itself, as a delivery's files are, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from drg_pipeline.ingest.landed import declared, rejected_row
from drg_pipeline.ingest.layout import LAYOUT_FILE, ClaimFile, load_layout
from drg_pipeline.ingest.pseudonym import set_key
from drg_pipeline.ingest.read import FileRead, prepare, read_claim_file
from drg_pipeline.ingest.records import Source
from drg_pipeline.ingest.scan import scan_file
from drg_pipeline.settings import PROJECT

LAYOUT = load_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
KEY = bytes(range(32))
PAY = "setl_id,dcla_time,fund_pay_type,fund_payamt"
T = "2025-01-05 10:00:00"
TIME = datetime(2025, 1, 5, 10)


@dataclass
class Outcome:
    rows: list[dict]
    rejected: list[tuple]
    counts: FileRead

    def values(self, *names: str) -> list[tuple]:
        return [tuple(row[name] for name in names) for row in self.rows]


def read(
    folder: Path, content: str | bytes | None, file: str | ClaimFile = "payinfo", kind: str = "csv"
) -> Outcome:
    claim_file = LAYOUT.file(file) if isinstance(file, str) else file
    path = folder / f"{claim_file.name}.{kind}"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    with duckdb.connect() as con:
        prepare(con)
        set_key(con, KEY)
        con.execute(f"CREATE TEMP TABLE rejected_row ({declared(rejected_row(LAYOUT.keys))})")
        counts = read_claim_file(con, Source(path, "2025-01", "d-1", claim_file, scan_file(path)), out)
        table = con.execute(f"FROM '{out}/{claim_file.name}.parquet'")
        names = [column[0] for column in table.description]
        rows = [dict(zip(names, row, strict=True)) for row in table.fetchall()]
        rejected = con.execute("SELECT line, column_name, raw, reason FROM rejected_row").fetchall()
    assert [entry.name for entry in out.iterdir()] == [f"{claim_file.name}.parquet"]
    assert counts.records == counts.accepted + counts.rejected == len(rows) + len(rejected)
    assert [row["line"] for row in rows] == sorted(row["line"] for row in rows)
    return Outcome(rows, rejected, counts)
