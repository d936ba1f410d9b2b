"""What reads each other, in an order in which each comes after what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from drg_pipeline.errors import DrgError

Reader = TypeVar("Reader")


def ordered(selects: Mapping[str, Reader], reads: Callable[[Reader], Iterable[str]]) -> dict[str, Reader]:
    """The mapping again, each entry after those that it reads; DrgError where they read in a circle."""
    graph = {name: [other for other in reads(one) if other in selects] for name, one in selects.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise DrgError("The models read each other in a circle.", [" -> ".join(error.args[1])]) from error
    return {name: selects[name] for name in order}
