"""Closings of a made-up region: what they hold, that they come out again, and that every change is named.

Amounts by hand: an entry settles n x weight + bonus, times the month's rate, plus the month's days.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from support.forger import tell_otherwise
from support.periods import periods
from support.small_closing import MONTHS, SmallRegion, flip, rewrite, vouch
from support.small_project import write_model

from drg_pipeline.closings import seal
from drg_pipeline.closings.manifest import manifest_digest, read_manifest
from drg_pipeline.closings.reopen import reopen
from drg_pipeline.closings.replay import CURRENT, Replayed, replay
from drg_pipeline.closings.restore import restore
from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place
from drg_pipeline.lake import digest, engine, parquet
from drg_pipeline.lake.closed import Closed, ClosedPeriods
from drg_pipeline.periods import Period
from drg_pipeline.sql.header import split_header
from drg_pipeline.trail import Trail

FEBRUARY = "2025-02"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region with January to March run and February closed; read only."""
    folder = tmp_path_factory.mktemp("small")
    region = SmallRegion(folder)
    region.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, FEBRUARY)])
    region.deliver("2025-02/d1", [(3, 30, FEBRUARY), (4, 40, "2025-03")])
    region.run(MONTHS[:3])
    region.close(FEBRUARY)
    return folder


@pytest.fixture
def own(closed: Path, tmp_path: Path) -> Path:
    """A copy of the closings that a test may change; nothing else of the region is there."""
    shutil.copytree(closed / "closings", tmp_path / "closings")
    for path in (tmp_path / "closings").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.copytree(closed / "models", tmp_path / "models")
    return tmp_path


def settings_at(folder: Path) -> object:
    from drg_pipeline.settings import Settings

    return Settings.for_region(
        "small",
        lake=folder / "no lake",
        models=folder / "models",
        closings=folder / "closings",
        policy=folder / "no law",
        threads=1,
    )


def again(folder: Path, period: str = FEBRUARY, **given: object) -> Replayed:
    return replay(settings_at(folder), Period.of(period), **given)  # type: ignore[arg-type]


def closing_of(folder: Path, period: str = FEBRUARY, number: int = 1) -> Path:
    return folder / "closings" / "small" / period / str(number)


def causes(done: Replayed) -> dict[str, set[str]]:
    """table -> kinds of the likely causes, of the tables that are not identical"""
    return {
        table.table: {cause.kind for cause in table.causes}
        for table in done.tables
        if table.state != "identical"
    }


# -- what a closing is ---------------------------------------------------------------------------


def test_a_closing_holds_what_the_month_rests_on_and_nothing_else(closed: Path) -> None:
    manifest = read_manifest(closing_of(closed))
    roles = {(entry.table, str(entry.partition)): entry.role for entry in manifest.tables}
    assert roles == {
        ("policy.rate", FEBRUARY): "policy",
        ("scheme.weight", ""): "scheme",
        ("reference.bonus", ""): "reference",
        ("reference.calendar", ""): "calendar",
        ("early.version", ""): "step",
        ("early.row", FEBRUARY): "step",
        ("late.monthly", "2025-01"): "taken",
        ("late.monthly", FEBRUARY): "output",
        ("late.running", FEBRUARY): "output",
    }
    # February's entries came in both deliveries.
    assert [each["delivery"] for each in manifest.deliveries] == ["2025-01/d1", "2025-02/d1"]
    assert {entry.path for entry in manifest.files} == {
        str(path.relative_to(closing_of(closed)))
        for path in closing_of(closed).rglob("*")
        if (path.is_file() and path.name != "manifest.json") or path.parent.parent.name == "landing"
    }
    assert manifest.trail == [0, ""]


def test_a_closing_is_read_only_and_in_the_trail(closed: Path) -> None:
    writable = [
        path for path in closing_of(closed).rglob("*") if path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP)
    ]
    assert writable == []
    meant, done = Trail(closed / "closings" / "small").entries()
    assert [(entry.event, entry.period) for entry in (meant, done)] == [
        ("closing", FEBRUARY),
        ("closed", FEBRUARY),
    ]
    assert meant.subject["manifest"] == done.subject["manifest"] == manifest_digest(closing_of(closed))
    assert done.subject["begun"] == meant.sequence == 1


def test_a_closing_that_stands_is_not_made_again(tmp_path: Path) -> None:
    region = SmallRegion(tmp_path)
    region.deliver("2025-01/d1", [(1, 10, "2025-01")])
    region.run(["2025-01"])
    first = region.close("2025-01")
    again = region.close("2025-01")
    assert (first.new, again.new, again.digest) == (True, False, first.digest)
    assert region.closed.numbers(Period.of("2025-01")) == [1]
    # Whatever else the lake holds under the name of what is sealed is said, and can be put back.
    region.store.file("late.running", Period.of("2025-01")).unlink()
    with pytest.raises(DrgError, match=r"late\.running 2025-01: is not in the lake"):
        region.close("2025-01")
    assert restore(region, Period.of("2025-01")) == ["late.running 2025-01"]  # type: ignore[arg-type]
    assert region.close("2025-01").new is False


def test_a_broken_chain_is_not_closed(tmp_path: Path) -> None:
    region = SmallRegion(tmp_path)
    region.deliver("2025-01/d1", [(1, 10, "2025-01")])
    with pytest.raises(DrgError, match=r"late\.monthly 2025-01: is missing"):
        region.close("2025-01")
    region.run(["2025-01"])
    region.side("reference.bonus", [(1, 5)])
    with pytest.raises(DrgError, match=r"early\.row 2025-01: is out of date") as error:
        region.close("2025-01")
    assert "drg run --months 2025-01" in str(error.value)
    region.run(["2025-01"])
    rewrite(region.store.file("late.monthly", Period.of("2025-01")), "n = n + 1")
    with pytest.raises(DrgError, match=r"files of the lake were changed") as error:
        region.close("2025-01")
    assert "late.monthly 2025-01" in str(error.value)
    assert region.closed.periods() == []
    assert list((tmp_path / "closings").rglob("*.tmp")) == []


def test_deliveries_that_replace_what_others_brought_are_held_too(tmp_path: Path) -> None:
    """The entry 5 came with February's and was moved to March by a later delivery: without that one it would
    come back in February."""
    region = SmallRegion(tmp_path)
    region.deliver("2025-02/d1", [(5, 50, FEBRUARY), (6, 60, FEBRUARY)])
    region.deliver("2025-03/d1", [(5, 55, "2025-03")])
    region.run(MONTHS[:3])
    sealed = region.close(FEBRUARY)
    assert [each["delivery"] for each in sealed.manifest.deliveries] == ["2025-02/d1", "2025-03/d1"]
    assert replay(region.settings, Period.of(FEBRUARY)).identical


# -- it comes out again --------------------------------------------------------------------------


def test_a_closing_comes_out_again_without_the_lake(own: Path) -> None:
    done = again(own)
    assert done.identical and done.changed == [] and done.code == []
    assert {table.table: table.rows for table in done.tables} == {"late.monthly": 2, "late.running": 1}
    # version, row, and the two sealed tables of February
    assert done.steps == 4
    assert again(own, expect=done.digest).identical
    assert not again(own, expect="0" * 64).identical


def test_a_closing_with_digests_of_another_kind_comes_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        # As in a version that hashed every value as text.
        before.setattr(digest, "WIDTHS", {})
        for module in (engine, parquet, seal):
            before.setattr(module, "KIND", 1)
        region = SmallRegion(tmp_path)
        region.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, FEBRUARY)])
        region.run(MONTHS[:2])
        region.close(FEBRUARY)
    manifest = read_manifest(closing_of(tmp_path))
    assert manifest.digests == 1
    done = again(tmp_path)
    assert done.identical and done.tables
    # What stands in the lake is computed anew before anything is built on it.
    assert region.engine.stale("early.row", periods(*MONTHS[:2])) == periods(*MONTHS[:2])
    (output,) = [entry for entry in manifest.outputs if entry.table == "late.monthly"]
    sealed = closing_of(tmp_path) / output.file
    rewrite(sealed, "n = n + 1")
    vouch(closing_of(tmp_path), sealed)
    changed = {each.table: each.state for each in again(tmp_path).tables}
    assert changed == {"late.monthly": "differs", "late.running": "identical"}


def test_models_that_have_moved_on_are_told_and_tried_when_asked(own: Path) -> None:
    model = own / "models" / "late" / "monthly.sql"
    model.write_text(model.read_text(encoding="utf-8").replace("* p.rate", "* p.rate * 2"), encoding="utf-8")
    done = again(own)
    assert done.identical and done.code == ["late.monthly"]
    tried = again(own, code=CURRENT)
    assert causes(tried) == {"late.monthly": {"code"}, "late.running": {"code"}}
    (monthly,) = (table for table in tried.tables if table.table == "late.monthly")
    assert monthly.difference is not None
    # 20 x 2 + 1 = 41 was sealed, 20 x 4 + 1 = 81 comes out.
    assert vars(monthly.difference.rows[0]) == {
        "key": "month=2025-02 id=2",
        "column": "n",
        "before": "41",
        "after": "81",
    }


# -- what was changed is named -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "role", "table"),
    [
        ("landing/*/entry.parquet", "data", "landing.entry"),
        ("lake/policy/rate/*/part.parquet", "policy", "policy.rate"),
        ("lake/scheme/weight/part.parquet", "scheme", "scheme.weight"),
        ("lake/reference/calendar/part.parquet", "calendar", "reference.calendar"),
        ("lake/late/monthly/month=2025-02/part.parquet", "output", "late.monthly"),
        ("models/late/monthly.sql", "code", ""),
        ("law/small/topic.yml", "text", ""),
    ],
)
def test_one_byte_is_named(own: Path, glob: str, role: str, table: str) -> None:
    path = sorted(closing_of(own).glob(glob))[0]
    flip(path)
    done = again(own)
    assert not done.identical
    (change,) = done.changed
    assert (change.path, change.role, change.table) == (str(path.relative_to(closing_of(own))), role, table)
    assert "SHA-256" in change.what


@pytest.mark.parametrize(
    ("glob", "assignment", "cause"),
    [
        ("lake/policy/rate/*/part.parquet", "rate = 3", "policy"),
        ("lake/scheme/weight/part.parquet", "weight = 2 where id = 2", "scheme"),
        ("lake/reference/bonus/part.parquet", "bonus = 7 where id = 2", "reference"),
        ("lake/reference/calendar/part.parquet", "days = 9 where month = '2025-02'", "calendar"),
        ("landing/*/entry.parquet", "n = 21 where id = 2", "data"),
    ],
)
@pytest.mark.parametrize("hide", [False, True])
def test_a_value_that_was_made_to_fit_the_manifest_is_found_by_computing(
    own: Path, glob: str, assignment: str, cause: str, hide: bool
) -> None:
    """Somebody changes a value and the manifest with it: the outputs do not come out any more, and where the
    trail was left, it knows another manifest."""
    closing = closing_of(own)
    for path in sorted(closing.glob(glob)):
        rewrite(path, assignment, digest="f" * 64 if hide and cause != "data" else None)
        vouch(closing, path, **({"digest": "f" * 64} if hide else {}))
    done = again(own)
    assert [change.role for change in done.changed] == ["manifest"]
    assert "entry 2 of the trail" in done.changed[0].what
    assert causes(done) == {"late.monthly": {cause}, "late.running": {cause}}


def test_an_output_that_was_made_to_fit_is_found_with_its_row(own: Path) -> None:
    closing = closing_of(own)
    path = closing / "lake/late/monthly/month=2025-02/part.parquet"
    rewrite(path, "n = n + 100 where id = 3")
    vouch(closing, path)
    tell_otherwise(closing.parent.parent)
    done = again(own)
    assert done.changed == []
    assert causes(done) == {"late.monthly": {"output"}}
    (found,) = (table.difference for table in done.tables if table.state == "differs")
    assert found is not None and found.columns == {"n": 1}
    # 30 x 2 + 1 = 61
    assert [vars(row) for row in found.rows] == [
        {"key": "month=2025-02 id=3", "column": "n", "before": "161", "after": "61"}
    ]


def test_a_model_that_was_made_to_fit_is_found(own: Path) -> None:
    closing = closing_of(own)
    path = closing / "models/late/running.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("sum(m.n)", "max(m.n)"), encoding="utf-8")
    vouch(closing, path)
    assert causes(again(own)) == {"late.running": {"code"}}


def test_a_model_of_a_closing_reaches_nothing_but_the_closing(own: Path) -> None:
    secret = own / "secret.csv"
    secret.write_text("total\n7\n", encoding="utf-8")
    path = closing_of(own) / "models/late/running.sql"
    text = path.read_text(encoding="utf-8")
    for place, said in ((f"'{secret}'", "no shared SELECT"), (f"read_csv('{secret}')", "disabled")):
        path.write_text(text.replace("sum(m.n)", f"(select max(total) from {place})"), encoding="utf-8")
        done = again(own)
        assert said in done.stopped
    assert causes(done) == {"late.running": {"code"}}


def _as_older_form(closing: Path) -> None:
    """What the program before wrote: no methods by name, and a model that is like another one."""
    like = {"model": "early.pattern", "with": {"seen": "n", "early.version as q": "early.version as v"}}
    header, select = split_header(closing / "models/early/row.sql", Place("row"))
    pattern = select.replace(" as n from early.version as v", " as seen from early.version as q")
    pattern = pattern.replace("v.", "q.")
    like["with"] |= {"q": "v"}
    write_model(closing / "models/early/pattern.sql", header, pattern)
    write_model(closing / "models/early/row.sql", {**header, "like": like, "flags": "policy.rate"}, "")
    manifest = json.loads((closing / "manifest.json").read_bytes())
    manifest["format"] = 1
    del manifest["methods"]
    manifest["files"].append(
        {"path": "models/early/pattern.sql", "role": "code", "table": "", "partition": ""}
    )
    for entry in manifest["files"]:
        if entry["path"].startswith("models/early"):
            content = (closing / entry["path"]).read_bytes()
            entry |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (closing / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    # It set down that it had closed, and not that it was about to.
    tell_otherwise(closing.parent.parent, only=("closed",))


def test_a_closing_of_the_form_before_comes_out_again(own: Path) -> None:
    _as_older_form(closing_of(own))
    done = again(own)
    assert (done.changed, done.stopped, done.identical) == ([], "", True)
    assert [table.table for table in done.tables] == ["late.monthly", "late.running"]


def test_a_closing_names_the_methods_and_is_computed_by_them(tmp_path: Path) -> None:
    """Two ways to add days up: once by the month's days, once by twice of them. 30 x 2 + 1 = 61, or 62."""
    region = SmallRegion(tmp_path, {"days": ["once"]})
    region.deliver("2025-02/d1", [(3, 30, FEBRUARY)])
    region.run(MONTHS[:2])
    assert region.close(FEBRUARY).manifest.methods == {"days": ["once"]}
    assert again(tmp_path).identical
    sealed = {str(path.relative_to(closing_of(tmp_path))) for path in closing_of(tmp_path).rglob("*.*")}
    assert {
        "models/methods.yml",
        "models/late/macros.sql",
        "models/late/monthly/_table.yml",
        "models/late/monthly/once.sql",
        "models/late/monthly/twice.sql",
    } <= sealed
    # Today's models follow the same methods; a choice that came later is answered by what was done before.
    assert again(tmp_path, code=CURRENT).identical
    later = {"rows": {"describe": "r", "before": "all", "methods": {"all": {"describe": "a", "title": "全"}}}}
    with open(tmp_path / "models" / "methods.yml", "a", encoding="utf-8") as choices:
        choices.write(json.dumps(later)[1:-1] + "\n")
    assert again(tmp_path, code=CURRENT).identical


def test_today_s_models_may_have_steps_that_the_closing_s_had_not(own: Path) -> None:
    path = own / "models/late/monthly.sql"
    header, select = split_header(path, Place("row"))
    write_model(path, header, select.replace("from early.row", "from early.step"))
    step = {"describe": "a step", "grain": ["month", "id"], "partition": "month"}
    write_model(own / "models/early/step.sql", step, "select month, id, n from early.row")
    done = again(own, code=CURRENT)
    assert (done.stopped, done.identical) == ("", True) and "late.monthly" in done.code
    assert again(own).identical


def test_what_today_s_models_read_and_a_closing_does_not_hold_stops_only_them(own: Path) -> None:
    path = own / "models/early/row.sql"
    path.write_text(
        path.read_text(encoding="utf-8").replace("scheme.weight", "scheme.load"), encoding="utf-8"
    )
    done = again(own)
    assert done.identical and set(done.code) == set(done.manifest.plan)  # type: ignore[union-attr]
    assert "reads scheme.load, which nothing provides" in again(own, code=CURRENT).stopped


def test_what_is_gone_or_added_is_named(own: Path) -> None:
    closing = closing_of(own)
    (closing / "lake/scheme/weight/part.parquet").unlink()
    (closing / "lake/more.txt").write_text("", encoding="utf-8")
    done = again(own)
    assert {(change.path, change.what) for change in done.changed} == {
        ("lake/scheme/weight/part.parquet", "is gone"),
        ("lake/more.txt", "was added after the closing"),
    }
    assert done.stopped and causes(done)["late.monthly"] == {"scheme"}


def _is_a_list(manifest: Path) -> None:
    manifest.write_text("[]", encoding="utf-8")


def _leads_outside(manifest: Path) -> None:
    raw = json.loads(manifest.read_bytes())
    raw["tables"][0]["file"] = "lake/../../../outside"
    manifest.write_text(json.dumps(raw), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"), [(_is_a_list, "it is not a JSON object"), (_leads_outside, "is not the place of")]
)
def test_a_manifest_that_cannot_be_one_is_said(own: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(closing_of(own) / "manifest.json")
    done = again(own)
    assert not done.identical and "cannot be read" in done.stopped and said in done.stopped


def test_there_is_no_closing_of_another_month(own: Path) -> None:
    with pytest.raises(DrgError, match=r"There is no closing of 2025-07.*") as error:
        again(own, "2025-07")
    assert "closed periods: 2025-02" in str(error.value)
    with pytest.raises(DrgError, match=r"closings of 2025-02: 1"):
        again(own, number=2)


# -- guard, reopening and the year ---------------------------------------------------------------


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> SmallRegion:
    """A region whose months and year are closed."""
    region = SmallRegion(tmp_path_factory.mktemp("year"))
    region.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, FEBRUARY)])
    region.run(MONTHS, "2025")
    for month in MONTHS[:11]:
        region.close(month)
    return region


def _standing_once(closed: ClosedPeriods, period: Period) -> Closed | None:
    """December stands until somebody builds the year's closing."""
    built = any(closed.folder.glob("2025/*.tmp"))
    if (built and str(period) == "2025-12") or not closed.numbers(period):
        return None
    return closed.closing(period, 1)


def test_a_year_needs_its_months_and_stands_on_them(year: SmallRegion) -> None:
    with pytest.raises(DrgError, match=r"1 of its months are open") as error:
        year.close("2025")
    assert "drg close --month 2025-12" in str(error.value)
    year.close("2025-12")
    with pytest.MonkeyPatch.context() as patch:
        # Somebody reopens a month while the year's closing is built.
        patch.setattr(ClosedPeriods, "standing", _standing_once)
        with pytest.raises(DrgError, match=r"months that it rests on were reopened meanwhile.\n  2025-12"):
            year.close("2025")
    assert year.closed.numbers(Period.of("2025")) == []
    sealed = year.close("2025")
    assert {entry.table for entry in sealed.manifest.outputs} == {"late.yearly"}
    taken = {entry.table for entry in sealed.manifest.tables if entry.role == "taken"}
    assert taken == {"late.running"}
    assert sealed.manifest.months[Period.of(FEBRUARY)]["manifest"] == manifest_digest(
        year.closed.folder / FEBRUARY / "1"
    )
    assert year.closed.periods() == periods(*MONTHS, "2025")
    assert replay(year.settings, Period.of("2025")).identical
    # What is closed is not computed again, whoever asks; a month of a closed year is not reopened.
    with pytest.raises(DrgError, match=r"late\.running is sealed .* 2025-03, 2025-04 are closed") as refused:
        year.engine.compute("late.running", periods("2025-03", "2025-04"))
    assert "closed by" in str(refused.value) and "drg reopen --month 2025-03" in str(refused.value)
    year.engine.compute("early.row", periods(FEBRUARY))
    with pytest.raises(DrgError, match="cannot be reopened while its year is closed"):
        reopen(year.settings, Period.of(FEBRUARY), "a reason")
    # Nor where the year's closing was removed: the trail tells of it.
    aside = year.closed.folder.with_name("aside")
    (year.closed.folder / "2025").rename(aside)
    with pytest.raises(DrgError, match="its closing is gone"):
        year.engine.compute("late.yearly", periods("2025"))
    with pytest.raises(DrgError, match="cannot be reopened while its year is closed"):
        reopen(year.settings, Period.of(FEBRUARY), "a reason")
    aside.rename(year.closed.folder / "2025")
    with pytest.raises(DrgError, match="for a reason"):
        reopen(year.settings, Period.of("2025"), " ")
    assert reopen(year.settings, Period.of("2025"), "a reason").reopened is not None
    reopen(year.settings, Period.of(FEBRUARY), "another reason")
    with pytest.raises(DrgError, match=r"2025-02 of small is not closed"):
        reopen(year.settings, Period.of(FEBRUARY), "once more")
    year.engine.compute("late.running", periods(FEBRUARY))
    events = [(entry.event, entry.period, entry.reason) for entry in Trail(year.closed.folder).entries()]
    assert events[-4:] == [
        (event, period, reason)
        for period, reason in (("2025", "a reason"), (FEBRUARY, "another reason"))
        for event in ("reopening", "reopened")
    ]
    assert Trail(year.closed.folder).verify([tuple(sealed.manifest.trail)]) == []  # type: ignore[list-item]
