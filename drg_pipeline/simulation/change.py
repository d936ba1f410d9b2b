"""What a person types to try a value: one grammar for the law and for the reference files.

    NAME = VALUE                             a parameter of the law
    NAME[COLUMN=TEXT, …].COLUMN = VALUE      cells of the rows that the brackets choose
    NAME.COLUMN *= VALUE                     cells of every row
    NAME[new, COLUMN=TEXT, …].COLUMN = VALUE a row that is added
    …@2025-07..2025-09 = VALUE               of the law only: from a month or year on, or until another

The operators are =, *= and +=. Here changes are read and done to rows of text; what may be named, and whether
the outcome may stand, is judged by who knows the law and the files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from drg_pipeline.errors import Fault
from drg_pipeline.periods import Period

Text = str | None
TextRow = dict[str, Text]

_PERIOD = r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"
_CHANGE = re.compile(
    r"\s*(?P<name>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\s*"
    r"(?:\[(?P<rows>[^\[\]]*)\]\s*(?:\.\s*(?P<column>[A-Za-z0-9_]+)\s*)?)?"
    rf"(?:@\s*(?P<since>{_PERIOD})(?:\.\.(?P<until>{_PERIOD}))?\s*)?"
    r"(?P<operator>\*=|\+=|=)(?P<value>.*)",
    re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_NEW = "new"
# Wide enough that no product of two 38-digit decimals is rounded before its end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Change:
    """One change as it was typed.

    name      what stands before the brackets; without them the column may be its last part
    chosen    column -> text of the rows that are meant; None without brackets
    new       whether the row is added
    since, until  months or years that bound it, None where open
    operator  =, *= or +=
    """

    typed: str
    name: str
    chosen: Mapping[str, str] | None
    new: bool
    column: str
    since: Period | None
    until: Period | None
    operator: str
    value: str


@dataclass(frozen=True)
class Kind:
    """What cells of a column are: numbers with so many decimals, or texts (None)."""

    scale: int | None


def read_changes(typed: Sequence[str], faults: list[Fault]) -> list[Change]:
    """The changes in the order given; what cannot be read becomes a fault."""
    return [change for text in typed if (change := _read(text, faults)) is not None]


def _read(text: str, faults: list[Fault]) -> Change | None:
    found = _CHANGE.fullmatch(text)
    if not found:
        faults.append(
            Fault(text, "is not NAME=VALUE, NAME[COLUMN=TEXT,…].COLUMN=VALUE or the same with *= or +=")
        )
        return None
    value, operator = found["value"].strip(), found["operator"]
    if operator != "=" and not _NUMBER.fullmatch(value):
        faults.append(Fault(text, f"{value!r} is not a number (digits, and a point before the decimals)"))
        return None
    chosen, new = _rows(text, found["rows"], faults) if found["rows"] is not None else (None, False)
    return Change(
        text,
        found["name"],
        chosen,
        new,
        found["column"] or "",
        Period.read(found["since"] or ""),
        Period.read(found["until"] or ""),
        operator,
        value,
    )


def _rows(text: str, inside: str, faults: list[Fault]) -> tuple[dict[str, str], bool]:
    chosen: dict[str, str] = {}
    new = False
    for part in inside.split(","):
        column, equals, wanted = (piece.strip() for piece in part.partition("="))
        if not equals and column == _NEW:
            new = True
        elif not equals or not column:
            faults.append(Fault(text, f"[{part.strip()}] does not say COLUMN=TEXT"))
        elif column in chosen:
            faults.append(Fault(text, f"{column} stands twice in the brackets"))
        else:
            chosen[column] = wanted
    return chosen, new


def change_rows(
    change: Change,
    rows: Sequence[TextRow],
    kinds: Mapping[str, Kind],
    add: Callable[[], TextRow],
) -> tuple[list[TextRow], int, str]:
    """The rows with the change done, how many rows it met, and what is wrong with it or ''.

    add   the row that `new` begins with; the texts of the brackets are put in
    """
    chosen = change.chosen or {}
    rows = [dict(row) for row in rows]
    if change.new:
        row = {**add(), **{column: text or None for column, text in chosen.items()}}
        row[change.column], wrong = changed_text(row.get(change.column), change, kinds[change.column])
        return [*rows, row], 1, wrong
    met = [row for row in rows if all(same(row[c], text, kinds[c]) for c, text in chosen.items())]
    wrongs = []
    for row in met:
        row[change.column], wrong = changed_text(row[change.column], change, kinds[change.column])
        wrongs += [wrong] if wrong else []
    return rows, len(met), wrongs[0] if wrongs else ""


def changed_text(text: Text, change: Change, kind: Kind) -> tuple[Text, str]:
    """A cell after the change, and what is wrong or ''; a sum or product is rounded half up, once."""
    if change.operator == "=":
        return change.value or None, ""
    if kind.scale is None:
        return text, f"{change.column or change.name} is no number: set it with ="
    if text is None:
        return text, "a cell that is meant is empty: set it with ="
    old, by = Decimal(text), Decimal(change.value)
    outcome = _EXACT.multiply(old, by) if change.operator == "*=" else _EXACT.add(old, by)
    return f"{_EXACT.quantize(outcome, Decimal(1).scaleb(-kind.scale)):f}", ""


def same(cell: Text, wanted: str, kind: Kind) -> bool:
    """Whether a cell is what the brackets ask for: numbers by value, an empty text is an empty cell."""
    if cell is None or not wanted:
        return cell is None and not wanted
    if kind.scale is not None and _NUMBER.fullmatch(wanted):
        return Decimal(cell) == Decimal(wanted)
    return cell == wanted
