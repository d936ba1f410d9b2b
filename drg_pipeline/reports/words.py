"""The words of an account: what `data/interface/explain.yml` calls the lines, codes and units of the SELECTs.

Reads, refuses and translates; which lines there are is SQL's business, how they look is `account_page`'s and
the command's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.messages import LANGUAGES

WORDS_FILE = "explain.yml"
Text = Mapping[str, str]


@dataclass(frozen=True)
class Label:
    """A line's words.

    text     what it is called, by language
    unit     of its value; empty for none
    words    list of codes that its value is one of
    names    list of codes that its name is one of
    with_    how the name is said, {name} standing for it
    formula  what its filled-in text fills in
    """

    text: Text
    unit: str = ""
    words: str = ""
    names: str = ""
    with_: Text | None = None
    formula: Text | None = None


@dataclass(frozen=True)
class ClaimKeys:
    """Where claims are listed: the index with its columns for claim, version and month; explanations."""

    index: str
    id: str
    version: str
    month: str
    choice: str
    refused: str


@dataclass(frozen=True)
class PathKeys:
    """Below which section a path stands, the explanation that gives it, and the table with the answer."""

    section: str
    explanation: str
    answer: str


@dataclass(frozen=True)
class Words:
    """Everything that the file says."""

    claim: ClaimKeys
    path: PathKeys
    labels: Mapping[str, Label]
    units: Mapping[str, Text]
    words: Mapping[str, Mapping[str, Text]]

    def label(self, key: str) -> Label:
        if key not in self.labels:
            raise DrgError(f"{WORDS_FILE} has no words for {key!r}.", remedy="Add them under labels.")
        return self.labels[key]

    def word(self, listed: str, code: str, lang: str) -> str:
        """A code as people read it; one that the list does not have stays as it is."""
        text = self.words[listed].get(code) if listed else None
        return text[lang] if text else code


def load_words(path: Path) -> Words:
    """Reads the file; everything that is wrong with it comes in one DrgError."""
    place = Place(path.name)
    top = place.mapping(read_yaml(path, place), ["version", "claim", "path", "labels", "units", "words"])
    claim = _keys(place.at("claim"), top.get("claim"), ClaimKeys)
    where = _keys(place.at("path"), top.get("path"), PathKeys)
    units = _texts(place.at("units"), top.get("units"))
    words = {
        name: _texts(place.at("words").at(name), entries)
        for name, entries in place.at("words").named(top.get("words", {}), "words").items()
    }
    labels: dict[str, Label] = {}
    for key, node in place.at("labels").named(top.get("labels", {}), "labels").items():
        here = place.at("labels").at(key)
        found = here.mapping(node, LANGUAGES, ["unit", "words", "names", "with", "formula"])
        for name, known in (("unit", units), ("words", words), ("names", words)):
            if name in found and found[name] not in known:
                here.at(name).fault(f"{found[name]!r} stands nowhere below: add it, or correct the name")
        labels[key] = Label(
            _text(here, {lang: found.get(lang) for lang in LANGUAGES}),
            unit=str(found.get("unit", "")),
            words=str(found.get("words", "")),
            names=str(found.get("names", "")),
            with_=_text(here.at("with"), found["with"]) if "with" in found else None,
            formula=_text(here.at("formula"), found["formula"]) if "formula" in found else None,
        )
    if place.faults or claim is None or where is None:
        raise DrgError(f"{path} cannot be used.", place.faults, remedy="Correct the file.")
    return Words(claim, where, labels, units, words)


def _keys(place: Place, node: Any, kind: type[Any]) -> Any:
    names = list(kind.__dataclass_fields__)
    found = place.mapping(node, names)
    return kind(**{name: str(found[name]) for name in names}) if set(found) >= set(names) else None


def _texts(place: Place, node: Any) -> dict[str, Text]:
    return {
        key: _text(place.at(key), text) for key, text in place.named(node or {}, "a text a language").items()
    }


def _text(place: Place, node: Any) -> dict[str, str]:
    found = place.mapping(node, LANGUAGES)
    return {lang: place.at(lang).text(found[lang]) for lang in LANGUAGES if lang in found}
