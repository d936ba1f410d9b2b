"""Checksums that a sender may put into a delivery: SHA256SUMS, as `sha256sum *.csv > SHA256SUMS` writes it.

They say which claim files the delivery has and what is in them. Where all agree it is complete, whenever it
was written; where one does not, the delivery is not what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from drg_pipeline.errors import Fault
from drg_pipeline.visible import one_line

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](?:\./)?([^/]+)")
_CLAIM_FILES = (".csv", ".parquet")
_LARGEST = 1 << 20


def differences(
    sums: Path, label: str, files: Mapping[str, Path], digest: Callable[[Path], str]
) -> Iterator[Fault]:
    """Where the claim files of a delivery are not those that its sums name; other files are not asked for.

    files   the delivery's, by file name
    digest  SHA-256 of a file; '' of one of which it is told elsewhere that it cannot be read
    """
    where = f"{label}/{SUMS}"
    try:
        if sums.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        lines = sums.read_bytes().decode("utf-8", "surrogateescape").splitlines()
        named: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            found = _LINE.fullmatch(line)
            if line.strip() and not found:
                raise ValueError(f"line {number} is no SHA-256 and name")
            if found and named.setdefault(found[2], found[1].lower()) != found[1].lower():
                raise ValueError(f"line {number} names {one_line(found[2])} with another sum than before")
    except (OSError, ValueError) as error:
        yield Fault(where, f"cannot be read: {error}")
        return
    for name in sorted(name for name in named.keys() - files.keys() if name.endswith(_CLAIM_FILES)):
        yield Fault(one_line(f"{label}/{name}"), f"{SUMS} names it, and it is missing")
    for name, path in sorted(files.items()):
        if name not in named:
            yield Fault(f"{label}/{name}", f"{SUMS} does not name it")
        elif (there := digest(path)) and there != named[name]:
            yield Fault(f"{label}/{name}", f"is not what {SUMS} says: it came in part, or was changed since")


def sums_of(files: Mapping[str, str]) -> str:
    """What SHA256SUMS holds of these digests by file name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
