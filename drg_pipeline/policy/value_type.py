"""The types a value of the law may have: how its text is read, and what it is in SQL.

Which parameter has which type is said in the pack, not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Scalar = Decimal | int | str | bool

PLAIN = {
    "whole": "INTEGER",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "date_in_year": "VARCHAR",
    "citation": "VARCHAR",
}
TYPE_NAMES = ("decimal(p,s)", *PLAIN)
_DECIMAL = re.compile(r"decimal\(\s*([0-9]+)\s*,\s*([0-9]+)\s*\)")
_LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class ValueType:
    """A type as the pack writes it, with its SQL name; `sql` and `parse` agree on what fits."""

    name: str
    precision: int = 0
    scale: int = 0

    @property
    def sql(self) -> str:
        return f"DECIMAL({self.precision},{self.scale})" if self.name == "decimal" else PLAIN[self.name]

    @property
    def numeric(self) -> bool:
        return self.name in ("decimal", "whole")

    def parse(self, text: str) -> Scalar:
        """The typed value; ValueError says what is wrong with the text and what would be right."""
        if self.name == "decimal":
            return self._decimal(text)
        if self.name == "whole":
            if not re.fullmatch(r"-?[0-9]{1,10}", text) or abs(int(text)) > _LARGEST_INTEGER:
                raise ValueError(f"{text!r} is not a whole number: write digits only")
            return int(text)
        if self.name == "boolean":
            if text not in ("true", "false"):
                raise ValueError(f"{text!r} is not a boolean: write true or false")
            return text == "true"
        if self.name == "date_in_year":
            return self._date_in_year(text)
        return text

    def _decimal(self, text: str) -> Decimal:
        found = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", text)
        if not found:
            raise ValueError(f"{text!r} is not a decimal number: write digits and a point only")
        whole, fraction = found.group(2).lstrip("0"), found.group(3) or ""
        if len(fraction) > self.scale or len(whole) > self.precision - self.scale:
            raise ValueError(
                f"{text} does not fit decimal({self.precision},{self.scale}): at most "
                f"{self.precision - self.scale} digits before and {self.scale} after the point"
            )
        return Decimal(f"{found.group(1)}{found.group(2)}.{fraction.ljust(self.scale, '0')}")

    def _date_in_year(self, text: str) -> str:
        try:
            if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            date.fromisoformat(f"2023-{text}")
        except ValueError:
            raise ValueError(f"{text!r} is not a day of every year: write it as MM-DD") from None
        return text


def parse_type(text: str) -> ValueType:
    """The type that a pack names; ValueError lists the types there are."""
    if text in PLAIN:
        return ValueType(text)
    found = _DECIMAL.fullmatch(text)
    if found:
        precision, scale = int(found.group(1)), int(found.group(2))
        if 0 < precision <= 38 and scale <= precision:
            return ValueType("decimal", precision, scale)
    raise ValueError(f"{text!r} is not a type: choose one of {', '.join(TYPE_NAMES)}")
