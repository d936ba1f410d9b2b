"""The lists beside the layers of a folder of models: `layers.yml`, and what every column is, `columns.yml`.

What is listed is read and nothing else; whether the models keep to it is `project.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.forms import Column, Name, Place, read_entries

LAYERS_FILE, COLUMNS_FILE = "layers.yml", "columns.yml"


@dataclass(frozen=True)
class Layer:
    """A step of the payment procedure; `owner` is the team that answers for its tables."""

    name: Name
    title: str
    describe: str
    owner: str = ""


@dataclass(frozen=True)
class _Column:
    type: str
    meaning: str
    unit: str = ""


def read_layers(folder: Path) -> list[Layer]:
    """The layers in the order of computation; DrgError with all that is wrong with their file."""
    place = Place(LAYERS_FILE)
    layers = read_entries(Layer, folder / LAYERS_FILE, place)
    place.refuse("The layers cannot be used.", f"Correct {folder / LAYERS_FILE}.")
    return list(layers.values())


def read_columns(folder: Path) -> dict[str, Column]:
    """name -> Column, `layer.table.name` where a table means another thing by it; DrgError for any fault."""
    place = Place(COLUMNS_FILE)
    columns = read_entries(_Column, folder / COLUMNS_FILE, place)
    place.refuse("The columns cannot be used.", f"Correct {folder / COLUMNS_FILE}.")
    return {name: Column(one.type.upper(), one.unit, one.meaning) for name, one in columns.items()}
