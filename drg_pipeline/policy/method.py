"""Which methods a region follows where the arithmetic leaves a choice, and which clause says so.

The choices and their methods are the arithmetic's (`dbt_like_sql/methods.yml`); whether a name is one of them
is seen where the models are opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drg_pipeline.forms import Place
from drg_pipeline.policy.parameter import OPEN, Context


@dataclass(frozen=True)
class Chosen:
    """The methods of one choice, the clause that says so (`open` where none does) and the reason."""

    methods: tuple[str, ...]
    law: str
    reason: str


def read_chosen(place: Place, node: Mapping[str, Any], context: Context) -> dict[str, Chosen]:
    """The head's `methods`: choice -> {is: a method or a list of them, law, reason}."""
    found: dict[str, Chosen] = {}
    for choice, said in node.items():
        at = place.at(choice)
        keys = at.mapping(said, ["is", "law"], ["reason"])
        listed = keys["is"] if isinstance(keys.get("is"), list) else [keys.get("is")]
        methods = tuple(at.at("is").text(method) for method in listed)
        law = at.at("law").text(keys.get("law"))
        reason = at.at("reason").text(keys["reason"]) if "reason" in keys else ""
        if law == OPEN and not reason:
            at.at("reason").fault("missing key: say why the law leaves it open, and what was chosen")
        elif law and law != OPEN:
            context.cite(at.at("law"), law)
        found[choice] = Chosen(methods, law, reason)
    return found
