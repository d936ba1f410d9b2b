"""Programs are killed, and refused by the disk, at the places where they touch files.

Every step that gives a file or a folder its name is tried on both sides of it; of the others a few that chance draws,
or with DRG_KILLS all of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from support.faults.host import Host
from support.faults.tally import SEED, Tally
from support.faults.trial import Undisturbed, all_tried, check, kills, refusals

PROGRAMS = {
    "closings": ("close", "close anew", "reopen", "restore", "compute"),
    "lake": ("export", "import scheme", "replace scheme", "write views"),
    "inbox": ("take in", "publish reference"),
}
READERS = {"closings": ("replay", "verify")}
ALL = "DRG_KILLS" in os.environ
FEW = 2

Known = Callable[[str, str], Undisturbed]


def pairs(*of: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(world, program) for programs in of for world, names in programs.items() for program in names]


@pytest.mark.parametrize(("world", "program"), pairs(PROGRAMS))
def test_killed_at_a_place_it_leaves_what_was_or_what_is_new(
    hosts: Callable[[str], Host], known: Known, tally: Tally, world: str, program: str
) -> None:
    host, whole = hosts(world), known(world, program)
    plans = kills(whole, str(host.world), random.Random(f"{SEED} {program}"), few=None if ALL else FEW)
    wrong = all_tried(host, whole, plans, lambda came: tally.came("killed at a place", program, came))
    check(wrong)


@pytest.mark.parametrize(("world", "program"), pairs(PROGRAMS, READERS))
def test_refused_by_the_disk_it_says_so_and_leaves_what_was(
    hosts: Callable[[str], Host], known: Known, tally: Tally, world: str, program: str
) -> None:
    host, whole = hosts(world), known(world, program)
    plans = refusals(whole, str(host.world), random.Random(f"{SEED} {program}"), few=None if ALL else FEW)
    wrong = all_tried(host, whole, plans, lambda came: tally.came("refused at a place", program, came))
    check(wrong)
