"""The benchmark of the pipeline: its pieces at a tiny size. The whole of it is run by hand: `make bench`."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from bench.alone import forget_peak, peak_gib, run_alone
from bench.pipeline.__main__ import check_disk, disk_needed, growth_line, main, tell
from drg_pipeline.ingest.layout import LAYOUT_FILE, load_layout
from drg_pipeline.settings import PROJECT

Usage = namedtuple("Usage", "total used free")
VALUES = {
    "text": "1",
    "whole": "1",
    "amount": "1.50",
    "date": "2025-01-05",
    "timestamp": "2025-01-05 10:00:00",
}


def test_the_bare_pass_reads_every_record_that_has_its_types(tmp_path: Path) -> None:
    layout = load_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
    for delivery in ("a", "b"):
        folder = tmp_path / "inbox" / "2025-01" / delivery
        folder.mkdir(parents=True)
        for file in layout.files:
            header = ",".join(column.name for column in file.columns)
            record = ",".join(VALUES[column.type.name] for column in file.columns)
            faulty = ",".join("x" for _ in file.columns)
            lines = [header, record, faulty, record]
            (folder / f"{file.name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # Two deliveries, two records in each file that can be read.
    told = run_alone("bench.pipeline", ["--way", "bare_pass", "--folder", str(tmp_path)])
    assert told["rows"] == 2 * 2 * len(layout.files)
    assert told["seconds"] > 0 and told["peak"] > 0


def test_a_disk_that_is_too_small_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = disk_needed(1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(needed, 1, needed - 1))
    with pytest.raises(SystemExit, match="too little"):
        main(["--work", str(tmp_path), "--claims", "1000000"])
    assert "GB needed for 1,000,000 claims" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(needed, 0, needed))
    check_disk(tmp_path, 1_000_000)


def test_the_peak_can_be_forgotten() -> None:
    held = bytearray(200 * 1024**2)
    before = peak_gib()
    del held
    forget_peak()
    assert peak_gib() < before - 0.1


def test_the_figures_are_told_stage_by_stage(capsys: pytest.CaptureFixture[str]) -> None:
    stage = {"stage": "take_in", "seconds": 8.0, "own": 6.0, "peak": 1.5}
    found = {
        "claims": 1000,
        "made": {"seconds": 1.0, "peak": 0.3},
        "bare": {"seconds": 2.0, "peak": 0.1, "rows": 13_000},
        "stages": [stage],
        "rows": 40_000,
        "seconds": 8.0,
        "own": 6.0,
        "peak": 1.5,
        "ratio": 4.0,
    }
    tell(found)
    told = capsys.readouterr().out
    assert "take_in              8.0       6.0      1.50" in told
    assert "13,000 records in, 40,000 rows published; 125 claims a second" in told
    assert "4.0 times the bare pass, 3.0 times without Dagster" in told
    assert growth_line(found) == "       1,000       8.0         125      1.50     4.0"
