"""Texts of others are shown harmless: one function, and every way by which they reach a person."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drg_pipeline import messages
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.reports.markdown import code, table
from drg_pipeline.reports.tree import Node, draw, plain
from drg_pipeline.visible import is_hidden, lines, one_line

# Title and screen, C1, direction, zero width, separators, tags, halves of pairs, letters that nobody sees.
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b2J\u202e\u2066\u200b\u2028\u2029\ufeff\U000e0041\udcc8\r\x00\x7f\x85\u3164"
)


def harmless(text: str) -> bool:
    return not [char for char in text.replace("\n", "") if is_hidden(char)]


@given(st.text(st.characters()))
def test_nothing_hidden_is_left_and_nothing_else_is_changed(text: str) -> None:
    told = one_line(text)
    assert harmless(told) and "\n" not in told
    assert one_line(told) == told
    assert "".join(char for char in text if not is_hidden(char)) == text or told != text
    if not any(map(is_hidden, text)):
        assert told == text
    assert lines(text).count("\n") == text.count("\n")


def test_every_hidden_character_is_told_by_its_number() -> None:
    assert one_line("a\x1b[2Jb") == "a\\x1b[2Jb"
    assert one_line("\u202e\U000e0041\udcc8") == "\\u202e\\U000e0041\\udcc8"
    assert lines("a\nb\rc") == "a\nb\\rc"
    hidden = [chr(number) for number in range(0x110000) if is_hidden(chr(number))]
    assert {unicodedata.category(char) for char in hidden} == {"Cc", "Cf", "Cs", "Zl", "Zp", "Lo", "Mn"}
    assert all(one_line(char).isascii() and one_line(char).isprintable() for char in hidden)


@pytest.mark.parametrize("text", ["人民医院 2025年", "全角\u3000空格", "é ß ñ", "\ue000", "a b\u00a0c", "𠮷"])
def test_what_people_read_stays(text: str) -> None:
    assert one_line(text) == lines(text) == text


def test_errors_tell_names_in_one_line() -> None:
    name = f"d{HOSTILE}\nNothing was wrong."
    error = DrgError(name, [name, Fault(name, name)], state=name, remedy=name)
    assert harmless(error.message()) and len(error.message().splitlines()) == 4
    assert str(error) == error.message() and harmless(str(Fault(name, name)))
    again = DrgError.retold(error.message())
    assert again.message() == error.message()
    assert harmless(DrgError.retold(HOSTILE).message())


def test_messages_tell_values_in_one_line() -> None:
    for value in (f"x{HOSTILE}\ny", Path(f"x{HOSTILE}\ny")):
        for lang in messages.LANGUAGES:
            told = messages.text("error.file", lang, where=value, what=value)
            assert harmless(told) and "\n" not in told


@pytest.mark.parametrize("terminal", [True, False])
def test_the_screen_lets_nothing_through(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "terminal", property(lambda self: terminal))
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    screen.line(HOSTILE)
    screen.aside(HOSTILE)
    rows = [[HOSTILE, "1"]]
    screen.table(Grid(HOSTILE, [Heading(HOSTILE), Heading("n", number=True)], rows, footer=[HOSTILE, "1"]))
    for line in plain(Node(HOSTILE, aside=HOSTILE, below=[Node(HOSTILE, True)])):
        assert harmless(line)
    draw(Node(HOSTILE, aside=HOSTILE, below=[Node(HOSTILE, False)]))
    said = capsys.readouterr()
    assert harmless(said.out) and harmless(said.err) and "\\x1b]0;owned" in said.out


def test_rows_reach_files_as_they_are_and_terminals_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    to = io.StringIO()
    monkeypatch.setattr("sys.stdout", to)
    Screen().output().write(f"a{HOSTILE}\r\n")
    assert to.getvalue() == f"a{HOSTILE}\r\n"
    monkeypatch.setattr(to, "isatty", lambda: True)
    Screen().output().write(f"b{HOSTILE}\r\n")
    told = to.getvalue().split("\r\n", 1)[1]
    assert harmless(told) and told.startswith("b\\x1b") and told.endswith("\n")


def test_the_uis_tables_hold_nothing_hidden() -> None:
    told = table([HOSTILE, "b"], [[HOSTILE, f"`{HOSTILE}`"]])
    assert harmless(told) and harmless(code(HOSTILE)) and len(told.splitlines()) == 3
