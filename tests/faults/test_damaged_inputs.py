"""Whatever arrives, there is an answer: it is taken, with every record accounted for, or refused, and nothing changes.

Deliveries, reference files, tables of schemes and what closings hold are damaged by chance. DRG_INPUTS says how many
of each, DRG_SEED which. Our own YAML is damaged in `tests/forms/test_mutations.py`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.faults import damage
from support.faults.host import Ended, Host
from support.faults.marker import stands_in
from support.faults.state import State, counts, seen
from support.faults.tally import SEED, Tally, asked
from support.faults.trial import ENDINGS, NEVER_SAID, Undisturbed
from support.faults.worlds import CLOSED, MONTH

INPUTS = asked("DRG_INPUTS", 6)
# What leaves whole records, and by how many there are more.
LINES = {damage.line_lost: -1, damage.line_doubled: 1, damage.lines_mixed: 0}

Known = Callable[[str, str], Undisturbed]


def answer(
    host: Host, program: str, *, tells: bool = True, but: Path | None = None
) -> tuple[Ended, State, list[str]]:
    """A program on what was damaged: how it ended, what stands now (but for what was damaged), what must not be.

    tells  whether a person in clear is one of these: where a name stands in a wrong column nobody can know
    """
    ended = host.run(program)
    now = seen(host.world, but)
    wrong = [f"says {word!r}" for word in NEVER_SAID if word in ended.said]
    if ended.code not in ENDINGS:
        wrong.append(f"ends with {ended.code}")
    if ended.code and not ended.err.strip():
        wrong.append("says nothing of why")
    wrong += [f"leaves {name}" for name in now.left]
    if tells:
        wrong += [f"{name} tells a person in clear" for name in now.persons]
        wrong += ["says a person in clear"] if stands_in(ended.said) else []
    return ended, now, wrong


def told(done: str, ended: Ended, wrong: list[str]) -> str:
    return f"{done}: {'; '.join(wrong)}\n    {ended.said.strip()[-700:]}"


# -- deliveries ---------------------------------------------------------------------------------


def damaged(path: Path, chance: random.Random, folder: Path) -> tuple[str, damage.Damage | None]:
    """A claim file with some damage, as text or as Parquet; what was done to it."""
    kind = chance.choice(("bytes", "bytes", "text", "text", "text", "text", "parquet", "name"))
    if kind == "name":
        return f"{path.name} {damage.renamed(path, chance)}", None
    of = {"bytes": damage.BYTES, "text": damage.TEXTS, "parquet": damage.PARQUET}[kind]
    done = chance.choice(of)
    content = path.read_bytes()
    if kind == "parquet":
        content = damage.as_parquet(content, folder)
        path.unlink()
        path = path.with_suffix(".parquet")
    path.write_bytes(done(content, chance))
    return f"{path.name} {damage.name_of(done)}", done


def test_a_damaged_delivery_is_taken_in_or_refused(
    hosts: Callable[[str], Host], known: Known, tally: Tally, tmp_path: Path
) -> None:
    host, whole = hosts("inbox"), known("inbox", "take in")
    good, bad = f"{MONTH}/d-1", f"{MONTH}/d-2"
    failures = []
    host.reset()
    host.run("take in")
    (records_before, _, _) = counts(host.world)[bad]
    for turn in range(INPUTS * 3):
        chance = random.Random(f"{SEED} delivery {turn}")
        host.reset()
        done, how = damaged(chance.choice(sorted((host.world / "inbox" / bad).iterdir())), chance, tmp_path)
        ended, now, wrong = answer(host, "take in", tells=how is not damage.name_odd)
        landed = counts(host.world)
        if good not in landed:
            wrong.append("the good delivery beside it was not taken in")
        if bad not in landed:
            wrong += [f"{place} is new" for place in sorted(now.files.keys() - whole.after.files.keys())]
            if not ended.said.strip():
                wrong.append("it was not taken in, and nobody is told")
        else:
            records, accepted, rejected = landed[bad]
            if records != accepted + rejected:
                wrong.append(f"{records} records, {accepted} accepted and {rejected} rejected")
            if how in LINES and records != records_before + LINES[how]:
                wrong.append(f"{records} records, and there were {records_before} before")
        again = host.run("take in") if turn % 3 == 0 else ended
        if again.code not in ENDINGS or seen(host.world).differs(now):
            wrong.append(f"a second time it ends with {again.code}, or changes something")
        tally.add("damaged input", "deliveries", "stopped" if ended.code else "done", bool(wrong))
        if wrong:
            failures.append(told(f"{turn}: {done}", ended, wrong))
    assert not failures, "\n".join(failures)


# -- reference files and schemes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "program", "given", "what"),
    [
        ("inbox", "publish reference", "reference", "reference files"),
        ("lake", "import scheme", "given/second", "tables of schemes"),
    ],
)
def test_a_damaged_table_is_read_or_refused_whole(
    hosts: Callable[[str], Host], known: Known, tally: Tally, world: str, program: str, given: str, what: str
) -> None:
    host, whole = hosts(world), known(world, program)
    failures = []
    for turn in range(INPUTS * 2):
        chance = random.Random(f"{SEED} {given} {turn}")
        host.reset()
        filled = [path for path in (host.world / given).iterdir() if path.read_bytes().count(b"\n") > 1]
        path = chance.choice(sorted(filled))
        if chance.random() < 0.1:
            done = f"{path.name} {damage.renamed(path, chance)}"
        else:
            how = chance.choice((*damage.BYTES, *damage.TEXTS, *damage.TEXTS))
            done = f"{path.name} {damage.name_of(how)}"
            path.write_bytes(how(path.read_bytes(), chance))
        ended, now, wrong = answer(host, program)
        if ended.code:
            wrong += [f"{place} was changed" for place in now.differs(whole.before)]
        tally.add("damaged input", what, "stopped" if ended.code else "done", bool(wrong))
        if wrong:
            failures.append(told(f"{turn}: {done}", ended, wrong))
    assert not failures, "\n".join(failures)


# -- closings and the trail ---------------------------------------------------------------------


def test_whatever_is_changed_of_a_closing_is_found(
    hosts: Callable[[str], Host], known: Known, tally: Tally
) -> None:
    host, whole = hosts("closings"), known("closings", "replay")
    failures = []
    for turn in range(INPUTS):
        chance = random.Random(f"{SEED} closing {turn}")
        host.reset()
        folder = host.world / "closings" / "small" / CLOSED / "1"
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        path = chance.choice((folder / "manifest.json", *files))
        before = path.read_bytes()
        of = {".json": damage.JSON, ".parquet": damage.PARQUET}.get(path.suffix, damage.BYTES)
        how = chance.choice(of)
        os.chmod(path, 0o644)
        path.write_bytes(how(before, chance))
        ended, now, wrong = answer(host, "replay", but=path)
        if ended.code == 0 and path.read_bytes() != before:
            wrong.append("it is said to be as it was sealed")
        own = str(path.relative_to(host.world))
        wrong += [f"{place} was changed" for place in now.differs(whole.before) if place != own]
        tally.add("damaged input", "closings", "stopped" if ended.code else "done", bool(wrong))
        if wrong:
            failures.append(told(f"{turn}: {path.relative_to(folder)} {damage.name_of(how)}", ended, wrong))
    assert not failures, "\n".join(failures)


def test_whatever_is_changed_of_the_trail_is_found(hosts: Callable[[str], Host], tally: Tally) -> None:
    host = hosts("closings")
    failures = []
    for turn in range(INPUTS):
        chance = random.Random(f"{SEED} trail {turn}")
        host.reset()
        path = host.world / "closings" / "small" / chance.choice(("trail.jsonl", "trail.jsonl", "trail.head"))
        before = path.read_bytes()
        how = chance.choice((*damage.BYTES, damage.line_lost, damage.line_doubled))
        path.write_bytes(how(before, chance))
        ended, _, wrong = answer(host, "verify")
        if ended.code == 0 and path.read_bytes() != before:
            wrong.append("it is said to be unbroken")
        tally.add("damaged input", "trails", "stopped" if ended.code else "done", bool(wrong))
        if wrong:
            failures.append(told(f"{turn}: {path.name} {damage.name_of(how)}", ended, wrong))
    assert not failures, "\n".join(failures)
