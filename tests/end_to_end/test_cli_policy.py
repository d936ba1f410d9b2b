"""`drg policy`: a pack that is good, broken or stale, and the law as it is shown."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support.command import Drg
from support.edits import edited

from drg_pipeline.errors import DrgError
from drg_pipeline.region.bound import check_bound
from drg_pipeline.settings import PROJECT, Settings

POLICY = PROJECT / "data" / "policy" / "jiyuan"


# -- policy ------------------------------------------------------------------------------------


def test_a_good_pack_is_counted(drg: Drg) -> None:
    ended = drg("policy", "check")
    assert (
        ended.code == 0 and "济管医保办〔2026〕2号" in ended.out and "confirmed until 2026-12-31" in ended.out
    )
    assert "政策包可用" in drg("policy", "check", "--lang", "zh").out


def test_a_broken_pack_ends_with_1_and_all_its_faults(drg: Drg, tmp_path: Path) -> None:
    pack = tmp_path / "jiyuan"
    shutil.copytree(POLICY, pack)
    for name, old, new in (
        ("clearing.yml", "law: JY-35-3", "law: JY-99"),
        ("settlement.yml", "value:", "valuee:"),
    ):
        edited(pack / name, old, new)
    ended = drg("policy", "check", "--policy", pack)
    assert ended.code == 1
    assert "clearing.yml: " in ended.err and "'JY-99' is not a clause" in ended.err
    assert "settlement.yml: " in ended.err and "valuee: unknown key" in ended.err


def without(pack: Path, topic: str, *names: str) -> None:
    """Take parameters out of a topic's file."""
    path = pack / f"{topic}.yml"
    entries = re.split(r"(?m)^(?=  [a-z_]+:\n)", path.read_text(encoding="utf-8"))
    kept = [entry for entry in entries if not entry.startswith(tuple(f"  {name}:" for name in names))]
    assert len(kept) == len(entries) - len(names)
    path.write_text("".join(kept), encoding="utf-8")


def test_a_pack_that_passes_gives_what_the_models_ask_for(drg: Drg, tmp_path: Path) -> None:
    pack = tmp_path / "jiyuan"
    shutil.copytree(POLICY, pack)
    without(pack, "pricing", "high_multiple", "low_share")
    without(pack, "calibration", "unit_scale")
    ended = drg("policy", "check", "--policy", pack)
    assert ended.code == 1 and "can be used" not in ended.out
    # All at once, tables and single values; what reads an account that fails is no second fault.
    assert re.findall(
        r"^  ([a-z_.]+): asks for (.+), to which nothing here gives a value$", ended.err, re.M
    ) == [
        ("calibration.day_point", "calibration.unit_scale"),
        ("calibration.group_base_point", "calibration.unit_scale"),
        ("calibration.sensitivity", "calibration.unit_scale"),
        ("pricing.group_price", "pricing.high_multiple, pricing.low_share"),
        ("pricing.version_point", "calibration.unit_scale, pricing.low_share"),
        ("claim_case", "calibration.unit_scale, pricing.low_share"),
    ]
    assert len(ended.err.splitlines()) == 8


def test_a_column_that_no_table_has_is_told_before_anything_runs(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(PROJECT / "dbt_like_sql", models)
    path = models / "pricing" / "group_price" / "bands.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("s.low_share,", "s.low_shares as low_share,"), encoding="utf-8")
    with pytest.raises(DrgError) as caught:
        check_bound(Settings.for_region("jiyuan", models=models))
    (fault,) = map(str, caught.value.faults)
    assert fault.startswith("pricing.group_price: ") and '"low_shares"' in fault


def test_a_stale_pack_says_where_to_look(drg: Drg, tmp_path: Path) -> None:
    pack = tmp_path / "jiyuan"
    shutil.copytree(POLICY, pack)
    head = (pack / "pack.yml").read_text(encoding="utf-8")
    (pack / "pack.yml").write_text(
        head.replace("confirmed_until: 2026-12-31", "confirmed_until: 2026-01-31"), encoding="utf-8"
    )
    ended = drg("policy", "check", "--policy", pack)
    assert ended.code == 0 and "STALE" in ended.out and "extend confirmed_until" in ended.out


def test_the_law_in_force_is_listed_with_its_clause_and_document(drg: Drg) -> None:
    ended = drg("policy", "show", "settlement", "--on", "2026-03-01", "--known-on", "2026-03-01")
    assert ended.code == 0
    assert re.search(
        r"^settlement\.deposit_rate +0\.0500 +share +2026-01-30 +JY-32-4$", ended.out, re.MULTILINE
    )
    assert "JY: 济管医保办〔2026〕2号 济源产城融合示范区按病组(DRG)付费管理办法(试行)" in ended.out
    before = drg("policy", "show", "settlement", "--on", "2025-03-01", "--known-on", "2025-03-01")
    assert re.search(
        r"^settlement\.deposit_rate +0\.0500 +share +2021-01-01 +open$", before.out, re.MULTILINE
    )


def test_a_parameter_is_shown_with_its_whole_history(drg: Drg) -> None:
    ended = drg("policy", "show", "high_multiple", "--on", "2026-03-01", "--known-on", "2026-03-01")
    assert ended.code == 0
    assert re.search(r"^2026-01-30 +2026-01-30 +4 rows +yes +JY-18-1-1 ", ended.out, re.MULTILINE)
    assert ended.out.count("base_point_above") == 2 and "multiple" in ended.out


def test_a_month_is_shown_as_its_runs_see_it(drg: Drg, tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    empty_reference(reference)
    ended = drg("policy", "show", "high_multiple", "--month", "2025-03", "--reference", reference)
    assert ended.code == 0
    assert "on 2025-03-01, as known on 2025-04-08" in ended.out
    assert "on 2025-03-01, as known on 2026-01-31" in ended.out
    wrong = drg("policy", "show", "--month", "2025-3", "--on", "2025-03-01")
    assert wrong.code == 2 and "is not a month" in wrong.err and "cannot stand beside --month" in wrong.err


def test_what_a_base_lends_is_said_and_what_it_only_describes(drg: Drg) -> None:
    listed = drg("policy", "show", "calibration", "--on", "2026-03-01").out
    assert re.search(r"^calibration\.unit_scale +100 +points +2026-01-30 +JY-16-2$", listed, re.M), listed
    assert re.search(r"^calibration\.first_trim_low +1\.5000 .* open +base$", listed, re.M)
    assert "Taken over from base" in drg("policy", "show", "first_trim_low").out
    assert "Taken over" not in drg("policy", "show", "unit_scale").out
    trial = PROJECT / "tests" / "regions" / "trial"
    ended = drg("policy", "show", "high_multiple", "--region", "trial", "--policy", trial)
    assert ended.code == 2 and "pricing.high_multiple has no value in the pack trial" in ended.err
    assert "Multiple of the level mean" in ended.err and "trial/pricing.yml" in ended.err


def test_an_unknown_parameter_is_answered_with_near_ones(drg: Drg) -> None:
    ended = drg("policy", "show", "cutoff")
    assert ended.code == 2 and "cut_off" in ended.err


def empty_reference(folder: Path) -> None:
    """The two files that every region has, with nothing in them."""
    folder.mkdir()
    (folder / "hospital.csv").write_text(
        "fixmedins_code,name,level,kind,agreement_status,valid_from,valid_to\n", encoding="utf-8"
    )
    (folder / "budget.csv").write_text("year,pool,amount,reserve_ratio\n", encoding="utf-8")
