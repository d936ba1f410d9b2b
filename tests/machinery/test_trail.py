"""The access trail: whatever is done to its file is found and named, and nothing that stops a writer harms it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drg_pipeline.errors import Fault
from drg_pipeline.trail.line import HIDDEN, Entry, canonical, digest_of, parsed, sha256
from drg_pipeline.trail.trail import HEAD, TRAIL, Trail

Lines = list[bytes]


def filled(folder: Path, count: int = 6) -> Trail:
    trail = Trail(folder)
    for number in range(1, count + 1):
        trail.append("closed", region="r", period=f"2025-{number:02}", subject={"closing": number})
    return trail


def written(trail: Trail, change: Callable[[Lines], Lines]) -> list[str]:
    """The faults after the lines of the trail were changed by hand."""
    lines = trail.file.read_bytes().splitlines(keepends=True)
    trail.file.write_bytes(b"".join(change(lines)))
    return [str(fault) for fault in trail.verify()]


def rewritten(line: bytes, **changed: object) -> bytes:
    """The line with other content and a digest that fits it."""
    content = {**json.loads(line), **changed}
    return canonical({**content, "digest": digest_of(content)}) + b"\n"


def test_an_empty_trail_is_unbroken(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "not" / "there")
    assert trail.head() == (0, "") and list(trail.entries()) == [] and trail.verify() == []
    assert not trail.folder.exists()


def test_entries_seal_one_another(tmp_path: Path) -> None:
    trail = filled(tmp_path)
    entries = list(trail.entries())
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.previous for entry in entries] == ["", *(entry.digest for entry in entries[:-1])]
    assert trail.head() == (6, entries[-1].digest) and trail.verify() == []
    assert trail.verify([(3, entries[2].digest), (0, ""), trail.head()]) == []
    # The digest is that of the line without it, as anybody can reckon it.
    line = trail.file.read_bytes().splitlines()[3]
    assert sha256(line.replace(f'"digest":"{entries[3].digest}",'.encode(), b"")) == entries[3].digest


def test_an_entry_says_who_and_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRG_USER", "王芳")
    monkeypatch.setenv("LOGNAME", "somebody else")
    monkeypatch.setattr(
        "sys.argv", ["drg", "close", "--token", "abc", "--password=x", "postgres://u:pw@db/x"]
    )
    entry = Trail(tmp_path).append(
        "reopened", region="r", period="2025", subject={"closing": 2, "file": Path("a")}, reason="更正"
    )
    assert entry.user["uid"] == os.getuid() and entry.user["stated"] == "王芳"
    assert entry.user["name"] != "somebody else"
    assert entry.process["pid"] == os.getpid() and entry.process["host"]
    assert entry.process["command"] == [
        "drg",
        "close",
        "--token",
        HIDDEN,
        f"--password={HIDDEN}",
        f"postgres://{HIDDEN}@db/x",
    ]
    assert (entry.reason, entry.subject, entry.time[-6:]) == ("更正", {"closing": 2, "file": "a"}, "+00:00")


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        (
            "a changed byte",
            lambda lines: [*lines[:2], lines[2].replace(b'"closing":3', b'"closing":4'), *lines[3:]],
            ["entry 3 (line 3): was changed: its digest is not that of its text"],
        ),
        (
            "a byte that breaks the line",
            lambda lines: [*lines[:2], lines[2].replace(b"{", b"[", 1), *lines[3:]],
            [
                "line 3: is not an entry, or was changed so that it is none any more",
                "after entry 2: entry 3 is missing",
            ],
        ),
        ("a removed line", lambda lines: lines[:2] + lines[3:], ["after entry 2: entry 3 is missing"]),
        ("removed lines", lambda lines: lines[3:], ["after entry 0: entries 1 to 3 are missing"]),
        (
            "swapped lines",
            lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
            ["entry 3 (line 4): stands after entry 4: lines were moved"],
        ),
        (
            "a cut tail",
            lambda lines: lines[:4],
            ["trail.head: names entry 6 as the last: entries 5 to 6 are missing at the end"],
        ),
        (
            "everything gone",
            lambda lines: [],
            ["trail.head: names entry 6 as the last: entries 1 to 6 are missing at the end"],
        ),
        (
            "an inserted line",
            lambda lines: [*lines[:3], rewritten(lines[2], sequence=4), *lines[3:]],
            [
                "entry 4 (line 4): does not follow the entry above it: one of the two was written anew or put in",
                "entry 4 (line 5): stands twice: line 4 holds this number too",
            ],
        ),
        (
            "an entry that is sealed anew",
            lambda lines: [*lines[:2], rewritten(lines[2], reason="other"), *lines[3:]],
            [
                "entry 4 (line 4): does not follow the entry above it: one of the two was written anew or put in"
            ],
        ),
        (
            "a last entry that is sealed anew",
            lambda lines: [*lines[:5], rewritten(lines[5], reason="other")],
            ["trail.head: names another entry 6 than the one that stands there: it was written anew"],
        ),
        (
            "a space",
            lambda lines: [lines[0].replace(b'":', b'": ', 1), *lines[1:]],
            [
                "line 1: is not an entry, or was changed so that it is none any more",
                "after entry 0: entry 1 is missing",
            ],
        ),
        (
            "an unfinished line",
            lambda lines: [*lines, b'{"command":'],
            ["line 7: is not finished; the next entry will set it down as torn"],
        ),
    ],
)
def test_what_was_done_is_named(
    tmp_path: Path, name: str, change: Callable[[Lines], Lines], found: list[str]
) -> None:
    assert written(filled(tmp_path), change) == found


def chained(lines: Lines, start: int, **changed: object) -> Lines:
    """The lines from `start` on with other content, each sealing the one before it as if nothing were."""
    previous = json.loads(lines[start - 1])["digest"] if start else ""
    result = lines[:start]
    for line in lines[start:]:
        result.append(rewritten(line, previous=previous, **changed))
        previous = json.loads(result[-1])["digest"]
    return result


def test_a_tail_that_is_chained_anew_is_found_by_the_head_or_by_an_anchor(tmp_path: Path) -> None:
    trail = filled(tmp_path)
    anchors = [(entry.sequence, entry.digest) for entry in trail.entries()]
    assert written(trail, lambda lines: chained(lines, 3, reason="other")) == [
        "trail.head: names another entry 6 than the one that stands there: it was written anew"
    ]
    sequence, digest = trail.head()
    trail.head_file.write_bytes(canonical({"sequence": sequence, "digest": digest}))
    # Who writes all of it anew with the head leaves an unbroken chain: only what was noted elsewhere tells.
    assert trail.verify() == [] and trail.verify(anchors[:3]) == []
    assert [str(fault) for fault in trail.verify([anchors[1], anchors[4]])] == [
        "entry 5: is not the one that was noted elsewhere: it was written anew"
    ]


def test_a_tail_that_is_cut_with_its_head_is_found_by_an_anchor(tmp_path: Path) -> None:
    trail = filled(tmp_path)
    anchor = trail.head()
    lines = trail.file.read_bytes().splitlines(keepends=True)
    trail.file.write_bytes(b"".join(lines[:4]))
    kept = json.loads(lines[3])
    trail.head_file.write_bytes(canonical({"sequence": 4, "digest": kept["digest"]}))
    assert trail.verify() == []
    assert trail.verify([anchor]) == [
        Fault("entry 6", "is missing: it was noted elsewhere, and the trail ends at 4")
    ]


def test_a_head_that_is_gone_or_unreadable_is_told(tmp_path: Path) -> None:
    trail = filled(tmp_path)
    head = trail.head_file.read_bytes()
    trail.head_file.unlink()
    assert trail.verify() == [Fault(HEAD, "is missing, and there are entries up to 6")]
    trail.head_file.write_bytes(b"{}")
    assert trail.verify() == [Fault(HEAD, "cannot be read")]
    trail.head_file.write_bytes(head.replace(b'"sequence":6', b'"sequence":3'))
    assert trail.verify() == [Fault(HEAD, "names entry 3 as the last, and the trail goes on to entry 6")]


def test_work_goes_on_behind_a_hole_and_the_hole_stays(tmp_path: Path) -> None:
    trail = filled(tmp_path)
    written(trail, lambda lines: lines[:4])
    entry = trail.append("closed", region="r", period="2025-09", subject={})
    assert [one.sequence for one in trail.entries()] == [1, 2, 3, 4, 7, 8] and entry.sequence == 8
    assert [str(fault) for fault in trail.verify()] == [
        "entry 7 (line 5): was set down when the trail was found broken: its head names entry 6 as the last: "
        "entries 5 to 6 are missing at the end",
        "after entry 4: entries 5 to 6 are missing",
    ]


def test_an_unfinished_line_is_set_down_and_nothing_is_taken_out(tmp_path: Path) -> None:
    trail = filled(tmp_path, 2)
    with open(trail.file, "ab") as file:
        file.write(b'{"digest":"ab')
    before = trail.file.read_bytes()
    trail.append("closed", region="r", period="2025-03", subject={})
    lines = trail.file.read_bytes().split(b"\n")
    assert trail.file.read_bytes().startswith(before) and lines[2] == b'{"digest":"ab'
    torn = parsed(lines[3])
    assert torn and torn.event == "torn" and torn.subject == {"lines": 1, "sha256": sha256(lines[2])}
    assert trail.head()[0] == 4 and trail.verify() == []
    # What was set down cannot be changed or taken out afterwards.
    assert written(trail, lambda lines: [*lines[:2], b"{}\n", *lines[3:]]) == [
        "line 3: is not an entry, or was changed so that it is none any more",
        "entry 3 (line 4): tells of torn lines that are not above it",
    ]


def test_a_writer_killed_while_it_set_down_a_torn_line(tmp_path: Path) -> None:
    trail = filled(tmp_path, 2)
    with open(trail.file, "ab") as file:
        file.write(b'{"digest":"ab\n{"digest":"cd')
    trail.append("closed", region="r", period="2025-03", subject={})
    assert [entry.event for entry in trail.entries()] == ["closed", "closed", "torn", "closed"]
    assert trail.verify() == []


def test_a_last_entry_that_is_broken_is_never_passed_off_as_torn(tmp_path: Path) -> None:
    trail = filled(tmp_path, 3)
    assert len(written(trail, lambda lines: [*lines[:2], lines[2].replace(b"{", b"[", 1)])) == 2
    trail.append("closed", region="r", period="2025-04", subject={})
    assert [entry.event for entry in trail.entries()] == ["closed", "closed", "torn", "broken", "closed"]
    assert [str(fault) for fault in trail.verify()] == [
        "entry 5 (line 5): was set down when the trail was found broken: its head names entry 3 as the last: "
        "entry 3 is missing at the end",
        "after entry 2: entry 3 is missing",
    ]


def test_an_entry_that_lacks_only_its_line_end_stands(tmp_path: Path) -> None:
    trail = filled(tmp_path, 3)
    trail.file.write_bytes(trail.file.read_bytes()[:-1])
    assert trail.verify() == [] and trail.head()[0] == 3
    trail.append("closed", region="r", period="2025-04", subject={})
    assert [entry.event for entry in trail.entries()] == ["closed"] * 4 and trail.verify() == []


def test_a_writer_killed_before_the_head_leaves_a_whole_trail(tmp_path: Path) -> None:
    trail = filled(tmp_path, 3)
    head = trail.head_file.read_bytes()
    trail.append("closed", region="r", period="2025-04", subject={})
    trail.head_file.write_bytes(head)
    assert trail.verify() == []
    trail.append("closed", region="r", period="2025-05", subject={})
    assert [entry.event for entry in trail.entries()] == ["closed"] * 5 and trail.verify() == []


def _append(folder: Path, count: int) -> None:
    for number in range(count):
        Trail(folder).append("exported", region="r", period="", subject={"number": number})


def test_several_processes_keep_one_chain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append, args=(tmp_path, 25)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    trail = Trail(tmp_path)
    assert [entry.sequence for entry in trail.entries()] == list(range(1, 101)) and trail.verify() == []
    assert len({entry.process["pid"] for entry in trail.entries()}) == 4


def test_a_process_that_is_killed_leaves_a_trail_that_goes_on(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_append, args=(tmp_path, 100_000))
    process.start()
    assert process.pid is not None
    trail = Trail(tmp_path)
    until = time.monotonic() + 30
    while trail.head()[0] < 20 and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    trail.append("closed", region="r", period="2025-01", subject={})
    assert trail.verify() == [] and trail.head()[0] > 20


HOSTILE = 'a\nb\r\x1b[2J\x00\u2028\u202e\ud800 ; drop "x" \'</script>'


def test_hostile_texts_stay_one_line_and_come_back(tmp_path: Path) -> None:
    trail = Trail(tmp_path)
    trail.append(
        "closed", region=HOSTILE, period=HOSTILE, subject={HOSTILE: [HOSTILE, 2**70]}, reason=HOSTILE
    )
    assert trail.file.read_bytes().isascii() and trail.file.read_bytes().count(b"\n") == 1
    [entry] = trail.entries()
    assert entry.reason == HOSTILE and entry.subject == {HOSTILE: [HOSTILE, str(2**70)]}
    assert trail.verify() == []


def test_a_huge_text_is_cut_with_its_digest(tmp_path: Path) -> None:
    entry = Trail(tmp_path).append("closed", region="r", period="p", subject={}, reason="x" * 1_000_000)
    assert len(entry.reason) < 2200
    assert entry.reason.endswith(f"… [1000000 characters, SHA-256 {sha256(b'x' * 1_000_000)}]")


def test_the_end_of_a_long_trail_is_found(tmp_path: Path) -> None:
    trail = filled(tmp_path, 1)
    for number in range(3):
        trail.append("closed", region="r", period="p", subject={"files": ["y" * 1900] * 100, "n": number})
    assert trail.file.stat().st_size > 500_000
    trail.append("closed", region="r", period="p", subject={})
    assert trail.head()[0] == 5 and trail.verify() == []


@pytest.mark.parametrize("event", ["", "Closed", "two words", "torn", "broken", "x" * 41, "a\n"])
def test_an_event_is_a_word(tmp_path: Path, event: str) -> None:
    with pytest.raises(ValueError, match="is not an event"):
        Trail(tmp_path).append(event, region="r", period="p", subject={})
    assert not (tmp_path / TRAIL).exists()


@pytest.mark.parametrize("line", [b"", b"[]", b"1", b"[" * 100_000, b'{"sequence":' + b"9" * 5000 + b"}"])
def test_a_line_that_is_no_entry_is_none(line: bytes) -> None:
    assert parsed(line) is None


def test_an_entry_holds_no_fractions(tmp_path: Path) -> None:
    entry: Entry = Trail(tmp_path).append(
        "closed", region="r", period="p", subject={"share": 0.1, "none": None}
    )
    assert entry.subject == {"share": "0.1", "none": None}
