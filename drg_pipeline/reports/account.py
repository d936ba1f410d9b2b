"""The account of a claim: collected from the sections that the layers' accounts give, read from a lake.

Opens what the sections read, narrowed to the claims that are asked for, and gathers their lines. It computes
nothing and changes nothing; words and looks are other modules'.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from drg_pipeline.duck import literal, quoted, records, with_schema
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.reads import upstream_periods
from drg_pipeline.periods import MONTH, NONE, Period
from drg_pipeline.region import SCHEME, Region
from drg_pipeline.reports.words import WORDS_FILE, Words, load_words
from drg_pipeline.sql.account import ACCOUNT, Explanation, Section
from drg_pipeline.sql.header import Reads

# Claims up to which their ids are written out, so that DuckDB skips the row groups without them.
WRITTEN_OUT = 50


@dataclass(frozen=True)
class Line:
    """One line of a section; see data/interface/explain.yml for what the fields are."""

    label: str
    value: str | None = None
    name: str | None = None
    filled: str | None = None
    stored: str | None = None
    law: str | None = None
    good: bool | None = None
    under: bool | None = None
    note: str | None = None

    @property
    def differs(self) -> bool:
        """Whether what was computed again is not what is stored."""
        return self.stored is not None and self.stored != self.value


@dataclass(frozen=True)
class Part:
    """A section of an account with its lines, in order."""

    id: str
    title: Mapping[str, str]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Missing:
    """Tables of a layer that the lake does not have for a period."""

    layer: str
    title: str
    period: Period
    tables: Sequence[str]


@dataclass
class Account:
    """Everything there is to say of one claim.

    answer, steps, names  the path through a scheme, and name of a code by table; empty without one
    """

    claim: str
    version: datetime
    month: Period
    mark: str | None
    parts: list[Part] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    answer: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = ()
    names: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    @property
    def faults(self) -> list[Fault]:
        """Every line whose value is not the one that is stored."""
        return [
            Fault(f"{part.id}, {line.label}", f"computed again {line.value}, stored {line.stored}")
            for part in self.parts
            for line in part.lines
            if line.differs
        ]

    @property
    def last(self) -> Line | None:
        return self.parts[-1].lines[-1] if self.parts else None


class Accounts:
    """Gives the accounts of the claims of one region's lake."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.words: Words = load_words(region.settings.interface / WORDS_FILE)
        self.sections: dict[str, tuple[Section, Explanation]] = {
            name: (found.section, found)
            for name, found in sorted(
                region.project.explanations.items(),
                key=lambda item: item[1].section.order if item[1].section else 0,
            )
            if found.section
        }

    def of(
        self,
        claims: Sequence[str],
        *,
        month: Period | None = None,
        version: datetime | None = None,
        path: bool = True,
    ) -> list[Account]:
        """The accounts of these claims, in their order; set-wise, so that many cost little more than one.

        month, version  which of a claim's versions is meant
        path            whether the path through the scheme is told too

        Raises DrgError where a claim is not known, or has no such version.
        """
        with closing(self.region.engine.connect()) as con:
            months = self._find(con, claims)
            self._open(con, self._wanted(path), months)
            return self.told(con, claims, month=month, version=version, path=path)

    def told(
        self,
        con: duckdb.DuckDBPyConnection,
        claims: Sequence[str],
        *,
        month: Period | None = None,
        version: datetime | None = None,
        path: bool = True,
    ) -> list[Account]:
        """The accounts from the tables that a connection shows; they are narrowed to these claims already."""
        self._choose(con, claims, month, version)
        return self._accounts(con, claims, path)

    # -- what is read --------------------------------------------------------------------------

    def _find(self, con: duckdb.DuckDBPyConnection, claims: Sequence[str]) -> list[Period]:
        """Note which claims are asked; the months of their versions. DrgError for those nobody has seen."""
        keys = self.words.claim
        self._claims = f"({', '.join(literal(claim) for claim in claims)})"
        if len(claims) > WRITTEN_OUT:
            con.execute("create temp table asked as select unnest(?) as claim", [list(dict.fromkeys(claims))])
            self._claims = "(select claim from asked)"
        self._show(con, keys.index)
        found: dict[str, list[Period]] = {}
        for claim, month in con.execute(
            f"select {quoted(keys.id)}, {quoted(keys.month)} from {keys.index}"
        ).fetchall():
            found.setdefault(claim, []).append(Period.of(month))
        if unknown := [claim for claim in dict.fromkeys(claims) if claim not in found]:
            raise self._unknown(con, unknown)
        return sorted({month for months in found.values() for month in months})

    def _unknown(self, con: duckdb.DuckDBPyConnection, claims: Sequence[str]) -> DrgError:
        """Says of claims that were not taken in what can be said: records that came without them."""
        refused = self.region.project.explanations[self.words.claim.refused]
        for table in refused.upstream:
            self._show(con, table)
        rows = con.execute(f"select distinct * from ({refused.sql}) order by all").fetchall()
        faults: list[Fault] = []
        for claim in claims:
            own = [row for row in rows if row[0] == claim]
            if not own:
                what = "no delivery that was taken in has a settlement list with this id"
                faults.append(Fault(repr(claim), what))
            for _, version, delivery, file, line, column, raw, reason in own:
                came = (
                    f"records of its version {version} came with {delivery} "
                    "without a settlement list that could be read"
                )
                told = f"; rejected there: {file}, line {line}: {column} {raw!r}, {reason}" if file else ""
                faults.append(Fault(repr(claim), came + told))
        return DrgError(
            f"{', '.join(map(repr, claims[:3]))}{' …' if len(claims) > 3 else ''}: not known in this lake.",
            faults,
            state="Nothing was settled of it.",
            remedy="Correct the id, have rejected records uploaded again, or take the delivery in: drg run.",
        )

    def _wanted(self, path: bool) -> list[Explanation]:
        """The explanations that are needed, each after those it reads."""
        every = self.region.project.explanations
        names = [*self.sections, self.words.claim.choice, *([self.words.path.explanation] if path else [])]
        wanted: set[str] = set()
        while names:
            name = names.pop()
            wanted.add(name)
            names += [up for up in every[name].explained if up not in wanted]
        return [explanation for name, explanation in every.items() if name in wanted]

    def _open(
        self, con: duckdb.DuckDBPyConnection, wanted: Sequence[Explanation], months: Sequence[Period]
    ) -> None:
        """Show every table that is read, over the partitions that these months can need."""
        read: dict[str, set[Period]] = {}
        for explanation in wanted:
            for table in explanation.tables:
                reads = explanation.reads.get(table)
                wide = Reads(reads.months, reads.within_year) if reads and reads.months else None
                read.setdefault(table, set()).update(upstream_periods(months, MONTH, wide) or ())
        for table, periods in read.items():
            if table != self.words.claim.index:
                self._show(con, table, periods)

    def _show(
        self, con: duckdb.DuckDBPyConnection, table: str, months: Collection[Period] | None = None
    ) -> None:
        """A table over these of its months, or over all it has, narrowed to the claims asked for."""
        project = self.region.project
        kind = project.partition_of(table)
        there = self.region.store.partitions(table, kind)
        files = [
            file for period, file in there.items() if months is None or kind != MONTH or period in months
        ]
        if not files or self.words.claim.id not in project.schema_of(table):
            self.region.engine.inputs.view(con, table, files)
            return
        con.execute(
            f"create or replace table {with_schema(con, table)} as "
            f"select * from {parquet(files)} where {quoted(self.words.claim.id)} in {self._claims}"
        )

    # -- which version -------------------------------------------------------------------------

    def _choose(
        self,
        con: duckdb.DuckDBPyConnection,
        claims: Sequence[str],
        month: Period | None,
        version: datetime | None,
    ) -> None:
        """Compute the explanations that others read, those of the choice narrowed to what was asked for."""
        wanted = self._wanted(path=False)
        read = {up for explanation in wanted for up in explanation.explained}
        con.execute(f"create schema if not exists {ACCOUNT}")
        for explanation in wanted:
            if explanation.id not in read:
                continue
            con.execute(f"create table {ACCOUNT}.{explanation.id} as {explanation.sql}")
            if explanation.id == self.words.claim.choice:
                self._narrow(con, claims, month, version)

    def _narrow(
        self,
        con: duckdb.DuckDBPyConnection,
        claims: Sequence[str],
        month: Period | None,
        version: datetime | None,
    ) -> None:
        keys, choice = self.words.claim, f"{ACCOUNT}.{self.words.claim.choice}"
        key, column = quoted(keys.id), quoted(keys.version)
        there = con.execute(f"select {key}, {column}, month from {choice} order by all").fetchall()
        if month is not None:
            con.execute(f"delete from {choice} where month <> ?", [str(month)])
        if version is not None:
            # What people read of a moment has no fractions of a second.
            con.execute(
                f"delete from {choice} where date_trunc('second', {column}) <> ?",
                [version.replace(microsecond=0)],
            )
        left = {row[0] for row in con.execute(f"select distinct {key} from {choice}").fetchall()}
        if without := [claim for claim in dict.fromkeys(claims) if claim not in left]:
            asked = " and ".join(
                [*([f"of {month}"] if month else []), *([f"uploaded at {version}"] if version else [])]
            )
            raise DrgError(
                f"There is no version {asked} of {', '.join(map(repr, without[:3]))}.",
                [
                    Fault(repr(claim), f"uploaded at {moment:%Y-%m-%d %H:%M:%S}, of {own}")
                    for claim, moment, own in there
                    if claim in without
                ],
                remedy="Name one of these with --month or --version, or none.",
            )

    # -- what is told --------------------------------------------------------------------------

    def _accounts(self, con: duckdb.DuckDBPyConnection, claims: Sequence[str], path: bool) -> list[Account]:
        keys, choice = self.words.claim, f"{ACCOUNT}.{self.words.claim.choice}"
        chosen = con.execute(
            f"select {quoted(keys.id)}, {quoted(keys.version)}, month from {choice} "
            f"qualify row_number() over (partition by {quoted(keys.id)} order by preference) = 1"
        ).fetchall()
        accounts = {
            claim: Account(claim, version, period, self.region.pack.mark(period))
            for claim, version, month in chosen
            if (period := Period.of(month))
        }
        for name, (section, explanation) in self.sections.items():
            for claim, lines in con.execute(
                f"select {quoted(keys.id)}, lines from ({explanation.sql})"
            ).fetchall():
                told = [Line(**line) for line in lines if line is not None]
                if told:
                    accounts[claim].parts.append(Part(name, section.title, told))
        years = self._years(con)
        for account in accounts.values():
            account.missing = self._missing(account.month, years.get(account.month, {}))
        if path:
            self._paths(con, accounts)
        return [accounts[claim] for claim in dict.fromkeys(claims)]

    def _years(self, con: duckdb.DuckDBPyConnection) -> dict[Period, dict[str, Period]]:
        """month -> guide -> year, for the tables whose year another table names."""
        guides = {
            reads.year_from
            for _, explanation in self.sections.values()
            for reads in explanation.reads.values()
            if reads.year_from
        }
        years: dict[Period, dict[str, Period]] = {}
        for guide in sorted(guides):
            table, column = guide.rsplit(".", 1)
            for month, year in con.execute(
                f"select month, cast({quoted(column)} as varchar) from {table}"
            ).fetchall():
                years.setdefault(Period.of(month), {})[guide] = Period.of(year)
        return years

    def _missing(self, month: Period, years: Mapping[str, Period]) -> list[Missing]:
        """What the sections would read of a month and is not published, by layer in their order."""
        project, store = self.region.project, self.region.store
        gaps: dict[tuple[str, Period], list[str]] = {}
        for section, explanation in self.sections.values():
            for table in explanation.tables if not section.optional else ():
                kind = project.partition_of(table) if table in project.models else NONE
                reads = explanation.reads.get(table) or Reads()
                own = month if kind == MONTH else years.get(reads.year_from or "", month.year)
                if kind != NONE and not store.file(table, own).is_file():
                    found = gaps.setdefault((table.split(".")[0], own), [])
                    found += [table] if table not in found else []
        order = {layer.name: (place, layer.title) for place, layer in enumerate(project.layers)}
        return [
            Missing(layer, order[layer][1], period, sorted(tables))
            for (layer, period), tables in sorted(
                gaps.items(), key=lambda gap: (order[gap[0][0]][0], gap[0][1])
            )
        ]

    def _paths(self, con: duckdb.DuckDBPyConnection, accounts: Mapping[str, Account]) -> None:
        """The path of each version through the scheme that binds its month."""
        keys, path = self.words.claim, self.words.path
        explanation = self.region.project.explanations[path.explanation]
        versions = {(account.claim, account.version): account for account in accounts.values()}
        for row in records(con, f"select * from ({explanation.sql}) order by all"):
            if account := versions.get((row[keys.id], row[keys.version])):
                account.steps = [*account.steps, row]
        for row in records(con, f"select * from {path.answer}"):
            if account := versions.get((row[keys.id], row[keys.version])):
                account.answer = row
        for account in accounts.values():
            account.steps = sorted(account.steps, key=lambda step: step["step"])

    def names(self, scheme: str, table: str, column: str) -> dict[str, str]:
        """What a scheme of the lake calls the entries of one of its tables."""
        files = self.region.store.partitions(f"{SCHEME}.{table}", "none").values()
        with closing(self.region.engine.connect()) as con:
            named = f"select {quoted(column)}, name from {parquet([*files])} where {SCHEME} = ?"
            return dict(con.execute(f"{named} and name is not null", [scheme]).fetchall()) if files else {}
