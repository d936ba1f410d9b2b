"""What lines that are no records take: memory in proportion to the file, as another process measures it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.claim_files import LAYOUT, T, read

from drg_pipeline.ingest.scan import MOST_COLUMNS, FileFault
from drg_pipeline.settings import PROJECT

NAMES = [column.name for column in LAYOUT.file("setlinfo").columns]
GOOD = dict.fromkeys(NAMES, "") | {
    "setl_id": "S1", "psn_no": "P1", "brdy": "1960-01-01", "dcla_time": T, "medfee_sumamt": "1.00",
}  # fmt: skip
RECORDS = f"{','.join(NAMES)}\n" + f"{','.join(GOOD.values())}\n" * 1000
SIZE = 6_000_000
MOST = 40  # bytes of memory a byte of the file; half a million short lines are 12 bytes each


def peak(folder: Path, content: bytes) -> tuple[int, int, int]:
    """Bytes of memory at the peak, records and blank lines of a settlement list."""
    folder.mkdir()
    (folder / "setlinfo.csv").write_bytes(content)
    told = subprocess.run(
        [sys.executable, "-m", "support.peak", str(folder), "setlinfo"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT / 'tests'}{os.pathsep}{PROJECT}"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    memory, records, blank = map(int, told.stdout.split())
    return memory, records, blank


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> int:
    memory, records, _ = peak(tmp_path_factory.mktemp("memory") / "plain", RECORDS.encode())
    assert records == 1000
    return memory


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")
@pytest.mark.parametrize(
    ("filler", "records", "blank"),
    [
        (b"\n", 1000, SIZE),
        (b" \t\r\n", 1000, SIZE // 4),
        (b"\0", 1001, 0),
        (b",", 1001, 0),
        (b'"\n' + b"\n" * 99, 1000 + SIZE // 101, SIZE // 101 * 99),
    ],
    ids=["line breaks", "blanks", "NULs", "commas", "quotes that are never closed"],
)
def test_lines_that_are_no_records_take_a_small_multiple_of_the_file(tmp_path, plain, filler, records, blank):
    memory, found, empty = peak(tmp_path / "long", RECORDS.encode() + filler * (SIZE // len(filler)) + b"\n")
    assert found == records and blank <= empty <= blank + 1
    assert memory - plain < MOST * SIZE


def test_a_header_without_end_is_refused(tmp_path):
    with pytest.raises(FileFault, match=f"at most {MOST_COLUMNS} are read"):
        read(tmp_path, RECORDS.replace("\n", "," * MOST_COLUMNS + "\n"), "setlinfo")
    wide = RECORDS.replace("\n", "," * (MOST_COLUMNS - len(NAMES)) + "\n")
    found = read(tmp_path, wide + f"{','.join(GOOD.values())},\n", "setlinfo")
    assert (found.counts.accepted, found.counts.rejected) == (1000, 1)
