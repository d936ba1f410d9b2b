"""Reads a YAML file whose scalars stay text, and says where in it something is wrong.

Every plain scalar is text or null: 3.10 stays 3.10 and no float is born; the reader of a key gives
its type. Keys of instruments and parameters do not belong here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from drg_pipeline.errors import Fault

_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"


class _Text(yaml.composer.Composer, yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Resolves null and nothing else; refuses tags, aliases and keys that stand twice."""

    check_event: Callable[..., bool]
    peek_event: Callable[[], Any]

    def __init__(self) -> None:
        yaml.composer.Composer.__init__(self)
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)
        self.key_faults: list[str] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.constructor.ConstructorError(None, None, "an alias is used: write the value out", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TEXT:
                self.key_faults.append(f"line {line}: a key is not text: write a name before the colon")
                continue
            if key_node.value in seen:
                self.key_faults.append(
                    f"line {line}: key {key_node.value} stands twice (first in line {seen[key_node.value]}): "
                    "keep one of the two"
                )
            seen.setdefault(key_node.value, line)
        if len(seen) < len(node.value) and self.key_faults:
            node = yaml.MappingNode(
                node.tag,
                [
                    (key, value)
                    for key, value in node.value
                    if isinstance(key, yaml.ScalarNode) and key.tag == _TEXT
                ],
            )
        return super().construct_mapping(node, deep=deep)


_Text.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Text.yaml_constructors = {
    tag: yaml.SafeLoader.yaml_constructors[tag]
    for tag in (_NULL, _TEXT, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", None)
}


class _TextLoader(_Text, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """By the library's own parser, whose messages say more."""

    def __init__(self, stream: str) -> None:
        yaml.reader.Reader.__init__(self, stream)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        _Text.__init__(self)


# Whoever says first what stands there; the last one says what is wrong.
_LOADERS: list[Callable[[str], _Text]] = [_TextLoader]
if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class _FastLoader(_Text, CParser):
        """By libyaml, which takes a fifth of the time."""

        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            _Text.__init__(self)

    _LOADERS.insert(0, _FastLoader)


@dataclass(frozen=True)
class Place:
    """A place in a file, which collects what is wrong there."""

    file: str
    faults: list[Fault] = field(default_factory=list, compare=False)
    path: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        return Place(self.file, self.faults, (*self.path, key))

    def item(self, position: int) -> Place:
        """The n-th entry of the list here, counted from 1 as a person counts."""
        return Place(self.file, self.faults, (*self.path[:-1], f"{self.path[-1]}[{position}]"))

    def fault(self, what: str) -> None:
        self.faults.append(Fault(": ".join(filter(None, (self.file, ".".join(self.path)))), what))

    def mapping(self, node: object, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
        """The keys of a mapping; what is missing or unknown becomes a fault, never an exception."""
        required, known = tuple(required), (*required, *optional)
        if not isinstance(node, dict):
            self.fault(f"must be a mapping with the keys {', '.join(known)}")
            return {}
        for key in node:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                self.at(key).fault(f"unknown key: {hint}")
        for key in required:
            if key not in node:
                self.at(key).fault("missing key: add it")
        return {key: value for key, value in node.items() if key in known}

    def named(self, node: object, what: str) -> dict[str, Any]:
        """A mapping whose keys are names of our own (parameters, columns, clauses)."""
        if not isinstance(node, dict) or not node:
            self.fault(f"must be a mapping of {what}, with at least one entry")
            return {}
        return node

    def sequence(self, node: object, what: str, *, empty: bool = False) -> list[Any]:
        if not isinstance(node, list) or (not node and not empty):
            self.fault(f"must be a list of {what}{'' if empty else ', with at least one entry'}")
            return []
        return node

    def text(self, node: object) -> str:
        if not isinstance(node, str) or not node.strip():
            self.fault("must be a text: fill it in")
            return ""
        return node.strip()

    def choice(self, node: object, allowed: Iterable[str]) -> str:
        allowed = tuple(allowed)
        if node not in allowed:
            self.fault(f"{node!r} is not one of: {', '.join(allowed)}")
            return ""
        return str(node)


def read_yaml(path: Path, place: Place) -> object:
    """The content of one file; None, with a fault, where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        place.fault(f"cannot be read ({error.strerror}): put the file there")
        return None
    except UnicodeDecodeError as error:
        place.fault(f"is not UTF-8 (byte {error.start}): save it as UTF-8")
        return None
    content, key_faults, said = _loaded(text)
    if said:
        place.fault(said)
        return None
    for fault in key_faults:
        place.fault(fault)
    if content is None:
        place.fault("is empty: fill it in or remove it")
    return content


def _loaded(text: str) -> tuple[object, list[str], str]:
    """The content, the faults of its keys, and why it cannot be read at all."""
    said = ""
    for kind in _LOADERS:
        try:
            loader = kind(text)
            return loader.get_single_data(), loader.key_faults, ""
        except yaml.YAMLError as error:
            said = _syntax_message(error)
    return None, [], said


def _syntax_message(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        where, what = f"line {mark.line + 1}, column {mark.column + 1}: ", error.problem or "not YAML"
    else:
        where, what = "", str(error).splitlines()[0]
    if "\\t" in what:
        return f"{where}a tab stands where YAML wants spaces: indent with spaces"
    return f"{where}not valid YAML ({what}): mend the line, or quote the text"
