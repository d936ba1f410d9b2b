"""One line of a trail: what an entry holds, how it is written, sealed and read, and what may go into it.

The file that the lines stand in is `trail.py`'s.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from drg_pipeline.trail.keys import PublicKey, Signer

USER_VARIABLE = "DRG_USER"
# What the trail says of itself; nobody else may say it.
TORN, BROKEN = "torn", "broken"
LONGEST = 2000  # characters of a text that are kept; of a longer one the digest is kept too
HIDDEN = "***"
_SECRET_OPTION = re.compile(r"(--?[\w-]*(?:password|passwd|secret|token)[\w-]*)(=.*)?", re.I | re.S)
_LOGIN_IN_ADDRESS = re.compile(r"://[^/@\s]*@")
_TYPES: dict[str, type] = {"sequence": int, "subject": dict, "user": dict, "process": dict, "signature": dict}
# What is not part of an entry's digest: the digest itself, and the signature, which is of the digest.
_OUTSIDE = ("digest", "signature")
PURPOSE = "trail entry"


@dataclass(frozen=True)
class Entry:
    """One line of the trail.

    time     UTC, ISO 8601
    user     `name` and `uid` as the operating system knows them, `stated` as DRG_USER says
    process  `host`, `pid` and the `command`, an argument an item
    previous, digest  SHA-256 of the entry before it ("" of the first) and its own
    signature         `key` and `value`: the agency's signature of the digest; nothing of one without
    """

    sequence: int
    time: str
    event: str
    region: str
    period: str
    subject: Mapping[str, Any]
    reason: str
    user: Mapping[str, Any]
    process: Mapping[str, Any]
    previous: str
    digest: str
    signature: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> bytes:
        return canonical(asdict(self) if self.signature else _without(asdict(self), "signature"))

    def sealed(self) -> bool:
        """Whether its digest is that of its text."""
        return self.digest == digest_of(asdict(self))

    def signed_by(self, keys: Sequence[PublicKey]) -> bool:
        """Whether one of the keys has signed it, and with it all that it follows."""
        name, value = str(self.signature.get("key")), str(self.signature.get("value"))
        return any(key.signed(PURPOSE, self.digest, value) for key in keys if key.name == name)


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write it: ASCII JSON, keys sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 in hex of an entry without its digest and its signature."""
    return sha256(canonical(_without(content, *_OUTSIDE)))


def signature_of(digest: str, signer: Signer | None) -> dict[str, str]:
    """What an entry of this digest holds as its signature; nothing without a key."""
    return {"key": signer.public.name, "value": signer.sign(PURPOSE, digest)} if signer else {}


def _without(content: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def parsed(line: bytes) -> Entry | None:
    """The entry of a line that is written as one, whether its digest holds or not."""
    try:
        content = json.loads(line)
        if not isinstance(content, dict):
            return None
        named = {one.name for one in fields(Entry)} - ({"signature"} - content.keys())
        if content.keys() != named:
            return None
        if any(type(value) is not _TYPES.get(name, str) for name, value in content.items()):
            return None
        entry = Entry(**content)
        return entry if entry.sequence > 0 and entry.line() == line else None
    except (ValueError, RecursionError):
        return None


# -- what goes in ------------------------------------------------------------------------------


def kept_text(value: object) -> str:
    """A text that is short enough to be read; of a longer one its beginning, its length and its digest."""
    text = str(value)
    if len(text) <= LONGEST:
        return text
    digest = sha256(text.encode("utf-8", "surrogatepass"))
    return f"{text[:LONGEST]}… [{len(text)} characters, SHA-256 {digest}]"


def kept(value: Any) -> Any:
    """A value as JSON has it exactly; what JSON has no exact form for is text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    if isinstance(value, Mapping):
        return {kept_text(name): kept(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [kept(part) for part in value]
    return kept_text(value)


def kept_command(command: Sequence[str] | None) -> list[str]:
    """The arguments (None: of this process) without passwords, also those that stand behind their option."""
    shown: list[str] = []
    hide = False
    for argument in sys.argv if command is None else command:
        found = _SECRET_OPTION.fullmatch(argument)
        if hide:
            shown.append(HIDDEN)
        elif found and found[2]:
            shown.append(f"{found[1]}={HIDDEN}")
        else:
            shown.append(kept_text(_LOGIN_IN_ADDRESS.sub(f"://{HIDDEN}@", argument)))
        hide = bool(found and not found[2] and not hide)
    return shown


def this_user() -> dict[str, Any]:
    """Who runs this process; the name is the system's, for anybody can set the environment's."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    return {"name": name, "uid": uid, "stated": kept_text(os.environ.get(USER_VARIABLE, ""))}
