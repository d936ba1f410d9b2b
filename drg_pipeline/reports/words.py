"""The words of an account: what `data/interface/explain.yml` calls the lines, codes and units of the SELECTs.

Reads, refuses and translates; which lines there are is SQL's business, how they look is `account_page`'s and
the command's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import ByLanguage, Place, load

WORDS_FILE = "explain.yml"


@dataclass(frozen=True)
class Label:
    """A line's words.

    en, zh   what it is called
    unit     of its value; empty for none
    words    list of codes that its value is one of
    names    list of codes that its name is one of
    with_    how the name is said, {name} standing for it
    formula  what its filled-in text fills in
    """

    en: str
    zh: str
    unit: str = ""
    words: str = ""
    names: str = ""
    with_: ByLanguage | None = None
    formula: ByLanguage | None = None

    @property
    def text(self) -> Mapping[str, str]:
        return {"en": self.en, "zh": self.zh}


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

    version: str
    claim: ClaimKeys
    path: PathKeys
    labels: Mapping[str, Label]
    units: Mapping[str, ByLanguage]
    words: Mapping[str, Mapping[str, ByLanguage]]

    def check(self, place: Place) -> None:
        for key, label in self.labels.items():
            for name, said, known in (
                ("unit", label.unit, self.units),
                ("words", label.words, self.words),
                ("names", label.names, self.words),
            ):
                if said and said not in known:
                    here = place.at("labels").at(key).at(name)
                    here.fault(f"{said!r} stands nowhere below: add it, or correct the name")

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
    return load(Words, path, f"{path} cannot be used.")
