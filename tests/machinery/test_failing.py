"""The rows that broke a rule, as they are kept for people."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

from drg_pipeline.duck import connect
from drg_pipeline.lake.failing import failing_file, keep_failing
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.sql.contract import Check

MONTH = Period.of("2025-01")


def test_a_sum_of_whole_numbers_is_kept_to_the_last_digit(tmp_path: Path) -> None:
    # 2^53 + 1 is no binary float, and a sum of whole numbers is a HUGEINT, which Parquet does not have.
    rows = 'select \'a\' as "the ""pool""", sum(n) as n, count(*) as cases from (values (9007199254740992), (1)) as _(n)'
    check = Check("adds_up", "contract", passed=False, blocking=True, describe="It adds up.", rows=rows)
    store = Store(tmp_path)
    with closing(connect()) as con:
        keep_failing(con, store, "early.row", {MONTH: [check]})
    assert check.file == failing_file(store, "early.row", "adds_up", MONTH)
    with closing(duckdb.connect()) as con:
        kept = con.execute("from read_parquet(?)", [str(check.file)])
        assert [name for name, *_ in kept.description] == ['the "pool"', "n", "cases"]
        assert [str(cell) for cell in kept.fetchall()[0]] == ["a", "9007199254740993", "2"]
