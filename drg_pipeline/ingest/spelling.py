"""How the text of a coded value is read, as SQL: one normal form for the many ways to write the same value.

The layouts of `data/interface` say of each column which spelling it has; nothing else decides what of a text
counts. A text in its usual form is told by one cheap test and passes as it is.

    digits    a code of digits: written by a spreadsheet as a number, it loses its point and zeros
    upper     a code in capital letters
    clinical  a code of diagnoses or operations: capitals but for the `x` inside (`I10.x00x002`)
    plain     any other word that is compared
    name      a text for people: white space and invisible characters at its ends go, nothing else
"""

from __future__ import annotations

import string
from typing import Literal

Spelling = Literal["digits", "upper", "clinical", "plain", "name"]

_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
_NARROW = "".join(map(chr, range(0x21, 0x7F))) + " "
_AROUND = r"[\p{Z}\p{Cc}\p{Cf}]"  # white space, control characters, and what has no width
_NUMBER = r"^([0-9]+)[.]0+$"
# A number that has lost digits: in exponent form, or with more digits than a spreadsheet keeps.
_LOST = r"[+-]?([0-9]+[.][0-9]*[eE][+-]?[0-9]+|[0-9]+[eE][+-][0-9]+|[0-9]{16,}[.]0+)"
_LOWER_BUT_X = string.ascii_lowercase.replace("x", "")

# What needs no change. Of Chinese characters only those that no step touches.
_SOLID = r"!-~\x{4e00}-\x{9fff}"
_USUAL = {
    "digits": "[0-9][0-9A-Za-z_]*|[A-Za-z_][0-9A-Za-z_-]*",  # 4E-5 may be a number that has lost digits
    "upper": "[0-9A-Z_-]+",
    "clinical": "[0-9A-Z][0-9A-WYZx.+*/-]*",
    "plain": rf"[{_SOLID.replace('!-~', '!-&(-~')}]([ {_SOLID}]*[{_SOLID}])?",
    "name": rf"[{_SOLID}](.*[{_SOLID}\x{{ff01}}-\x{{ff5e}}])?",
}


def usual_sql(spelling: Spelling, text: str) -> str:
    """True of a text that is its own normal form, false of one that may not be; null of none."""
    usual = f"regexp_full_match({text}, '{_USUAL[spelling]}', 's')"
    # Most codes of digits are one digit, which two comparisons tell in a third of the time.
    single = f"CASE WHEN strlen({text}) = 1 THEN {text} BETWEEN '0' AND '9' ELSE {usual} END"
    return single if spelling == "digits" else usual


def normal_sql(spelling: Spelling, text: str, *, identifier: bool = False) -> str:
    """The normal form of a text; null of none, and of one of which nothing is left.

    identifier  a number that has lost digits names nothing: null
    """
    return f"CASE WHEN {usual_sql(spelling, text)} THEN {text} ELSE {_normal(spelling, text, identifier)} END"


def kept_sql(spelling: Spelling, text: str, *, identifier: bool = False) -> str:
    """The normal form of a text, in which an identifier that has lost digits stays: it is like no other."""
    normal = normal_sql(spelling, text)
    return f"CASE WHEN {lost_sql(text)} THEN {_bare(text)} ELSE {normal} END" if identifier else normal


def lost_sql(text: str) -> str:
    """True of a text that is a number which has lost digits."""
    return f"regexp_full_match({_bare(text)}, '{_LOST}')"


def _normal(spelling: Spelling, text: str, identifier: bool) -> str:
    if spelling == "name":
        return f"nullif(regexp_replace({text}, '^{_AROUND}+|{_AROUND}+$', '', 'g'), '')"
    normal = f"nullif({_spelt(spelling, _bare(text))}, '')"
    return f"CASE WHEN {lost_sql(text)} THEN NULL ELSE {normal} END" if identifier else normal


def _bare(text: str) -> str:
    """Full width made half, what stands around it taken away, and one apostrophe before it."""
    narrow = f"translate({text}, '{_WIDE}', '{_NARROW.replace(chr(39), chr(39) * 2)}')"
    return f"regexp_replace({narrow}, '^{_AROUND}*(''{_AROUND}*)?|{_AROUND}+$', '', 'g')"


def _spelt(spelling: Spelling, bare: str) -> str:
    match spelling:
        case "digits":
            return rf"regexp_replace({bare}, '{_NUMBER}', '\1')"
        case "upper":
            return f"translate({bare}, '{string.ascii_lowercase}', '{string.ascii_uppercase}')"
        case "clinical":
            capitals = f"translate({bare}, '{_LOWER_BUT_X}X', '{_LOWER_BUT_X.upper()}x')"
            return f"regexp_replace({capitals}, '^x', 'X')"
        case _:
            return bare
