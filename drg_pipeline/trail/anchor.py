"""An anchor: the head of a trail as a short text that leaves the machine, to be held against the trail later.

It fits on a printed page or into a message, and spaces, line ends and the case of its letters do not count. A
checksum tells a typing error from a trail that was changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from drg_pipeline.trail.keys import PublicKey, Signer
from drg_pipeline.trail.line import Entry, sha256

MARK = "drg-anchor"
PURPOSE = "anchor"
_GROUP = 8
_FORM = re.compile(
    rf"{MARK}\s+(?P<region>[\w-]+)\s+(?P<sequence>[0-9]{{1,18}})\s+(?P<time>[0-9]{{8}}T[0-9]{{6}}Z)\s+"
    r"(?P<closings>[0-9]{1,9})\s+(?P<digest>(?:[0-9a-f]\s*){64})check\s+(?P<check>[0-9a-f]{8})\b"
    r"(?:\s+signed\s+(?P<key>[0-9a-f]{16})\s+(?P<signature>(?:[0-9a-f]\s*){128}))?",
    re.I,
)


@dataclass(frozen=True)
class Anchor:
    """What somebody notes of a trail.

    sequence, digest  of its last entry, and with it of all before
    time              of that entry, UTC, as 20260131T093000Z
    closings          how many closings were set down until then
    key, signature    of the agency, where it has one; else ''
    """

    region: str
    sequence: int
    time: str
    closings: int
    digest: str
    key: str = ""
    signature: str = ""

    @classmethod
    def of(cls, region: str, last: Entry, closings: int, signer: Signer | None = None) -> Anchor:
        when = datetime.fromisoformat(last.time).strftime("%Y%m%dT%H%M%SZ")
        made = cls(region, last.sequence, when, closings, last.digest)
        if signer is None:
            return made
        return replace(made, key=signer.public.name, signature=signer.sign(PURPOSE, made.content))

    @property
    def content(self) -> str:
        """All that it says, in one way of writing."""
        return f"{MARK} {self.region} {self.sequence} {self.time} {self.closings} {self.digest}"

    @property
    def check(self) -> str:
        return sha256(self.content.encode())[:_GROUP]

    @property
    def at(self) -> str:
        """Its time as people read it, UTC."""
        return datetime.strptime(self.time, "%Y%m%dT%H%M%SZ").strftime("%Y-%m-%d %H:%M:%S UTC")

    def text(self) -> str:
        """Lines that `parse_anchor` takes."""
        lines = [
            f"{MARK} {self.region} {self.sequence} {self.time} {self.closings}",
            *_grouped(self.digest),
            f"check {self.check}",
        ]
        if self.signature:
            lines += [f"signed {self.key}", *_grouped(self.signature)]
        return "\n".join(lines)

    def signed_by(self, keys: Sequence[PublicKey]) -> bool:
        """Whether one of the keys has signed it."""
        return any(key.signed(PURPOSE, self.content, self.signature) for key in keys if key.name == self.key)


def _grouped(digits: str) -> list[str]:
    """Digits as people compare them, so many a line as a digest has."""
    groups = [digits[place : place + _GROUP] for place in range(0, len(digits), _GROUP)]
    return [" ".join(groups[place : place + _GROUP]) for place in range(0, len(groups), _GROUP)]


def parse_anchors(text: str) -> tuple[list[Anchor], list[str]]:
    """The anchors of a text, whatever stands around them, and what is wrong with it."""
    anchors: list[Anchor] = []
    faults: list[str] = []
    for found in _FORM.finditer(text):
        digits = {
            name: re.sub(r"\s", "", found[name] or "").lower() for name in ("digest", "key", "signature")
        }
        anchor = Anchor(
            found["region"], int(found["sequence"]), found["time"].upper(), int(found["closings"]), **digits
        )
        if anchor.check != found["check"].lower():
            faults.append(
                f"the anchor of entry {anchor.sequence} has a typing error: its check is {anchor.check}, and "
                f"{found['check']} stands there"
            )
        else:
            anchors.append(anchor)
    marks = len(re.findall(rf"{MARK}\s", text, re.I))
    if not marks:
        faults.append(f"is no anchor: it begins with {MARK}, as drg audit anchor prints it")
    elif marks > len(anchors) + len(faults):
        faults.append("is not a whole anchor: digits are missing, or too many")
    return anchors, faults
