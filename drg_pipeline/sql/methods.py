"""Choices that the law leaves to a region, the methods among which it chooses, and what applies by `when`.

`methods.yml` beside the layers names every choice once. What a region has chosen, and which clause says so,
stands in its law; nothing here reads that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from drg_pipeline.errors import DrgError, Fault, did_you_mean
from drg_pipeline.forms import EMPTY, Among, Name, Place, one_or_more, read_entries

METHODS_FILE = "methods.yml"

Methods = Mapping[str, Sequence[str]]
"""choice -> the methods that a region follows"""
When = Annotated[Mapping[str, Annotated[tuple[str, ...], one_or_more]], EMPTY]
"""choice -> methods of which a region has to follow one, for each choice"""


@dataclass(frozen=True)
class Method:
    """One way that a law may take: what it does, in English, and its Chinese title."""

    name: Name
    describe: str
    title: str


@dataclass(frozen=True)
class Choice:
    """Methods among which a region chooses.

    several  a region may follow more than one: a dated value says which of them holds when
    before   what was followed everywhere before there was a choice
    """

    name: Name
    describe: str
    methods: Mapping[str, Method]
    before: Annotated[tuple[str, ...], one_or_more, Among("methods")]
    several: bool = False


def read_choices(folder: Path, faults: list[Fault]) -> dict[str, Choice]:
    """The choices of a folder of models; none where it has no list of them."""
    path = folder / METHODS_FILE
    return read_entries(Choice, path, Place(METHODS_FILE, faults)) if path.is_file() else {}


def methods_before(folder: Path) -> dict[str, tuple[str, ...]]:
    """What was followed everywhere before there were the choices of a folder of models."""
    faults: list[Fault] = []
    choices = read_choices(folder, faults)
    if faults:
        raise DrgError(f"{METHODS_FILE} cannot be used.", faults)
    return {name: choice.before for name, choice in choices.items()}


def check_when(when: When, choices: Mapping[str, Choice], where: str, faults: list[Fault]) -> None:
    """Faults of choices and methods that there are not."""
    for choice, methods in when.items():
        faults += _unknown(f"{where}: when", choice, methods, choices)


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
