"""Closings that somebody changed, with all that he can write mended: who finds it, and what nobody can find.

Each forgery is held against what decision 14 promises: `drg audit verify` and `drg replay` as a person calls
them, alone, with an anchor that was kept elsewhere, and with the agency's key.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from support.command import Drg, Ended, command
from support.forger import cut, double, mend, open_up, raw_manifest, tell_otherwise
from support.small_closing import MONTHS, SmallRegion

from drg_pipeline.closings import seal
from drg_pipeline.closings.manifest import manifest_digest
from drg_pipeline.closings.reopen import reopen
from drg_pipeline.closings.replay import _Replay
from drg_pipeline.closings.restore import restore
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import MANIFEST
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.trail import Signer, Trail, make_key
from drg_pipeline.trail.line import canonical

JANUARY, FEBRUARY = "2025-01", "2025-02"
KEY = "DRG_SIGNING_KEY"


@dataclass(frozen=True)
class Closed:
    """A region: January closed twice, February once; its closings, an anchor of then, the public key if any."""

    region: SmallRegion
    anchor: str
    key: Path | None

    @property
    def closings(self) -> Path:
        return self.region.closed.folder

    @property
    def settings(self) -> Settings:
        return self.region.settings

    def place(self, period: str = FEBRUARY, number: int = 1) -> Path:
        return self.closings / period / str(number)


def _made(folder: Path) -> SmallRegion:
    region = SmallRegion(folder)
    region.deliver("2025-01/d1", [(1, 10, JANUARY), (2, 20, FEBRUARY)])
    region.run(MONTHS[:3])
    region.close(JANUARY)
    region.close(FEBRUARY)
    reopen(region.settings, Period.of(JANUARY), "a late delivery")
    region.deliver("2025-01/d2", [(3, 30, JANUARY)])
    region.run(MONTHS[:1])
    with pytest.MonkeyPatch.context() as patch:
        # What differs between the two is another test's.
        patch.setattr(seal, "write_difference", lambda *given: None)
        region.close(JANUARY)
    open_up(folder / "closings")
    return region


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region; to be copied."""
    folder = tmp_path_factory.mktemp("unsigned")
    _made(folder)
    return folder


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region whose closings the agency's key has signed; to be copied."""
    folder = tmp_path_factory.mktemp("signed")
    make_key(folder / "agency")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY, str(folder / "agency"))
        _made(folder)
    return folder


@pytest.fixture
def drg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drg:
    # What the program's own models would say takes seconds to read, and is told beside the answer only.
    monkeypatch.setattr(_Replay, "_today", lambda self: None)
    return command(capsys, monkeypatch)


@pytest.fixture(params=["unsigned", "signed"])
def closed(
    request: pytest.FixtureRequest, tmp_path: Path, drg: Drg, monkeypatch: pytest.MonkeyPatch
) -> Closed:
    """Whoever forges has not the agency's private key, nor has who verifies."""
    shutil.copytree(request.getfixturevalue(request.param), tmp_path, dirs_exist_ok=True)
    key = tmp_path / "agency.pub"
    with monkeypatch.context() as patch:
        if key.exists():
            patch.setenv(KEY, str(tmp_path / "agency"))
        said = drg("audit", "anchor", "--region", "small", "--closings", tmp_path / "closings").out
    return Closed(SmallRegion(tmp_path), said[said.index("drg-anchor") :], key if key.exists() else None)


def found(drg: Drg, closed: Closed, *given: object) -> tuple[str, str]:
    """What verify and replay say; '' of one that finds nothing."""
    told = []
    for name in (("audit", "verify"), ("replay", "--all")):
        trail = {name: (closed.closings / name).read_bytes() for name in ("trail.jsonl", "trail.head")}
        ended = drg(*name, "--region", "small", "--closings", closed.closings.parent, *given)
        assert ended.code in (0, 1), ended.err
        told.append(ended.out + ended.err if ended.code else "")
        # That it was replayed is set down; the next one finds what the forger left.
        for file, content in trail.items():
            (closed.closings / file).write_bytes(content)
    return told[0], told[1]


def by_key(closed: Closed) -> list[object]:
    return ["--key", closed.key] if closed.key else []


def is_found(drg: Drg, closed: Closed, *words: str) -> None:
    """By verify and by replay, whether whoever verifies has the key or not."""
    for given in [[], by_key(closed)] if closed.key else [[]]:
        for told in found(drg, closed, *given):
            assert all(word in told for word in words), (given, told)


def test_what_was_closed_is_found_to_be_so(drg: Drg, closed: Closed) -> None:
    assert found(drg, closed) == ("", "")
    assert found(drg, closed, "--anchor", closed.anchor, *by_key(closed)) == ("", "")


# -- who writes the folder, and not the trail ----------------------------------------------------


def test_a_doubled_payment_is_found_whatever_the_manifest_says_of_itself(drg: Drg, closed: Closed) -> None:
    """Amounts, outputs and manifest fit together, and the manifest calls itself another closing."""
    double(closed.settings, closed.place())
    is_found(drg, closed, "its manifest is not the one that entry 4 of the trail names")
    honest = raw_manifest(closed.place())
    for name, value in (("region", "Small"), ("region", ""), ("period", "2025-03"), ("number", 7)):
        mend(closed.place(), honest | {name: value})
        is_found(drg, closed, f"its manifest says {name} {value!r}")
    with pytest.raises(DrgError, match="not what the trail says"):
        restore(cast(Region, closed.region), Period.of(FEBRUARY))


def test_a_closing_that_is_gone_is_missed(drg: Drg, closed: Closed) -> None:
    shutil.rmtree(closed.place())
    is_found(drg, closed, "closing 1 of 2025-02: was closed by entry 4 of the trail, and it is not there")
    aside = closed.closings.with_name("aside")
    aside.mkdir()
    for period in (JANUARY, FEBRUARY):
        if (closed.closings / period).exists():
            (closed.closings / period).rename(aside / period)
    ended = drg("replay", "--all", "--region", "small", "--closings", closed.closings.parent)
    assert ended.code == 1 and "closing 2 of 2025-01: was closed by entry 8" in ended.err
    for period in aside.iterdir():
        period.rename(closed.closings / period.name)
    with pytest.raises(DrgError, match="entry 4 of the trail says so, and its closing is gone"):
        closed.region.close(FEBRUARY)
    with pytest.raises(DrgError, match="its closing is gone"):
        restore(cast(Region, closed.region), Period.of(FEBRUARY))
    # Where there is no copy, it is reopened for a reason, and its number is never used again.
    assert reopen(closed.settings, Period.of(FEBRUARY), "the disk was lost").number == 1
    closed.region.run(MONTHS[:2])
    again = closed.region.close(FEBRUARY)
    assert (again.closed.number, again.manifest.previous != "") == (2, True)
    assert "closing 1 of 2025-02: was closed by entry 4" in found(drg, closed)[0]


def test_a_manifest_that_is_gone_is_missed(drg: Drg, closed: Closed) -> None:
    (closed.place() / MANIFEST).unlink()
    (closed.closings / "2025-04" / "1").mkdir(parents=True)
    is_found(
        drg,
        closed,
        "closing 1 of 2025-02: was closed by entry 4 of the trail, and it is not there",
        "closing 1 of 2025-04: is a folder without a manifest",
    )
    with pytest.raises(DrgError, match="its closing is gone"):
        closed.region.close(FEBRUARY)


def test_closings_whose_folders_were_exchanged_are_found(drg: Drg, closed: Closed) -> None:
    first, second = closed.place(JANUARY, 1), closed.place(JANUARY, 2)
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    is_found(
        drg,
        closed,
        "its manifest says number 2, and it lies in the folder of 1",
        "its manifest says number 1, and it lies in the folder of 2",
    )


def test_an_old_closing_of_a_reopened_month_is_not_the_current_one(drg: Drg, closed: Closed) -> None:
    """The second closing and the note that the first was reopened are taken away."""
    shutil.rmtree(closed.place(JANUARY, 2))
    (closed.closings / JANUARY / "reopened-1.json").unlink()
    is_found(
        drg,
        closed,
        "was reopened by entry 6 of the trail, and reopened-1.json is not there",
        "closing 2 of 2025-01: was closed by entry 8 of the trail, and it is not there",
    )
    with pytest.raises(DrgError, match="its closing is gone"):
        restore(cast(Region, closed.region), Period.of(JANUARY))


def test_notes_of_reopenings_are_held_against_the_trail(drg: Drg, closed: Closed) -> None:
    note = closed.closings / JANUARY / "reopened-1.json"
    was = note.read_text(encoding="utf-8")
    note.write_text(was.replace("a late delivery", "another reason"), encoding="utf-8")
    is_found(drg, closed, "reopened-1.json is not the one that entry 6 of the trail names")
    note.write_text(was, encoding="utf-8")
    put_in = closed.closings / FEBRUARY / "reopened-1.json"
    put_in.write_text(was, encoding="utf-8")
    is_found(drg, closed, "reopened-1.json says that it was reopened, and no entry of the trail does")


def computed_anew(region: SmallRegion, period: str) -> None:
    """What a run does to a sealed table."""
    region.engine.compute("late.monthly", [Period.of(period)])


def test_whoever_takes_a_closing_away_or_puts_a_note_in_opens_no_period(drg: Drg, closed: Closed) -> None:
    """The engine asks the trail too, so that nothing is settled anew until a reopening is set down."""
    region, month = closed.region, Period.of(FEBRUARY)
    region.deliver("2025-03/d3", [(2, 90, FEBRUARY)])
    aside = closed.closings.with_name("aside")
    closed.place().rename(aside)
    for damage, told in (
        ("nothing is left of it", "entry 4 of the trail says so, and its closing is gone"),
        ("a note", "and no entry says that it was reopened, as reopened-1.json does"),
    ):
        if damage == "a note":
            aside.rename(closed.place())
            note = (closed.closings / JANUARY / "reopened-1.json").read_bytes()
            (closed.closings / FEBRUARY / "reopened-1.json").write_bytes(note)
        # It is seen by who has looked before, and by who comes anew.
        for looking in (region, SmallRegion(region.folder)):
            with pytest.raises(DrgError, match=told) as refused:
                computed_anew(looking, FEBRUARY)
            assert "drg reopen --month 2025-02" in str(refused.value)
        with pytest.raises(DrgError, match=told):
            region.close(FEBRUARY)
        with pytest.raises(DrgError, match="2025-02 is closed, and the folder"):
            region.close("2025")
    assert reopen(closed.settings, month, "it is to be settled anew").against
    assert region.closed.standing(month) is None
    computed_anew(region, FEBRUARY)


def test_a_closing_that_nobody_set_down_is_found(drg: Drg, closed: Closed) -> None:
    """A copy under the next number, under another month, and of another region."""
    shutil.copytree(closed.place(), closed.closings / FEBRUARY / "2")
    is_found(drg, closed, "no entry of the trail vouches for it")
    with pytest.raises(DrgError, match="no entry of the trail vouches for it"):
        closed.region.close(FEBRUARY)
    shutil.rmtree(closed.closings / FEBRUARY / "2")
    shutil.copytree(closed.place(), closed.closings / "2025-03" / "1")
    is_found(drg, closed, "no entry of the trail vouches for it", "its manifest says period '2025-02'")


def test_a_closing_of_another_region_is_not_this_one_s(drg: Drg, closed: Closed, tmp_path: Path) -> None:
    other = tmp_path / "closings" / "other"
    shutil.copytree(closed.closings, other)
    ended = drg("audit", "verify", "--region", "other", "--closings", tmp_path / "closings")
    assert ended.code == 1 and "entry 2 of the trail: is of small, the folder of other" in ended.err
    replayed = drg("replay", "--all", "--region", "other", "--closings", tmp_path / "closings")
    assert replayed.code == 1 and "no entry of the trail vouches for it" in replayed.out
    assert "its manifest says region 'small', and it lies in the folder of 'other'" in replayed.out


def test_what_lies_between_the_closings_is_told(drg: Drg, closed: Closed) -> None:
    (closed.closings / FEBRUARY / "01").mkdir()
    (closed.closings / FEBRUARY / "1 (copy)").mkdir()
    (closed.closings / "2025-13").mkdir()
    told, _ = found(drg, closed)
    for name in ("2025-02/01", "2025-02/1 (copy)", "2025-13"):
        assert f"{name}: lies among the closings and is none" in told


# -- who writes the trail too --------------------------------------------------------------------


def only_outside(drg: Drg, closed: Closed, by_anchor: bool = True) -> None:
    """Nothing on the machine speaks against it: the anchor does, and the key."""
    assert found(drg, closed) == ("", "")
    for told in found(drg, closed, "--anchor", closed.anchor):
        assert ("noted elsewhere" in told) == by_anchor
    if closed.key:
        for told in found(drg, closed, *by_key(closed)):
            assert "is not signed by the key" in told and "no entry of the trail vouches for it" in told


def _heads_anew(closed: Closed, signer: Signer | None = None) -> None:
    """The heads of the trail that manifests hold, and what they say of each other, as the trail is now."""
    folder = closed.closings
    for _ in range(8):
        lines = [json.loads(line) for line in (folder / "trail.jsonl").read_bytes().splitlines()]
        for path in sorted(folder.glob(f"*/*/{MANIFEST}")):
            manifest = raw_manifest(path.parent)
            number = manifest["trail"][0]
            manifest["trail"] = [number, lines[number - 1]["digest"] if number else ""]
            if manifest["previous"]:
                manifest["previous"] = manifest_digest(path.parent.with_name(str(manifest["number"] - 1)))
            mend(path.parent, manifest)
        tell_otherwise(folder, signer=signer)


def test_who_tells_the_trail_otherwise_is_found_by_what_is_kept_elsewhere(drg: Drg, closed: Closed) -> None:
    double(closed.settings, closed.place())
    tell_otherwise(closed.closings, start=3)
    # The closing that came later still holds the head of its time.
    assert "noted elsewhere" in found(drg, closed)[0]
    _heads_anew(closed)
    only_outside(drg, closed)


def test_who_forges_the_last_closing_and_its_entries_is_found_outside_only(drg: Drg, closed: Closed) -> None:
    double(closed.settings, closed.place(JANUARY, 2))
    tell_otherwise(closed.closings, start=7)
    only_outside(drg, closed)


def test_a_closing_that_is_appended_without_the_key_is_refused_by_the_key(drg: Drg, closed: Closed) -> None:
    """Only the key can find it: an anchor of before says nothing about what came after."""
    target = closed.closings / "2025-03" / "1"
    shutil.copytree(closed.place(), target)
    manifest = raw_manifest(target) | {"period": "2025-03"}
    mend(target, manifest)
    subject: dict[str, Any] = {"number": 1, "manifest": manifest_digest(target)}
    for event in ("closing", "closed"):
        Trail(closed.closings).append(event, region="small", period="2025-03", subject=subject)
    assert found(drg, closed)[0] == ""
    assert found(drg, closed, "--anchor", closed.anchor)[0] == ""
    if closed.key:
        for told in found(drg, closed, *by_key(closed)):
            assert "entry 9: is not signed by the key" in told
            assert "no entry of the trail vouches for it" in told


def test_a_trail_that_is_cut_is_bounded_by_the_anchor(drg: Drg, closed: Closed) -> None:
    """All of the second closing of January is taken away, with its entries: the key's own words are left."""
    shutil.rmtree(closed.place(JANUARY, 2))
    (closed.closings / JANUARY / "reopened-1.json").unlink()
    cut(closed.closings, 4)
    assert found(drg, closed) == ("", "")
    assert found(drg, closed, *by_key(closed)) == ("", "")
    for told in found(drg, closed, "--anchor", closed.anchor):
        assert "entry 8: is missing: it was noted elsewhere, and the trail ends at 4" in told


@pytest.mark.parametrize("closed", ["signed"], indirect=True)
def test_a_signature_cannot_be_moved_to_another_entry(drg: Drg, closed: Closed) -> None:
    double(closed.settings, closed.place())
    trail = closed.closings / "trail.jsonl"
    signatures = [json.loads(line)["signature"] for line in trail.read_bytes().splitlines()]
    tell_otherwise(closed.closings)
    _heads_anew(closed)
    lines = [json.loads(line) for line in trail.read_bytes().splitlines()]
    signed = [canonical(line | {"signature": signature}) for line, signature in zip(lines, signatures)]
    trail.write_bytes(b"".join(line + b"\n" for line in signed))
    assert found(drg, closed) == ("", "")
    for told in found(drg, closed, *by_key(closed)):
        assert "entry 4: its signature is not of this entry" in told


@pytest.mark.parametrize("closed", ["signed"], indirect=True)
def test_who_has_the_key_too_is_found_by_the_anchor_only(drg: Drg, closed: Closed) -> None:
    assert closed.key
    double(closed.settings, closed.place())
    _heads_anew(closed, Signer.read(closed.key.with_suffix("")))
    assert found(drg, closed, *by_key(closed)) == ("", "")
    for told in found(drg, closed, "--anchor", closed.anchor):
        assert "entry 8: is not the one that was noted elsewhere" in told


# -- the key is introduced -----------------------------------------------------------------------


def test_a_key_vouches_for_what_was_there_and_for_nothing_put_in_later(
    drg: Drg, unsigned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(unsigned, tmp_path, dirs_exist_ok=True)
    region = SmallRegion(tmp_path)
    make_key(tmp_path / "agency")
    made = Closed(region, "", tmp_path / "agency.pub")

    def sign() -> Ended:
        return drg("audit", "sign", "--region", "small", "--closings", tmp_path / "closings")

    assert "is not signed by the key" in found(drg, made, *by_key(made))[0]
    monkeypatch.setenv(KEY, str(tmp_path / "agency"))
    note = made.closings / JANUARY / "reopened-1.json"
    was = note.read_bytes()
    note.write_bytes(was + b" ")
    refused = sign()
    assert refused.code == 1 and "the record does not hold" in refused.err
    note.write_bytes(was)
    assert sign().code == 0
    assert found(drg, made, *by_key(made)) == ("", "")
    monkeypatch.delenv(KEY)
    # Whoever lacks the key reopens February: it is told, and the agency's next entry does not make it good.
    reopen(region.settings, Period.of(FEBRUARY), "no reason")
    monkeypatch.setenv(KEY, str(tmp_path / "agency"))
    region.run(MONTHS[:3])
    region.close("2025-03")
    for told in found(drg, made, *by_key(made)):
        assert "is not signed by the key" in told
