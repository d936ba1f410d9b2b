"""A YAML file as text: every plain scalar is text or null, so that 3.10 stays 3.10 and no float is born.

What a key may hold is said by `Place` and by whoever reads the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from drg_pipeline.forms.place import Place

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
