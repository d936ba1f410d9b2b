"""Forms: a frozen dataclass says which keys a mapping in one of our files has, and what each value is.

    @dataclass(frozen=True)
    class Page:
        id: Name                                         the key under which it stands, of a file its name
        title: ByLanguage                                     by language
        about: Annotated[str, one_of(ABOUT)]
        sheets: tuple[str, ...]                          a list with at least one entry
        proofs: Annotated[tuple[str, ...], EMPTY] = ()   one that may be empty, or left out

A field without a default is a key that has to be there. `str`, `bool`, `int`, `Decimal`, `tuple`, `Mapping`,
`Literal`, `| None` and another form say by themselves what is read; `Annotated` says it otherwise, as in
`kinds.py`. What keys ask of each other stands in a method `check(place)`. It is asked of every mapping, so
that all faults come at once; a value that is at fault or missing is an empty one there. A field that ends in
_ is the key without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from drg_pipeline.errors import did_you_mean
from drg_pipeline.forms import kinds
from drg_pipeline.forms.document import read_yaml
from drg_pipeline.forms.kinds import BY_NAME, EMPTY, NAME, Among, Reader
from drg_pipeline.forms.place import Place

T = TypeVar("T")


def load(form: type[T], path: Path, headline: str) -> T:
    """What a file of ours says; DrgError with everything that is wrong with it."""
    place = Place(path.name)
    found = read_form(form, path, place)
    place.refuse(headline, f"Correct {path}.")
    return found


def read_form(form: type[T], path: Path, place: Place) -> T:
    """What a file says; what is wrong with it becomes faults of the place."""
    before = len(place.faults)
    content = read_yaml(path, place)
    unread = content is None and len(place.faults) > before
    return fill(form, Place(place.file) if unread else place, content)


def read_entries(form: type[T], path: Path, place: Place) -> dict[str, T]:
    """A file that is a mapping of names of its own, each a form; faults as above."""
    before = len(place.faults)
    content = read_yaml(path, place)
    if content is None and len(place.faults) > before:
        return {}
    found: dict[str, T] = kinds.named(partial(fill, form))(place, content)
    return found


def fill(form: type[T], place: Place, node: object) -> T:
    """The form of one mapping; what is wrong with it becomes faults of the place, and has an empty value."""
    asked, named = _asked(cast("Any", form))
    given = place.mapping(
        node, [key.name for key in asked if key.needed], [key.name for key in asked if not key.needed]
    )
    values: dict[str, Any] = {}
    for key in asked:
        if key.name in given:
            values[key.field] = key.read(place.at(key.name), given[key.name])
            if key.among and isinstance(known := given.get(key.among), dict):
                _among(place.at(key.name), values[key.field], key.among, known)
        elif key.needed:
            values[key.field] = key.read(Place(""), None)
    made = form(**values, **{key.field: key.read(place, place.name) for key in named})
    check = getattr(made, "check", None)
    if check and isinstance(node, dict):
        check(place)
    return made


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
