"""One program, disturbed again and again, and what must hold each time.

A program ends with 0, 1 or 2 and says what stopped it, or is killed; each file is what it was or what it was to be;
nobody is told in clear; and called once more it comes out as if nothing had happened, with nothing left over.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from support.faults.host import Ended, Host
from support.faults.marker import stands_in
from support.faults.places import AFTER, BEFORE, CHANGING, KILL, NAMING, READ, REMOVING, WRITE, Place, Plan
from support.faults.state import State, a_day_later, broken, events, seen
from support.faults.worlds import NEXT

KILLED = -9
ENDINGS = (0, 1, 2)
# What is never said to the person at the desk.
NEVER_SAID = ("Traceback (most recent call last)", "fault of the program", "terminate called")
REFUSALS = ("ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT")
FULL = ("ENOSPC", "EDQUOT")
WITHOUT_GROWING = ("EACCES", "EIO")


@dataclass(frozen=True)
class Undisturbed:
    """A program's world before it and after it, the places that it passes, what the trail tells, how long it takes."""

    program: str
    before: State
    after: State
    places: Counter[Place]
    events: frozenset[tuple[str, str]]
    seconds: float


def undisturbed(host: Host, program: str) -> Undisturbed:
    host.reset()
    before = seen(host.world)
    places = host.places(program)
    after = seen(host.world)
    assert not after.left and not broken(host.world), program
    again = host.run(program)
    assert again.code == 0 and not seen(host.world).differs(after), f"{program} a second time: {again.said}"
    told = frozenset(events(host.world))
    host.reset()
    began = time.monotonic()
    host.run(program)
    return Undisturbed(program, before, after, places, told, time.monotonic() - began)


# -- what is done to it -------------------------------------------------------------------------


def kills(known: Undisturbed, world: str, chance: random.Random, few: int | None = None) -> Iterator[Plan]:
    """A kill before each step that changes a file, and one after each that gives a name.

    few  so many of the steps that give no name are enough; None: every passing of every step
    """
    naming = _steps(known.places, NAMING)
    others = _steps(known.places, [*(set(CHANGING) - set(NAMING)), WRITE])
    for place, passing in [
        *_chosen(naming, chance, None if few is None else len(naming)),
        *_chosen(others, chance, few),
    ]:
        at = Plan(world, place=place, passing=passing, when=BEFORE, action=KILL)
        yield at
        if place.operation in NAMING:
            yield replace(at, when=AFTER)


def refusals(known: Undisturbed, world: str, chance: random.Random, few: int | None = None) -> Iterator[Plan]:
    """A step is refused once, for a reason that is drawn; a disk that is full stays so.

    few  so many of the steps are enough; None: every passing of every step
    """
    for place, passing in _chosen(_steps(known.places, [*CHANGING, WRITE, READ]), chance, few):
        of = WITHOUT_GROWING if place.operation in (READ, *REMOVING) else REFUSALS
        reason = chance.choice(of)
        for_good = reason in FULL
        yield Plan(world, place=place, passing=passing, action=reason, for_good=for_good)


Steps = list[list[tuple[Place, int]]]


def _steps(places: Counter[Place], operations: Collection[str]) -> Steps:
    """The passings of each step: an operation that one function asks for, whatever the file."""
    together: dict[tuple[str, str], list[tuple[Place, int]]] = defaultdict(list)
    for place, times in sorted(places.items()):
        if place.operation in operations:
            together[place.operation, place.code] += [(place, passing + 1) for passing in range(times)]
    return list(together.values())


def _chosen(steps: Steps, chance: random.Random, few: int | None) -> list[tuple[Place, int]]:
    if few is None:
        return [passing for passings in steps for passing in passings]
    return [chance.choice(passings) for passings in chance.sample(steps, min(few, len(steps)))]


# -- what comes of it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Came:
    """How a disturbed program ended, in a word, and all that must not be."""

    done: str
    ended: Ended
    outcome: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        said = self.ended.said.strip()[-600:]
        return f"{self.done} ({self.outcome}): {'; '.join(self.wrong)}\n    {said}"


def tried(host: Host, known: Undisturbed, done: str, **order: Any) -> Came:
    """A program disturbed in the beginning's world, and then left in peace.

    order  what disturbs it (`Host.run`); room: kB that are left on the world's file system
    """
    host.reset()
    with host.filled(order.pop("room", None)):
        ended = host.run(known.program, **order)
    # Who may not remove leaves what is there, and which operation of the C library is refused is not known.
    plan = order.get("plan")
    cleans = "native" not in order and not (plan and plan.place and plan.place.operation in REMOVING)
    outcome, wrong = _outcome(host, known, ended, cleans)
    a_day_later(host.world)
    again = host.run(known.program)
    if again.code:
        wrong.append(f"called again it ends with {again.code}: {again.said.strip()[-400:]}")
    else:
        wrong += _whole(host, known)
    return Came(done, ended, outcome, tuple(wrong))


def _outcome(host: Host, known: Undisturbed, ended: Ended, cleans: bool) -> tuple[str, list[str]]:
    wrong = [f"says {word!r}" for word in NEVER_SAID if word in ended.said]
    if stands_in(ended.said):
        wrong.append("says a person in clear")
    if ended.code not in (*ENDINGS, KILLED):
        wrong.append(f"ends with {ended.code}")
    now = seen(host.world)
    wrong += [
        f"{place} is neither what it was nor what it was to be"
        for place in now.between(known.before, known.after)
    ]
    wrong += [f"{name} tells a person in clear" for name in now.persons]
    if ended.code == KILLED:
        outcome = "killed"
    elif ended.code:
        outcome = "stopped"
        wrong += [f"leaves {name}" for name in now.left if cleans]
        if not ended.err.strip():
            wrong.append("says nothing of why")
    else:
        outcome = "done"
        wrong += [f"{place} is not as it should be, and nobody is told" for place in now.differs(known.after)]
    return outcome, wrong


def _whole(host: Host, known: Undisturbed) -> list[str]:
    """What of the world is not as if nothing had happened."""
    now = seen(host.world)
    wrong = [f"at last {place} is another" for place in now.differs(known.after)]
    wrong += broken(host.world)
    if missing := known.events - set(events(host.world)):
        wrong.append(f"the trail lacks {sorted(missing)}")
    wrong += [f"at last {name} tells a person in clear" for name in now.persons]
    if now.left:
        # It goes when somebody uses the place again.
        host.run(NEXT)
        wrong += [f"at last {name} is left over" for name in seen(host.world).left]
    return wrong


def all_tried(
    host: Host, known: Undisturbed, plans: Iterable[Plan], tell: Callable[[Came], None]
) -> list[Came]:
    """Every plan; those that came out wrong."""
    wrong = []
    for plan in plans:
        assert plan.place
        where = f"{plan.action} {plan.when} {plan.place}, passing {plan.passing}"
        came = tried(host, known, f"{known.program}: {where}", plan=plan)
        tell(came)
        if came.wrong:
            wrong.append(came)
    return wrong


def check(wrong: Collection[Came]) -> None:
    """AssertionError with all that came out wrong."""
    assert not wrong, "\n".join(map(str, wrong))
