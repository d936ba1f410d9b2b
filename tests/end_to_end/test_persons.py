"""Persons whose records slipped stand nowhere: not in the lake, not in what commands say, not in the event log."""

from __future__ import annotations

from pathlib import Path

import duckdb
from support import regions
from support.command import named
from support.regions import Claim, deliver

from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.runs import Runner

MONTH = "2025-03"
NUMBERS = {at: f"P4190011960{at:07}" for at in range(8)}


def slipped() -> str:
    """A settlement list of which each record but the first has its person's number somewhere else."""
    rows = [Claim(f"S{at}", {"psn_no": NUMBERS[at]}).rows()["setlinfo"] for at in NUMBERS]
    names = [name for name in rows[0] if name != "fixmedins_name"]
    names.insert(names.index("psn_no") + 1, "fixmedins_name")  # a text takes what slips into it
    fields = [[row[name] for name in names] for row in rows]
    person = names.index("psn_no")
    fields[1].insert(person, "")  # one comma too many before the number
    fields[2].insert(0, "x")
    del fields[3][0]
    fields[4][person - 1 : person + 1] = [",".join(fields[4][person - 1 : person + 1])]
    fields[5][person] += "\0"
    fields[6][person] = '"' + fields[6][person]
    fields[7][names.index("medfee_sumamt")], fields[7][person] = fields[7][person], ""
    lines = [",".join(f'"{field}"' if "," in field else field for field in line) for line in fields]
    return "\n".join([",".join(names), *lines]) + "\n"


def traces(folder: Path) -> list[str]:
    """Where one of the numbers stands: bytes of any file, and the values of Parquet files and databases."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(duckdb.sql(f"select * from '{path}'").fetchall()).encode()
        found += [f"{number} in {path}" for number in NUMBERS.values() if number.encode() in content]
    return found


def given(folder: Path) -> Path:
    folder.mkdir()
    regions.empty(folder)
    claims = [Claim(f"S{at}", {"psn_no": NUMBERS[at]}) for at in NUMBERS]
    deliver(folder, f"{MONTH}/delivery-1", *claims, setlinfo=slipped())
    return folder


def shown(text: str) -> list[str]:
    return [number for number in NUMBERS.values() if number in text]


def test_a_slipped_person_stands_nowhere(tmp_path, drg):
    folder = given(tmp_path / "region")
    place = [*named(folder), "--closings", folder / "closings"]
    through = ("claims.rejected_row", "quality.claim_check")
    said = [drg("run", "--months", MONTH, "--through", table, *place) for table in through]
    asked = "select line, column_name, raw from claims.rejected_row order by line"
    said.append(drg("sql", asked, "--lake", folder / "lake"))
    said.append(drg("sql", "select * from claims.setlinfo", "--lake", folder / "lake"))
    assert [one.code for one in said] == [0] * 4, said
    assert said[2].out.count("***") == 7 and "S0" in said[3].out
    assert shown("".join(one.out + one.err for one in said)) == []
    (folder / "inbox" / MONTH / "delivery-1" / "setlinfo.csv").unlink()
    assert traces(tmp_path) == []


def test_nor_in_what_dagster_keeps_of_the_run(tmp_path, capsys):
    runner = Runner(Region(regions.settings(given(tmp_path / "region"))))
    runner.months([Period.of(MONTH)], "claims.rejected_row")
    kept = [entry for run in runner.instance.get_runs() for entry in runner.instance.all_logs(run.run_id)]
    assert len(kept) > 10
    assert shown("".join(map(repr, kept))) == []
    said = capsys.readouterr()
    assert shown(said.out + said.err) == []
