"""Values in other spellings, and values that are none, from the inbox to the group, the pool and the finding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from support import regions
from support.expected import normalised_rows
from support.regions import Claim, deliver

from drg_pipeline.region import Region

HOSPITALS = (
    "fixmedins_code,name,level,agreement_status,valid_from\n"
    "H41900100001,甲医院,tertiary,active,2020-01-01\nH41900100003,乙医院,secondary,active,2020-01-01\n"
)
MINE = ["insuplc_invalid", "fund_pay_type_unknown", "platform_group_invalid", "hi_paymtd_missing"]


def judged(folder: Path, month: str) -> dict[str, tuple]:
    """Pool, fund amount, group and its status, and the failed checks of this subject, by claim."""
    (folder / "reference" / "hospital.csv").write_text(HOSPITALS, encoding="utf-8")
    region = Region(regions.settings(folder))
    regions.settle(region, [month], through="quality.claim_status")
    regions.compute(region, ["claims.normalised_value"], [month])
    checks = ", ".join(f"'{check}'" for check in MINE)
    rows = regions.rows(
        folder,
        "select c.setl_id, c.pool, c.fund, g.drg, g.status, "
        "list_sort(list(k.check_id) filter (k.check_id is not null)) "
        "from claims.claim as c inner join grouping.grouped_case as g using (month, setl_id, dcla_time) "
        f"left join (from quality.claim_check where check_id in ({checks})) as k using (month, setl_id, dcla_time) "
        "group by all",
    )
    return {str(setl_id): tuple(rest) for setl_id, *rest in rows}


# --- what was found once ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple]:
    folder = regions.empty(tmp_path_factory.mktemp("found"))
    for name in ("P01", "P03", "P04", "P06", "P07", "P17"):
        (source,) = (samples / "findings" / "claims").glob(f"{name}-*")
        regions.copy(source / "delivery", folder / "inbox" / "2025-06" / name)
    return judged(folder, "2025-06") | {"folder": (folder,)}


@pytest.mark.parametrize("setl_id", ["G1ctl", "G1space"])
def test_a_group_is_the_same_with_a_space_behind_it(found, setl_id):
    assert found[setl_id][2:] == ("FR15", "grouped", None)


@pytest.mark.parametrize("setl_id", ["G2000", "G2null", "G2zh", "G2zero"])
def test_a_word_for_no_group_is_no_group(found, setl_id):
    assert found[setl_id][2:] == (None, "ungrouped", None)


@pytest.mark.parametrize("setl_id", ["I1ctl", "I1quote", "I1wide", "I1tab"])
def test_a_place_is_the_same_however_it_is_written(found, setl_id):
    assert (found[setl_id][0], found[setl_id][4]) == ("employee_local", None)


def test_a_place_that_is_none_has_no_pool(found):
    assert (found["I1long"][0], found["I1long"][4]) == (None, ["insuplc_invalid"])


@pytest.mark.parametrize("setl_id", ["U1ctl", "U1space", "U1wide"])
def test_a_fund_is_the_same_however_it_is_written(found, setl_id):
    assert (str(found[setl_id][1]), found[setl_id][4]) == ("10390.15", None)


def test_a_fund_that_is_none_is_fatal(found):
    assert (str(found["U1unknown"][1]), found["U1unknown"][4]) == ("0.00", ["fund_pay_type_unknown"])


def test_an_empty_way_of_payment_is_named(found):
    assert found["H1empty"][4] == ["hi_paymtd_missing"]


def test_claims_whose_ids_have_lost_digits_are_rejected_in_every_file(found):
    assert "4.19001E+15" not in found
    (folder,) = found["folder"]
    regions.compute(Region(regions.settings(folder)), ["claims.rejected_row"], ["2025-06"])
    rejected = regions.rows(
        folder,
        "select distinct regexp_extract(file, '([a-z]+)[.]csv', 1), column_name, raw from claims.rejected_row",
    )
    files = ("setlinfo", "diseinfo", "payinfo", "iteminfo", "drginfo", "oprninfo")
    assert {file for file, *rest in rejected} <= set(files) >= {"setlinfo", "payinfo", "drginfo"}
    assert {tuple(rest) for _, *rest in rejected} == {("setl_id", "4.19001E+15")}


def test_a_region_of_other_spellings_counts_them(samples, tmp_path):
    source = samples / "examples" / "region-3"
    regions.give(source, tmp_path)
    for delivery in tmp_path.glob("inbox/*/*"):
        if not (delivery / "drginfo.csv").exists():  # the platform returned nothing
            (delivery / "drginfo.csv").write_text("setl_id,dcla_time,drg_code,scheme\n")
    region = Region(regions.settings(tmp_path))
    region.side.take_in(lambda line: None)
    months = sorted(path.name for path in (tmp_path / "inbox").iterdir())
    wanted = normalised_rows(source / "expected" / "claims.normalised_value.csv")
    regions.compute(region, ["claims.normalised_value"], months)
    counted = "select file, column_name, changed, line from claims.normalised_value"
    assert set(regions.rows(tmp_path, counted)) == wanted


# --- of the same kind ------------------------------------------------------------------------


class Spelt(Claim):
    """A claim of which cells of the child files are others; their values by column."""

    def rows(self) -> dict[str, dict[str, str]]:
        given = dict(self.setlinfo)
        rows = {name: dict(row) for name, row in super().rows().items()}
        for row in rows.values():
            row.update({column: value for column, value in given.items() if column in row})
        for column in given.keys() - regions.Claim("x").rows()["setlinfo"].keys():
            rows["setlinfo"].pop(column, None)
        return rows


def results(folder: Path, claims: Iterable[Claim]) -> dict[str, tuple]:
    regions.empty(folder)
    deliver(folder, "2025-03/d-1", *claims)
    return judged(folder, "2025-03")


SOUND = ("employee_local", "6000.00", "R15", "grouped", None)


def as_texts(row: tuple) -> tuple:
    pool, fund, *rest = row
    return (pool, str(fund), *rest)


def test_spellings_of_one_value_come_to_one_result(tmp_path):
    spelt = [
        {"drg_code": "ｒ１５"}, {"drg_code": "\u200br15\u200b"}, {"drg_code": "'R15"},
        {"insuplc": "419001.0"}, {"insuplc": "\ufeff419001"}, {"insutype": "310.00"}, {"insutype": "３１０"},
        {"fund_pay_type": "310100.0"}, {"fund_pay_type": "'310100\u00a0"}, {"hi_paymtd": "4.0"},
        {"gend": "１"}, {"fixmedins_code": "h41900100003"}, {"fixmedins_code": " Ｈ41900100003\t"},
    ]  # fmt: skip
    found = results(tmp_path, [Spelt(f"S{n:02d}", cells) for n, cells in enumerate(spelt)])
    assert {key: as_texts(row) for key, row in found.items()} == {
        f"S{n:02d}": SOUND for n in range(len(spelt))
    }
    changed = regions.rows(tmp_path, "select sum(changed) from claims.normalised_value")
    assert changed == [(len(spelt),)]
    normal = regions.rows(tmp_path, "select count(*) from quality.claim_check where severity = 'fatal'")
    assert normal == [(0,)]


def test_values_that_are_none_are_named_and_not_paid(tmp_path):
    wrong = {
        "insuplc_invalid": ({"insuplc": "济源"}, {"insuplc": "41900"}, {"insuplc": "4.19001E+5"}),
        "fund_pay_type_unknown": ({"fund_pay_type": "统筹"}, {"fund_pay_type": "310100 310100"}),
        "platform_group_invalid": ({"drg_code": "#N/A"}, {"drg_code": "R15+"}, {"drg_code": "无法入组"}),
    }
    claims = {
        f"{check}-{n}": cells for check, all_cells in wrong.items() for n, cells in enumerate(all_cells)
    }
    found = results(tmp_path, [Spelt(setl_id, cells) for setl_id, cells in claims.items()])
    assert {setl_id: row[4] for setl_id, row in found.items()} == {
        one: [one.rpartition("-")[0]] for one in claims
    }
    status = regions.rows(tmp_path, "select distinct status, reason from quality.claim_status")
    assert status == [("non_normal", "quality_fatal")]
    assert {row[0] for one, row in found.items() if one.startswith("insuplc")} == {None}
    assert {row[2:4] for one, row in found.items() if one.startswith("platform")} == {(None, "invalid_input")}
