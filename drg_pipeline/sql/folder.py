"""Reads a folder of models whole: tables, invariants and explanations, as far as they apply to a region.

Everything that is wrong with any file is told at once. Whether what was read fits together is `project.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.sql.account import ACCOUNT, Explanation, read_explanations
from drg_pipeline.sql.gather import TABLE_FILE, read_gathered
from drg_pipeline.sql.header import Split
from drg_pipeline.sql.macros import MACROS_FILE
from drg_pipeline.sql.methods import Choice, Methods, When, applies, faults_of, read_choices
from drg_pipeline.sql.model import Invariant, Model, Reader
from drg_pipeline.sql.shared import MARK, Shelf

INVARIANTS = "invariants"


@dataclass
class Folder:
    """What a folder of models holds for a region.

    left_out  tables that do not apply, with the choices that they wait for
    """

    choices: Mapping[str, Choice]
    models: list[Model] = field(default_factory=list)
    invariants: list[Invariant] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    left_out: dict[str, When] = field(default_factory=dict)


def read_folder(
    folder: Path,
    layers: Sequence[str],
    methods: Methods | None,
    split: Split,
    type_of: Callable[[str, str], str],
) -> Folder:
    """Raises DrgError with every fault of every file.

    methods  of the region; None: everything is read, whatever it waits for
    split    parts a file into header and SQL
    type_of  (table, column) -> its SQL type
    """
    faults: list[Fault] = []
    reader = Reader(split, read_choices(folder, faults), faults)
    found = Folder(reader.choices)
    for layer in layers:
        found.models += _tables(reader, folder / layer, methods, type_of)
    found.invariants += reader.each(reader.invariant, folder / INVARIANTS)
    found.explanations += read_explanations(reader, folder, layers)
    if methods is not None:
        faults += faults_of(methods, reader.asked, reader.choices)
    if faults:
        raise DrgError("The models cannot be used.", faults)
    found.left_out = {one.name: one.when for one in found.models if not applies(one.when, methods)}
    found.models = [
        replace(one, checks=tuple(check for check in one.checks if applies(check.when, methods)))
        for one in found.models
        if one.name not in found.left_out
    ]
    found.invariants = [one for one in found.invariants if applies(one.when, methods)]
    found.explanations = [one for one in found.explanations if applies(one.when, methods)]
    return found


def _tables(
    reader: Reader, folder: Path, methods: Methods | None, type_of: Callable[[str, str], str]
) -> Iterator[Model]:
    layer, shelf = folder.name, Shelf(folder, reader.split, reader.faults)
    shelves = [shelf]
    for path in sorted(folder.glob("*.sql")):
        if path.name == MACROS_FILE or path.name.startswith(MARK):
            continue
        if model := reader.model(path, layer, shelf):
            yield model
    for path in sorted(one for one in folder.glob("*") if one.is_dir() and one.name != ACCOUNT):
        name = f"{layer}.{path.name}"
        if not (path / TABLE_FILE).is_file():
            if any(path.glob("*.sql")):
                reader.faults.append(Fault(name, f"is a folder of members without {TABLE_FILE}"))
            continue
        if path.with_suffix(".sql").is_file():
            reader.faults.append(Fault(name, "is a file and a folder: keep one of the two"))
        model, own = read_gathered(reader, path, layer, shelf, methods, partial(type_of, name))
        shelves.append(own)
        if model is not None:
            yield model
    for one in shelves:
        reader.faults.extend(one.unread())
