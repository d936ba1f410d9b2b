"""The tables that come from the side, described once: their names, columns, grain and law.

How their rows are published is `side.py`'s, how files are read that of `ingest` and `grouping`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from drg_pipeline.forms import Column
from drg_pipeline.grouping.scheme import LAYOUT_FILE as SCHEME_FILES
from drg_pipeline.grouping.scheme import scheme_columns
from drg_pipeline.ingest.landed import FILE, LANDED, LANDING, rejected_row
from drg_pipeline.ingest.layout import LAYOUT_FILE as CLAIM_FILES
from drg_pipeline.ingest.layout import Layout, load_layout
from drg_pipeline.ingest.reference import MENTION, MENTION_TABLE
from drg_pipeline.ingest.reference_layout import LAYOUT_FILE as REFERENCE_FILES
from drg_pipeline.ingest.reference_layout import ReferenceLayout, load_reference_layout
from drg_pipeline.policy import Pack
from drg_pipeline.sql.project import Source

REFERENCE = "reference"
SCHEME = "scheme"
CALENDAR = "calendar"
CALENDAR_OVERLAY = "workday"
CALENDAR_TABLE = f"{REFERENCE}.{CALENDAR}"
# The table of schemes themselves, one row a scheme.
SCHEME_TABLE = f"{SCHEME}.{SCHEME}"

_CALENDAR = {
    "date": Column("DATE", "date", "Day"),
    "is_workday": Column("BOOLEAN", "true or false", "Working day by the statutory calendar"),
    "source": Column("VARCHAR", "text", "Who says so"),
    "working_day_no": Column("INTEGER", "number", "Working days of the segment up to and including this day"),
    "segment": Column("INTEGER", "number", "Run of days without a gap"),
}


@dataclass(frozen=True)
class Layouts:
    """What the files that come in look like, as `data/interface` says."""

    claims: Layout
    reference: ReferenceLayout
    schemes: ReferenceLayout

    @classmethod
    def of(cls, interface: Path) -> Layouts:
        """Read them from their folder."""
        return cls(
            load_layout(interface / CLAIM_FILES),
            load_reference_layout(interface / REFERENCE_FILES),
            load_reference_layout(interface / SCHEME_FILES),
        )

    @cached_property
    def personal(self) -> frozenset[str]:
        """Columns that are a person's, pseudonymised or not: never shown."""
        return frozenset(c.name for file in self.claims.files for c in file.columns if c.personal)


def sources(layouts: Layouts, pack: Pack) -> list[Source]:
    """Every table from the side: deliveries, reference files, calendar, schemes and the law."""
    return [
        *_landing(layouts.claims),
        *_reference(layouts.reference),
        *_scheme(layouts.schemes),
        *_law(pack),
    ]


def _landing(layout: Layout) -> Iterator[Source]:
    for file in layout.files:
        columns = {c.name: c.column for c in file.columns} | LANDED
        yield Source(f"{LANDING}.{file.name}", "delivery", columns, file.describe, grain=("delivery", "line"))
    described = "Every file of a delivery with its counts."
    yield Source(f"{LANDING}.file", "delivery", FILE, described, grain=("delivery", "file"))
    described = "Records of a delivery that could not be read."
    grain = ("delivery", "file", "line")
    yield Source(f"{LANDING}.rejected_row", "delivery", rejected_row(layout.keys), described, grain=grain)


def _reference(layout: ReferenceLayout) -> Iterator[Source]:
    described = "Working days of the statutory calendar."
    yield Source(CALENDAR_TABLE, "none", _CALENDAR, described, grain=("date",))
    described = "Each cell of a reference file that names a claim, a group or a hospital, with its place."
    yield Source(
        f"{REFERENCE}.{MENTION_TABLE}", "none", MENTION, described, grain=("file", "line", "column_name")
    )
    for file in layout.files:
        columns = {c.name: c.column for c in file.columns}
        grain = (*file.key, *(("valid_from",) if file.validity else ()))
        yield Source(f"{REFERENCE}.{file.name}", "none", columns, file.describe, grain=grain)


def _scheme(layout: ReferenceLayout) -> Iterator[Source]:
    files = {file.name: file for file in layout.files}
    for name, columns in scheme_columns(layout).items():
        file = files.get(name)
        described = file.describe if file else "The grouping schemes that the law names."
        grain = (SCHEME, *(file.key if file else ()))
        yield Source(f"{SCHEME}.{name}", "none", columns, described, grain=grain)


def _law(pack: Pack) -> Iterator[Source]:
    for name, table in pack.tables.items():
        cited = tuple(law for law in table.citations if law != "open")
        yield Source(name, table.period, table.columns, table.describe, cited, table.key)
