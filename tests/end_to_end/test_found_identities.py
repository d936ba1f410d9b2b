"""Small inputs as they were found in the field, each with what must be said of it: whose claim a version is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import regions
from support.regions import Claim

from drg_pipeline.region import Region

CHECKED = "quality.claim_status"
# Folder of the samples -> checks that fail, and how many versions stand refused by each.
FOUND = {
    "P12-one-id-two-hospitals": {"identity_conflict": 1},
    "P13-refund-and-settle-again": {"refund": 1, "refunded": 1},
    # The second settlement was uploaded long before it.
    "P15-settled-in-two-months": {"duplicate_settlement": 1, "settlement_implausible": 1},
    "P20-rejected-child-rows": {"child_row_rejected": 2},
    "P24-date-outside": {"settlement_implausible": 2},
}
ASKED = (
    *("identity_conflict", "refund", "refunded", "duplicate_settlement", "child_row_rejected"),
    *("settlement_implausible", "version_disagrees", "refund_unpaired"),
)


def found(samples: Path, folder: Path, name: str, **deliveries: str) -> dict[str, int]:
    """How often each check fails, of a finding's deliveries in the reference files of the third region."""
    source = next((samples / "findings" / "claims").glob(f"{name}*"))
    shutil.copytree(samples / "examples" / "region-3" / "reference", folder / "reference")
    for label, given in (deliveries or {"2025-06/main": "delivery"}).items():
        shutil.copytree(source / given, folder / "inbox" / label)
    region = Region(regions.settings(folder))
    regions.take_in(region)
    months = sorted(
        str(month)
        for (month,) in regions.rows(folder, "select distinct settlement_month from claims.version_index")
    )
    if not months:
        return {}
    regions.settle(region, months, through=CHECKED)
    rows = regions.rows(folder, "select check_id, count(*) from quality.claim_check group by all")
    return {str(check): int(str(count)) for check, count in rows if check in ASKED}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_was_found_has_its_name(samples: Path, tmp_path: Path, name: str) -> None:
    assert found(samples, tmp_path, name) == FOUND[name]


def test_ids_that_have_lost_digits_are_no_claim(samples: Path, tmp_path: Path) -> None:
    assert found(samples, tmp_path, "P17") == {}
    told = "select count(*) from claims.version_index where setl_id like '%E+%'"
    assert regions.rows(tmp_path, told) == [(0,)]


def test_two_deliveries_that_disagree_are_named(samples: Path, tmp_path: Path) -> None:
    both = {"2025-06/fix-9": "fix-9", "2025-06/fix-10": "fix-10"}
    assert found(samples, tmp_path, "P18", **both) == {"version_disagrees": 1}


def test_a_delivery_without_the_platform_s_groups_is_ungrouped(samples: Path, tmp_path: Path) -> None:
    """Beside another one that has them."""
    regions.deliver(tmp_path, "2025-06/other", regions.Claim("Z"))
    assert found(samples, tmp_path, "P21") == {}
    told = "select status, count(*) from grouping.grouped_case where setl_id <> 'Z' group by all"
    assert {status for status, _ in regions.rows(tmp_path, told)} == {"ungrouped"}


# -- of the same kind -----------------------------------------------------------------------------

HOSPITALS = (
    "fixmedins_code,name,level,agreement_status,valid_from\n"
    "H41900100001,甲医院,tertiary,active,2020-01-01\nH41900100003,乙医院,secondary,active,2020-01-01\n"
)
LATER = {"dcla_time": "2025-03-13 09:00:00"}


def version(setl_id: str, fee: str = "9000.00", **setlinfo: str) -> Claim:
    return Claim(setl_id, setlinfo, fee=fee, pooled=fee)


# What comes in one delivery -> the versions refused or warned of, by what.
SIBLINGS: dict[str, tuple[list[Claim], dict[str, list[str]]]] = {
    # One id for two persons of a hospital, and for one person at two hospitals.
    "id": (
        [
            version("person"),
            version("person", psn_no="P-other", **LATER),
            version("hospital"),
            version("hospital", fixmedins_code="H41900100001", **LATER),
        ],
        {"person": ["identity_conflict"], "hospital": ["identity_conflict"]},
    ),
    # Under its own id; of a part; of another stay; two refunds of one settlement.
    "refund": (
        [
            version("own"),
            version("own", "-9000.00", **LATER),
            version("part", psn_no="P-1"),
            version("part-back", "-8999.99", psn_no="P-1"),
            version("stay", psn_no="P-2"),
            version("stay-back", "-9000.00", psn_no="P-2", adm_time="2025-03-02 08:00:00"),
            version("twice", psn_no="P-3"),
            version("twice-back", "-9000.00", psn_no="P-3"),
            version("twice-more", "-9000.00", psn_no="P-3"),
        ],
        {
            "own": ["refund"],
            "part-back": ["refund", "refund_unpaired"],
            "stay-back": ["refund", "refund_unpaired"],
            "twice": ["refunded"],
            "twice-back": ["refund"],
            "twice-more": ["refund", "refund_unpaired"],
        },
    ),
    # Within one month; where the first is refused by itself; where the first is refunded.
    "stay": (
        [
            version("two-a", psn_no="P-1"),
            version("two-b", psn_no="P-1", **LATER),
            version("three-a", psn_no="P-2", gend="9"),
            version("three-b", psn_no="P-2", **LATER),
            version("three-c", psn_no="P-2", dcla_time="2025-03-14 09:00:00"),
            version("anew-a", psn_no="P-3"),
            version("anew-back", "-9000.00", psn_no="P-3"),
            version("anew-b", psn_no="P-3", **LATER),
        ],
        {
            "two-b": ["duplicate_settlement"],
            "three-c": ["duplicate_settlement"],
            "anew-a": ["refunded"],
            "anew-back": ["refund"],
        },
    ),
    # A day after the upload may be; two days, and the end of time, may not.
    "date": (
        [
            version("near", setl_end_date="2025-03-13"),
            version("far", setl_end_date="2025-03-14"),
            version("never", setl_end_date="9999-12-31"),
        ],
        {"far": ["settlement_implausible"], "never": ["settlement_implausible"]},
    ),
    # Two forms of a number that has lost digits, which come to nothing, and an id that is none.
    "digits": (
        [version("4190010000005819.0"), version("4.19E+15"), version("4,19E15"), version("41E001")],
        {},
    ),
}
TORN = {
    # The amount of a charge; the time of a diagnosis, which tears every version of its claim there.
    "iteminfo": ("amt", "viel", "9000.00"),
    "diseinfo": ("dcla_time", "2025-03-32 12:00:00", "2025-03-12 12:00:00"),
}


@pytest.fixture(scope="module")
def siblings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them in one month, each kind with persons of its own."""
    folder = regions.empty(tmp_path_factory.mktemp("siblings"))
    (folder / "reference" / "hospital.csv").write_text(HOSPITALS, encoding="utf-8")
    for kind, (claims, _) in SIBLINGS.items():
        own = [
            Claim(
                one.setl_id,
                one.setlinfo | {"psn_no": f"{kind} {one.setlinfo.get('psn_no', one.setl_id)}"},
                fee=one.fee,
                pooled=one.pooled,
            )
            for one in claims
        ]
        columns = sorted({column for one in own for column in one.setlinfo})
        assert set(columns) <= own[0].rows()["setlinfo"].keys()
        regions.deliver(folder, f"2025-03/{kind}", *own)
    for name, (column, wrong, right) in TORN.items():
        # Beside the record that is rejected a good one of the same claim.
        row = Claim(f"torn-{name}").rows()[name]
        rows = [row, row | {column: wrong}]
        assert row[column] == right
        regions.deliver(folder, f"2025-03/torn-{name}", Claim(f"torn-{name}"), **{name: regions.as_csv(rows)})
    again = [version("same"), version("charge"), version("sex")]
    regions.deliver(folder, "2025-03/y", *again)
    again[1] = Claim("charge", pooled="1.00", fee="9000.00")
    again[2] = version("sex", gend="2")
    regions.deliver(folder, "2025-03/z", *again)
    regions.settle(Region(regions.settings(folder)), ["2025-03"], through=CHECKED)
    return folder


def told(folder: Path) -> dict[str, list[str]]:
    asked = ", ".join(f"'{check}'" for check in ASKED)
    rows = regions.rows(
        folder,
        "select setl_id, list_sort(list(check_id)) from quality.claim_check "
        f"where check_id in ({asked}) group by setl_id, dcla_time",
    )
    assert len({setl_id for setl_id, _ in rows}) == len(rows)
    return {str(setl_id): list(map(str, checks)) for setl_id, checks in rows}  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", SIBLINGS)
def test_its_siblings_are_named_too(siblings: Path, kind: str) -> None:
    claims, wanted = SIBLINGS[kind]
    own = {one.setl_id for one in claims}
    assert {setl_id: checks for setl_id, checks in told(siblings).items() if setl_id in own} == wanted


@pytest.mark.parametrize("name", TORN)
def test_a_claim_of_which_any_record_was_rejected_is_torn(siblings: Path, name: str) -> None:
    assert told(siblings)[f"torn-{name}"] == ["child_row_rejected"]


def test_a_version_that_comes_again_as_it_was_disagrees_with_nothing(siblings: Path) -> None:
    found = told(siblings)
    assert [setl_id for setl_id in ("same", "charge", "sex") if setl_id in found] == ["charge", "sex"]
    assert found["charge"] == found["sex"] == ["version_disagrees"]


def test_ids_that_have_lost_digits_are_no_claim_in_any_form(siblings: Path) -> None:
    rows = regions.rows(siblings, "select distinct setl_id from claims.version_index where setl_id like '4%'")
    assert sorted(map(str, (setl_id for (setl_id,) in rows))) == ["4,19E15", "41E001"]
