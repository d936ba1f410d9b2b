"""Writes the deliveries of the made-up region, month by month, with the queries of `sql/`.

What a claim looks like is in those queries; nothing here holds more than one month's claims.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.duck import literal
from drg_pipeline.ingest.scan import hash_file
from drg_pipeline.ingest.sums import SUMS, sums_of
from drg_pipeline.synthetic.prepare import text_of
from drg_pipeline.synthetic.seasons import Month

FILES = ("setlinfo", "diseinfo", "oprninfo", "payinfo", "iteminfo", "drginfo")
# A faulty record's extra field or stray quote stands in the file as it is; no good field needs quotes there.
_FORMS = dict.fromkeys(FILES, "FORMAT csv, HEADER") | {"setlinfo": "FORMAT csv, HEADER, QUOTE ''"}


@dataclass
class Written:
    """What was written: rows by file, faulty versions by fault, bent claims by habit.

    funds  by year and pool what the pooled fund paid, in cents
    """

    deliveries: int = 0
    versions: int = 0
    refunds: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    flaws: Counter[str] = field(default_factory=Counter)
    habits: Counter[str] = field(default_factory=Counter)
    funds: Counter[tuple[int, str]] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        counters = {name: dict(sorted(getattr(self, name).items())) for name in ("rows", "flaws", "habits")}
        return {
            "deliveries": self.deliveries,
            "versions": self.versions,
            "refunds": self.refunds,
            **counters,
        }


def write_claims(
    con: duckdb.DuckDBPyConnection,
    inbox: Path,
    odd_encodings: Mapping[str, int],
    months: Sequence[Month],
    pools: Mapping[tuple[str, str], str],
    report: Callable[[str], None],
) -> Written:
    """Each month makes its own claims and writes what arrives in it, kept back ones included.

    pools  scheme of insurance and place -> the pool that pays
    """
    queries = {name: text_of(name) for name in FILES}
    pending, mean, history, fund = map(text_of, ("pending", "known_mean", "fee_history", "fund"))
    dress = {position % len(months): name for name, position in odd_encodings.items()}
    written = Written()
    con.execute(_empty(pending))
    # Planning takes longer than a small month: it is done once, which holds as long as no table is made anew.
    con.execute(f"PREPARE pending AS {pending}")
    for position, month in enumerate(months):
        own = month.period
        con.execute("DELETE FROM this_month; DELETE FROM month_day")
        con.execute(
            "INSERT INTO this_month VALUES (?, ?, ?)",
            [own.first, month.first_claim, month.last_claim],
        )
        con.execute(
            "INSERT INTO month_day SELECT unnest(range(len(?))), unnest(?)", [days := list(month.drawn), days]
        )
        if not position or own == own.year.months[0]:
            con.execute("DELETE FROM known_mean")
            con.execute(mean)
        if month.first_claim <= month.last_claim:
            # DuckDB 1.5.5 fails with an internal error on an ASOF join of no rows.
            con.execute("EXECUTE pending")
        con.execute(history)
        for year, insutype, place, cents in con.execute(fund).fetchall():
            written.funds[int(year), pools[insutype, place]] += int(cents)
        _deliver(con, inbox, str(own), queries, {"main": dress.get(position, "")}, written)
        if own.last == own.year.last or month is months[-1]:
            report(f"{own}: {written.versions:,} versions of {month.last_claim:,} claims written")
    for (arrival,) in con.execute("SELECT DISTINCT arrival FROM pending ORDER BY arrival").fetchall():
        _deliver(con, inbox, arrival, queries, {}, written)
    return written


def _empty(pending: str) -> str:
    """The statement that creates `pending` with the columns of the query that fills it."""
    body = pending[pending.index("with numbered") :].rstrip().rstrip(";")
    return f"CREATE TABLE pending AS {body} LIMIT 0"


def _deliver(
    con: duckdb.DuckDBPyConnection,
    inbox: Path,
    month: str,
    queries: dict[str, str],
    dress: dict[str, str],
    written: Written,
) -> None:
    arrived = con.execute(
        "SELECT delivery, version_flaw, direction, fee_habit, stay_habit, version, count(*) "
        "FROM pending WHERE arrival = ? GROUP BY ALL ORDER BY ALL",
        [month],
    ).fetchall()
    for delivery in sorted({str(row[0]) for row in arrived}):
        folder = inbox / month / delivery
        folder.mkdir(parents=True)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE batch AS SELECT * FROM pending WHERE arrival = ? AND delivery = ?",
            [month, delivery],
        )
        for name, query in queries.items():
            path = folder / f"{name}.csv"
            copied = con.execute(f"COPY ({query}) TO {literal(path)} ({_FORMS[name]})").fetchone()
            written.rows[name] += int(copied[0]) if copied else 0
            if dress.get(delivery):
                _dress(path, dress[delivery])
        # Nobody needs to wait for what is said to be whole.
        digests = {path.name: hash_file(path) for path in folder.iterdir()}
        (folder / SUMS).write_text(sums_of(digests), encoding="utf-8")
        written.deliveries += 1
    for delivery, flaw, direction, fee_habit, stay_habit, version, number in arrived:
        written.versions += number
        if flaw != "none":
            written.flaws[flaw] += number
        if direction < 0:
            written.refunds += number
        elif version == 1 and delivery != "repeated":
            for habit in filter(None, (fee_habit, stay_habit)):
                written.habits[habit] += number
    con.execute("DELETE FROM pending WHERE arrival = ?", [month])


def _dress(path: Path, encoding: str) -> None:
    """Rewrites a file as an older export program would have written it."""
    plain = path.with_suffix(".tmp")
    path.rename(plain)
    target = {"gb18030": ("gb18030", "\n"), "bom_crlf": ("utf-8", "\r\n")}[encoding]
    with plain.open(encoding="utf-8", newline="") as source, path.open("wb") as sink:
        if encoding == "bom_crlf":
            sink.write(codecs.BOM_UTF8)
        while lines := source.readlines(1 << 20):
            sink.write("".join(lines).replace("\n", target[1]).encode(target[0]))
    plain.unlink()
