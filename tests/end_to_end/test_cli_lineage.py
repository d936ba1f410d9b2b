"""`drg lineage`: the tree in both languages, as JSON and as files; nothing of the lake is needed or written."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from support.command import Drg

COLUMN = "settlement.monthly_settlement.deposit"


def test_the_tree_goes_down_to_files_and_clauses(drg: Drg) -> None:
    lines = drg("lineage", COLUMN).out.splitlines()
    assert lines[0] == f"What {COLUMN} came from" and lines[1].startswith(f"{COLUMN}  ")
    assert any("← delivered file setlinfo, field medfee_sumamt" in line for line in lines)
    [rate] = [line for line in lines if "← parameter settlement.deposit_rate of the law [" in line]
    assert "JY-32-4" in rate
    assert "pricing.case_point.fee … see above" in "\n".join(lines)
    own = lines.index("  settlement.monthly_settlement")
    assert lines[own + 1].startswith("    law: ") and "JY-32-4" in lines[own + 1]
    assert lines[own + 2] == "    rows kept by: quality.claim_status (in_month)"
    assert any(line.startswith("  JY-32-4  ") for line in lines)


def test_a_count_says_that_no_column_stands_behind_it(drg: Drg) -> None:
    said = drg("lineage", "settlement.monthly_settlement.cases", "--lang", "zh").out
    assert (
        "无来源字段" in said
        and "按整表决定" in said
        and "pricing.case_point (fixmedins_code, month, pool)" in said
    )


def test_a_table_of_members_names_them_with_their_clauses(drg: Drg) -> None:
    column = "clearing.ledger_line.amount"
    said = drg("lineage", column, "--depth", 1).out
    assert "    gathered from over_cap: What of the entitlement is above the cap" in said
    assert "above the cap of the hospital's level. [JY-35-2]" in said
    assert "汇集自 over_cap" in drg("lineage", column, "--depth", 1, "--lang", "zh").out
    [table] = [
        one
        for one in json.loads(drg("lineage", column, "--json").out)["tables"]
        if one["table"] == column.removesuffix(".amount")
    ]
    assert {"entitlement", "monthly_paid"} < {one["member"] for one in table["members"]}


def test_downwards_the_tables_whose_rows_change_are_listed(drg: Drg) -> None:
    ended = drg("lineage", "landing.setlinfo.medfee_sumamt", "--downstream", "--depth", 3)
    assert "├── claims.setlinfo.medfee_sumamt" in ended.out and "more than --depth shows" in ended.out
    after = ended.out[ended.out.index("Besides, it") :]
    history = after[after.index("  calibration.history_case\n") :].splitlines()
    assert history[1].startswith("    law: ") and history[2] == "    rows kept by: claims.claim (fee)"


def test_json_has_columns_edges_tables_and_clauses(drg: Drg) -> None:
    told = json.loads(drg("lineage", COLUMN, "--depth", 1, "--json").out)
    assert told["direction"] == "upstream" and told["column"] == COLUMN
    assert ["policy.settlement.deposit_rate", COLUMN] in told["edges"] and len(told["edges"]) == 5
    assert "pricing.case_point.fee" in told["cut"]
    by_name = {one["column"]: one for one in told["columns"]}
    assert by_name[COLUMN]["unit"] == "yuan" and by_name[COLUMN]["type"] == "decimal(18,2)"
    assert by_name["policy.settlement.deposit_rate"]["origin"]["kind"] == "law"
    [table] = [one for one in told["tables"] if one["table"] == "settlement.monthly_settlement"]
    assert {"column": "quality.claim_status.in_month", "role": "filter"} in table["rows_decided_by"]
    assert "JY-32-4" in {one["clause"] for one in told["clauses"]}


def test_pictures_and_pages_go_to_files(drg: Drg, tmp_path: Path) -> None:
    svg, html = tmp_path / "new" / "a.svg", tmp_path / "a.html"
    ended = drg("lineage", COLUMN, "--depth", 2, "--svg", svg, "--html", html, "--lang", "zh")
    assert ended.code == 0 and ended.out.count("已绘制") == 2
    assert "月度预结算" in "".join(ElementTree.parse(svg).getroot().itertext())
    assert svg.read_text(encoding="utf-8") in html.read_text(encoding="utf-8")


def test_an_unknown_column_is_wrong_use(drg: Drg) -> None:
    ended = drg("lineage", "settlement.monthly_settlement.setlement")
    assert ended.code == 2 and "Was one of these meant: settlement?" in ended.err
