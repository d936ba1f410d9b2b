"""What a file of ours may be as a text: each mistake is one fault with its place, and nothing ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.forms.document import DEEPEST, MOST_BYTES, parse_yaml


def faults(place: Place) -> list[str]:
    return [str(fault) for fault in place.faults]


def parsed(text: str) -> tuple[object, list[str]]:
    place = Place("a.yml")
    return parse_yaml(text, place), faults(place)


def of_file(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    place = Place(path.name)
    assert read_yaml(path, place) is None
    return faults(place)


def test_scalars_stay_text() -> None:
    content, wrong = parsed(
        "a: 3.10\nb: no\nc: 2026-01-01\nd: 0x10\ne: 1_000\nf: '~'\ng: ~\nh:\ni: null\nj: 'null'\nk: .inf\nl: 12:30\n"
    )
    assert not wrong
    assert content == {
        "a": "3.10",
        "b": "no",
        "c": "2026-01-01",
        "d": "0x10",
        "e": "1_000",
        "f": "~",
        "g": None,
        "h": None,
        "i": None,
        "j": "null",
        "k": ".inf",
        "l": "12:30",
    }


def test_lists_and_mappings_are_put_together() -> None:
    content, wrong = parsed(
        "a:\n  - {b: 1, c: [x, y, []]}\n  - - d\n    - e: |\n        two\n        lines\n"
    )
    assert not wrong
    assert content == {"a": [{"b": "1", "c": ["x", "y", []]}, ["d", {"e": "two\nlines\n"}]]}


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert parsed("<<: {a: 1}\nb: 2\n") == ({"<<": {"a": "1"}, "b": "2"}, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["a.yml: is empty: fill it in or remove it"]),
        ("# nothing\n", ["a.yml: is empty: fill it in or remove it"]),
        ("a: 1\nb: 2\na: 3\n", ["a.yml: line 3: key a stands twice (first in line 1): keep one of the two"]),
        ("a: {b: 1, b: 2}\n", ["a.yml: line 1: key b stands twice (first in line 1): keep one of the two"]),
        ("a: 1\n~: 2\n", ["a.yml: line 2: a key is not text: write a name before the colon"]),
        ("? [a, b]\n: 1\n", ["a.yml: line 1: a key is not text: write a name before the colon"]),
        (
            "? {a: {b: c}}\n: {d: e}\nf: g\n",
            ["a.yml: line 1: a key is not text: write a name before the colon"],
        ),
        ("a: &x 1\nb: *x\n", ["a.yml: line 2: an alias is used: write the value out"]),
        ("*x : 1\n", ["a.yml: line 1: an alias is used: write the value out"]),
        (
            "a: !!float 1\nb: !own [1]\nc: ! x\n",
            [
                "a.yml: line 1: the tag tag:yaml.org,2002:float is used: write the value as plain text",
                "a.yml: line 2: the tag !own is used: write the value as plain text",
                "a.yml: line 3: the tag ! is used: write the value as plain text",
            ],
        ),
        ("a: 1\n---\nb: 2\n", ["a.yml: line 2: a second document begins: keep one a file"]),
        (
            "a: [1\nb: 2\n",
            [
                "a.yml: line 2, column 2: not valid YAML (expected ',' or ']', but got ':'): "
                "mend the line, or quote the text"
            ],
        ),
        (
            "a: 1: 2\n",
            [
                "a.yml: line 1, column 5: not valid YAML (mapping values are not allowed here): "
                "mend the line, or quote the text"
            ],
        ),
        (
            "a:\n\tb: 1\n",
            ["a.yml: line 2, column 1: a tab stands where YAML wants spaces: indent with spaces"],
        ),
    ],
)
def test_one_mistake_is_one_fault(text: str, expected: list[str]) -> None:
    assert parsed(text)[1] == expected


def test_a_text_within_a_file_counts_the_lines_of_the_file() -> None:
    place = Place("a.sql")
    parse_yaml("a: 1\na: 2\n", place, before=1)
    parse_yaml("a: 1: 2\n", place, before=1)
    assert [str(fault).split(": ")[1] for fault in place.faults] == ["line 3", "line 2, column 5"]


# -- hostile -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "a: " + "[" * 100_000 + "]" * 100_000,
        "? " * 100_000,
        "{a: " * 9_000,
    ],
    ids=["lists", "mappings", "items", "closed", "keys", "nested"],
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    assert parsed(text)[1][-1] == f"a.yml: line 1: stands more than {DEEPEST} levels deep: write it flat"


def test_what_is_nested_as_deep_as_it_may_be_is_read() -> None:
    content, wrong = parsed("[" * DEEPEST + "]" * DEEPEST)
    assert content and not wrong
    assert parsed("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))[1]


def test_aliases_that_would_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    content, wrong = parsed("\n".join(lines))
    assert content is None
    assert wrong[0] == "a.yml: line 2: an alias is used: write the value out"
    assert len(wrong) == 90


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"a: \0",
            "a.yml: not valid YAML (unacceptable character #x0000: special characters are not allowed)",
        ),
        (b"\0" * 1000, "a.yml: not valid YAML (unacceptable character #x0000"),
        ("describe: caf\xe9".encode("latin-1"), "a.yml: is not UTF-8 (byte 13): save it as UTF-8"),
        ("a: 名".encode("gb18030"), "a.yml: is not UTF-8 (byte 3): save it as UTF-8"),
        ("a: 1".encode("utf-16"), "a.yml: is not UTF-8 (byte 0): save it as UTF-8"),
        (b"\xed\xa0\x80", "a.yml: is not UTF-8 (byte 0): save it as UTF-8"),
        (b"a: \xef\xbf\xbe", "a.yml: not valid YAML (unacceptable character #xfffe"),
        (b"\x80\x04K\x01.", "a.yml: is not UTF-8 (byte 0): save it as UTF-8"),
        (b"!!python/object/apply:os.system [ls]", "a.yml: line 1: the tag tag:yaml.org,2002:python/object"),
        (
            b"a: " + b"x" * MOST_BYTES,
            f"a.yml: has more than {MOST_BYTES:,} bytes: part it, or put the file there",
        ),
        (
            b"%YAML 9.9\n---\na: 1",
            "a.yml: line 1, column 1: not valid YAML (found incompatible YAML document",
        ),
        (b'a: "\\ud800"', "a.yml: line 1"),
        (b"a: 'never closed", "a.yml: line 1, column 17: not valid YAML (found unexpected end of stream)"),
    ],
    ids=range(13),
)
def test_bytes_that_are_no_file_of_ours(tmp_path: Path, content: bytes, expected: str) -> None:
    [wrong] = of_file(tmp_path / "a.yml", content)
    assert wrong.startswith(expected)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes("\ufeffa: 1".encode())
    assert read_yaml(path, Place("a.yml")) == {"a": "1"}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.yml", "No such file or directory"), (tmp_path, "Is a directory")):
        place = Place("a.yml")
        assert read_yaml(path, place) is None
        assert faults(place) == [f"a.yml: cannot be read ({why}): put the file there"]
