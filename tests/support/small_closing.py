"""A made-up region small enough to be closed in a moment: deliveries, law, scheme, reference, calendar, and a
month's and a year's sealed tables. What a test changes in a closing is rewritten here, as somebody would."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb

from drg_pipeline.closings.seal import Sealed, close
from drg_pipeline.duck import write_parquet
from drg_pipeline.files import publish
from drg_pipeline.forms import Column
from drg_pipeline.ingest.delivery import landed_folders, landing_folder
from drg_pipeline.lake.closed import MANIFEST, ClosedPeriods
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.needs import needed, recompute
from drg_pipeline.lake.parquet import parquet, write_partition
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.methods import Methods
from drg_pipeline.sql.project import Project, Source
from support.periods import month_texts, periods
from support.small_project import write_project, write_table

MONTHS = month_texts("2025")
TEXT, COUNT = Column("VARCHAR", "text", "text"), Column("INTEGER", "number", "number")
ENTRY = {"id": COUNT, "n": COUNT, "settlement_month": TEXT, "delivery": TEXT}
SIDES = {
    "policy.rate": ("month", {"month": TEXT, "rate": COUNT}),
    "scheme.weight": ("none", {"id": COUNT, "weight": COUNT}),
    "reference.bonus": ("none", {"id": COUNT, "bonus": COUNT}),
    "reference.calendar": ("none", {"month": TEXT, "days": COUNT}),
}
MODELS = {
    # Of an entry that was delivered twice the later delivery counts, as with claims.
    "early.version": (
        "select id, settlement_month, delivery, n from raw.entry "
        "qualify row_number() over (partition by id order by delivery desc) = 1"
    ),
    "early.row": (
        "select v.settlement_month as month, e.id, e.n * w.weight + b.bonus as n from early.version as v "
        "inner join raw.entry as e on e.id = v.id and e.delivery = v.delivery "
        "inner join scheme.weight as w on w.id = v.id inner join reference.bonus as b on b.id = v.id"
    ),
    "late.monthly": (
        "select r.month, r.id, r.n * p.rate + c.days as n from early.row as r "
        "inner join policy.rate as p on p.month = r.month inner join reference.calendar as c on c.month = r.month"
    ),
    "late.running": (
        "select p.month, cast(sum(m.n) as bigint) as total from policy.rate as p "
        "left join late.monthly as m on m.month <= p.month and left(m.month, 4) = left(p.month, 4) group by p.month"
    ),
    "late.yearly": (
        "select cast(left(r.month, 4) as integer) as year, cast(max(r.total) as bigint) as total "
        "from late.running as r group by year"
    ),
}
HEADERS: dict[str, dict[str, object]] = {
    "early.version": {"grain": ["id"], "slice": {"month": "settlement_month", "key": "id"}},
    "early.row": {
        "grain": ["month", "id"],
        "partition": "month",
        "reads": {"raw.entry": {"deliveries_of": "early.version"}},
    },
    "late.monthly": {"grain": ["month", "id"], "partition": "month", "sealed": True},
    "late.running": {
        "grain": ["month"],
        "partition": "month",
        "sealed": True,
        "nullable": ["total"],
        "reads": {"late.monthly": {"months": [-11, 0], "within_year": True}},
    },
    "late.yearly": {"grain": ["year"], "partition": "year", "sealed": True},
}


def _with_choice(models: Path) -> None:
    """The month's table as a folder of two ways to take days, with a formula of its layer."""
    (models / "late/monthly.sql").unlink()
    select = MODELS["late.monthly"].replace("+ c.days", "+ taken(c.days)")
    members = {
        "once": ({"when": {"days": "once"}}, select),
        "twice": ({"when": {"days": "twice"}}, select.replace("taken(c.days)", "2 * taken(c.days)")),
    }
    write_table(models, "late.monthly", HEADERS["late.monthly"], members)
    (models / "late/macros.sql").write_text("create or replace macro taken(x) as x;\n", encoding="utf-8")
    (models / "methods.yml").write_text(
        "days: {describe: How often., before: once, methods: {once: {describe: Once., title: 一},\n"
        "  twice: {describe: Twice., title: 二}}}\n",
        encoding="utf-8",
    )


def _write(folder: Path, methods: Methods | None) -> None:
    """Models and law of the region."""
    write_project(folder / "models", MODELS, HEADERS)
    if methods:
        _with_choice(folder / "models")
    with open(folder / "models" / "columns.yml", "a", encoding="utf-8") as columns:
        columns.write('delivery: {type: "varchar", unit: text, meaning: a delivery}\n')
    (folder / "law").mkdir()
    (folder / "law" / "topic.yml").write_text("describe: a law\n", encoding="utf-8")


class SmallRegion:
    """What a closing asks of a region, without a law of its own; one that is in the folder is opened."""

    def __init__(self, folder: Path, methods: Methods | None = None) -> None:
        self.folder = folder
        new = not (folder / "models").is_dir()
        if new:
            _write(folder, methods)
        self.settings = Settings.for_region(
            "small",
            lake=folder / "lake",
            models=folder / "models",
            closings=folder / "closings",
            policy=folder / "law",
            threads=1,
        )
        sources = [Source("raw.entry", "delivery", ENTRY, "what arrived", grain=("delivery", "id"))]
        sources += [
            Source(name, kind, columns, "a side table", grain=tuple(columns)[:1])
            for name, (kind, columns) in SIDES.items()
        ]
        self.project = Project(self.settings.models, sources, methods)
        self.store = Store(self.settings.region_lake)
        self.closed = ClosedPeriods(self.settings.region_closings)
        self.engine = Engine(
            self.settings,
            self.project,
            self.store,
            partial(landed_folders, self.settings),
            self.closed.refuse,
        )
        self.pack = SimpleNamespace(run_days={}, tables={}, folder=folder / "law", extends=())
        self.layouts = SimpleNamespace(personal=frozenset({"bonus"}))
        if new:
            self._publish_sides()

    def _publish_sides(self) -> None:
        for month in MONTHS:
            self.side("policy.rate", [(month, 2)], month)
        self.side("scheme.weight", [(id, 1) for id in range(1, 10)])
        self.side("reference.bonus", [(id, 0) for id in range(1, 10)])
        self.side("reference.calendar", [(month, 1) for month in MONTHS])

    def side(self, name: str, rows: Sequence[tuple[object, ...]], partition: str = "") -> None:
        kind, columns = SIDES[name]
        listed = ", ".join(str(tuple(row)) for row in rows)
        types = [(column, found.type) for column, found in columns.items()]
        typed = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types)
        with duckdb.connect() as con:
            relation = f"(select {typed} from (values {listed}) as v({', '.join(columns)}))"
            counted = logical_digest(con, relation, types)
            outcome, temporary = write_partition(
                con,
                self.store,
                relation=relation,
                table=name,
                period=Period.of(partition, kind),
                columns=types,
                code="1",
                inputs={},
                counted=counted,
            )
            publish({temporary: outcome.path})

    def deliver(self, label: str, rows: Sequence[tuple[int, int, str]]) -> None:
        """A landed delivery of (id, n, settlement month)."""
        digest = sha256(label.encode()).hexdigest()[:32]
        target = landing_folder(self.settings) / digest
        target.mkdir(parents=True)
        listed = ", ".join(f"({id}::integer, {n}::integer, '{month}', '{label}')" for id, n, month in rows)
        with duckdb.connect() as con:
            rows_of = f"select * from (values {listed}) as v(id, n, settlement_month, delivery)"
            write_parquet(con, rows_of, target / "entry.parquet")
        month, delivery = label.split("/")
        found = {
            "month": month,
            "delivery": delivery,
            "digest": digest,
            "key_fingerprint": "0",
            "taken_in": "2025-01-01T00:00:00+00:00",
            "files": [{"file": "entry.csv", "sha256": "0" * 64, "size": 1}],
        }
        (target / "manifest.json").write_text(json.dumps(found), encoding="utf-8")

    def run(self, months: Sequence[str], year: str | None = None) -> None:
        """Months, and a year, with all that they rest on and that is not closed."""
        targets = {"late.running": periods(*months)} | ({"late.yearly": periods(year)} if year else {})

        def stands(table: str, period: Period) -> bool:
            model = self.project.models.get(table)
            return bool(model and model.sealed and self.closed.standing(period))

        plan = needed(self.engine, targets, ends_at=stands)
        kept = {table: [p for p in parts if not stands(table, p)] for table, parts in plan.items()}
        recompute(self.engine, kept, stale_only=True)

    def close(self, period: str) -> Sealed:
        return close(cast(Region, self), Period.of(period))


# -- changing what is sealed ---------------------------------------------------------------------


def flip(path: Path) -> None:
    """One byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    os.chmod(path, 0o644)
    path.write_bytes(content)


def rewrite(path: Path, assignment: str, *, digest: str | None = None) -> None:
    """Change rows of a Parquet file (`n = n + 1`), keeping what it says of itself, but for another digest."""
    with duckdb.connect() as con:
        notes = {
            str(name): str(value)
            for name, value in con.execute(
                "select decode(key), decode(value) from parquet_kv_metadata(?) where decode(key) not like '%:%'",
                [str(path)],
            ).fetchall()
        }
        notes |= {"digest": digest} if digest else {}
        con.execute(f"create table t as select * from {parquet([path])}")
        kinds = {part.split("=")[0] for part in path.parts if part.startswith(("month=", "year="))}
        for kind in kinds:
            con.execute(f"alter table t drop column {kind}")
        con.execute(f"update t set {assignment}")
        os.chmod(path, 0o644)
        write_parquet(con, "from t", path, notes=notes)


def vouch(closing: Path, path: Path, **table: Any) -> None:
    """Make the manifest fit a file that was changed, and the entry of its table too."""
    name = str(path.relative_to(closing))
    manifest = json.loads((closing / MANIFEST).read_bytes())
    for entry in manifest["files"]:
        if entry["path"] == name:
            entry |= {"size": path.stat().st_size, "sha256": sha256(path.read_bytes()).hexdigest()}
    for entry in manifest["tables"]:
        if entry["file"] == name:
            entry |= table
    os.chmod(closing / MANIFEST, 0o644)
    (closing / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
