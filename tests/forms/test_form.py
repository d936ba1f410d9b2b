"""A form says which keys a mapping has; what does not fit is told all at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import (
    BY_NAME,
    EMPTY,
    Among,
    ByAnyLanguage,
    ByLanguage,
    Name,
    Place,
    fill,
    load,
    matching,
    number,
    one_of,
    parse_yaml,
    whole,
)


@dataclass(frozen=True)
class Leaf:
    name: Name
    size: Annotated[int, whole(1, 9)]
    share: Decimal | None = None

    def check(self, place: Place) -> None:
        if self.share is not None and self.share > self.size:
            place.fault("the share is above the size")


@dataclass(frozen=True)
class Tree:
    name: Name
    title: ByLanguage
    kind: Literal["oak", "elm"]
    leaves: Annotated[tuple[Leaf, ...], BY_NAME]
    falls: bool = False
    height: int = 0
    colour: Annotated[str, one_of({"green": 1, "red": 2})] = "green"
    code: Annotated[str, matching("[A-Z]+", "a code has capital letters only")] = "A"
    first: Annotated[str, Among("leaves")] = ""
    sorted: Annotated[tuple[str, ...], Among("leaves")] = ()
    rings: Annotated[tuple[Decimal, ...], EMPTY] = ()
    notes: Annotated[Mapping[str, ByAnyLanguage], EMPTY] | None = None
    from_: Annotated[Decimal, number("0", "1")] | None = None


GOOD = """
title: {en: A tree, zh: 树}
kind: oak
leaves:
  one: {size: 3, share: 0.50}
  two: {size: 1}
"""


def filled(text: str) -> tuple[Tree, list[str]]:
    place = Place("trees/old.yml")
    return fill(Tree, place, parse_yaml(text, place)), [str(fault) for fault in place.faults]


def faults(text: str) -> list[str]:
    _, wrong = filled(text)
    return [one.removeprefix("trees/old.yml: ") for one in wrong]


def test_what_is_left_out_has_its_default() -> None:
    found, wrong = filled(GOOD)
    assert not wrong
    assert found == Tree(
        "old", {"en": "A tree", "zh": "树"}, "oak", (Leaf("one", 3, Decimal("0.50")), Leaf("two", 1))
    )
    assert str(found.leaves[0].share) == "0.50"


def test_every_kind_of_value_is_read() -> None:
    found, wrong = filled(
        GOOD + "falls: true\nheight: 12\ncolour: red\ncode: BC\nfirst: two\nsorted: [two, one]\n"
        "rings: [1.50, -2]\nnotes: {a: {zh: 甲}}\nfrom: 0.5\n"
    )
    assert not wrong
    assert (found.falls, found.height, found.colour, found.code) == (True, 12, "red", "BC")
    assert (found.first, found.sorted) == ("two", ("two", "one"))
    assert [str(ring) for ring in found.rings] == ["1.50", "-2"]
    assert (found.notes, found.from_) == ({"a": {"zh": "甲"}}, Decimal("0.5"))
    found, wrong = filled(GOOD + "rings: []\nnotes: {}\n")
    assert found and not wrong


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("colours: red", "colours: unknown key: did you mean colour?"),
        (
            "zzz: 1",
            "zzz: unknown key: known here: title, kind, leaves, falls, height, colour, code, first, sorted",
        ),
        ("name: other", "name: unknown key: known here: title"),
        ("from_: 1", "from_: unknown key: did you mean from?"),
        ("falls: yes", "falls: 'yes' is not one of: true, false"),
        ("falls: True", "falls: 'True' is not one of: true, false; did you mean true?"),
        ("falls:", "falls: nothing is not one of: true, false"),
        ("height: 1.5", "height: '1.5' is not a whole number: write it in digits"),
        ("height: -1", "height: '-1' is not a whole number: write it in digits"),
        ("height: ５", "height: '５' is not a whole number: write it in digits"),
        (f"height: {'9' * 5000}", f"height: '{'9' * 79}…' is not a whole number: write it in digits"),
        ("height: [1]", "height: a list is not a whole number: write it in digits"),
        ("colour: grene", "colour: 'grene' is not one of: green, red; did you mean green?"),
        ("colour: {a: b}", "colour: a mapping is not one of: green, red"),
        ("code: b", "code: 'b': a code has capital letters only"),
        ("code: [B]", "code: must be a text; found a list"),
        ("code: ''", "code: must be a text: fill it in"),
        ("first: tow", "first: tow is not one of the leaves; did you mean two?"),
        ("sorted: [one, six]", "sorted: six is not one of the leaves"),
        ("sorted: one", "sorted: must be a list of sorted, with at least one entry; found 'one'"),
        ("sorted: []", "sorted: must be a list of sorted, with at least one entry"),
        ("rings: [1, 1e5]", "rings[2]: '1e5' is not a number: write it in digits"),
        ("rings: [.inf]", "rings[1]: '.inf' is not a number: write it in digits"),
        ("rings: {a: 1}", "rings: must be a list of rings; found a mapping"),
        ("notes: {a: {}}", "notes.a: has no text: give one in en or zh"),
        ("notes: {a: {fr: un}}", "notes.a.fr: unknown key: known here: en, zh"),
        ("notes: [a]", "notes: must be a mapping of notes; found a list"),
        ("from: 1.01", "from: 1.01 is not between 0 and 1"),
    ],
)
def test_one_mistake_is_one_fault(more: str, expected: str) -> None:
    wrong = faults(GOOD + more + "\n")
    assert wrong[0].startswith(expected)
    assert len(wrong) == (2 if "fr: un" in more else 1)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert faults(
        "title: {en: A tree}\nleaf: {}\nleaves: {one: {size: 0, shar: 1}, two: [], three: {}}\n"
    ) == [
        "leaf: unknown key: did you mean leaves?",
        "kind: missing key: add it",
        "title.zh: missing key: add it",
        "leaves.one.shar: unknown key: did you mean share?",
        "leaves.one.size: 0 is less than 1",
        "leaves.two: must be a mapping with the keys size, share; found a list",
        "leaves.three.size: missing key: add it",
    ]


def test_what_keys_ask_of_each_other_is_told_with_what_is_wrong_elsewhere() -> None:
    wrong = faults(GOOD.replace("0.50", "4").replace("size: 1", "size: 10"))
    assert wrong == ["leaves.one: the share is above the size", "leaves.two.size: 10 is more than 9"]


@pytest.mark.parametrize("text", ["[a]", "a", "7"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    [wrong] = faults(text)
    assert wrong.startswith("must be a mapping with the keys title, kind, leaves, falls")


def test_a_fault_of_a_hostile_key_is_short() -> None:
    [wrong] = faults(GOOD + f"? {'x' * 100_000}\n: 1\n")
    assert len(wrong) < 300


def test_load_raises_with_every_fault_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.yml"
    path.write_text(GOOD.replace("oak", "ash").replace("size: 1", "size: x"), encoding="utf-8")
    with pytest.raises(DrgError) as caught:
        load(Tree, path, "The tree cannot be drawn.")
    assert str(caught.value) == (
        "The tree cannot be drawn.\n"
        "  old.yml: kind: 'ash' is not one of: oak, elm\n"
        "  old.yml: leaves.two.size: 'x' is not a whole number: write it in digits\n"
        f"Correct {path}."
    )
    with pytest.raises(DrgError, match="cannot be read"):
        load(Tree, tmp_path / "none.yml", "The tree cannot be drawn.")
