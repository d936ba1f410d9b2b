"""`drg group`: files of every kind get the same answers in their order, what is wrong with a file is told at once and
leaves what was there, and one case is told as a tree.

Whether answers and paths are right is the business of the tests beside this one.
"""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.command import Drg, command
from support.grouping import SCHEME, opened, tiny_scheme
from support.harness import Bench

from drg_pipeline import region
from drg_pipeline.errors import DrgError
from drg_pipeline.grouping import group_file as machinery
from drg_pipeline.grouping.group_file import group_file
from drg_pipeline.grouping.grouper import Grouper

HEADER = (
    "case_id,sex,age_years,age_days,newborn_weight_g,los_days,discharge_disposition,department,icu_hours,"
    "diagnoses,procedures"
)
ROWS = "".join(
    f"{row}\n"
    for row in (
        "a,1,50,,,3,1,03,,I63.900|J96.900|E11.900,01.2400",
        "a,1,50,,,3,1,03,,I63.900,31.1x00",
        "=1+1,2,0,3,1400,,,,,P07.100,",
        "d,1,50,,,,,,,,",
        '"e, ""f""",1,50,,,,,,,S06.310|S27.300,',
        "g,3,50,,,,,,,I63.900,",
        "h,1,,,,,,,,I63.900,",
        "i,1,50,,,,,,,Z99.900,37.8300|99.9999",
    )
)
ANSWERS = [
    ["a", "MDCB", "BB1", "BB13", "grouped"],
    ["a", "MDCB", "QY", "BQY", "ambiguous"],
    ["=1+1", "MDCP", "PS1", "PS11", "grouped"],
    ["d", "0000", "00", "0000", "ungrouped"],
    ['e, "f"', "MDCZ", "ZZ1", "ZZ19", "grouped"],
    ["g", "0000", "00", "0000", "invalid_input"],
    ["h", "0000", "00", "0000", "invalid_input"],
    ["i", "MDCA", "AA1", "AA19", "grouped"],
]
TITLES = ["case_id", "mdc", "adrg", "drg", "status"]


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_scheme(tmp_path_factory.mktemp("command") / SCHEME)


@pytest.fixture(scope="module")
def tiny(bench: Bench, scheme: Path) -> Iterator[Grouper]:
    with opened(bench.project, scheme) as grouper:
        yield grouper


@pytest.fixture
def drg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, bench: Bench) -> Drg:
    """The command, with the region that the tests have open already."""
    monkeypatch.setattr(region, "Region", lambda settings: bench.region)
    return command(capsys, monkeypatch)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(f"{HEADER}\n{ROWS}", encoding="utf-8")
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def answers(grouper: Grouper, cases: Path, **given: bool) -> list[list[str]]:
    out = cases.parent / "out.csv"
    group_file(grouper, cases, SCHEME, out, **given)
    return read(out)


def copied(cases: Path, name: str, columns: str) -> Path:
    """The cases as Parquet; the given columns in place of those of the text."""
    path = cases.parent / name
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * replace ({columns}) from read_csv('{cases}', all_varchar = true, header = true)) to '{path}'"
        )
    return path


# -- files -------------------------------------------------------------------------------------


def test_csv_gzip_and_parquet_get_the_same_answers_in_the_rows_order(tiny: Grouper, cases: Path) -> None:
    packed = cases.parent / "cases.csv.gz"
    packed.write_bytes(gzip.compress(cases.read_bytes()))
    windows = cases.parent / "windows.csv"
    windows.write_bytes(b"\xef\xbb\xbf" + cases.read_bytes().replace(b"\n", b"\r\n"))
    texts = copied(cases, "texts.parquet", "sex as sex")
    lists = copied(
        cases,
        "lists.parquet",
        "string_split(diagnoses, '|') as diagnoses, cast(age_years as tinyint) as age_years, "
        "cast(newborn_weight_g as double) as newborn_weight_g, cast(sex as integer) as sex, "
        "cast(age_days as decimal(9, 2)) as age_days",
    )
    for path in (cases, packed, windows, texts, lists):
        assert answers(tiny, path) == [TITLES, *ANSWERS], path.name


@pytest.mark.parametrize("explain", [False, True])
def test_batches_change_nothing(
    tiny: Grouper, cases: Path, monkeypatch: pytest.MonkeyPatch, explain: bool
) -> None:
    whole = answers(tiny, cases, explain=explain)
    monkeypatch.setattr(machinery, "BATCH", 3)
    monkeypatch.setattr(machinery, "BATCH_WITH_PATHS", 3)
    assert answers(tiny, cases, explain=explain) == whole
    assert [row[:5] for row in whole] == [TITLES, *ANSWERS]


def test_a_path_stands_beside_each_answer(tiny: Grouper, cases: Path) -> None:
    found = [row[5] for row in answers(tiny, cases, explain=True)]
    assert found[0] == "path"
    assert found[2] == (
        "MDCB[1] principal_diagnosis_in D0001: I63.900 > BQY[1] any_procedure_in P0003: 31.1x00 > "
        "result: MDCB QY BQY ambiguous"
    )
    assert found[6] == "input: sex is neither 1 nor 2 > result: 0000 00 0000 invalid_input"
    assert found[8].startswith("retry: the whole list finds no group; procedure 2 alone does > MDCA[1]")


def test_a_file_without_cases_gives_a_header(tiny: Grouper, cases: Path) -> None:
    cases.write_text(f"{HEADER}\n", encoding="utf-8")
    assert answers(tiny, cases) == [TITLES]


def test_columns_may_stand_in_any_order_and_optional_ones_be_absent(tiny: Grouper, cases: Path) -> None:
    text = "note,diagnoses,age_years,case_id,sex,CASE_ID,,\n?,I63.900,50,x,1,y,,\n"
    cases.write_text(text, encoding="utf-8")
    ended = group_file(tiny, cases, SCHEME, cases.parent / "out.csv")
    assert read(cases.parent / "out.csv")[1] == ["x", "MDCB", "BR1", "BR11", "grouped"]
    assert ended.cases.unread == ("note", "CASE_ID")
    assert ended.cases.absent == (
        "age_days",
        "newborn_weight_g",
        "los_days",
        "discharge_disposition",
        "department",
        "icu_hours",
        "procedures",
    )


# -- what is wrong with a file -----------------------------------------------------------------


def refused(grouper: Grouper, cases: Path) -> DrgError:
    out = cases.parent / "out.csv"
    out.write_text("as it was\n", encoding="utf-8")
    with pytest.raises(DrgError) as error:
        group_file(grouper, cases, SCHEME, out)
    assert out.read_text(encoding="utf-8") == "as it was\n"
    assert sorted(path.name for path in cases.parent.iterdir()) == sorted({cases.name, out.name})
    return error.value


def test_every_cell_that_is_no_whole_number_is_told_with_its_line(tiny: Grouper, cases: Path) -> None:
    rows = [
        '"two\nlines",1,50,,,,,,,I63.900,',
        "x,1,4 0,,,2.5,,,,I63.900,",
        "",
        "y,1, 50,,,,,,,I63.900,",
        "z,1,1e2,,,+5,,,12345678901234567890,I63.900,",
        "fine,1,007,,,-1,,,,I63.900,",
    ]
    cases.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    error = refused(tiny, cases)
    assert error.headline == f"{cases} has 6 cells that should be whole numbers and are not."
    assert [str(fault) for fault in error.faults] == [
        "line 4: age_years is '4 0'",
        "line 4: los_days is '2.5'",
        "line 6: age_years is ' 50'",
        "line 7: age_years is '1e2'",
        "line 7: icu_hours is '12345678901234567890'",
        "line 7: los_days is '+5'",
    ]


def test_many_bad_cells_are_counted(tiny: Grouper, cases: Path) -> None:
    cases.write_text(f"{HEADER}\n" + "x,1,old,,,,,,,I63.900,\n" * 2000, encoding="utf-8")
    message = refused(tiny, cases).message()
    assert "2,000 cells" in message
    assert "line 21: age_years is 'old'" in message
    assert "line 22" not in message


def test_a_number_of_parquet_that_is_not_whole_is_told_with_its_row(tiny: Grouper, cases: Path) -> None:
    path = copied(cases, "odd.parquet", "case when case_id = 'd' then 50.5 else 50 end::double as age_years")
    cases.unlink()
    assert [str(fault) for fault in refused(tiny, path).faults] == ["row 4: age_years is '50.5'"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sex,diagnoses\n1,I63.900\n", ["case_id: the column is missing: add it to the header"]),
        (
            "case_id,sex\n1,1\n",
            ["diagnoses and procedures: both columns are missing: at least one is needed"],
        ),
        ("case_id,diagnoses,case_id\n1,I63.900,1\n", ["the header has case_id more than once"]),
        ("", ["there is no header"]),
        ("case_id,diagnoses\n1,I63.900,2\n2,I63.900\n3\n", ["line 2: ", "line 4: "]),
        ('case_id,diagnoses\n1,I63.900\n2,"I63"900\n', ["line 3: "]),
        ('case_id,diagnoses\n1,I63.900\n2,"I63.900\n', ["line 3: "]),
    ],
)
def test_a_file_that_is_no_case_file(tiny: Grouper, cases: Path, text: str, told: list[str]) -> None:
    cases.write_text(text, encoding="utf-8")
    message = refused(tiny, cases).message()
    assert [part for part in told if part not in message] == []
    assert "Nothing was written." in message


def test_a_file_that_is_not_utf_8(tiny: Grouper, cases: Path) -> None:
    cases.write_bytes("case_id,diagnoses,department\n1,I63.900,外科\n".encode("gb18030"))
    assert "Nothing was written." in refused(tiny, cases).message()
    cases.write_bytes("case_id,diagnoses,科室\n1,I63.900,1\n".encode("gb18030"))
    assert "is not UTF-8" in refused(tiny, cases).message()


def test_what_the_database_stops_at_leaves_what_was_there(
    tiny: Grouper, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machinery, "NUMBER", "no_such_column")
    monkeypatch.setattr(machinery, "BATCH", 3)
    error = refused(tiny, cases)
    assert error.headline == f"{cases} could not be grouped."
    assert "no_such_column" in str(error)


def test_a_packed_file_that_is_cut_short(tiny: Grouper, cases: Path) -> None:
    packed = gzip.compress(cases.read_bytes())
    cases.unlink()
    for content in (packed[:-4], packed[: len(packed) // 2], b"no", packed[:-8] + bytes(8)):
        path = cases.parent / "cases.csv.gz"
        path.write_bytes(content)
        assert "cannot be unpacked" in refused(tiny, path).message()


def test_a_parquet_column_of_another_type(tiny: Grouper, cases: Path) -> None:
    path = copied(
        cases, "odd.parquet", "1.5::double as sex, [1, 2] as diagnoses, date '2026-01-01' as age_years"
    )
    cases.unlink()
    assert [str(fault) for fault in refused(tiny, path).faults] == [
        "sex: is DOUBLE, not text: write it as such",
        "age_years: is DATE, not whole numbers: write it as such",
        "diagnoses: is INTEGER[], not a list of texts, or one text: write it as such",
    ]


# -- code maps ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mapping(bench: Bench, scheme: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grouper]:
    folder = tmp_path_factory.mktemp("maps") / SCHEME
    shutil.copytree(scheme, folder)
    (folder / "diagnosis_map.csv").write_text(
        "source_code,code\nI63,I63.900\nJ96,J96.900\nE11,E11.900\nR99,-\n", encoding="utf-8"
    )
    (folder / "procedure_map.csv").write_text(
        "source_code,code\n01.24,01.2400\n99.99,99.9999\n89.00,-\n", encoding="utf-8"
    )
    with opened(bench.project, folder) as grouper:
        yield grouper


def test_codes_are_mapped_before_grouping_on_request(mapping: Grouper, cases: Path) -> None:
    rows = [
        "mapped,1,50,,,,,,,I63|R99|E11|R99,89.00|01.24",
        "unknown,1,50,,,,,,,I63|?|!,01.24",
        "procedure,1,50,,,,,,,I63,01.2400",
        "principal,1,50,,,,,,,R99|I63,01.24",
        "other list,1,50,,,,,,,I63|01.24,",
        "first dropped,1,50,,,,,,,I63,89.00|99.99",
        "empty,1,50,,,,,,,,",
        "sexless,,50,,,,,,,I63,",
    ]
    cases.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    refusal = "input: {} > result: 0000 00 0000 invalid_input"
    found = {row[0]: row[1:] for row in answers(mapping, cases, map_codes=True, explain=True)[1:]}
    assert list(found) == [row.split(",")[0] for row in rows]
    assert found["mapped"] == [
        "MDCB",
        "BB1",
        "BB13",
        "grouped",
        "MDCB[1] principal_diagnosis_in D0001: I63.900 > BB1[1] any_procedure_in P0002: 01.2400 > CC E11.900 counts > "
        "BB11[1] has_mcc: none - fails > BB13[2] has_cc: E11.900 > result: MDCB BB1 BB13 grouped",
    ]
    for name, reason in {
        "unknown": "diagnosis ? is not in the code map; diagnosis ! is not in the code map",
        "procedure": "procedure 01.2400 is not in the code map",
        "principal": "principal diagnosis R99 has no code in the scheme",
        "other list": "diagnosis 01.24 is not in the code map",
        "sexless": "sex is neither 1 nor 2",
    }.items():
        assert found[name] == ["0000", "00", "0000", "invalid_input", refusal.format(reason)], name
    assert found["empty"][3] == "ungrouped"
    # The next procedure becomes the principal one.
    assert found["first dropped"][:4] == ["MDCA", "AA1", "AA19", "grouped"]
    assert "retry" not in found["first dropped"][4]
    # Without the request the codes are what they are.
    assert {row[4] for row in answers(mapping, cases)[1:]} == {"ungrouped", "invalid_input"}


def test_a_scheme_without_maps_says_so(bench: Bench, scheme: Path, cases: Path) -> None:
    folder = cases.parent / "unmapped" / SCHEME
    shutil.copytree(scheme, folder)
    (folder / "procedure_map.csv").unlink()
    with opened(bench.project, folder) as grouper, pytest.raises(DrgError) as error:
        answers(grouper, cases, map_codes=True)
    assert "has no code maps to map by: scheme.procedure_map" in str(error.value)


# -- the command -------------------------------------------------------------------------------


def test_the_command_counts_and_writes(drg: Drg, cases: Path, scheme: Path) -> None:
    out = cases.parent / "answers.csv"
    ended = drg("group", cases, "--scheme", scheme, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["grouped", "4", "50.00", "%"] in lines
    assert ["invalid", "input", "2", "25.00", "%"] in lines
    assert "8 cases in" in ended.out
    # A text that a spreadsheet would run gets a mark; everything else is as it stands in the file.
    assert read(out) == [
        TITLES,
        *([f"'{name}" if name.startswith("=") else name, *rest] for name, *rest in ANSWERS),
    ]


def test_the_command_tells_how_many_agree_with_what_the_file_expects(
    drg: Drg, cases: Path, scheme: Path
) -> None:
    header = f"{HEADER},expected_mdc,expected_adrg,expected_drg,expected_status"
    told = [f"{row},{','.join(answer[1:])}" for row, answer in zip(ROWS.splitlines(), ANSWERS, strict=True)]
    cases.write_text("\n".join([header, *told, ""]), encoding="utf-8")
    out = cases.parent / "answers.csv"
    ended = drg("group", cases, "--scheme", scheme, "--out", out)
    assert "All 8 cases with an expected answer agree." in ended.out
    told[1] = told[1].replace("QY,BQY,ambiguous", "BB1,BB15,grouped")
    told[3] = f"{ROWS.splitlines()[3]},,,,"
    cases.write_text("\n".join([header, *told, ""]), encoding="utf-8")
    ended = drg("group", cases, "--scheme", scheme, "--out", out, "--lang", "zh")
    assert ended.code == 0
    assert "7 例有预期结果，其中 1 例不一致" in ended.out
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["drg", "6", "1"] in lines and ["mdc", "7", "0"] in lines
    assert ["2", "a", "MDCB", "BB1", "BB15", "grouped", "MDCB", "QY", "BQY", "ambiguous"] in lines


def test_wrong_use_is_told_at_once_with_exit_2(drg: Drg, cases: Path, scheme: Path) -> None:
    neither = drg("group", "--scheme", scheme, "--out", "x.csv", "--explain")
    assert neither.code == 2
    assert "there is neither a file nor a case" in neither.err
    assert "--out: is for a file" in neither.err and "--explain: is for a file" in neither.err
    both = drg("group", cases, "--scheme", scheme, "--dx", "I63.900", "--age", "50", "--json")
    assert both.code == 2
    for name in ("--dx", "--age"):
        assert f"{name}: describes one case, and a file is named" in both.err
    assert "--json: is for one case" in both.err and "--out: is missing" in both.err
    assert drg("group", cases, "--scheme", scheme, "--out", "answers.xlsx").code == 2
    assert "is the file of the cases" in drg("group", cases, "--scheme", scheme, "--out", cases).err
    assert drg("group", "none.csv", "--scheme", scheme, "--out", cases.parent / "o.csv").code == 2
    assert drg("group", "--scheme", "nowhere", "--dx", "I63.900").code == 2
    assert drg("group", "--scheme", scheme, "--dx", "I63.900", "--age", "old").code == 2


def tree(drg: Drg, scheme: Path, *options: object) -> str:
    ended = drg("group", "--scheme", scheme, *options)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.split("\n", 1)[1]


ADULT = ("--sex", "1", "--age", "50")


def test_one_case_is_told_as_a_tree(drg: Drg, scheme: Path) -> None:
    dx = ("--dx", "I63.900", "--dx", "J96.900|E11.900")
    assert tree(drg, scheme, *ADULT, *dx, "--px", "01.2400") == (
        "BB13 - grouped\n"
        "├── ✓ MDC gate MDCB (alternative 1)\n"
        '│   └── ✓ principal diagnosis in D0001: I63.900 name, "I63.900"\n'
        "├── ✓ ADRG BB1 (alternative 1)\n"
        '│   └── ✓ any procedure in P0002: 01.2400 name, "01.2400"\n'
        "├── MCC and CC among the other diagnoses\n"
        '│   ├── ✗ MCC J96.900 name, "J96.900": excluded by the principal diagnosis (exclusion table T1)\n'
        '│   └── ✓ CC E11.900 name, "E11.900": counts\n'
        "├── ✗ DRG BB11 (alternative 1)\n"
        "│   └── ✗ has an MCC: none\n"
        "└── ✓ DRG BB13 (alternative 2)\n"
        '    └── ✓ has a CC: E11.900 name, "E11.900"\n'
    )


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            (*ADULT, "--dx", "I63.900|I46.900", "--px", "01.2400"),
            ["BB11 - grouped", "✓ DRG BB11 (alternative 1)"],
        ),
        (
            (*ADULT, "--dx", "I63.900"),
            ["✓ not: any procedure in P0002: none", "✗ DRG BR12: it has no rule and never holds"],
        ),
        (
            (*ADULT, "--dx", "S06.310|S27.300"),
            ["✓ number of classes of the diagnoses, sites >= 2: S06.310 (head), S27.300 (chest)"],
        ),
        (
            ("--sex", "2", "--age", "0", "--age-days", "3", "--weight", "1400", "--dx", "P07.100"),
            ["✓ weight in grams in [1, 1500): 1400", "✓ age in days in [, 29): 3"],
        ),
        ((*ADULT, "--dx", "I63.900", "--px", "31.1x00"), ["BQY - ambiguous", "✓ ADRG BQY (alternative 1)"]),
        ((*ADULT, "--dx", "?"), ["ungrouped", "✗ the gate of no MDC holds"]),
        (
            ("--sex", "1", "--age", "0", "--age-days", "28", "--dx", "?"),
            ["✗ newborn_weight_g is missing for a new-born"],
        ),
        (
            (*ADULT, "--dx", "?", "--px", "37.8300|99.9999"),
            ['✓ the whole list of procedures finds no group; this one alone does: 99.9999 name, "99.9999"'],
        ),
        (
            (*ADULT, "--dx", "?", "--px", "37.8300|37.8300"),
            [
                "✗ none of its ADRGs takes the case: on to the next MDC",
                "✗ no further procedure alone finds a group either",
            ],
        ),
    ],
)
def test_trees_of_other_cases(drg: Drg, scheme: Path, options: tuple[str, ...], lines: list[str]) -> None:
    told = [line.lstrip("│├└─ ") for line in tree(drg, scheme, *options).splitlines()]
    assert [line for line in lines if line not in told] == []


def test_a_tree_in_chinese(drg: Drg, scheme: Path) -> None:
    told = tree(drg, scheme, *ADULT, "--dx", "I63.900", "--lang", "zh")
    assert told.startswith(
        "BR11 - 入组\n├── ✓ MDC 入口 MDCB（条件组 1）\n│   └── ✓ 主要诊断属于 D0001：I63.900"
    )
    assert "✓ 非：任一手术操作属于 P0002：无" in told
    assert "✗ 缺少日龄" not in told
    assert "年龄为 0 岁，缺少日龄" in tree(
        drg, scheme, "--sex", "1", "--age", "0", "--dx", "?", "--lang", "zh"
    )


def test_the_steps_as_json(drg: Drg, scheme: Path) -> None:
    told = json.loads(
        drg("group", "--scheme", scheme, *ADULT, "--dx", "I63.900", "--px", "31.1x00", "--json").out
    )
    assert {key: told[key] for key in ("scheme", "mdc", "adrg", "drg", "status")} == {
        "scheme": SCHEME,
        "mdc": "MDCB",
        "adrg": "QY",
        "drg": "BQY",
        "status": "ambiguous",
    }
    assert told["steps"][1] == {
        "step": 2,
        "kind": "adrg",
        "subject": "BQY",
        "alternative": 1,
        "predicate": "any_procedure_in",
        "negated": False,
        "criterion": "P0003",
        "holds": True,
        "codes": ["31.1x00"],
        "note": None,
    }


def test_one_case_with_code_maps(drg: Drg, scheme: Path) -> None:
    assert "✗ diagnosis Q99 is not in the code map" in tree(drg, scheme, *ADULT, "--dx", "Q99", "--map-codes")
