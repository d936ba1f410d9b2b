"""The path of one case as a tree: names from the scheme, words in the person's language.

The steps come from the models; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drg_pipeline import messages
from drg_pipeline.commands.screen import Screen
from drg_pipeline.reports.tree import Node, draw, plain
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.grouping.scheme import Scheme

Step = Mapping[str, Any]
# Tables of a scheme that give names, with the column that is named.
_NAMED = {"mdc": "mdc", "adrg": "adrg", "drg": "drg", "diagnosis": "code", "procedure": "code"}
LISTED = 8  # codes of one list that are shown


@dataclass(frozen=True)
class Names:
    """What the scheme calls its groups and codes; kinds as the steps have them, and of codes."""

    of_kind: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, scheme: Scheme) -> Names:
        def named(table: str, key: str) -> dict[str, str]:
            columns = scheme.tables[table]
            return dict(zip(columns[key], columns["name"], strict=True))

        return cls({table: named(table, key) for table, key in _NAMED.items()})

    @classmethod
    def asked(cls, name: Callable[[str, str], Mapping[str, str]]) -> Names:
        """Names by a question: of which table, by which of its columns."""
        return cls({table: name(table, key) for table, key in _NAMED.items()})

    def full(self, kind: str, code: str) -> str:
        """The code, and its name where the scheme has one."""
        name = self.of_kind[kind].get(code)
        return one_line(f"{code} {name}" if name else code)


def path_tree(screen: Screen, answer: Mapping[str, Any], steps: Sequence[Step], names: Names) -> Node:
    """The answer and, below it, the steps in their order."""
    root = Node(_headline(screen, answer, names))
    for parent, step in _sections(screen, steps, names, root):
        parent.below.append(_line(screen, step, names))
    return root


def print_tree(screen: Screen, root: Node) -> None:
    """Print a tree: drawn on a terminal, else as lines of text."""
    if screen.terminal:
        draw(root)
    else:
        for line in plain(root):
            screen.line(line)


def _headline(screen: Screen, answer: Mapping[str, Any], names: Names) -> str:
    status = screen.text(f"group.status.{answer['status']}")
    if answer["status"] == "grouped":
        return f"{names.full('drg', answer['drg'])} - {status}"
    return f"{answer['drg']} - {status}" if answer["status"] == "ambiguous" else status


def _sections(screen: Screen, steps: Sequence[Step], names: Names, root: Node) -> Iterator[tuple[Node, Step]]:
    """Each step that is a line of its own, under the node of its MDC, ADRG, DRG or of the complications."""
    passed = {step["subject"] for step in steps if step["kind"] == "passed"}
    nodes: dict[tuple[str, Any, Any], Node] = {}
    for step in steps:
        kind, subject = step["kind"], step["subject"]
        if kind == "result":
            continue
        if kind in ("mdc", "adrg", "drg") and step["predicate"] is not None:
            key = (kind, subject, step["alternative"])
            if key not in nodes:
                text = screen.text(
                    f"group.step.{kind}", name=names.full(kind, subject), alternative=step["alternative"]
                )
                nodes[key] = Node(text, None if kind == "mdc" and subject in passed else _all(steps, key))
                root.below.append(nodes[key])
            yield nodes[key], step
        elif kind == "passed" and subject is not None:
            yield (
                next(node for (own, code, _), node in nodes.items() if (own, code) == ("mdc", subject)),
                step,
            )
        elif kind in ("mcc", "cc"):
            key = ("complications", None, None)
            if key not in nodes:
                nodes[key] = Node(screen.text("group.step.complications"))
                root.below.append(nodes[key])
            yield nodes[key], step
        else:
            yield root, step


def _all(steps: Sequence[Step], key: tuple[str, Any, Any]) -> bool:
    return all(s["holds"] for s in steps if (s["kind"], s["subject"], s["alternative"]) == key)


def _line(screen: Screen, step: Step, names: Names) -> Node:
    kind, note = step["kind"], step["note"]
    if kind in ("mcc", "cc"):
        code = names.full("diagnosis", step["subject"])
        if step["holds"]:
            return Node(screen.text("group.counts", kind=kind.upper(), code=code), True)
        return Node(
            screen.text("group.excluded", kind=kind.upper(), code=code, table=step["criterion"]), False
        )
    if kind == "input":
        # A reason that the models give is English; those of the input check are known in both languages.
        key = f"group.reason.{note}"
        return Node(screen.text(key) if messages.known(key) else one_line(note), False)
    if kind == "retry":
        if not step["holds"]:
            return Node(screen.text("group.step.no_retry"), False)
        return Node(screen.text("group.step.retry", code=names.full("procedure", step["subject"])), True)
    if kind == "passed":
        return Node(screen.text("group.step.passed" if step["subject"] else "group.step.no_gate"), False)
    if step["predicate"] is None:
        text = screen.text("group.step.no_rule", name=names.full("drg", step["subject"]))
        return Node(text, False)
    return Node(_rule(screen, step, names), step["holds"])


def _rule(screen: Screen, step: Step, names: Names) -> str:
    predicate = step["predicate"]
    what = screen.text(f"group.predicate.{predicate}", criterion=one_line(step["criterion"] or ""))
    if step["negated"]:
        what = screen.text("group.not", what=what)
    if predicate == "always":
        return what
    note = step["note"]
    if predicate == "any_diagnosis_class_count":
        met = note or screen.text("group.none")
    elif note is not None:
        met = screen.text("group.missing") if note == "missing" else note
    else:
        kind = "procedure" if "procedure" in predicate else "diagnosis"
        shown = [names.full(kind, code) for code in step["codes"][:LISTED]]
        more = (
            [screen.text("group.more", count=len(step["codes"]) - LISTED)] if step["codes"][LISTED:] else []
        )
        met = ", ".join([*shown, *more]) or screen.text("group.none")
    return screen.text("group.met", what=what, met=one_line(met))
