"""Finds grouping schemes, reads one with all that is wrong with it, and fills schemes into typed tables.

A scheme is a folder of plain tables. Nothing is written here; how a folder is taken in is in
`scheme_import.py`, and how its rules group a case is arithmetic.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.forms import Column
from drg_pipeline.grouping.scheme_checks import check, counted
from drg_pipeline.grouping.scheme_head import AMBIGUOUS, HEAD, NAME_RULE, RETRY, Head, is_name, read_head
from drg_pipeline.grouping.scheme_table import Table, empty_table, read_table
from drg_pipeline.ingest.reference_layout import ReferenceColumn, ReferenceLayout
from drg_pipeline.ingest.spelling import normal_sql

LAYOUT_FILE = "scheme_files.yml"
SCHEMA = "scheme"
# Every table says first which scheme a row belongs to; the table of schemes is called like the column.
NAME = "scheme"

_HEAD_COLUMNS = {
    NAME: Column("VARCHAR", "", "Name of the scheme"),
    "version": Column("VARCHAR", "", "Version of the scheme"),
    "title": Column("VARCHAR", "", "Title for people"),
    "issuer": Column("VARCHAR", "", "Who issued it"),
    "region": Column("VARCHAR", "", "Where it holds"),
    "family": Column("VARCHAR", "", "Family of schemes that it belongs to"),
    "source": Column("VARCHAR", "", "Where the tables were taken from"),
    RETRY: Column("BOOLEAN", "", "An ungrouped case is tried again with each other procedure alone"),
    AMBIGUOUS: Column("BOOLEAN", "", "The search may end in an ambiguous group"),
    "digest": Column("VARCHAR", "", "SHA-256 over the names and bytes of its files"),
}


@dataclass(frozen=True)
class Scheme:
    """One scheme that holds to the layout.

    retry      an ungrouped case is tried again with each other procedure
    ambiguous  the search may end in an ambiguous group
    digest     SHA-256 over the names and bytes of its files, in order of name
    tables     file -> column -> cells as they stand in the file ('' is no value)
    counts     what [counts] of scheme.toml states, counted in the files
    notes      what the layout allows and a person may want to look at
    """

    folder: Path
    name: str
    version: str
    title: str
    issuer: str
    region: str
    family: str
    source: str
    retry: bool
    ambiguous: bool
    fields_used: tuple[str, ...]
    digest: str
    tables: Mapping[str, Mapping[str, Sequence[str]]]
    counts: Mapping[str, int]
    notes: tuple[str, ...]


def aside(place: Path) -> Path:
    """Where a scheme stands while another one is put into its place, and after that was killed half-way."""
    return place.with_name(f".{place.name}.before.tmp")


def standing(place: Path) -> Path | None:
    """Where the scheme of a place is to be read: there, or aside; None where it is in neither."""
    # The new one may have come between the first look and the second.
    return next((path for path in (place, aside(place), place) if path.is_dir()), None)


def schemes_in(schemes: Sequence[Path]) -> dict[str, Path]:
    """name -> folder of the schemes in some folders; of two with one name, that of the earlier folder."""
    found: dict[str, Path] = {}
    for folder in schemes:
        there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        for name in {*there, *(name[1:].split(".")[0] for name in there if name.startswith("."))}:
            path = standing(folder / name) if is_name(name) else None
            if path and (path / HEAD).is_file():
                found.setdefault(name, path)
    return dict(sorted(found.items()))


def scheme_folder(schemes: Sequence[Path], name: str) -> Path:
    """Where the scheme of a name is: in the first folder that has it, or would be: in the first folder."""
    return next(filter(None, (standing(folder / name) for folder in schemes)), schemes[0] / name)


def find_scheme(schemes: Sequence[Path], name_or_folder: str) -> Path:
    """The folder of a scheme: a folder that is named, else the scheme of this name among `schemes`."""
    given = os.path.expanduser(name_or_folder)
    if os.sep in given:
        if os.path.isdir(given):
            return Path(given)
        raise WrongUse(
            f"{name_or_folder!r} is not a folder.",
            remedy="Name the folder of a scheme, or a scheme by its name.",
        )
    if given and os.path.isfile(os.path.join(given, HEAD)):
        return Path(given)
    there = schemes_in(schemes)
    places = ", ".join(str(folder) for folder in schemes)
    listed = f"Schemes in {places}: {', '.join(there)}." if there else f"There is no scheme in {places}."
    if not is_name(given):
        raise WrongUse(f"{name_or_folder!r} is not a scheme's name ({NAME_RULE}).", remedy=listed)
    if not scheme_folder(schemes, given).is_dir():
        what = f"the folder {given} has no {HEAD}" if os.path.isdir(given) else "it is not there"
        raise WrongUse(f"There is no scheme {given!r}: {what}.", remedy=listed)
    return scheme_folder(schemes, given)


def read_scheme(folder: Path, layout: ReferenceLayout) -> Scheme:
    """The scheme of a folder; DrgError with all faults of all its files at once."""
    files, faults = read_files(folder, layout)
    return scheme_of(folder, files, layout, faults)


def read_files(
    folder: Path, layout: ReferenceLayout, *, links: bool = True
) -> tuple[dict[str, bytes], list[Fault]]:
    """The layout's files that are there, and what cannot be read; without `links` a link is a fault."""
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for name in (HEAD, *(file.file_name for file in layout.files)):
        path = folder / name
        if not links and path.is_symlink():
            faults.append(Fault(name, "is a link, which is not followed: put the file itself there"))
        elif path.is_file():
            try:
                # Whatever takes the file's place meanwhile, a link is not followed.
                handle = os.open(path, os.O_RDONLY | (0 if links else os.O_NOFOLLOW))
                with open(handle, "rb") as opened:
                    files[name] = opened.read()
            except OSError as error:
                faults.append(Fault(name, f"cannot be read ({error.strerror}): give the right to read it"))
        elif path.exists():
            faults.append(Fault(name, "is not a file: put the file there"))
    return files, faults


def scheme_name(folder: Path) -> str:
    """The name that a scheme's head gives it; DrgError for a head that cannot be read."""
    try:
        raw = (folder / HEAD).read_bytes()
    except OSError as error:
        raise DrgError(f"{folder} is not a scheme: its {HEAD} cannot be read ({error.strerror}).") from error
    faults: list[Fault] = []
    head = read_head(raw, faults)
    if head is None or "name" not in head.texts:
        raise DrgError(
            f"The {HEAD} of {folder} gives no name.", faults, remedy="drg scheme check shows all of it."
        )
    return head.texts["name"]


def digest_of_folder(folder: Path, layout: ReferenceLayout) -> str:
    """The digest that `read_scheme` would give, without reading what the files say."""
    return digest_of(read_files(folder, layout)[0])


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and bytes, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def scheme_of(
    folder: Path, files: Mapping[str, bytes], layout: ReferenceLayout, before: Sequence[Fault] = ()
) -> Scheme:
    """The scheme that these files make; `before`: what was wrong when they were read."""
    faults = list(before)
    told = {fault.where for fault in faults}
    notes: list[str] = []
    if HEAD not in files and HEAD not in told:
        faults.append(Fault(HEAD, "is missing, and it is required: put it there"))
    head = (read_head(files[HEAD], faults) if HEAD in files else None) or Head()
    notes += head.notes
    tables: dict[str, Table | None] = {}
    for file in layout.files:
        if file.file_name in files:
            tables[file.name] = read_table(files[file.file_name], file, faults, notes)
        elif file.file_name in told:
            tables[file.name] = None
        elif file.required:
            faults.append(Fault(file.file_name, "is missing, and it is required: put it there"))
            tables[file.name] = None
        else:
            tables[file.name] = empty_table(file)
    between, odd = check(head, tables)
    faults += between
    if faults:
        raise DrgError(
            f"The scheme in {folder} cannot be used: {len(faults)} fault{'' if len(faults) == 1 else 's'}.",
            faults,
            state="Nothing was taken from it.",
            remedy="Correct the files, then run: drg scheme check FOLDER",
        )
    read = {name: table for name, table in tables.items() if table is not None}
    return Scheme(
        folder=folder,
        **head.texts,
        retry=head.flags[RETRY],
        ambiguous=head.flags[AMBIGUOUS],
        fields_used=head.fields_used or (),
        digest=digest_of(files),
        tables={name: table.columns for name, table in read.items()},
        counts=counted(read),
        notes=(*notes, *odd),
    )


def scheme_columns(layout: ReferenceLayout) -> dict[str, dict[str, Column]]:
    """The columns of each table that `fill_schemes` makes, the scheme's name first."""
    lead = {NAME: _HEAD_COLUMNS[NAME]}
    tables = {
        file.name: lead | {column.name: column.column for column in file.columns} for file in layout.files
    }
    return {NAME: dict(_HEAD_COLUMNS), **tables}


def fill_schemes(
    con: duckdb.DuckDBPyConnection,
    layout: ReferenceLayout,
    schemes: Sequence[Scheme],
    *,
    normal: bool = False,
) -> None:
    """Creates schema `scheme`: a table for each file and one of the schemes themselves.

    normal  codes in the normal form in which claims have theirs; otherwise exactly as the files have them
    """
    names = [scheme.name for scheme in schemes]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DrgError(
            f"Two schemes are called {', '.join(doubled)}.",
            [Fault(str(scheme.folder), scheme.name) for scheme in schemes if scheme.name in doubled],
            remedy="Give one of them another name in its scheme.toml.",
        )
    con.execute(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"')
    columns = scheme_columns(layout)
    for table, of in columns.items():
        typed = ", ".join(f'"{name}" {column.type}' for name, column in of.items())
        con.execute(f'CREATE OR REPLACE TABLE "{SCHEMA}"."{table}" ({typed})')
    for scheme in schemes:
        texts = (scheme.name, scheme.version, scheme.title, scheme.issuer, scheme.region, scheme.family)
        con.execute(
            f'INSERT INTO "{SCHEMA}"."{NAME}" VALUES ({", ".join("?" for _ in _HEAD_COLUMNS)})',
            [*texts, scheme.source, scheme.retry, scheme.ambiguous, scheme.digest],
        )
        for file in layout.files:
            # Arrays are read in place, which is five times as fast as parameters.
            cells = {
                column.name: np.array(scheme.tables[file.name][column.name], dtype=object)
                for column in file.columns
            }
            if not len(cells[file.columns[0].name]):
                continue
            typed = ", ".join(_cell_sql(column, normal) for column in file.columns)
            con.execute(f'INSERT INTO "{SCHEMA}"."{file.name}" SELECT ?, {typed} FROM cells', [scheme.name])
    if normal:
        _check_keys(con, layout)


def _cell_sql(column: ReferenceColumn, normal: bool) -> str:
    """The value of a cell; an empty one is none."""
    text = f"nullif(\"{column.name}\", '')"
    if normal and column.spelling:
        text = normal_sql(column.spelling, text)
    return f"CAST({text} AS {column.type.sql})"


def _check_keys(con: duckdb.DuckDBPyConnection, layout: ReferenceLayout) -> None:
    """Refuses keys that differ in their files and are one in their normal form."""
    faults = []
    for file in layout.files:
        if file.repeats:
            continue
        keys = ", ".join(f'"{name}"' for name in (NAME, *file.key))
        found = con.execute(
            f'SELECT {keys} FROM "{SCHEMA}"."{file.name}" GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL'
        ).fetchall()
        faults += [
            Fault(f"{scheme}/{file.file_name}", f"{' '.join(map(str, key))} stands twice")
            for scheme, *key in found
        ]
    if faults:
        raise DrgError(
            "A scheme has codes that are one and the same as claims are read.",
            faults,
            state="No month was grouped by it.",
            remedy="Leave one spelling of each code in its files, then: drg scheme import FOLDER --replace",
        )
