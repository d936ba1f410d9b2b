"""The `drg` command: what people type, what they are told, and how it ends (0, 1, 2, 130).

What the tables hold is tested with the models; here only that the commands reach them and say so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import regions
from support.command import MONTH, THROUGH, Drg, named
from support.periods import periods

from drg_pipeline import messages
from drg_pipeline.commands import demo as demo_command
from drg_pipeline.commands import ui as ui_command
from drg_pipeline.commands.run import print_months, print_year, say_law
from drg_pipeline.commands.screen import Grid, Heading, Screen, aligned
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import HOME_VARIABLE, PROJECT, Settings, from_environment
from drg_pipeline.web import services

# -- words -------------------------------------------------------------------------------------


def test_every_message_says_the_same_in_both_languages() -> None:
    for key, (english, chinese) in messages._TEXTS.items():
        names = [set(re.findall(r"\{(\w+)", text)) for text in (english, chinese)]
        assert names[0] == names[1] or not english, key
        assert chinese, key


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], language: str) -> None:
    assert messages.language_of(environ) == language


def test_plain_tables_align_by_places_and_not_by_characters() -> None:
    grid = Grid(
        "title", [Heading("医院"), Heading("amount", number=True)], [["a", "1.00"], ["济源", "-12.50"]]
    )
    assert aligned(grid) == ["title", "医院  amount", "a       1.00", "济源  -12.50"]


def test_the_help_costs_nothing() -> None:
    code = (
        "import sys; from drg_pipeline.cli import main; code = main(['--help']); "
        "heavy = {'dagster', 'duckdb', 'pandas', 'sqlglot', 'rich'} & set(sys.modules); "
        "sys.exit(f'imports {heavy}' if heavy else code)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    for name in ("demo", "generate", "run", "clear", "sql", "policy", "ui"):
        assert f"\n  {name} " in ended.stdout


# -- wrong use ---------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["runn"], ["run"], ["run", "--months", "2025-01", "--oops"], []])
def test_what_is_not_a_command_ends_with_2(drg: Drg, arguments: list[str]) -> None:
    assert drg(*arguments).code == 2


def test_everything_that_is_wrong_is_told_at_once(drg: Drg, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    ended = drg(
        *("run", "--region", "atlantis", "--months", "2025-13,2020-12,2999-01,2025-03..2025-01"),
        *("--inbox", tmp_path / "nowhere", "--reference", blocked, "--lake", blocked / "lake"),
    )
    assert ended.code == 2 and not ended.out
    for told in (
        "--months: '2025-13' is not a month",
        "--months: The months 2025-03..2025-01 run backwards",
        "--months: the lake begins with 2021-01, after 2020-12",
        "--months: 2999-01 has not begun",
        "--policy (not given: ",
        f"--inbox {tmp_path}/nowhere: there is no such folder",
        f"--reference {blocked}: is not a folder",
        f"--lake {blocked}/lake: {blocked} is not a folder",
        "Nothing was changed.",
        "Regions with a policy here: jiyuan",
    ):
        assert told in ended.err
    assert sorted(tmp_path.iterdir()) == [blocked]


@pytest.mark.parametrize("year", ["25", "2025-01", "2999", "2020", "二〇二五"])
def test_a_year_that_cannot_be_cleared(drg: Drg, year: str) -> None:
    ended = drg("clear", "--year", year)
    assert ended.code == 2 and "--year: " in ended.err


def test_a_chinese_lead_goes_before_the_error(drg: Drg, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drg("clear", "--lang", "zh", "--year", "25").err.startswith("用法有误：This cannot be run")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert drg("clear", "--oops").err.startswith("用法有误：No such option")
    assert drg("--lang", "en", "clear", "--year", "25").err.startswith("This cannot be run")


# -- how it ends -------------------------------------------------------------------------------


def stop_with(monkeypatch: pytest.MonkeyPatch, work: Callable[..., Any]) -> None:
    monkeypatch.setattr("drg_pipeline.region.bound.check_bound", work)


def raising(error: BaseException) -> Callable[..., Any]:
    def work(*_: object) -> None:
        raise error

    return work


def test_a_fault_of_the_program_shows_no_traceback(drg: Drg, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_with(monkeypatch, raising(TypeError("that was not meant")))
    ended = drg("policy", "check")
    assert ended.code == 1 and "Unexpected: TypeError: that was not meant" in ended.err
    assert "Traceback" not in ended.err
    monkeypatch.setenv("DRG_DEBUG", "1")
    with pytest.raises(TypeError):
        drg("policy", "check")


def test_a_full_disk_is_told_with_its_file(drg: Drg, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_with(monkeypatch, raising(OSError(28, "No space left on device", "lake/part.tmp")))
    ended = drg("policy", "check", "--lang", "zh")
    assert (
        ended.code == 1 and "未完成：空间不足，无法写入 lake/part.tmp：No space left on device。" in ended.err
    )


def test_ctrl_c_ends_with_130_and_says_what_stands(drg: Drg, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_with(monkeypatch, raising(KeyboardInterrupt()))
    ended = drg("policy", "check")
    assert ended.code == 130 and "What was published stands" in ended.err


def test_ctrl_c_that_a_library_turned_into_an_error_is_ctrl_c(
    drg: Drg, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swallowed(*_: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    stop_with(monkeypatch, swallowed)
    # Whoever starts the tests in the background may have them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert drg("policy", "check").code == 130
    finally:
        signal.signal(signal.SIGINT, before)
    stop_with(monkeypatch, raising(RuntimeError("later")))
    assert drg("policy", "check").code == 1


# -- generate, run, demo


def test_a_run_says_one_line_a_step_and_what_came_of_it(drg: Drg, small: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "region")
    place = named(tmp_path / "region")
    shutil.rmtree(tmp_path / "region" / "lake" / "jiyuan" / "quality")
    ended = drg("run", "--months", MONTH, "--through", THROUGH, *place)
    assert ended.code == 0, ended.err
    lines = ended.err.splitlines()
    assert re.fullmatch(r"deliveries, reference files and calendar: [\d.]+ s", lines[0])
    assert lines[1] == "  nothing new to take in"
    assert any(re.fullmatch(r"months 2025-01: \d+ tables, [\d.]+ s", line) for line in lines)
    assert lines[-1].startswith("Done in ") and lines[-1].endswith(f"{tmp_path}/region/lake/jiyuan.")
    assert re.match(rf"{THROUGH}: 1 months, \d+ rows\n回溯演示", ended.out)


def test_a_table_that_is_no_table_of_months(drg: Drg, small: Path) -> None:
    for name, meant in (("claims.claims", "claims.claim"), ("claim_status", THROUGH)):
        ended = drg("run", "--months", MONTH, "--through", name, *named(small))
        assert ended.code == 2 and meant in ended.err


def test_made_up_claims_never_replace_other_files(drg: Drg, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "real.csv").touch()
    ended = drg(
        "generate", "--inbox", tmp_path / "inbox", "--reference", tmp_path / "reference", "--claims", 10
    )
    assert ended.code == 2 and "was not generated" in ended.err
    ended = drg("generate", "--inbox", tmp_path / "inbox" / "real.csv" / "x", "--reference", tmp_path / "r")
    assert ended.code == 2 and "is not a folder" in ended.err
    place = ("--inbox", tmp_path / "i", "--reference", tmp_path / "r")
    ended = drg("generate", *place, "--like", tmp_path / "other.yml")
    assert ended.code == 1 and "other.yml: cannot be read" in ended.err and not (tmp_path / "i").exists()


def test_a_demo_of_other_claims_is_left_alone(drg: Drg, tmp_path: Path) -> None:
    for name in ("inbox", "reference"):
        (tmp_path / name).mkdir()
        made = {
            "claims": 10,
            "hospitals": 20,
            "months": ["2022-01", "2025-12"],
            "seed": 1,
            "scheme": "starter",
        }
        (tmp_path / name / ".generated").write_text(json.dumps(made), encoding="utf-8")
    ended = drg("demo", "--folder", tmp_path, "--claims", 20)
    assert ended.code == 2 and "made with other claims (claims 10, like unknown)" in ended.err


def test_a_demo_goes_from_its_claims_to_what_to_open_next(
    drg: Drg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[tuple[Path, Period]] = []
    monkeypatch.setattr(
        demo_command,
        "compute_year",
        lambda screen, settings, year, verbose: cleared.append((settings.lake, year)),
    )
    first = drg("demo", "--folder", tmp_path, "--claims", 50)
    assert first.code == 0 and cleared == [(tmp_path / "lake", Period.of("2025"))]
    assert "made-up region: 50 claims of 20 made-up hospitals" in first.out
    assert f"drg sql --lake {tmp_path}/lake" in first.out and f"drg ui --inbox {tmp_path}/inbox" in first.out
    (close,) = re.findall(r"^  drg (close .*)$", first.out, re.M)
    refused = drg(*close.split())
    # Nothing was computed here; that its options are understood is what counts.
    assert refused.code == 1 and "cannot be closed" in refused.err
    made = (tmp_path / "inbox" / ".generated").stat().st_mtime_ns
    again = drg("demo", "--folder", tmp_path, "--claims", 50, "--lang", "zh")
    assert again.code == 0 and "上传批次已存在" in again.err and "虚构地区" in again.out
    assert (tmp_path / "inbox" / ".generated").stat().st_mtime_ns == made


# -- ui ----------------------------------------------------------------------------------------


def test_the_code_location_sees_the_folders_of_the_options(tmp_path: Path) -> None:
    settings = Settings.for_region(
        "jiyuan",
        **{name: tmp_path / name for name in ("inbox", "reference", "policy", "lake", "key")},
        grouping="platform",
    )
    env = ui_command.environment(settings)
    assert from_environment(env) == [settings]
    assert env["DAGSTER_HOME"] == str(tmp_path / "lake" / ".dagster")


def test_variables_name_the_same_folders_for_commands_and_for_the_code_location(
    drg: Drg, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("inbox", "reference", "lake", "key", "closings"):
        monkeypatch.setenv(f"DRG_{kind.upper()}", str(small / kind))
    [location] = from_environment()
    ended = drg("where", "--lang", "en")
    for place in (location.inbox, location.reference, location.region_lake, location.key):
        assert str(place) in "".join(ended.out.split())
    ended = drg("sql", "select count(*) as n from claims.claim", "--format", "csv")
    assert ended.code == 0 and int(ended.out.split()[1]) > 0
    # An option wins over its variable; a variable that names nothing is told by its own name.
    assert str(tmp_path) in "".join(drg("where", "--lake", tmp_path).out.split())
    monkeypatch.setenv("DRG_INBOX", str(tmp_path / "none"))
    ended = drg("run", "--months", MONTH)
    assert ended.code == 2 and f"DRG_INBOX {tmp_path / 'none'}: there is no such folder" in ended.err


def test_the_version_is_told(drg: Drg) -> None:
    ended = drg("--version")
    assert ended.code == 0 and re.fullmatch(r"drg [0-9]+[.][0-9]+[.][0-9]+\n", ended.out)


def test_the_ui_refuses_a_port_that_is_taken(drg: Drg, small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = drg("ui", *named(small), "--port", port)
    assert ended.code == 2 and f"127.0.0.1:{port}" in ended.err


def test_the_ui_opens_the_demo_where_there_is_nothing_else(
    drg: Drg, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[dict[str, str], str, int, bool]] = []

    def serve(env: dict[str, str], host: str, port: int, *, allowed: Sequence[str], read_only: bool) -> None:
        started.append((env, host, port, read_only))

    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo").symlink_to(small)
    monkeypatch.setattr(services, "serve", serve)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = drg("ui", "--port", port, "--read-only")
    assert ended.code == 0 and f"http://127.0.0.1:{port}" in ended.out and "log-in" not in ended.err
    [(env, *where)] = started
    assert where == ["127.0.0.1", port, True]
    assert f"this is the demo in {tmp_path / 'data' / 'demo'}" in ended.err
    assert env["DRG_LAKE"] == str(small / "lake") and env["DAGSTER_DISABLE_TELEMETRY"] == "1"


@pytest.mark.parametrize(
    ("shell", "given", "wanted"),
    [
        ("bash", {"COMP_WORDS": "drg au", "COMP_CWORD": "1"}, "plain,audit"),
        ("zsh", {"COMP_WORDS": "drg au", "COMP_CWORD": "1"}, "audit"),
        ("fish", {"COMP_WORDS": "drg", "COMP_CWORD": "au"}, "plain,audit"),
        ("bash", {"COMP_WORDS": "drg run --gro", "COMP_CWORD": "2"}, "plain,--grouping"),
    ],
)
def test_a_shells_tab_is_answered_and_nothing_else_is_said(
    drg: Drg, monkeypatch: pytest.MonkeyPatch, shell: str, given: dict[str, str], wanted: str
) -> None:
    for name, value in (given | {"_DRG_COMPLETE": f"{shell}_complete"}).items():
        monkeypatch.setenv(name, value)
    ended = drg()
    told = [line.split("\t")[0] for line in ended.out.splitlines()]
    assert ended.code == 0 and ended.err == "" and wanted in told
    monkeypatch.setenv("_DRG_COMPLETE", f"{shell}_source")
    ended = drg()
    assert ended.code == 0 and ended.err == "" and "drg" in ended.out


# -- what is printed of a cleared year ---------------------------------------------------------


@pytest.fixture
def cleared(tmp_path: Path) -> Region:
    """The published tables of a month and a year in which one hospital is settled from one pool."""
    region = Region(regions.settings(tmp_path))
    case = {"cases": 3, "points": "300.0000", "fee": "30000.00", "fund": "20000.00"}
    place = {"fixmedins_code": "H1", "pool": "employee_local"}
    put(region, "scheme.scheme", "", {"scheme": "starter", "version": "1", "title": "试用"})
    put(region, "policy.grouping", "2025-03", {"grouping_source": "scheme", "scheme": "starter"})
    version = {"setl_id": "a", "dcla_time": "2025-03-10 08:00:00", "status": "grouped", "drg": "BR21"}
    put(region, "grouping.grouped_case", "2025-03", version)
    counted = {"fixmedins_code": "H1", "adrg": "BR2", "compared": 1}
    put(
        region,
        "grouping.agreement",
        "2025-03",
        counted | {"same_mdc": 1, "same_adrg": 1, "same_drg": 0},
    )
    late = {"setl_id": "b", "dcla_time": "2025-03-30 08:00:00", "reason": "late_upload", "in_month": 0}
    put(region, "quality.claim_status", "2025-03", late)
    ahead = {"setl_id": "c", "dcla_time": "2025-03-12 08:00:00", "reason": "after_upload"}
    put(region, "claims.outside_partition", "2025-03", ahead)
    money = {"budget_used": "18000.00", "settled": "17999.99", "residual": "0.01"}
    put(region, "settlement.monthly_pool", "2025-03", place | case | money)
    put(region, "settlement.monthly_settlement", "2025-03", place | case | {"settlement": "17999.99"})
    for month in ("2025-03", "2025-12"):
        put(region, "policy.pool", month, {"pool": "employee_local", "title": "职工本地"})
    put(
        region,
        "reference.hospital",
        "",
        {"fixmedins_code": "H1", "name": "城东医院", "valid_from": "2020-01-01"},
    )
    put(region, "policy.ledger_line", "2025", {"line": "entitlement", "title": "年度应结算"})
    budget = {"budget": "216000.00", "point_value": "106.666667", "settled": "216000.02", "residual": "-0.02"}
    put(
        region,
        "clearing.annual_pool",
        "2025",
        place | case | budget | {"paid_from_reserve": "0.00", "unspent": "0.00"},
    )
    paid = {"entitlement": "216000.02", "payable": "216000.02", "paid": "200000.00", "due": "16000.02"}
    put(region, "clearing.annual_settlement", "2025", place | case | paid)
    lines = [("entitlement", 1, "JY-33-3", "216000.02"), ("monthly_paid", 16, "JY-32", "-200000.00")]
    ledger = [
        place | {"line": line, "line_no": number, "citation": law, "amount": amount}
        for line, number, law, amount in lines
    ]
    put(region, "clearing.ledger", "2025", *ledger)
    put(region, "clearing.unsettled_case", "2025", {"setl_id": "C9", "reason": "ungrouped"})
    return region


def put(region: Region, table: str, partition: str, *rows: Mapping[str, object]) -> None:
    """Publish a partition of the project's columns; what a row does not name is null."""
    project = region.project
    kind = project.partition_of(table)
    known = project.models[table].columns if table in project.models else project.sources[table].columns
    columns = [column for column in known if column != kind]
    path = region.store.file(table, Period.of(partition, kind))
    path.parent.mkdir(parents=True, exist_ok=True)
    one = ", ".join(f"cast(? as {project.column(table, column).type}) as {column}" for column in columns)
    query = " union all ".join([f"select {one}"] * len(rows))
    with duckdb.connect() as con:
        values = [row.get(column) for row in rows for column in columns]
        con.execute(f"create table t as {query}", values).execute(f"copy t to '{path}' (format parquet)")


def test_a_cleared_year_is_printed_with_its_proofs(
    cleared: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    print_year(Screen("zh"), cleared, Period.of("2025"))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    for expected in (
        ["职工本地", "3", "20,000.00", "18,000.00", "17,999.99", "0.01"],
        ["Σ结算额", "+", "尾差", "=", "使用预算：1", "个资金池月份全部成立，分毫不差。"],
        ["职工本地", "3", "20,000.00", "216,000.00", "106.666667", "216,000.02", "-0.02", "0.00"],
        ["城东医院", "216,000.02", "10.8000", "216,000.02", "200,000.00", "16,000.02"],
        ["年度应结算", "JY-33-3", "1", "216,000.02"],
        ["monthly_paid", "JY-32", "1", "-200,000.00"],
        ["Σ", "16,000.02"],
        ["未入组", "1"],
        ["Σ应结算额", "+", "尾差", "=", "年度可分配预算：1", "个资金池全部成立，分毫不差。"],
        ["已拨付", "+", "应补（退）", "=", "应付额：1", "个机构资金池全部成立，分毫不差。"],
    ):
        assert expected in lines
    say_law(Screen("en"), cleared, periods("2025"))
    assert capsys.readouterr().out.startswith("回溯演示 (retrospective demonstration): 2025 is worked under")


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_no_figure_is_cut_whatever_the_terminal(
    cleared: Region, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(Screen, "terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", str(columns))
    print_year(Screen("en"), cleared, Period.of("2025"))
    out = capsys.readouterr().out
    assert "…" not in out
    for figure in ("20,000.00", "17,999.99", "106.666667", "216,000.02", "200,000.00", "16,000.02"):
        assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d,.])", out), figure


def test_a_cent_too_much_is_told_and_ends_with_1(cleared: Region, capsys: pytest.CaptureFixture[str]) -> None:
    place = {"fixmedins_code": "H1", "pool": "employee_local", "settlement": "18000.00"}
    put(cleared, "settlement.monthly_settlement", "2025-03", place)
    with pytest.raises(DrgError, match="does not add up") as error:
        print_months(Screen("en"), cleared, periods("2025-03"))
    told = "Σ settled + residual = budget used: broken in 1 of 1 pools and months."
    assert told in capsys.readouterr().out and told in str(error.value) and error.value.exit_code == 1


def test_a_page_is_shown_or_written(cleared: Region, tmp_path: Path, drg: Drg) -> None:
    page = tmp_path / "year.html"
    told = drg("report", "year", "--year", "2025", *named(tmp_path))
    assert told.code == 0
    assert "Σ entitlements + residual = budget of the year: holds for all 1 pools, to the cent." in told.out
    lang = drg("report", "year", "--year", "2025", "--lang", "zh", "--html", str(page), *named(tmp_path))
    assert lang.code == 0
    written = page.read_text(encoding="utf-8")
    for text in (
        "<h1>2025 年度清算</h1>",
        "城东医院",
        "216,000.02",
        "JY-33-3",
        "回溯演示：按现行规定回溯计算",
    ):
        assert text in written, text
    assert not re.search(r"https?://|<script", written)
    wrong = drg("report", "yearly", "--year", "2025", *named(tmp_path))
    assert wrong.code == 2 and "Was one of these meant: year?" in wrong.err
    wrong = drg("report", "year", "--months", "2025-01", "--html", "page.txt", *named(tmp_path))
    assert wrong.code == 2 and "--year: the page is about a year: name it" in wrong.err
    assert "--html page.txt: give the page a name that ends in .html" in wrong.err
