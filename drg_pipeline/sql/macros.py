"""Macros: exact arithmetic for all models, and the formulas of each layer.

`macros.sql` beside the layers is used everywhere; `<layer>/macros.sql` holds formulas, which models and what
explains them share. Which of them a text uses is told by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.sql.lists import read_layers

MACROS_FILE = "macros.sql"
DEFINED = re.compile(r"\bmacro\s+(\w+)\s*\(", re.I)


@dataclass(frozen=True)
class Macros:
    """The definitions of a project; `of_layers` by layer, in the order of the layers."""

    common: str
    of_layers: Mapping[str, str]

    @property
    def text(self) -> str:
        """All of them, to be run once on a connection."""
        return "\n".join([self.common, *self.of_layers.values()])

    def used(self, sql: str) -> list[str]:
        """What a text can use by name: the common ones, and the formulas of the layers that it, or a formula
        that it uses, mentions."""
        seen, waiting = dict[str, str](), [sql]
        while waiting:
            words = set(re.findall(r"\w+", waiting.pop()))
            for layer, text in self.of_layers.items():
                if layer not in seen and words.intersection(DEFINED.findall(text)):
                    seen[layer] = text
                    waiting.append(text)
        return [self.common, *(text for layer, text in self.of_layers.items() if layer in seen)]


def read_macros(folder: Path) -> Macros:
    """The macros of a folder of models; a layer's may use those of the layers before it."""
    files = {layer.name: folder / layer.name / MACROS_FILE for layer in read_layers(folder)}
    return Macros(
        (folder / MACROS_FILE).read_text(encoding="utf-8"),
        {layer: file.read_text(encoding="utf-8") for layer, file in files.items() if file.is_file()},
    )
