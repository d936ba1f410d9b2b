"""Reads one entry of a topic's `parameters`: its shape, and its dated values checked against it.

What a parameter is stands in `parameter.py`, how entries of several folders become one in `load.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from drg_pipeline.forms import Place, day, flag
from drg_pipeline.policy.parameter import NAME, OPEN, Content, Context, DatedValue, Field, Parameter, Row
from drg_pipeline.policy.value_type import Scalar, parse_type

REPEALED = "repealed"
TABLE = "table"


def read_parameter(
    place: Place, name: str, node: Any, context: Context, *, described: bool = False
) -> Parameter | None:
    """One entry of `parameters`; None where its faults leave nothing to use.

    described  whether it may say what it is and leave its values to others
    """
    before = len(place.faults)
    if not NAME.fullmatch(name):
        place.fault("a parameter's name is small letters, digits and _: rename it")
    is_table = isinstance(node, dict) and node.get("type") == TABLE
    needs = ["describe", "type", *(["key", "columns"] if is_table else ["unit"])]
    may = [
        "confirmed_until",
        "nullable",
        *(["bands", "complete", "with_base"] if is_table else ["domain", "at_least", "at_most"]),
    ]
    needed, optional = (needs, [*may, "values"]) if described else ([*needs, "values"], may)
    keys = place.mapping(node, needed, optional)
    describe = place.at("describe").text(keys["describe"]) if "describe" in keys else ""
    confirmed = context.confirmed_until
    if "confirmed_until" in keys:
        confirmed = _date(place.at("confirmed_until"), keys["confirmed_until"]) or confirmed
    nullable = flag(place.at("nullable"), keys.get("nullable", "false"))
    scalar: Field | None = None
    columns: dict[str, Field] | None = None
    if is_table:
        columns = {
            column: found
            for column, content in place.at("columns").named(keys.get("columns"), "columns").items()
            if (found := _column(place.at("columns").at(column), column, content)) is not None
        }
        shape = _shape(place, keys, columns)
    else:
        scalar = _field(place, keys, meaning=describe) if "type" in keys else None
        shape = None
    if len(place.faults) > before:
        # A value cannot be read where its type is not known; its faults come after these.
        return None
    reader = _ValueReader(context, scalar, columns, shape, nullable)
    values = reader.values(place.at("values"), keys["values"]) if "values" in keys else []
    if len(place.faults) > before:
        return None
    if context.overlay and values and values[0].valid_from == context.overlay.until:
        values.insert(0, context.overlay.before(values[0]))
    shape = shape or _Shape((), None)
    flag(place.at("with_base"), keys.get("with_base", "false"))
    kept = (shape.key, shape.bands, flag(place.at("complete"), keys.get("complete", "false")))
    return Parameter(name, place.file, describe, scalar, columns, nullable, tuple(values), confirmed, *kept)


def read_content(place: Place, parameter: Parameter, node: object, context: Context) -> Content:
    """What a parameter is to hold, as text (a table: a list of rows), checked as its file is.

    What is wrong becomes faults of the place.
    """
    shape = _Shape(parameter.key, parameter.bands)
    reader = _ValueReader(context, parameter.field, parameter.columns, shape, parameter.nullable)
    return reader.content(place, node)


@dataclass(frozen=True)
class _Shape:
    """What the rows of a table must keep: unique keys, and bands without gap or overlap."""

    key: tuple[str, ...]
    bands: tuple[str, str] | None


def _shape(place: Place, keys: Mapping[str, Any], columns: Mapping[str, Field]) -> _Shape:
    key: list[str] = []
    for position, column in enumerate(place.at("key").sequence(keys.get("key"), "columns"), 1):
        if column not in columns:
            place.at("key").item(position).fault(f"{column!r} is not one of the columns: name a column")
        key.append(str(column))
    bands: tuple[str, str] | None = None
    if "bands" in keys:
        names = place.at("bands").sequence(keys["bands"], "two columns, lower and upper end")
        if len(names) != 2 or any(name not in columns or not columns[name].type.numeric for name in names):
            place.at("bands").fault("must name two numeric columns, lower and upper end")
        else:
            bands = (str(names[0]), str(names[1]))
    return _Shape(tuple(key), bands)


def _column(place: Place, name: str, node: Any) -> Field | None:
    if not NAME.fullmatch(name) or name in ("month", "year", "phase"):
        place.fault("a column's name is small letters, digits and _, and not month, year or phase: rename it")
    keys = place.mapping(
        node, ["type", "unit", "meaning"], ["nullable", "domain", "at_least", "at_most", "of"]
    )
    if "type" not in keys:
        return None
    found = _field(place, keys, meaning=place.at("meaning").text(keys.get("meaning")))
    return replace(found, of=place.at("of").text(keys["of"])) if found and "of" in keys else found


def _field(place: Place, keys: Mapping[str, Any], *, meaning: str) -> Field | None:
    try:
        kind = parse_type(place.at("type").text(keys["type"]))
    except ValueError as error:
        place.at("type").fault(str(error))
        return None
    unit = place.at("unit").text(keys["unit"]) if "unit" in keys else ""
    domain: tuple[str, ...] = ()
    if "domain" in keys:
        if kind.name != "text":
            place.at("domain").fault("only a text has a domain: remove it, or use at_least and at_most")
        listed = place.at("domain").sequence(keys["domain"], "texts")
        domain = tuple(place.at("domain").item(n).text(text) for n, text in enumerate(listed, 1))
    bounds: dict[str, Scalar | None] = {"at_least": None, "at_most": None}
    for key in bounds:
        if key in keys and not kind.numeric:
            place.at(key).fault("only a number has bounds: remove it")
        elif key in keys:
            bounds[key] = _scalar(place.at(key), keys[key], Field(kind, unit, meaning))
    nullable = flag(place.at("nullable"), keys.get("nullable", "false"))
    return Field(kind, unit, meaning, nullable, domain, bounds["at_least"], bounds["at_most"])


def _scalar(place: Place, node: object, field: Field) -> Scalar | None:
    if node is None or (isinstance(node, str) and not node.strip()):
        if node is not None or not field.nullable:
            place.fault("is empty: give a value (or mark it nullable: true where none is an answer)")
        return None
    if not isinstance(node, str):
        place.fault("must be one value, not a list or a mapping")
        return None
    try:
        value = field.type.parse(node)
    except ValueError as error:
        place.fault(str(error))
        return None
    if field.domain and value not in field.domain:
        place.fault(f"{node!r} is not one of: {', '.join(field.domain)}")
    if field.at_least is not None and value < field.at_least:  # type: ignore[operator]
        place.fault(f"{node} is below {field.at_least}, the least it may be: correct it")
    if field.at_most is not None and value > field.at_most:  # type: ignore[operator]
        place.fault(f"{node} is above {field.at_most}, the most it may be: correct it")
    return value


def _date(place: Place, node: object) -> date | None:
    before = len(place.faults)
    found = day(place, node)
    return found if len(place.faults) == before else None


@dataclass(frozen=True)
class _ValueReader:
    """Reads the list of values of one parameter, whose type it has."""

    context: Context
    field: Field | None
    columns: Mapping[str, Field] | None
    shape: _Shape | None
    nullable: bool

    def values(self, place: Place, node: Any) -> list[DatedValue]:
        read = [
            value
            for position, entry in enumerate(place.sequence(node, "values"), 1)
            if (value := self._value(place.item(position), entry)) is not None
        ]
        for earlier, later in pairwise(read):
            first, second = (earlier.valid_from, earlier.published), (later.valid_from, later.published)
            if first == second:
                place.fault(
                    f"two values start on {later.valid_from} and were published on {later.published}: "
                    "keep one, or give the later text its own published date"
                )
            elif second < first:
                place.fault(
                    f"the value of {later.valid_from} stands after that of {earlier.valid_from}: sort by date"
                )
        self._gaps(place, read)
        return read

    def _gaps(self, place: Place, read: list[DatedValue]) -> None:
        if self.nullable:
            return
        for position, value in enumerate(read):
            replaced = any(later.valid_from == value.valid_from for later in read[position + 1 :])
            if value.repealed and not replaced:
                place.fault(
                    f"repealed from {value.valid_from} and nothing takes its place that day: add the value "
                    "that holds from then on (or mark the parameter nullable: true where none is an answer)"
                )

    def _value(self, place: Place, node: Any) -> DatedValue | None:
        repealed = isinstance(node, dict) and node.get("value") == REPEALED
        content_key = "value" if repealed or self.columns is None else "rows"
        keys = place.mapping(node, ["valid_from", content_key, "published", "law"], ["reason"])
        starts = _date(place.at("valid_from"), keys["valid_from"]) if "valid_from" in keys else None
        published = _date(place.at("published"), keys["published"]) if "published" in keys else None
        law = place.at("law").text(keys["law"]) if "law" in keys else ""
        reason = place.at("reason").text(keys["reason"]) if "reason" in keys else ""
        if law == OPEN and not reason:
            place.at("reason").fault("missing key: say why the law leaves it open, and what was chosen")
        elif law and law != OPEN:
            self._cited(place.at("law"), law, starts, published)
        content: Content = None
        if content_key in keys and not repealed:
            content = self.content(place.at(content_key), keys[content_key])
        elif repealed and self.columns is not None:
            content = ()
        if starts is None or published is None:
            return None
        return DatedValue(starts, published, content, law, reason, repealed)

    def content(self, place: Place, node: Any) -> Content:
        if self.columns is not None:
            return self._rows(place, node)
        assert self.field is not None
        return _scalar(place, node, replace(self.field, nullable=self.nullable))

    def _cited(self, place: Place, law: str, starts: date | None, published: date | None) -> None:
        instrument = self.context.cite(place, law)
        if instrument is None:
            return
        if starts and starts < instrument.in_force_from:
            place.fault(
                f"{law} binds from {instrument.in_force_from}, the value starts on {starts}: start it there, "
                "or write law: open with a reason"
            )
        elif published and instrument.issued and published < instrument.issued:
            place.fault(
                f"{law} was issued on {instrument.issued}, so it was not published on {published}: correct it"
            )

    def _rows(self, place: Place, node: Any) -> tuple[Row, ...]:
        assert self.columns is not None and self.shape is not None
        before = len(place.faults)
        rows: list[dict[str, Scalar | None]] = []
        for position, entry in enumerate(place.sequence(node, "rows", empty=self.nullable), 1):
            here = place.item(position)
            keys = here.mapping(entry, self.columns)
            rows.append(
                {
                    column: self._cell(here.at(column), keys[column], field)
                    for column, field in self.columns.items()
                    if column in keys
                }
            )
        if len(place.faults) > before:
            return ()
        seen: dict[tuple[object, ...], int] = {}
        for position, row in enumerate(rows, 1):
            key = tuple(row[column] for column in self.shape.key)
            if key in seen:
                shown = ", ".join(f"{column} {row[column]}" for column in self.shape.key)
                place.item(position).fault(f"{shown} stands in row {seen[key]}, too: keep one of the two")
            seen.setdefault(key, position)
        if self.shape.bands:
            self._bands(place, rows, *self.shape.bands)
        return tuple(tuple(row.values()) for row in rows)

    def _cell(self, place: Place, node: object, field: Field) -> Scalar | None:
        if field.type.name == "citation" and isinstance(node, list):
            return self._clause_here(place, node)
        value = _scalar(place, node, field)
        is_clause = field.type.name == "citation" and isinstance(value, str) and value != OPEN
        if is_clause:
            replace(self.context, in_pack=()).cite(place, str(value))
        return value

    def _clause_here(self, place: Place, node: list[Any]) -> str:
        """Of clauses of several regions the first that is this region's law, else `open`.

        Of documents that the region's list does not have nothing can be said.
        """
        laws = [place.item(position).text(law) for position, law in enumerate(node, 1)]
        known = [law for law in laws if law.split("-")[0] in self.context.instruments.by_id]
        cited = [law for law in known if replace(self.context, in_pack=()).cite(place, law)]
        return next((law for law in cited if law.split("-")[0] in self.context.in_pack), OPEN)

    @staticmethod
    def _bands(place: Place, rows: list[dict[str, Scalar | None]], low: str, high: str) -> None:
        for position, row in enumerate(rows, 1):
            start, end = row[low], row[high]
            if end is not None and not start < end:  # type: ignore[operator]
                place.item(position).fault(f"{low} {start} is not below {high} {end}: correct one of the two")
            if position > 1 and start != rows[position - 2][high]:
                place.item(position).fault(
                    f"{low} {start} does not begin where the row before ends ({rows[position - 2][high]}): "
                    "close the gap or the overlap"
                )
