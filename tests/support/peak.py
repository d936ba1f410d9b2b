"""The most memory that one claim file takes to be read, as a process of its own prints it.

    python -m support.peak FOLDER FILE

FOLDER has the file; what is read is thrown away.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.alone import forget_peak, peak_gib
from support.claim_files import read


def main(folder: str, file: str) -> None:
    forget_peak()
    found = read(Path(folder), None, file)
    print(int(peak_gib() * 2**30), found.counts.records, found.counts.blank_lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
