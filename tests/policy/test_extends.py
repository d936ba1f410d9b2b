"""A pack that extends another: whose values hold, what is said once, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.policy import Pack, load_instruments, load_pack
from drg_pipeline.policy.load import BASE_FILE
from drg_pipeline.policy.parameter import OPEN
from drg_pipeline.region import Region
from drg_pipeline.region.bound import unread
from drg_pipeline.settings import PROJECT, Settings

POLICY = PROJECT / "data" / "policy"
DAY, LATE = date(2026, 6, 1), date(2099, 12, 31)
HEAD = "region: here\ntitle: 此地\nextends: [common]\ninstruments: [JY]\nconfirmed_until: 2026-12-31\n"
BASE = "title: 共用\nconfirmed_until: 2026-12-31\n"
COMMON = """
describe: A topic.
period: month
known: month
parameters:
  stated:
    describe: What a region states.
    unit: days
    type: whole
  shared:
    describe: What all have.
    unit: days
    type: whole
    values:
      - {valid_from: 2021-01-01, value: 7, published: 2021-01-01, law: open, reason: common practice}
  listed:
    describe: Rows with a clause of each region.
    type: table
    key: [code]
    columns:
      code: {type: text, unit: code, meaning: code}
      law: {type: citation, unit: clause, meaning: clause}
    values:
      - valid_from: 2021-01-01
        rows:
          - {code: a, law: [XX-9, JYX-5, JY-18]}
          - {code: b, law: [XX-9]}
        published: 2021-01-01
        law: open
        reason: common practice
"""
STATED = "  stated:\n    values:\n      - {valid_from: 2026-01-30, value: 5, published: 2026-01-30, law: JY-31-1}\n"


def packs(
    folder: Path, own: str = STATED, *, head: str = HEAD, more: Mapping[str, str] | None = None
) -> Path:
    files = {
        "common/base.yml": BASE,
        "common/topic.yml": COMMON,
        "here/pack.yml": head,
        "here/topic.yml": f"parameters:\n{own}",
        **(more or {}),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "here"


def rows(pack: Pack, table: str) -> list[tuple[object, ...]]:
    return [
        row[1:] for row in pack.rows(f"policy.{table}", [Period.of("2026-06")], lambda phase, period: LATE)
    ]


def faults(folder: Path) -> list[str]:
    with pytest.raises(DrgError) as caught:
        load_pack(folder)
    return [str(fault) for fault in caught.value.faults]


def test_a_value_is_the_region_s_where_it_gives_one_and_else_the_base_s(tmp_path: Path) -> None:
    pack = load_pack(packs(tmp_path))
    # In the order in which the base describes them, whoever gives the values.
    assert list(pack.tables["policy.topic"].columns) == ["month", "stated", "shared"]
    assert rows(pack, "topic") == [(5, 7)]
    files = {name: parameter.file for name, parameter in pack.parameters.items()}
    assert files == {
        "topic.stated": "topic.yml",
        "topic.shared": "common/topic.yml",
        "topic.listed": "common/topic.yml",
    }
    replaced = STATED + STATED.replace("stated", "shared").replace("value: 5", "value: 9")
    assert rows(load_pack(packs(tmp_path, replaced)), "topic") == [(5, 9)]


def test_what_no_layer_gives_is_not_in_the_pack(tmp_path: Path) -> None:
    own = "  own:\n    describe: Own.\n    unit: days\n    type: whole\n" + STATED.split("\n", 1)[1]
    pack = load_pack(packs(tmp_path, own))
    assert list(pack.tables["policy.topic"].columns) == ["month", "shared", "own"]


def test_what_no_layer_gives_is_known_by_its_shape(tmp_path: Path) -> None:
    pack = load_pack(packs(tmp_path, "  shared:\n    values:\n" + STATED.split("values:\n")[1]))
    assert list(pack.lacking) == ["policy.topic"]
    assert list(pack.lacking["policy.topic"].columns) == ["month", "stated"]
    broken = COMMON.replace("type: whole\n", "type: wholly\n", 1)
    (one,) = faults(
        packs(
            tmp_path,
            "  shared:\n    values:\n" + STATED.split("values:\n")[1],
            more={"common/topic.yml": broken},
        )
    )
    assert one.startswith("common/topic.yml: parameters.stated.type: ")


def test_of_clauses_of_several_regions_the_region_s_own_is_cited(tmp_path: Path) -> None:
    assert rows(load_pack(packs(tmp_path)), "listed") == [("a", "JY-18"), ("b", OPEN)]
    both = HEAD.replace("[JY]", "[JY, JYX]")
    assert rows(load_pack(packs(tmp_path, head=both)), "listed")[0] == ("a", "JYX-5")


def test_what_the_base_describes_is_not_said_again(tmp_path: Path) -> None:
    again = STATED.replace("    values", "    unit: days\n    typ: whole\n    values")
    assert faults(packs(tmp_path, again)) == [
        "topic.yml: parameters.stated.typ: unknown key: did you mean type?",
        "topic.yml: parameters.stated.unit: stands in common/topic.yml: leave it out",
    ]
    period = packs(tmp_path, more={"here/topic.yml": f"period: month\nparameters:\n{STATED}"})
    assert faults(period) == ["topic.yml: period: stands in common/topic.yml: leave it out"]


def test_faults_of_the_base_and_of_the_region_come_together(tmp_path: Path) -> None:
    broken = COMMON.replace("value: 7", "value: seven")
    folder = packs(tmp_path, STATED.replace("JY-31-1", "JYX-5"), more={"common/topic.yml": broken})
    told = faults(folder)
    assert len(told) == 2
    assert told[0].startswith("topic.yml: parameters.stated.values[1].law: JYX-5 is not law of this region")
    assert told[1].startswith("common/topic.yml: parameters.shared.values[1].value: ")


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("extends: [nowhere]", "there is no nowhere/base.yml beside the pack or among the shipped ones"),
        ("extends: [common, common]", "common is extended twice, or in a circle: name it once"),
        ("extends: common", "must be a list of names"),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, head: str, fault: str) -> None:
    told = faults(packs(tmp_path, head=HEAD.replace("extends: [common]", head)))
    assert any(one.startswith(f"pack.yml: extends: {fault}") for one in told), told


def test_bases_that_extend_each_other_in_a_circle(tmp_path: Path) -> None:
    more = {"common/base.yml": BASE + "extends: [other]\n", "other/base.yml": BASE + "extends: [common]\n"}
    more["other/else.yml"] = COMMON.replace("listed:", "others:")
    told = faults(packs(tmp_path, more=more))
    assert "other/base.yml: extends: common is extended twice, or in a circle: name it once" in told


def test_a_base_is_no_region(tmp_path: Path) -> None:
    packs(tmp_path)
    with pytest.raises(DrgError, match="is what regions extend, and no region"):
        load_pack(tmp_path / "common")


def test_methods_are_the_region_s_or_the_base_s_each_with_its_clause(tmp_path: Path) -> None:
    base = (
        BASE + "methods:\n  price: {is: [a, b], law: open, reason: dated}\n  points: {is: flat, law: JY-18}\n"
    )
    pack = load_pack(packs(tmp_path, more={"common/base.yml": base}))
    assert pack.methods == {"price": ("a", "b"), "points": ("flat",)}
    head = HEAD + "methods:\n  points: {is: bands, law: JYX-5}\n  other: {is: x, law: open}\n"
    assert faults(packs(tmp_path, head=head, more={"common/base.yml": base})) == [
        "pack.yml: methods.points.law: JYX-5 is not law of this region: cite one of JY, or open",
        "pack.yml: methods.other.reason: missing key: say why the law leaves it open, and what was chosen",
    ]


REGIONS = sorted(path.parent for path in POLICY.glob("*/pack.yml"))


@pytest.mark.parametrize("folder", REGIONS, ids=lambda path: path.name)
def test_a_shipped_region_restates_nothing(folder: Path) -> None:
    """What stands in a pack and in its base alike has one of the two too many."""
    pack = load_pack(folder)
    for base in pack.extends:
        head = (folder / "pack.yml").read_text(encoding="utf-8")
        assert base.is_relative_to(POLICY) and (base / BASE_FILE).is_file(), head
        common = {path.name: path.read_text(encoding="utf-8") for path in base.glob("*.yml")}
        for name, parameter in pack.parameters.items():
            if "/" in parameter.file or len(parameter.values) != 1 or parameter.values[0].law != OPEN:
                continue
            reason = parameter.values[0].reason
            assert reason not in common.get(parameter.file, ""), name


TRIAL = PROJECT / "tests" / "regions" / "trial"


@pytest.mark.parametrize("folder", [*REGIONS, TRIAL], ids=lambda path: path.name)
def test_the_shipped_base_lends_nothing_that_is_not_computed_with(folder: Path) -> None:
    region = Region(Settings.for_region(folder.name, policy=folder))
    lent = [name for name, parameter in region.pack.parameters.items() if parameter.lent_by]
    # The days to pay are counted from the month's moment, which the base's head names.
    assert set(unread(region)) & set(lent) == {"settlement.payment_counted_from"}


def test_the_shipped_base_cites_clauses_that_exist() -> None:
    """A region skips documents that its list does not have; here all of them are."""
    instruments = load_instruments(POLICY / "instruments.yml")
    for path in sorted((POLICY / "base").glob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "law: [" in line:
                for law in line.split("law: [")[1].split("]")[0].split(","):
                    assert instruments.find(law.strip()), f"{path.name}: {law}"


# -- what parameters say of each other ---------------------------------------------------------

TABLES = """
describe: Pools.
period: month
known: month
parameters:
  scheme_of_insurance:
    describe: Schemes.
    type: table
    key: [scheme]
    columns:
      scheme: {type: text, unit: code, meaning: scheme}
    values:
      - {valid_from: 2026-01-30, rows: [{scheme: a}, {scheme: b}], published: 2026-01-30, law: JY-7}
  member:
    describe: One pool for each scheme and place.
    type: table
    key: [scheme, place]
    complete: true
    columns:
      scheme: {type: text, unit: code, meaning: scheme, of: scheme_of_insurance}
      place: {type: text, unit: code, meaning: place, domain: [near, far]}
    values:
      - valid_from: 2026-01-30
        rows:
          - {scheme: a, place: near}
          - {scheme: a, place: far}
          - {scheme: b, place: near}
          - {scheme: b, place: far}
        published: 2026-01-30
        law: JY-7
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "          - {scheme: b, place: far}\n",
            "",
            "has no row for scheme b, place far (on 2026-01-30): add it",
        ),
        (
            "{scheme: b, place: far}",
            "{scheme: a, place: far}",
            "values[1].rows[4]: scheme a, place far stands in row 2, too: keep one of the two",
        ),
        (
            "{scheme: b, place: far}\n",
            "{scheme: b, place: far}\n          - {scheme: c, place: far}\n",
            "scheme c is not in scheme_of_insurance (on 2026-01-30: a, b): correct one",
        ),
        (
            "of: scheme_of_insurance",
            "of: schemes",
            "scheme is of schemes, which this pack does not have: give it values, or correct `of`",
        ),
    ],
)
def test_a_complete_table_has_one_row_for_each_combination(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    load_pack(packs(tmp_path / "good", more={"here/pools.yml": TABLES}))
    told = faults(packs(tmp_path / "bad", more={"here/pools.yml": TABLES.replace(old, new)}))
    assert told[0].startswith("pools.yml: parameters.member") and told[0].endswith(fault), told


def test_a_table_is_complete_on_every_day(tmp_path: Path) -> None:
    """A scheme that comes later needs its rows from that day on."""
    later = "      - {valid_from: 2026-07-01, rows: [{scheme: a}, {scheme: b}, {scheme: c}], published: 2026-06-01, law: JY-7}\n"
    text = TABLES.replace("  member:\n", later + "  member:\n")
    assert faults(packs(tmp_path, more={"here/pools.yml": text})) == [
        f"pools.yml: parameters.member: has no row for scheme c, place {place} (on 2026-07-01): add it"
        for place in ("far", "near")
    ]


def test_rows_of_the_base_stand_where_the_region_does_not_say_otherwise(tmp_path: Path) -> None:
    common = COMMON.replace("    key: [code]\n", "    key: [code]\n    with_base: true\n")
    own = (
        "  listed:\n    values:\n      - valid_from: 2026-01-30\n        rows:\n"
        "          - {code: b, law: JY-7}\n          - {code: c, law: JY-8}\n"
        "        published: 2026-01-30\n        law: JY-7\n"
    )
    pack = load_pack(packs(tmp_path, STATED + own, more={"common/topic.yml": common}))
    assert rows(pack, "listed") == [("b", "JY-7"), ("c", "JY-8"), ("a", "JY-18")]
    pack = load_pack(packs(tmp_path, STATED + own))
    assert rows(pack, "listed") == [("b", "JY-7"), ("c", "JY-8")]


def test_a_later_text_of_base_or_region_reaches_the_rows_from_the_day_it_is_known(tmp_path: Path) -> None:
    """Base: a from 2021, and d from 2026-03 as published in February. Region: b from 2021, and c in its place
    from 2021 on as published in April."""
    common = COMMON.replace("    key: [code]\n", "    key: [code]\n    with_base: true\n")
    common = common.replace("          - {code: b, law: [XX-9]}\n", "")
    common += (
        "      - valid_from: 2026-03-01\n        rows:\n          - {code: d, law: [JY-18]}\n"
        "        published: 2026-02-01\n        law: open\n        reason: common practice\n"
    )
    dated = "      - valid_from: 2021-01-01\n        rows: [{{code: {}, law: JY-7}}]\n        published: {}\n        law: open\n        reason: made up\n"
    own = "  listed:\n    values:\n" + dated.format("b", "2021-01-01") + dated.format("c", "2026-04-01")
    listed = load_pack(packs(tmp_path, STATED + own, more={"common/topic.yml": common})).parameter("listed")

    def codes(on: str, known_on: str) -> str:
        held = listed.at(date.fromisoformat(on), date.fromisoformat(known_on))
        return (
            "".join(str(row[0]) for row in held.content) if held and isinstance(held.content, tuple) else ""
        )

    assert codes("2026-06-01", "2026-01-31") == "ba"
    assert codes("2026-06-01", "2026-02-01") == "bd"
    assert codes("2026-06-01", "2026-04-01") == "cd"
    assert codes("2026-02-28", "2026-04-01") == "ca"
    assert codes("2026-02-28", "2026-03-31") == "ba"
