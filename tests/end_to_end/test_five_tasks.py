"""What CONTRIBUTING says of five tasks: which files a check, a ledger line, a page, a region and a method touch.

One of each is added to a copy of the project, in no other files than those, and the copy's own tests of them run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

from drg_pipeline.settings import PROJECT

COPIED = (
    "data/interface",
    "data/policy",
    "data/schemes",
    "dbt_like_sql",
    "drg_pipeline",
    "tests",
    "pyproject.toml",
)
CHECK = """/*---
describe: The patient was admitted and discharged on one day.
law: [JY-41]
---*/
select month, setl_id, dcla_time, adm_on = dscg_on as fails, 'both on ' || cast(dscg_on as varchar) as detail
from claim_row
"""
CHECK_EXAMPLE = """describe: A stay without a night.
region: jiyuan
through: [claims.claim, quality.finding]
spread:
  claim: [claims.setlinfo, claims.version_index]
defaults:
  claims.setlinfo:
    month: 2025-03
    dcla_time: 2025-03-10 08:00:00
    fixmedins_code: H1
    setl_end_date: 2025-03-07
    medfee_sumamt: 100.00
    dscg_time: 2025-03-07 10:00:00
  claims.version_index: {settlement_month: 2025-03, dcla_time: 2025-03-10 08:00:00, copies_in_delivery: 1}
cases:
  - name: Discharged on the day of admission fails, a day later passes, without a day it does not apply
    law: [JY-41]
    given:
      claim:
        - {setl_id: same, adm_time: 2025-03-07 08:00:00}
        - {setl_id: night, adm_time: 2025-03-06 23:00:00}
        - {setl_id: none, adm_time: null}
    expect:
      quality.finding:
        - {setl_id: same, same_day_stay: true}
        - {setl_id: night, same_day_stay: false}
        - {setl_id: none, same_day_stay: null}
"""
LINE = """/*---
describe: The deposits of the months, kept until the assessment is done.
law: [JY-33-4]
---*/
select year, fixmedins_code, pool, cast(-deposits as decimal(18, 2)) as amount, cast(null as varchar) as note
from clearing.hospital_year
"""
LINE_EXAMPLE = """describe: A deposit that is kept.
region: jiyuan
through: [clearing.ledger_line]
defaults:
  clearing.hospital_year: {year: 2025, pool: employee_local, fixmedins_code: H1}
cases:
  - name: What the months held back is kept
    law: [JY-33-4]
    only:
      clearing.ledger_line: {line: deposit_kept}
    given:
      # 25,000.00 held back in the year
      clearing.hospital_year: [{deposits: 25000.00}]
    expect:
      clearing.ledger_line:
        - {fixmedins_code: H1, line: deposit_kept, amount: -25000.00}
"""
SHEET = """/*---
describe: What each line of the ledger is for each pool.
about: year
title: {en: "Ledger of {span} by pool", zh: "{span} 年度清算台账（按资金池）"}
columns:
  pool: {en: pool, zh: 资金池}
  line: {en: line, zh: 项目}
  amount: {en: amount, zh: 金额}
total: [amount]
---*/
select pool, line, sum(amount) as amount
from clearing.ledger
where year = $year
group by pool, line
order by pool, line
"""
PAGE = """title: {en: "Ledger {span} by pool", zh: "{span} 年度台账"}
about: year
sheets: [year_ledger_by_pool]
charts: [clearing.ledger]
"""
METHOD = """/*---
describe: Each month spends what its claims have taken, whatever its allocation; nothing is carried.
when: {month_price: as_incurred}
---*/
select
    month,
    pool,
    cases,
    points,
    fee,
    fund,
    allocation,
    cast(0 as decimal(18, 2)) as carry_in,
    allocation as available,
    fund as budget_used,
    cast(0 as decimal(18, 2)) as carry_out,
    point_value_of(fee, fund, fund, points) as point_value
from budgeted_month
"""
METHOD_EXAMPLE = """describe: A month that spends what was incurred.
region: jiyuan
through: [settlement.month_value]
cases:
  - name: The point value is the fee by point
    law: [JY-32-2]
    methods: {month_price: as_incurred}
    members: [settlement.month_value/as_incurred]
    given:
      settlement.month_budget: [{year: 2025, pool: employee_local, settlement_month: 2025-03, allocation: 100.00}]
      settlement.pool_month: [{month: 2025-03, pool: employee_local, cases: 1, points: 8, fee: 200.00, fund: 60.00}]
    expect:
      settlement.month_value:
        # (200 - 60 + 60) / 8 = 25
        - {month: 2025-03, budget_used: 60.00, carry_out: 0.00, point_value: 25.000000}
"""


@dataclass(frozen=True)
class Task:
    """files: those that are new; lines: what is put behind a line of one that is there."""

    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def touched(self) -> set[str]:
        return {*self.files, *self.lines}


TASKS = {
    "a check": Task(
        {
            "dbt_like_sql/quality/finding/same_day_stay.sql": CHECK,
            "tests/golden/same_day_stay.yml": CHECK_EXAMPLE,
        },
        {
            "data/policy/base/quality.yml": (
                r"- {check_id: sex_invalid.*",
                "          - {check_id: same_day_stay, severity: warn, title: 当日出入院, law: [JY-41]}",
            )
        },
    ),
    "a ledger line": Task(
        {
            "dbt_like_sql/clearing/ledger_line/deposit_kept.sql": LINE,
            "tests/golden/deposit_kept.yml": LINE_EXAMPLE,
        },
        {
            "data/policy/base/clearing.yml": (
                r"- {line: prepayment.*",
                "          - {line: deposit_kept, position: 18, law: open, fund_source: budget, title: 保证金暂扣,"
                " active: false}",
            ),
            # In force in the region that is added.
            "data/policy/elsewhere/clearing.yml": (
                r"- {line: monthly_paid.*",
                "          - {line: deposit_kept, position: 18, law: TR-6, fund_source: budget, title: 保证金暂扣,"
                " active: true}",
            ),
        },
    ),
    "a page": Task(
        {
            "data/interface/pages/ledger.yml": PAGE,
            "dbt_like_sql/sheets/year_ledger_by_pool.sql": SHEET,
        }
    ),
    "a region": Task(
        {
            f"data/policy/elsewhere/{path.name}": path.read_text(encoding="utf-8").replace(
                "region: trial", "region: elsewhere"
            )
            for path in sorted((PROJECT / "tests" / "regions" / "trial").glob("*.yml"))
        }
    ),
    "a method": Task(
        {
            "dbt_like_sql/settlement/month_value/as_incurred.sql": METHOD,
            "tests/golden/as_incurred.yml": METHOD_EXAMPLE,
            # The region that follows it.
            "data/policy/elsewhere/pack.yml": (PROJECT / "tests" / "regions" / "trial" / "pack.yml")
            .read_text(encoding="utf-8")
            .replace("region: trial", "region: elsewhere")
            .replace("is: whole", "is: as_incurred"),
        },
        {
            "dbt_like_sql/methods.yml": (
                r"    whole: .*",
                "    as_incurred: {describe: Each month spends what its claims have taken., title: 据实}",
            )
        },
    ),
}
# What the copy's own tests say of the additions.
TESTS = (
    "tests/golden/test_golden.py",
    "tests/architecture/test_sql_text.py",
    "tests/policy",
    "tests/machinery/test_pages.py",
)


def told() -> dict[str, list[str]]:
    """task -> the files that CONTRIBUTING names for it."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {
        task: re.findall(r"`([^`]+)`", files)
        for task, files in re.findall(r"^\| (an? [a-z ]+) \| (`.+) \|$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("task", TASKS)
def test_a_task_touches_the_files_that_are_named_for_it(task: str) -> None:
    patterns = [re.sub(r"<[a-z]+>", "*", pattern) for pattern in told()[task]]
    for path in TASKS[task].touched:
        assert any(fnmatch(path, pattern) for pattern in patterns), path
    for pattern in patterns:
        assert any(fnmatch(path, pattern) for path in TASKS[task].touched), (
            f"{pattern} is named and not needed"
        )


def test_no_other_task_is_told_of() -> None:
    assert told().keys() == TASKS.keys()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one of each added."""
    folder = tmp_path_factory.mktemp("five") / "project"
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.tmp"))
        else:
            shutil.copy2(source, folder / name)
    for task in TASKS.values():
        for name, text in task.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    for task in TASKS.values():
        for name, (after, line) in task.lines.items():
            text = (folder / name).read_text(encoding="utf-8")
            changed, count = re.subn(f"(?m)^.*{after}$", lambda found, line=line: f"{found[0]}\n{line}", text)
            assert count == 1, f"{after} stands {count} times in {name}"
            (folder / name).write_text(changed, encoding="utf-8")
    return folder


def run(folder: Path, *command: str) -> tuple[int, str]:
    ended = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def test_one_of_each_passes_the_tests_of_the_project(copy: Path) -> None:
    code, said = run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS)
    assert code == 0, said[-4000:]


def test_the_region_that_was_added_is_one_and_follows_the_method(copy: Path) -> None:
    code, said = run(copy, "-m", "drg_pipeline.cli", "policy", "check", "--region", "elsewhere")
    assert code == 0 and "The pack can be used." in said, said
    code, said = run(copy, "-m", "drg_pipeline.cli", "policy", "show", "--region", "elsewhere")
    assert code == 0 and "as_incurred" in said, said


@pytest.mark.parametrize("example", ["same_day_stay", "deposit_kept", "as_incurred"])
def test_a_member_without_a_worked_example_is_named(copy: Path, example: str) -> None:
    path = copy / "tests" / "golden" / f"{example}.yml"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    try:
        asked = "tests/golden/test_golden.py::test_every_member_has_a_worked_example"
        code, said = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", asked)
        assert code == 1 and f"/{example}" in said, said[-2000:]
    finally:
        path.write_text(text, encoding="utf-8")
