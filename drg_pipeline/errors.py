"""Messages for the person at the desk: what, where, why, what now, and what state things are in.

Every stop of the pipeline is one of the two exceptions here, so that the command line, the
Dagster run and a test print the same words. What somebody else named is shown in one line, harmless
(`visible.py`). No rule and no table lives here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drg_pipeline.visible import lines, one_line


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: `where` it stands (file, key, line) and `what` it is."""

    where: str
    what: str

    def __str__(self) -> str:
        return one_line(f"{self.where}: {self.what}" if self.where else self.what)


class DrgError(Exception):
    """A rule, a check or an input stopped the work; nothing of it was published.

    headline  what stopped, in one sentence
    faults    all that is wrong, not only the first (str or Fault)
    state     what stands as it was
    remedy    what to do now
    """

    exit_code = 1
    shown = 20

    def __init__(
        self,
        headline: str,
        faults: Iterable[Fault | str] = (),
        *,
        state: str = "",
        remedy: str = "",
    ) -> None:
        self.headline = headline
        self.faults: Sequence[Fault | str] = tuple(faults)
        self.state = state
        self.remedy = remedy
        self._more: Sequence[str] = ()
        super().__init__(self.message())

    @classmethod
    def retold(cls, message: str) -> DrgError:
        """An error with the message of one that stopped another run or process."""
        first, *more = lines(message).split("\n")
        error = cls(first)
        error._more = more
        error.args = (error.message(),)
        return error

    def message(self) -> str:
        told = [one_line(self.headline)]
        told += [f"  {one_line(fault)}" for fault in self.faults[: self.shown]]
        if len(self.faults) > self.shown:
            told.append(f"  … and {len(self.faults) - self.shown} more")
        closing = " ".join(part for part in (self.state, self.remedy) if part)
        if closing:
            told.append(one_line(closing))
        told += self._more
        return "\n".join(told)


class WrongUse(DrgError):
    """The command was called with something it does not take."""

    exit_code = 2


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the name that is like a word; '' where none is."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def meant(text: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """`Was one of these meant: …? ` with the names that are like a text; '' where none is."""
    close = difflib.get_close_matches(text, list(names), n=3, cutoff=cutoff)
    return f"Was one of these meant: {', '.join(close)}? " if close else ""
