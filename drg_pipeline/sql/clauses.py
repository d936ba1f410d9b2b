"""Whose law is cited: a file names the clauses of every region that it computes for, people see their own.

A clause begins with the id of its document (`JY-18-1` stands in JY); which documents are law somewhere is not
known here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar

from drg_pipeline.sql.account import Explanation
from drg_pipeline.sql.model import Invariant, Model

# What a header says beside its clauses where other regions' law leaves the rule open.
OPEN = "open"
Documents = Collection[str]
"""ids of the documents that are a region's law"""
One = TypeVar("One", Model, Invariant, Explanation)


def own_clauses(law: tuple[str, ...], documents: Documents) -> tuple[str, ...]:
    """The clauses that stand in these documents; `open` where none does and the file says so."""
    found = tuple(clause for clause in law if clause.split("-")[0] in documents)
    return found or tuple(clause for clause in law if clause == OPEN)


def of_region(one: One, documents: Documents) -> One:
    """A table, a rule or an explanation as a region knows it, with its members."""
    known: dict[str, Any] = {"law": own_clauses(one.law, documents)}
    if isinstance(one, Model):
        members = tuple(replace(each, law=own_clauses(each.law, documents)) for each in one.members)
        states = {each.name: each for each in members if each.name in one.states}
        known |= {"members": members, "states": states}
    return replace(one, **known)


def clause_macro(documents: Documents | None) -> str:
    """`clause([...])`, the first of them that is the region's law, else null; None: of any region."""
    named = ", ".join(f"'{document}'" for document in documents or ())
    own = f"list_filter(cited, lambda one: split_part(one, '-', 1) in ({named}))" if named else "cited"
    return f"create or replace macro clause(cited) as {own}[1];\n"
