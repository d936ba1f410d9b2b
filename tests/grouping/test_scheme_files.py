"""Scheme folders: broken ones with every fault at its line, odd ones with notes, and how one is taken in.

What a scheme groups a case to is tested elsewhere.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.command import Drg
from support.schemes import write_scheme

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.grouping.scheme import (
    Scheme,
    aside,
    fill_schemes,
    find_scheme,
    read_scheme,
    scheme_columns,
    scheme_folder,
    schemes_in,
)
from drg_pipeline.grouping.scheme_checks import NEEDS
from drg_pipeline.grouping.scheme_import import import_scheme
from drg_pipeline.ingest.reference_layout import ReferenceLayout, load_reference_layout
from drg_pipeline.settings import PROJECT

Change = Callable[[Path], object]
RULE = "alternative,predicate,negated,code_set,min_value,max_value,value"


@pytest.fixture(scope="module")
def layout() -> ReferenceLayout:
    return load_reference_layout(PROJECT / "data" / "interface" / "scheme_files.yml")


def tiny(folder: Path, name: str = "tiny") -> Path:
    """Two MDCs in an order that is not alphabetical; BB1 ends with its own code, BQY is ambiguous."""
    return write_scheme(
        folder,
        mdc=[("MDCZ",), ("MDCB",)],
        mdc_rule=[
            ("MDCZ", 1, "any_diagnosis_class_count", 0, "site", 2),
            {"mdc": "MDCB", "predicate": "principal_diagnosis_in", "code_set": "D0001"},
        ],
        adrg=[("ZB1", "MDCZ"), ("BB1", "MDCB"), ("BQY", "MDCB", None, "ambiguous")],
        adrg_rule=[
            ("ZB1", 1, "always"),
            ("BB1", 1, "any_procedure_in", 0, "P0001"),
            ("BB1", 1, "age_years", 0, None, 18, None),
            ("BQY", 1, "any_procedure_in", 0, "P0001"),
        ],
        drg=[("ZB19", "ZB1"), ("BB11", "BB1"), ("BB1", "BB1", None, None, 1), ("BQY", "BQY")],
        drg_rule=[
            ("ZB1", "ZB19", 1, "sex", 0, None, None, None, "1|2"),
            ("BB1", "BB11", 1, "has_mcc"),
            ("BB1", "BB1", 1, "always"),
            ("BQY", "BQY", 1, "always"),
        ],
        code_set={"D0001": ["I63.900", "i63.900"], "P0001": ["01.2400"]},
        code_class=[("site", "S06.300", "head"), ("site", "S27.300", "chest")],
        mcc=[("J96.900", "1")],
        cc=[("I10.x00", "2")],
        cc_exclusion=[("J18.900", "1")],
        name=name,
    )


def swap(file: str, old: str, new: str) -> Change:
    """Replaces text of a file, once, and fails where it is not there."""

    def change(folder: Path) -> None:
        raw = (folder / file).read_bytes()
        assert old.encode() in raw, f"{old!r} is not in {file}"
        (folder / file).write_bytes(raw.replace(old.encode(), new.encode(), 1))

    return change


def add(file: str, *lines: str) -> Change:
    def change(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as text:
            text.writelines(f"{line}\n" for line in lines)

    return change


def recode(file: str, encode: Callable[[str], bytes]) -> Change:
    return lambda folder: (folder / file).write_bytes(encode((folder / file).read_text(encoding="utf-8")))


def remove(file: str) -> Change:
    return lambda folder: (folder / file).unlink()


def faults(folder: Path, layout: ReferenceLayout) -> list[str]:
    with pytest.raises(DrgError) as caught:
        read_scheme(folder, layout)
    return [str(fault) for fault in caught.value.faults]


CC_HEADER = "(found: 'code', 'table'): add it"
BROKEN: list[tuple[str, Change, list[str]]] = [
    # scheme.toml
    ("no head", remove("scheme.toml"), ["scheme.toml: is missing, and it is required: put it there"]),
    ("other layout", swap("scheme.toml", "layout_version = 1", "layout_version = 2"), ["scheme.toml: layout_version: is 2, and version 1 is read: export it in that layout"]),
    ("version is a number", swap("scheme.toml", 'version = "1"', "version = 1.1"), ['scheme.toml: version: must be a text: write it in "quotes"']),
    ("flag is a number", swap("scheme.toml", "procedure = false", "procedure = 0"), ["scheme.toml: retry_with_each_other_procedure: must be true or false"]),
    ("no issuer", swap("scheme.toml", 'issuer = "nobody"', ""), ["scheme.toml: issuer: missing key: add it"]),
    ("title with an escape", swap("scheme.toml", 'title = "tiny"', 'title = "a\\u001b[31m"'), ["scheme.toml: title: holds a control character or a line break: write it on one line"]),
    ("count is a text", swap("scheme.toml", "mdc = 2", 'mdc = "2"'), ["scheme.toml: counts.mdc: must be a whole number"]),
    ("counts is no table", swap("scheme.toml", "[counts]", "[counting]"), []),
    ("BOM in the head", recode("scheme.toml", lambda text: text.encode("utf-8-sig")), ["scheme.toml: starts with a BOM: save it as UTF-8 without BOM (signature)"]),
    *(
        (f"called {name!r}", swap("scheme.toml", 'name = "tiny"', f"name = '{name}'"), [f"scheme.toml: name: {name!r} cannot name a folder: letters, digits, _, - and . only, no leading . and no .."])
        for name in ("../up", ".hidden", "a..b", "a/b", "a b", "", "广西")
    ),
    # a file as a text
    ("no file", remove("mcc.csv"), ["mcc.csv: is missing, and it is required: put it there"]),
    ("a folder for a file", lambda folder: (remove("cc.csv")(folder), (folder / "cc.csv").mkdir()), ["cc.csv: is not a file: put the file there"]),
    ("BOM", recode("cc.csv", lambda text: text.encode("utf-8-sig")), ["cc.csv: starts with a BOM: save it as UTF-8 without BOM (signature)"]),
    ("CR LF", recode("cc.csv", lambda text: text.replace("\n", "\r\n").encode()), ["cc.csv: its lines end with CR LF or CR: save it with LF (Unix) line ends"]),
    ("CR", recode("cc.csv", lambda text: text.replace("\n", "\r").encode()), ["cc.csv: its lines end with CR LF or CR: save it with LF (Unix) line ends"]),
    ("one CR LF", swap("diagnosis.csv", "0\n", "0\r\n"), ["diagnosis.csv: its lines end with CR LF or CR: save it with LF (Unix) line ends"]),
    ("GB18030", recode("mdc.csv", lambda text: (text + "MDCX,3,神经\n").encode("gb18030")), ["mdc.csv line 4: is not UTF-8: save the file as UTF-8 without BOM"]),
    ("UTF-16", recode("mdc.csv", lambda text: text.encode("utf-16-le")), ["mdc.csv line 1: holds a zero byte: save the file as UTF-8 text"]),
    ("empty", recode("cc.csv", lambda text: b""), ["cc.csv line 1: has no header: its first line has to name code, exclusion_table"]),
    ("open quote", add("cc.csv", 'A01.000,1', '"A02.000,1'), ["cc.csv line 4: cannot be split into fields (unexpected end of data): check the quotes from here on"]),
    ("too many fields", add("cc.csv", "A01.000,1,2"), ["cc.csv line 3: has 3 fields, the header has 2: quote a value that holds a comma"]),
    # header
    ("other column", swap("cc.csv", "exclusion_table", "table"), [f"cc.csv line 1: column exclusion_table is missing {CC_HEADER}", "cc.csv line 1: column 'table' is not one of the layout: take it out"]),
    ("header with a blank", swap("cc.csv", "code,", "code ,"), ["cc.csv line 1: column code is missing (found: 'code ', 'exclusion_table'): add it", "cc.csv line 1: column 'code ' is not one of the layout: take it out"]),
    ("column twice", swap("cc.csv", "code,exclusion_table", "code,code,exclusion_table"), ["cc.csv line 1: column code stands twice: keep one"]),
    # cells
    ("no code", add("cc.csv", ",1"), ["cc.csv line 3, code: is empty, and a value is required: correct it"]),
    ("a word for a number", add("adrg_rule.csv", "ZB1,x,always,0,,,,"), ["adrg_rule.csv line 6, alternative: 'x' is not a whole number: correct it"]),
    ("a number with blanks", add("adrg_rule.csv", "ZB1, 1,always,0,,,,"), ["adrg_rule.csv line 6, alternative: ' 1' is not a whole number: correct it"]),
    ("alternative 0", add("adrg_rule.csv", "ZB1,0,always,0,,,,"), ["adrg_rule.csv line 6, alternative: '0' is below 1: correct it"]),
    ("negated is a word", add("adrg_rule.csv", "ZB1,1,always,true,,,,"), ["adrg_rule.csv line 6, negated: 'true' is neither 0 nor 1: correct it"]),
    ("unknown kind", swap("adrg.csv", "group", "Group"), ["adrg.csv line 2, kind: 'Group' is not one of: group, ambiguous: correct it"]),
    ("unknown predicate", add("adrg_rule.csv", "ZB1,1,weight,0,,1,,"), [f"adrg_rule.csv line 6, predicate: 'weight' is not one of: {', '.join(NEEDS)}: correct it"]),
    # keys
    ("code twice", add("cc.csv", "A01.000,1", "I10.x00,3"), ["cc.csv line 4: code 'I10.x00' stands twice (first in line 2): keep one of the rows"]),
    ("code twice in a set", add("code_set.csv", "D0001,i63.900"), ["code_set.csv line 5: set_id 'D0001', code 'i63.900' stands twice (first in line 3): keep one of the rows"]),
    # references
    ("ADRG of no MDC", swap("adrg.csv", "BB1,MDCB", "BB1,MDCb"), ["adrg.csv line 3: mdc 'MDCb' is not in mdc.csv: add it there or correct it here"]),
    ("rule of no MDC", add("mdc_rule.csv", "MDCX,1,always,0,,,,"), ["mdc_rule.csv line 4: mdc 'MDCX' is not in mdc.csv: add it there or correct it here"]),
    ("rule of a DRG under another ADRG", add("drg_rule.csv", "ZB1,BB11,1,always,0,,,,"), ["drg_rule.csv line 6: adrg 'ZB1', drg 'BB11' is not in drg.csv: add it there or correct it here"]),
    ("DRG of no ADRG", add("drg.csv", "XX11,XX1,1,never,0,"), ["drg.csv line 6: adrg 'XX1' is not in adrg.csv: add it there or correct it here"]),
    # orders
    ("place twice", swap("mdc.csv", "MDCB,2", "MDCB,1"), ["mdc.csv line 3: evaluation_order 1 stands twice (first in line 2): number the rows 1 to 2"]),
    ("gap", swap("mdc.csv", "MDCB,2", "MDCB,900000000000000000"), ["mdc.csv: evaluation_order has no 2: number the rows 1 to 2"]),
    ("gap among DRGs", swap("drg.csv", "BB11,BB1,1", "BB11,BB1,3"), ["drg.csv: evaluation_order of adrg 'BB1' has no 1: number the rows 1 to 2", "drg.csv line 4: fallback 'BB1' is not the last of adrg 'BB1': give it the highest place"]),
    ("ADRGs in another order", lambda folder: (swap("adrg.csv", "ZB1,MDCZ,1", "ZB1,MDCZ,2")(folder), swap("adrg.csv", "BB1,MDCB,2", "BB1,MDCB,1")(folder)), ["adrg.csv line 2: evaluation_order 2 of 'MDCZ' comes after ADRGs of the later 'MDCB': order the ADRGs as their MDCs"]),
    # rules
    *(
        (f"rule {rule}", add("adrg_rule.csv", f"ZB1,2,{rule}"), [f"adrg_rule.csv line 6: {what}"])
        for rule, what in (
            ("any_diagnosis_in,0,,,,", "any_diagnosis_in needs code_set: fill it in"),
            ("any_diagnosis_in,0,D0001,,,x", "any_diagnosis_in takes no value: empty it"),
            ("any_diagnosis_class_count,0,site,,,", "any_diagnosis_class_count needs min_value: fill it in"),
            ("any_diagnosis_class_count,0,site,1,2,", "any_diagnosis_class_count takes no max_value: empty it"),
            ("any_diagnosis_class_count,0,sites,2,,", "set 'sites' has no rows in code_class.csv: add its classes"),
            ("age_years,0,D0001,1,,", "age_years takes no code_set: empty it"),
            ("sex,0,,,,", "sex needs value: fill it in"),
            ("sex,0,,1,,1", "sex takes no min_value: empty it"),
            ("has_mcc,1,D0001,,,", "has_mcc takes no code_set: empty it"),
            ("always,0,,,,1", "always takes no value: empty it"),
        )
    ),
    # between the head and the tables
    ("ambiguous is not meant", swap("scheme.toml", "groups = true", "groups = false"), ["adrg.csv line 4: kind is ambiguous, and ambiguous_groups in scheme.toml is false: correct one of the two"]),
    ("fallback with a rule", swap("drg_rule.csv", "BB1,BB1,1,always", "BB1,BB1,1,has_cc"), ["drg.csv line 4: fallback 'BB1' needs the one rule always: write it in drg_rule.csv"]),
    ("field not named", add("adrg_rule.csv", "ZB1,2,icu_hours,0,,1,,", "ZB1,3,icu_hours,0,,2,,"), ["scheme.toml: fields_used: icu_hours is missing, which adrg_rule.csv line 6 looks at: add it"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_scheme_with_one_mistake(
    tmp_path: Path, layout: ReferenceLayout, change: Change, expected: list[str]
) -> None:
    folder = tiny(tmp_path / "tiny")
    change(folder)
    if expected:
        assert faults(folder, layout) == expected
    else:
        assert read_scheme(folder, layout).notes


def test_all_faults_of_all_files_come_at_once(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "tiny")
    for change in (
        swap("scheme.toml", 'region = "nowhere"', "region = 7"),
        remove("mcc.csv"),
        recode("cc.csv", lambda text: text.encode("utf-8-sig")),
        add("procedure.csv", "99.0000,,2", "98.0000,,3"),
        add("mdc_rule.csv", "MDCX,1,always,0,,,,", "MDCB,2,sex,0,,,,", "MDCB,3,height,0,,,,"),
    ):
        change(folder)
    assert [fault.partition(": ")[0] for fault in faults(folder, layout)] == [
        "scheme.toml",
        "mdc_rule.csv line 6, predicate",
        "mcc.csv",
        "cc.csv",
        "procedure.csv line 3, valid_for_grouping",
        "procedure.csv line 4, valid_for_grouping",
        "mdc_rule.csv line 4",
        "mdc_rule.csv line 5",
    ]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "tiny")
    (folder / "procedure.csv").write_text(
        'code,name,valid_for_grouping\n01.2400,"two\nlines",1\n\n99.0000,"a ""name""\r\n\r",x\n99.1000,,x',
        newline="",
    )
    assert faults(folder, layout) == [
        "procedure.csv line 5, valid_for_grouping: 'x' is neither 0 nor 1: correct it",
        "procedure.csv line 7, valid_for_grouping: 'x' is neither 0 nor 1: correct it",
    ]


# -- what the layout allows ----------------------------------------------------------------------


def notes(folder: Path, layout: ReferenceLayout) -> list[str]:
    return list(read_scheme(folder, layout).notes)


def test_a_whole_scheme_has_no_notes(tmp_path: Path, layout: ReferenceLayout) -> None:
    scheme = read_scheme(tiny(tmp_path / "elsewhere"), layout)
    assert (scheme.name, scheme.retry, scheme.ambiguous) == ("tiny", False, True)
    assert scheme.counts == {
        "mdc": 2,
        "adrg": 2,
        "drg": 2,
        "fallback_drg": 1,
        "ambiguous_group": 1,
        "code_set": 2,
    }
    assert [note for note in scheme.notes if "counts.drg" not in note] == []


ODD: list[tuple[str, Change, str]] = [
    ("count", swap("scheme.toml", "mdc = 2", "mdc = 3"), "scheme.toml: counts.mdc says 3, the files have 2"),
    ("key", swap("scheme.toml", "[counts]", "[counting]"), "scheme.toml: key 'counting' is not one of the layout, not read"),
    ("field", swap("scheme.toml", '"sex"', '"sex", "icu"'), "scheme.toml: fields_used names what no rule can look at: 'icu'"),
    ("no rule", swap("drg_rule.csv", "BB1,BB11,1,has_mcc,0,,,,\n", ""), "drg_rule.csv: without a rule, so never holding (1): BB1 BB11"),
    ("no rule, label", swap("drg_rule.csv", "BB1,BB11,1,has_mcc,0,,,,\n", ""), "drg.csv: splits that do not fit their rules (1): line 3 says mcc, the rule is never"),
    ("label", add("drg_rule.csv", "BB1,BB11,2,has_cc,0,,,,"), "drg.csv: splits that do not fit their rules (1): line 3 says mcc, the rule is mcc_or_cc"),
    ("empty set", add("adrg_rule.csv", "ZB1,2,any_diagnosis_in,1,D9,,,"), "code_set.csv: sets of rules without codes, so empty (1): 'D9'"),
    ("idle set", add("code_set.csv", "P9,01.2400", "valid_procedure,01.2400"), "code_set.csv: sets that no rule asks for (1): 'P9'"),
    ("idle classes", add("code_class.csv", "sites,S06.300,head"), "code_class.csv: sets that no rule asks for (1): 'sites'"),
    ("no name", swap("procedure.csv", '"name, ""01.2400"""', ""), "procedure.csv: codes of sets without a name (1): '01.2400'"),
    ("no DRG", lambda folder: (swap("drg.csv", "ZB19,ZB1,1,other,0,\n", "")(folder), swap("drg_rule.csv", "ZB1,ZB19,1,sex,0,,,,1|2\n", "")(folder)), "drg.csv: ADRGs without a DRG, passed over by the search (1): ZB1"),
    ("rule twice", add("adrg_rule.csv", "ZB1,1,always,0,,,,"), "adrg_rule.csv: rows that stand twice count once: line 6"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "note"), [case[1:] for case in ODD], ids=[case[0] for case in ODD])
def test_what_is_only_odd_is_a_note(
    tmp_path: Path, layout: ReferenceLayout, change: Change, note: str
) -> None:
    folder = tiny(tmp_path / "tiny")
    change(folder)
    assert note in notes(folder, layout)


def test_the_last_class_of_a_code_counts(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "tiny")
    add("code_class.csv", "site,S06.300,belly", "site,S06.300,leg")(folder)
    scheme = read_scheme(folder, layout)
    told = [note for note in scheme.notes if note.startswith("code_class.csv")]
    assert (
        len(told) == 1 and "line 5 counts, not line 4" in told[0] and "line 4 counts, not line 2" in told[0]
    )
    con = duckdb.connect()
    fill_schemes(con, layout, [scheme])
    assert con.execute("SELECT code, class FROM scheme.code_class ORDER BY ALL").fetchall() == [
        ("S06.300", "leg"),
        ("S27.300", "chest"),
    ]


def test_columns_may_stand_in_any_order_and_optional_files_be_absent(
    tmp_path: Path, layout: ReferenceLayout
) -> None:
    folder = tiny(tmp_path / "tiny")
    (folder / "cc.csv").write_text("exclusion_table,code\n2,I10.x00\n,I11.900\n")
    for name in ("code_class.csv", "diagnosis_map.csv", "procedure_map.csv"):
        (folder / name).unlink()
    swap("mdc_rule.csv", "any_diagnosis_class_count,0,site,2,,", "always,0,,,,")(folder)
    con = duckdb.connect()
    fill_schemes(con, layout, [read_scheme(folder, layout)])
    assert con.execute("SELECT code, exclusion_table FROM scheme.cc").fetchall() == [
        ("I10.x00", "2"),
        ("I11.900", None),
    ]
    assert con.execute("SELECT count(*) FROM scheme.code_class").fetchone() == (0,)


def test_every_predicate_of_the_layout_is_known(layout: ReferenceLayout) -> None:
    for name in ("mdc_rule", "adrg_rule", "drg_rule"):
        assert layout.file(name).column("predicate").domain == tuple(NEEDS)


# -- tables ------------------------------------------------------------------------------------


def test_cells_arrive_exactly_as_they_stand(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "tiny")
    add("cc.csv", " I10.x00 ,1", "i10.X00,１", '"A01.002+G01*","a""b\r\nc"')(folder)
    con = duckdb.connect()
    fill_schemes(con, layout, [read_scheme(folder, layout)])
    assert con.execute("FROM scheme.cc").fetchall() == [
        ("tiny", "I10.x00", "2"),
        ("tiny", " I10.x00 ", "1"),
        ("tiny", "i10.X00", "１"),
        ("tiny", "A01.002+G01*", 'a"b\r\nc'),
    ]
    assert con.execute("FROM scheme.adrg_rule WHERE predicate = 'age_years'").fetchall() == [
        ("tiny", "BB1", 1, "age_years", False, None, 18, None, None)
    ]


@pytest.mark.parametrize("many", [0, 2])
def test_tables_have_the_declared_columns(tmp_path: Path, layout: ReferenceLayout, many: int) -> None:
    folders = [tiny(tmp_path / name, name) for name in ("one", "two")[:many]]
    con = duckdb.connect()
    fill_schemes(con, layout, [read_scheme(folder, layout) for folder in folders])
    for table, columns in scheme_columns(layout).items():
        described = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE scheme.{table})").fetchall()
        assert described == [(name, column.type) for name, column in columns.items()]
        assert described[0] == ("scheme", "VARCHAR")
    assert con.execute("SELECT scheme FROM scheme.scheme ORDER BY scheme").fetchall() == [
        (folder.name,) for folder in folders
    ]
    assert con.execute("SELECT count(*) FROM scheme.mdc").fetchone() == (2 * many,)


def test_two_schemes_of_one_name_are_refused(tmp_path: Path, layout: ReferenceLayout) -> None:
    both = [read_scheme(tiny(tmp_path / place), layout) for place in ("a", "b")]
    with pytest.raises(DrgError, match="Two schemes are called tiny"):
        fill_schemes(duckdb.connect(), layout, both)


# -- finding -----------------------------------------------------------------------------------


def test_a_scheme_is_found_by_name_or_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schemes, other = tmp_path / "schemes", tiny(tmp_path / "work" / "other")
    tiny(schemes / "tiny")
    assert schemes_in([schemes]) == {"tiny": schemes / "tiny"}
    assert find_scheme([schemes], "tiny") == schemes / "tiny"
    assert find_scheme([schemes], str(other)) == other
    monkeypatch.chdir(other.parent)
    assert find_scheme([schemes], "other").resolve() == other
    monkeypatch.chdir(other)
    assert find_scheme([schemes], ".").resolve() == other


@pytest.mark.parametrize(
    "name",
    ["", "..", ".", ".tiny", "tiny\0", "tiny\n", "../schemes/no", "/no/such", "a" * 300, "/" + "a" * 300, "t*", "missing"],
)  # fmt: skip
def test_hostile_names_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    tiny(tmp_path / "schemes" / "tiny")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(WrongUse) as caught:
        find_scheme([tmp_path / "schemes"], name)
    assert "/" in name or "tiny" in caught.value.remedy


# -- importing ---------------------------------------------------------------------------------


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_import_copies_the_files_of_the_layout_only(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    expected = content(folder)
    (folder / "real_cases.csv").write_text("case_id\n")
    (folder / ".mdc.csv.swp").write_text("x")
    (folder / "notes").symlink_to(tmp_path)
    ended = import_scheme(folder, schemes, layout)
    assert (ended.outcome, ended.left_out) == ("imported", (".mdc.csv.swp", "notes", "real_cases.csv"))
    assert content(schemes / "tiny") == expected
    assert read_scheme(schemes / "tiny", layout).digest == ended.scheme.digest
    assert import_scheme(folder, schemes, layout).outcome == "there"
    assert os.listdir(schemes) == ["tiny"]


def test_other_content_is_replaced_only_when_asked_for(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    import_scheme(folder, schemes, layout)
    before = content(schemes / "tiny")
    add("cc.csv", "I11.900,1")(folder)
    with pytest.raises(DrgError, match="holds another content") as caught:
        import_scheme(folder, schemes, layout)
    assert "--replace" in str(caught.value) and content(schemes / "tiny") == before
    assert import_scheme(folder, schemes, layout, replace=True).outcome == "replaced"
    assert content(schemes / "tiny") == content(folder)
    assert os.listdir(schemes) == ["tiny"]


def test_an_import_under_another_name_changes_the_name_only(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    ended = import_scheme(folder, schemes, layout, name="local-2.1")
    assert ended.scheme.name == "local-2.1" and ended.scheme.folder == schemes / "local-2.1"
    scheme = read_scheme(schemes / "local-2.1", layout)
    assert (scheme.name, scheme.digest, scheme.title) == ("local-2.1", ended.scheme.digest, "tiny")
    changed = content(folder)
    changed["scheme.toml"] = changed["scheme.toml"].replace(b'name = "tiny"', b'name = "local-2.1"')
    assert content(schemes / "local-2.1") == changed
    assert import_scheme(folder, schemes, layout, name="local-2.1").outcome == "there"
    with pytest.raises(WrongUse, match="is not a scheme's name"):
        import_scheme(folder, schemes, layout, name="../up")


def test_a_name_that_cannot_be_changed_safely_is_left(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "given")
    swap("scheme.toml", "layout_version", 'remark = """\nname = "x"\n"""\nlayout_version')(folder)
    with pytest.raises(DrgError, match=r"its name in scheme.toml cannot be changed safely"):
        import_scheme(folder, tmp_path / "schemes", layout, name="other")
    assert not (tmp_path / "schemes").exists()


def test_a_broken_scheme_leaves_nothing(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder = tiny(tmp_path / "given")
    remove("mcc.csv")(folder)
    with pytest.raises(DrgError, match="cannot be used"):
        import_scheme(folder, tmp_path / "schemes", layout)
    assert not (tmp_path / "schemes").exists()


def test_links_are_not_followed(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    shutil.move(folder / "mcc.csv", tmp_path / "elsewhere.csv")
    (folder / "mcc.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert read_scheme(folder, layout).name == "tiny"
    with pytest.raises(DrgError, match=r"mcc.csv: is a link, which is not followed"):
        import_scheme(folder, schemes, layout)
    schemes.mkdir()
    (schemes / "tiny").symlink_to(folder)
    with pytest.raises(DrgError, match="is not a folder"):
        import_scheme(tiny(tmp_path / "whole"), schemes, layout, replace=True)


@pytest.mark.parametrize("step", ["write", "rename"])
def test_an_import_that_fails_leaves_the_scheme_as_it_was(
    tmp_path: Path, layout: ReferenceLayout, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    import_scheme(folder, schemes, layout)
    before = content(schemes / "tiny")
    add("cc.csv", "I11.900,1")(folder)
    rename, write = os.rename, Path.write_bytes

    def no_rename(source: Path, target: Path) -> None:
        if target == schemes / "tiny" and "before" not in source.name:
            raise OSError("no")
        rename(source, target)

    def no_write(path: Path, raw: bytes) -> int:
        if path.name == "drg.csv":
            raise OSError("full")
        return write(path, raw)

    with monkeypatch.context() as broken:
        if step == "write":
            broken.setattr(Path, "write_bytes", no_write)
        else:
            broken.setattr(os, "rename", no_rename)
        with pytest.raises(OSError):
            import_scheme(folder, schemes, layout, replace=True)
    assert content(schemes / "tiny") == before
    assert os.listdir(schemes) == ["tiny"]


def test_an_import_mends_what_a_killed_one_left(tmp_path: Path, layout: ReferenceLayout) -> None:
    folder, schemes = tiny(tmp_path / "given"), tmp_path / "schemes"
    tiny(schemes / ".other.x.before.tmp", "other.x")  # killed between the two renames
    tiny(schemes / ".tiny.0123abcd.tmp")  # killed while copying
    tiny(schemes / ".mine.tmp")  # somebody else's
    import_scheme(folder, schemes, layout)
    assert sorted(os.listdir(schemes)) == [".mine.tmp", "other.x", "tiny"]


# -- commands ----------------------------------------------------------------------------------


def test_check_tells_counts_and_notes(drg: Drg, tmp_path: Path) -> None:
    schemes = tmp_path / "schemes"
    for name in ("one", "two"):
        tiny(schemes / name, name)
    add("code_set.csv", "P9,01.2400")(schemes / "two")
    ended = drg("scheme", "check", "--schemes", schemes)
    assert (
        ended.code == 0 and "one (one, " in ended.out and "note: code_set.csv: sets that no rule" in ended.out
    )
    assert "可以使用" in drg("scheme", "check", "one", "--schemes", schemes, "--lang", "zh").out


def test_check_lists_all_faults_of_all_schemes(drg: Drg, tmp_path: Path) -> None:
    schemes = tmp_path / "schemes"
    for name in ("one", "two", "three"):
        tiny(schemes / name, name)
    remove("mcc.csv")(schemes / "one")
    add("procedure.csv", *(f"{code},,x" for code in range(50)))(schemes / "two")
    ended = drg("scheme", "check", "--schemes", schemes)
    assert ended.code == 1 and "three (three, " in ended.out
    assert "2 of 3 schemes cannot be used: 51 faults." in ended.err
    assert (
        "one/mcc.csv: is missing" in ended.err
        and "two/procedure.csv line 52, valid_for_grouping" in ended.err
    )


def test_import_and_list(drg: Drg, tmp_path: Path) -> None:
    folder, place = tiny(tmp_path / "given"), ["--schemes", tmp_path / "schemes"]
    assert "There is no scheme in" in drg("scheme", "list", *place).out
    (folder / "cases.csv").write_text("x\n")
    ended = drg("scheme", "import", folder, *place)
    assert ended.code == 0 and "Imported as tiny" in ended.out and "left out: 1" in ended.out
    assert "already there" in drg("scheme", "import", folder, *place).out
    add("cc.csv", "I11.900,1")(folder)
    refused = drg("scheme", "import", folder, *place)
    assert refused.code == 1 and "holds another content" in refused.err and "--replace" in refused.err
    assert "已导入并替换" in drg("scheme", "import", folder, "--replace", "--lang", "zh", *place).out
    listed = drg("scheme", "list", *place)
    assert listed.code == 0 and "tiny" in listed.out and "ADRG" in listed.out
    remove("mcc.csv")(tmp_path / "schemes" / "tiny")
    assert "cannot be used: 1 faults" in drg("scheme", "list", *place).out


def test_wrong_use_ends_with_2(drg: Drg, tmp_path: Path) -> None:
    place = ["--schemes", tmp_path / "schemes"]
    assert drg("scheme", "check", *place).code == 2
    assert drg("scheme", "check", "../x", *place).code == 2
    assert drg("scheme", "import", "nowhere", *place).code == 2


@pytest.mark.parametrize("moment", ["set aside", "in place"])
def test_a_kill_while_a_scheme_is_replaced_leaves_the_old_one_or_the_new(
    tmp_path: Path, layout: ReferenceLayout, moment: str
) -> None:
    schemes, new = tmp_path / "schemes", tiny(tmp_path / "new")
    tiny(schemes / "tiny")
    swap("scheme.toml", 'version = "1"', 'version = "9"')(new)
    process = os.fork()
    if not process:
        renamed = os.rename

        def rename(old: Path, place: Path) -> None:
            renamed(old, place)
            if (place == aside(schemes / "tiny")) == (moment == "set aside"):
                os.kill(os.getpid(), signal.SIGKILL)

        os.rename = rename  # type: ignore[assignment]
        import_scheme(new, schemes, layout, replace=True)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    version = {"set aside": "1", "in place": "9"}[moment]
    assert list(schemes_in([schemes])) == ["tiny"]
    assert read_scheme(find_scheme([schemes], "tiny"), layout).version == version
    assert read_scheme(scheme_folder([schemes], "tiny"), layout).version == version
    # The next import puts things in order.
    assert (
        import_scheme(new, schemes, layout, replace=True).outcome == {"1": "replaced", "9": "there"}[version]
    )
    assert [path.name for path in schemes.iterdir()] == ["tiny"]
    assert read_scheme(schemes / "tiny", layout).version == "9"


# -- the shared samples ------------------------------------------------------------------------


def test_all_sample_schemes_check_clean_and_import(
    samples: Path, tmp_path: Path, layout: ReferenceLayout
) -> None:
    folders = schemes_in([samples / "schemes"]).values()
    assert folders
    read: list[Scheme] = []
    for folder in folders:
        scheme = import_scheme(folder, tmp_path, layout).scheme
        assert scheme.notes == read_scheme(tmp_path / folder.name, layout).notes
        assert all("without a name" in note or "in no gate of" in note for note in scheme.notes)
        read.append(scheme)
    con = duckdb.connect()
    fill_schemes(con, layout, read)
    filled = dict(con.execute("SELECT scheme, count(*) FROM scheme.code_set GROUP BY ALL").fetchall())
    assert filled == {scheme.name: len(scheme.tables["code_set"]["code"]) for scheme in read}
