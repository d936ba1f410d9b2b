"""Forms: a frozen dataclass says which keys a mapping in one of our files has, and what each value is.

    @dataclass(frozen=True)
    class Page:
        id: Name                                         the key under which it stands, of a file its name
        title: Words                                     by language
        about: Annotated[str, one_of(ABOUT)]
        sheets: tuple[str, ...]                          a list with at least one entry
        proofs: Annotated[tuple[str, ...], EMPTY] = ()   one that may be empty, or left out

A field without a default is a key that has to be there. `str`, `bool`, `int`, `Decimal`, `tuple`, `Mapping`,
`Literal`, `| None` and another form say by themselves what is read; `Annotated` says it otherwise, as in
`kinds.py`. What keys ask of each other stands in a method `check(place)`, which is asked of a mapping without
a fault. A field that ends in _ is the key without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from drg_pipeline.errors import DrgError, did_you_mean
from drg_pipeline.forms import kinds
from drg_pipeline.forms.document import read_yaml
from drg_pipeline.forms.kinds import BY_NAME, EMPTY, NAME, Among, Reader
from drg_pipeline.forms.place import Place

T = TypeVar("T")


def load(form: type[T], path: Path, headline: str) -> T:
    """What a file of ours says; DrgError with everything that is wrong with it."""
    place = Place(path.name)
    found = read_form(form, path, place)
    if found is None:
        raise DrgError(headline, place.faults, remedy=f"Correct {path}.")
    return found


def read_form(form: type[T], path: Path, place: Place) -> T | None:
    """What a file says; None, with faults, where anything in it is wrong."""
    before = len(place.faults)
    content = read_yaml(path, place)
    if content is None:
        return None
    found = fill(form, place, content)
    return found if len(place.faults) == before else None


def fill(form: type[T], place: Place, node: object) -> T | None:
    """The form of one mapping; None, with faults, where anything in it is wrong."""
    before = len(place.faults)
    asked, named = _asked(cast("Any", form))
    given = place.mapping(
        node, [key.name for key in asked if key.needed], [key.name for key in asked if not key.needed]
    )
    values = {key.field: key.read(place.at(key.name), given[key.name]) for key in asked if key.name in given}
    for key in asked:
        if key.among and key.name in given and isinstance(known := given.get(key.among), dict):
            _among(place.at(key.name), values[key.field], key.among, known)
    values |= {key.field: key.read(place, place.name) for key in named}
    if len(place.faults) > before:
        return None
    made = form(**values)
    if check := getattr(made, "check", None):
        check(place)
    return made if len(place.faults) == before else None


@dataclass(frozen=True)
class _Key:
    """A key of a form: the field that it fills, how its value is read, and the key that has its names."""

    name: str
    field: str
    read: Reader
    needed: bool
    among: str


@cache
def _asked(form: Any) -> tuple[list[_Key], list[_Key]]:
    """The keys that a mapping has, and the fields that the name fills under which it stands."""
    hints = get_type_hints(form, include_extras=True)
    asked: list[_Key] = []
    named: list[_Key] = []
    for one in fields(form):
        hint = hints[one.name]
        needed = one.default is MISSING and one.default_factory is MISSING
        marks = _marks(hint)
        among = next((mark.field for mark in marks if isinstance(mark, Among)), "")
        key = _Key(one.name.removesuffix("_"), one.name, _reader(hint), needed, among)
        (named if NAME in marks else asked).append(key)
    return asked, named


def _marks(hint: Any) -> tuple[Any, ...]:
    return tuple(get_args(hint)[1:]) if get_origin(hint) is Annotated else ()


def _among(place: Place, named: Any, key: str, known: Mapping[str, Any]) -> None:
    for name in dict.fromkeys([named] if isinstance(named, str) else named):
        if name and name not in known:
            place.fault(f"{name} is not one of the {key}{did_you_mean(name, known)}")


def _reader(hint: Any) -> Reader:
    """How a value of a type is read."""
    marks = _marks(hint)
    inner = get_args(hint)[0] if marks else hint
    said: list[Callable[..., Any]] = [mark for mark in marks if callable(mark)]
    if said:
        return said[0]
    origin, of = get_origin(inner), get_args(inner)
    if origin in (Union, UnionType):
        [inner] = [one for one in of if one is not NoneType]
        return _reader(Annotated[inner, *marks] if marks else inner)
    if origin is Literal:
        return kinds.one_of(of)
    if origin is tuple and BY_NAME in marks:
        read = kinds.named(_reader(of[0]), empty=EMPTY in marks)
        return lambda place, node: tuple(read(place, node).values())
    if origin is tuple:
        return kinds.listed(_reader(of[0]), empty=EMPTY in marks)
    if origin in (Mapping, dict):
        return kinds.named(_reader(of[1]), _reader(of[0]), empty=EMPTY in marks)
    if isinstance(inner, type) and is_dataclass(inner):
        return partial(fill, inner)
    return kinds.PLAIN[inner]
