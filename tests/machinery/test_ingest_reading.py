"""Deliveries that an earlier version took in: taken in anew, or said to stay as they were read then."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from support import regions
from support.regions import Claim, deliver

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest import landed_manifests, landing_folder, take_in_deliveries
from drg_pipeline.ingest.delivery import landed_folders
from drg_pipeline.ingest.reading import READING, is_current, reading_of
from drg_pipeline.region import Region

LABEL = "2025-03/d-1"


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A region whose delivery was landed before spellings were read."""
    regions.empty(tmp_path)
    deliver(tmp_path, LABEL, Claim("S1", {"insuplc": " 419001"}), Claim("S2"))
    with mock.patch("drg_pipeline.ingest.delivery.READING", READING - 1):
        take_in_deliveries(regions.settings(tmp_path), report=lambda line: None)
    for path in landing_folder(regions.settings(tmp_path)).glob("*/*info.parquet"):
        given = "REPLACE (nullif(' ' || insuplc, ' ') AS insuplc)" if path.stem == "setlinfo" else ""
        duckdb.sql(
            f"COPY (SELECT * EXCLUDE (respelled) {given} FROM '{path}') TO '{path}.new' (FORMAT parquet)"
        )
        Path(f"{path}.new").replace(path)
    return tmp_path


def test_it_is_taken_in_anew(former):
    settings, said = regions.settings(former), []
    before = landed_manifests(settings)[LABEL]
    assert reading_of(before) == READING - 1
    (taken,) = take_in_deliveries(settings, report=said.append)
    assert any(line.startswith("taken in anew") and LABEL in line for line in said)
    now = landed_manifests(settings)[LABEL]
    assert is_current(now) and now["digest"] == taken.digest != before["digest"]
    assert landed_folders(settings) == {LABEL: taken.folder}
    assert (landing_folder(settings) / before["digest"]).is_dir()  # what was landed is never rewritten
    said.clear()
    assert take_in_deliveries(settings, report=said.append) == []
    assert said == []


def test_its_months_are_computed_from_the_new_reading(former):
    region = Region(regions.settings(former))
    regions.settle(region, ["2025-03"], through="claims.normalised_value")
    found = "select file, column_name, changed, line, example from claims.normalised_value"
    assert regions.rows(former, found) == [("2025-03/d-1/setlinfo.csv", "insuplc", 1, 2, " 419001")]


def test_it_stays_as_it_was_read_where_the_inbox_has_it_no_more(former):
    shutil.rmtree(former / "inbox" / LABEL)
    region = Region(regions.settings(former))
    said = regions.settle(region, ["2025-03"], through="claims.normalised_value")
    assert [
        line for line in said if line.startswith("warning: taken in by an earlier version") and LABEL in line
    ]
    assert regions.rows(former, "select * from claims.normalised_value") == []
    regions.bring(region, ["claims.setlinfo"], ["2025-03"])
    assert regions.rows(former, "select insuplc from claims.setlinfo order by setl_id") == [
        (" 419001",),
        (" 419001",),
    ]


def test_it_is_refused_where_its_files_were_changed(former):
    path = former / "inbox" / LABEL / "payinfo.csv"
    path.write_text(path.read_text() + "S2,2025-03-12 12:00:00,390100,1\n")
    with pytest.raises(DrgError, match="was changed after it was taken in"):
        take_in_deliveries(regions.settings(former), report=lambda line: None)
    assert not is_current(landed_manifests(regions.settings(former))[LABEL])
