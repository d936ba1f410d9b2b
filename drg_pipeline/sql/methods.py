"""Choices that the law leaves to a region, the methods among which it chooses, and what applies by `when`.

`methods.yml` beside the layers names every choice once. What a region has chosen, and which clause says so,
stands in its law; nothing here reads that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, Fault, did_you_mean
from drg_pipeline.sql.header import mapping, unknown_keys

METHODS_FILE = "methods.yml"
CHOICE_KEYS = ("describe", "methods", "before", "several")
METHOD_KEYS = ("describe", "title")

Methods = Mapping[str, Sequence[str]]
"""choice -> the methods that a region follows"""
When = Mapping[str, tuple[str, ...]]
"""choice -> methods of which a region has to follow one, for each choice"""


@dataclass(frozen=True)
class Method:
    """One way that a law may take: what it does, in English, and its Chinese title."""

    name: str
    describe: str
    title: str


@dataclass(frozen=True)
class Choice:
    """Methods among which a region chooses.

    several  a region may follow more than one: a dated value says which of them holds when
    before   what was followed everywhere before there was a choice
    """

    name: str
    describe: str
    methods: Mapping[str, Method]
    several: bool
    before: tuple[str, ...]


def read_choices(folder: Path, faults: list[Fault]) -> dict[str, Choice]:
    """The choices of a folder of models; none where it has no list of them."""
    path = folder / METHODS_FILE
    found: dict[str, Choice] = {}
    for name, raw in (mapping(path) if path.is_file() else {}).items():
        where = f"{METHODS_FILE}: {name}"
        if lacks := _lacks(raw, CHOICE_KEYS[:3], CHOICE_KEYS):
            faults.append(Fault(where, lacks))
            continue
        methods = {}
        for method, said in raw["methods"].items():
            if lacks := _lacks(said, METHOD_KEYS, METHOD_KEYS):
                faults.append(Fault(f"{where}: {method}", lacks))
                continue
            methods[method] = Method(method, str(said["describe"]).strip(), str(said["title"]))
        before = _named(raw["before"])
        faults += [
            Fault(where, f"before: {method} is no method of it{did_you_mean(method, methods)}")
            for method in before
            if method not in raw["methods"]
        ]
        describe, several = str(raw["describe"]).strip(), bool(raw.get("several", False))
        found[name] = Choice(name, describe, methods, several, before)
    return found


def methods_before(folder: Path) -> dict[str, tuple[str, ...]]:
    """What was followed everywhere before there were the choices of a folder of models."""
    faults: list[Fault] = []
    choices = read_choices(folder, faults)
    if faults:
        raise DrgError(f"{METHODS_FILE} cannot be used.", faults)
    return {name: choice.before for name, choice in choices.items()}


def _lacks(raw: Any, needed: Sequence[str], known: Sequence[str]) -> str:
    if not isinstance(raw, dict):
        return f"is {raw!r}, not {', '.join(known)}"
    missing = [key for key in needed if key not in raw]
    return "; ".join([*unknown_keys(raw, known), *(f"key {key} is missing" for key in missing)])


def read_when(
    raw: Any, choices: Mapping[str, Choice], where: str, faults: list[Fault]
) -> dict[str, tuple[str, ...]]:
    """`when` of a header: one method or a list of them for each choice."""
    if not isinstance(raw, dict):
        faults.append(Fault(where, f"when: has a method, or a list of them, for each choice; found {raw!r}"))
        return {}
    found = {}
    for choice, named in raw.items():
        methods = _named(named)
        faults += _unknown(f"{where}: when", choice, methods, choices)
        found[str(choice)] = methods
    return found


def _named(raw: Any) -> tuple[str, ...]:
    """One method, or a list of them."""
    return tuple(map(str, raw)) if isinstance(raw, list) else (str(raw),)


def _unknown(where: str, choice: str, methods: Iterable[str], choices: Mapping[str, Choice]) -> list[Fault]:
    if choice not in choices:
        return [Fault(where, f"{choice} is no choice of {METHODS_FILE}{did_you_mean(choice, choices)}")]
    known = choices[choice].methods
    return [
        Fault(where, f"{method} is no method of the choice {choice}{did_you_mean(method, known)}")
        for method in methods
        if method not in known
    ]


def applies(when: When, methods: Methods | None) -> bool:
    """Whether a thing is part of the arithmetic of a region with these methods; None: of any region."""
    return methods is None or all(set(methods.get(choice, ())) & set(of) for choice, of in when.items())


def faults_of(methods: Methods, asked: Iterable[str], choices: Mapping[str, Choice]) -> list[Fault]:
    """What is wrong with the methods of a region, where these choices are asked for."""
    faults: list[Fault] = []
    for choice, named in methods.items():
        faults += _unknown("methods", choice, named, choices)
        if choice in choices and len(named) != 1 and not (named and choices[choice].several):
            faults.append(Fault("methods", f"{choice} is one method, and {len(named)} are named"))
    for choice in sorted(set(asked) - set(methods)):
        if choice in choices:
            known = ", ".join(choices[choice].methods)
            faults.append(Fault("methods", f"{choice} is not answered: it is one of {known}"))
    return faults
