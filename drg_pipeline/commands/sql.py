"""`drg sql`: read-only queries over a region's published tables."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from drg_pipeline import disk
from drg_pipeline.commands.options import language, near, region_of, region_options
from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.files import work_folder
from drg_pipeline.process import apart, bounded
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from drg_pipeline.lake.store import Store

FORMATS = ("table", "csv", "json")
# Rows that are held at once: as many as DuckDB hands over.
BATCH = 2_048
# Places of a cell that a printed table shows; files have all of them.
LONGEST_SHOWN = 10_000
# What may be taken beside DuckDB's own: by its threads, and by Python for the rows that it holds.
BESIDE = 512 * 1024**2
BESIDE_A_THREAD = 64 * 1024**2
NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE"}
NUMBERS |= {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
# With one of these at its start a spreadsheet takes a text for a formula, wide forms included.
FORMULA = tuple("=+-@\t\r＝＋－＠")


@click.command("sql", short_help="Ask the published tables.")
@language
@region_options()
@click.argument("query", required=False)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="How rows are written.  [default: table, or as the name of --out says]",
)
@click.option("--out", metavar="FILE", help="Write every row to FILE.csv or FILE.json.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    metavar="N",
    help="Rows of a printed table; 0: all.",
)
def sql(
    screen: Screen, query: str | None, kind: str | None, out: str | None, limit: int, **given: Any
) -> int:
    """Ask the published tables; QUERY is one SELECT (or FROM, WITH, DESCRIBE, SHOW, SUMMARIZE), - reads it
    from standard input.

    Without QUERY a terminal gets a prompt, anything else the list of tables. The models' macros can be used.
    CSV is UTF-8, and its texts that a spreadsheet would run as formulas begin with '. JSON writes decimals as
    text, so that nothing makes binary floats of them. Rows that go to a file are set down in the region's
    trail (drg audit show): who, when, how many, and the digest of the query.

    It takes about as much memory as DRG_MEMORY_LIMIT says, and says so where that does not suffice.
    """
    from drg_pipeline.commands import export

    settings = region_of(screen, given)
    kind = export.kind_of(out, kind)
    if out and query is None:
        raise WrongUse("There is no query whose rows --out could take.", state="Nothing was written.")
    check_lake(settings)
    with work_folder() as spill:
        if screen.alone and (code := apart()) is not None:
            return code
        with _opened(settings, spill) as (con, store):
            if query is None:
                _print_tables(screen, settings, con, store)
                if screen.terminal and sys.stdin.isatty():
                    _converse(screen, settings, con, store, limit)
                return 0
            text = sys.stdin.read() if query == "-" else query
            answer = Answer(con, text)

            def write(to: TextIO) -> int:
                return WRITERS[kind](screen, answer, limit, to)

            if out:
                rows = export.write_file(settings, text, kind, Path(out), write)
                screen.aside(screen.text("sql.written", count=rows, out=near(Path(out))))
            elif file := export.redirected():
                export.write_redirected(settings, text, kind, file, write)
            else:
                write(screen.output())
    return 0


@contextmanager
def _opened(settings: Settings, spill: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Store]]:
    """The lake to be asked, and the memory that its answers may take.

    DuckDB counts what it sorts and joins; the texts that it makes, and Python's rows, the system bounds.
    """
    from drg_pipeline.duck import allowed_memory
    from drg_pipeline.lake.store import Store
    from drg_pipeline.lake.views import open_views
    from drg_pipeline.sql.macros import read_macros

    store = Store(settings.region_lake)
    views = open_views(
        store,
        read_macros(settings.models).text,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        spill=spill,
    )
    with closing(views) as con:
        most, threads = allowed_memory(con)
        with bounded(most + BESIDE + threads * BESIDE_A_THREAD):
            yield con, store


def check_lake(settings: Settings) -> None:
    """WrongUse where the region has no lake."""
    if settings.region_lake.is_dir():
        return
    lake = settings.lake
    found = (
        sorted(path.name for path in lake.iterdir() if not path.name.startswith(".")) if lake.is_dir() else []
    )
    regions = f" Regions in it: {', '.join(found)}." if found else ""
    raise WrongUse(
        f"There is no lake of the region {settings.region} in {near(lake)}.{regions}",
        remedy="Name them with --lake and --region, or compute it first: drg run, drg clear or drg demo.",
    )


# -- one query ---------------------------------------------------------------------------------


class Answer:
    """One SELECT's columns and rows; DrgError for anything but a SELECT."""

    def __init__(self, con: duckdb.DuckDBPyConnection, text: str) -> None:
        self._con = con
        self._guard(lambda: self._execute(text))

    def _execute(self, text: str) -> None:
        import duckdb

        statements = self._con.extract_statements(text)
        kinds = [statement.type for statement in statements]
        if kinds != [duckdb.StatementType.SELECT]:
            found = ", ".join(kind.name for kind in kinds) or "nothing"
            raise WrongUse(
                f"The lake is only read, one query at a time; this is {found}.",
                state="Nothing was changed.",
                remedy="Begin with SELECT, FROM, WITH, DESCRIBE, SHOW or SUMMARIZE (PIVOT names its values).",
            )
        description = self._con.execute(statements[0]).description or []
        self.names = [str(column[0]) for column in description]
        self.types = [str(column[1]) for column in description]

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        while rows := self._guard(lambda: self._con.fetchmany(BATCH)):
            yield rows

    def first(self, limit: int) -> tuple[list[tuple[Any, ...]], bool]:
        """At most so many rows (0: all), and whether there are more."""
        if not limit:
            return self._guard(self._con.fetchall), False
        rows: list[tuple[Any, ...]] = self._guard(lambda: self._con.fetchmany(limit + 1))
        return rows[:limit], len(rows) > limit

    @staticmethod
    def _guard(work: Callable[[], Any]) -> Any:
        import duckdb

        wrong = (
            duckdb.ParserException,
            duckdb.BinderException,
            duckdb.CatalogException,
            duckdb.PermissionException,
        )
        try:
            return work()
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except duckdb.Error as error:
            if disk.trouble(error):
                raise
            lines = str(error).split("\n\nStack Trace")[0].strip().splitlines()
            kind = WrongUse if isinstance(error, wrong) else DrgError
            raise kind("The query cannot be answered.", [line for line in lines if line.strip()]) from None
        except RuntimeError as error:
            # So DuckDB's Python client tells of Ctrl-C.
            if "interrupt" in str(error).lower():
                raise KeyboardInterrupt from None
            raise


def write_table(screen: Screen, answer: Answer, limit: int, to: TextIO) -> int:
    """Print a table; returns its rows, as the other writers do."""
    rows, cut = answer.first(limit)
    headings = [
        Heading(name, kind.split("(")[0] in NUMBERS)
        for name, kind in zip(answer.names, answer.types, strict=True)
    ]
    grid = Grid("", headings, [[_cell(cell) for cell in row] for row in rows])
    screen.table(grid, fold=False)
    screen.aside(screen.text("sql.cut" if cut else "sql.count", count=len(rows)))
    return len(rows)


def _cell(value: object) -> str:
    """A value in a printed table; a very long one says how long it is."""
    if value is None:
        return "NULL"
    if isinstance(value, str) and len(value) > LONGEST_SHOWN:
        return f"{shown(value[:LONGEST_SHOWN])}… ({len(value):,})"
    told = shown(value)
    return told if len(told) <= LONGEST_SHOWN else f"{told[:LONGEST_SHOWN]}… ({len(told):,})"


def write_csv(screen: Screen, answer: Answer, limit: int, to: TextIO) -> int:
    """RFC 4180 in UTF-8, lines ending in CR LF; every row, whatever the limit of tables."""
    _as_utf8(to)
    writer, count = csv.writer(to), 0
    writer.writerow([harmless(name) for name in answer.names])
    is_text = [kind.split("(")[0] not in NUMBERS for kind in answer.types]
    for rows in answer.batches():
        writer.writerows(
            [
                "" if cell is None else harmless(_flat(cell)) if text else _flat(cell)
                for cell, text in zip(row, is_text, strict=True)
            ]
            for row in rows
        )
        count += len(rows)
    return count


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write_json(screen: Screen, answer: Answer, limit: int, to: TextIO) -> int:
    """A list of objects, one a line; every row, whatever the limit of tables."""
    _as_utf8(to)
    before, count = "[", 0
    for rows in answer.batches():
        for row in rows:
            entry = {name: _plain(cell) for name, cell in zip(answer.names, row, strict=True)}
            to.write(f"{before}\n  {json.dumps(entry, ensure_ascii=False)}")
            before = ","
        count += len(rows)
    to.write("\n]\n" if count else "[]\n")
    return count


WRITERS: dict[str, Callable[[Screen, Answer, int, TextIO], int]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
}


def _as_utf8(to: TextIO) -> None:
    if isinstance(to, io.TextIOWrapper):
        to.reconfigure(encoding="utf-8", errors="strict", newline="")


def _plain(value: object) -> object:
    """A value as JSON has it; what JSON has no exact form for is text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value - value == 0:
        return value
    return value.hex() if isinstance(value, bytes) else shown(value)


def _flat(value: object) -> str:
    """A value as one CSV cell; lists and structures as JSON."""
    if isinstance(value, dict | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False)
    if isinstance(value, str):
        return value
    return value.hex() if isinstance(value, bytes) else shown(value)


# -- the list of tables and the prompt ---------------------------------------------------------


def _print_tables(screen: Screen, settings: Settings, con: duckdb.DuckDBPyConnection, store: Store) -> None:
    from drg_pipeline.lake.store import period_of
    from drg_pipeline.lake.views import published, row_counts

    tables = published(store)
    place = {"region": settings.region, "lake": near(settings.lake)}
    if not tables:
        screen.say("sql.none", **place)
        return
    counts = row_counts(con, tables)
    rows = [
        [table, str(len(files)), str(period_of(files[0])), str(period_of(files[-1])), f"{counts[table]:,}"]
        for table, files in _in_order(settings, tables).items()
    ]
    heads = [
        Heading(screen.text(f"sql.{name}"), number=name in ("partitions", "rows"))
        for name in ("table", "partitions", "from", "to", "rows")
    ]
    screen.table(Grid(screen.text("sql.tables", **place), heads, rows))


def _in_order(settings: Settings, tables: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Tables in the order in which the layers are computed."""
    from drg_pipeline.sql.lists import read_layers

    layers = [layer.name for layer in read_layers(settings.models)]

    def rank(table: str) -> tuple[int, str]:
        layer = table.split(".")[0]
        return (layers.index(layer) if layer in layers else len(layers), table)

    return {table: tables[table] for table in sorted(tables, key=rank)}


def _converse(
    screen: Screen, settings: Settings, con: duckdb.DuckDBPyConnection, store: Store, limit: int
) -> None:
    """Read and answer queries until the person leaves; what is wrong with one does not end the others."""
    with suppress(ImportError):
        import readline  # noqa: F401  (arrow keys and history at the prompt)
    screen.say("sql.welcome")
    pending: list[str] = []
    while True:
        try:
            line = input("...> " if pending else "drg> ")
        except EOFError:
            screen.line()
            return
        except KeyboardInterrupt:
            screen.line()
            pending.clear()
            continue
        word = line.strip().rstrip(";").lower()
        if not pending and word in ("exit", "quit", "\\q", ".exit", ".quit"):
            return
        if not pending and word in ("tables", ".tables", "\\d"):
            _print_tables(screen, settings, con, store)
            continue
        if line.strip() or pending:
            pending.append(line)
        if line.rstrip().endswith(";"):
            _answer(screen, con, "\n".join(pending), limit)
            pending.clear()


def _answer(screen: Screen, con: duckdb.DuckDBPyConnection, text: str, limit: int) -> None:
    try:
        write_table(screen, Answer(con, text), limit, screen.output())
    except DrgError as error:
        screen.aside(error.message())
    except KeyboardInterrupt:
        screen.aside(screen.text("sql.interrupted"))
    except Exception as error:
        if not (found := disk.trouble(error)):
            raise
        screen.aside(found.text(screen.lang))
