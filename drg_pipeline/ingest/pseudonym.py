"""Pseudonyms: HMAC-SHA256 with the region's key, as Python keeps the key and as DuckDB applies it.

The key enters DuckDB through session variables, so that no SQL text, plan or error message
holds it. Which column is personal is said by the layout, not here.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import duckdb

from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing, sweep_beside

KEY_BYTES = 32
_BLOCK = 64  # SHA-256 works on blocks of 64 bytes; HMAC pads the key to one block


def load_key(path: Path, *, report: Callable[[str], None] = print) -> bytes:
    """The key in the file; an absent file is created with a notice, readable by its owner only."""
    if not path.exists():
        _create(path, report)
    # Whoever was killed while the key was made has left one that is nobody's, or a second name of this one.
    sweep_beside(path)
    try:
        text = path.read_text(encoding="ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds bytes that are not hex digits"
        raise DrgError(f"The pseudonym key {path} cannot be read: {reason}.", remedy=_RESTORE) from None
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", text):
        raise DrgError(
            f"{path} does not hold a pseudonym key: {2 * KEY_BYTES} hex digits are expected.", remedy=_RESTORE
        )
    if mode & 0o077:
        report(
            f"warning: the pseudonym key {path} can be read by others than its owner; run: chmod 600 {path}"
        )
    return bytes.fromhex(text)


_RESTORE = "Restore the key from your backup: another key gives every person another pseudonym."


def _create(path: Path, report: Callable[[str], None]) -> None:
    try:
        with appearing(path, new=True) as aside:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
    except FileExistsError:
        return
    except OSError as error:
        raise DrgError(
            f"The pseudonym key {path} cannot be created: {error.strerror}.",
            remedy="Name a key file that can be written with --key.",
        ) from None
    report(
        f"A new pseudonym key was created at {path}. Back it up: without it no pseudonym can be made again."
    )


def key_fingerprint(key: bytes) -> str:
    """What may be shown of a key: enough to tell two keys apart, nothing to compute with."""
    return hashlib.sha256(key).hexdigest()[:16]


def set_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Gives the session the two padded keys that `pseudonym_sql` reads."""
    block = hashlib.sha256(key).digest() if len(key) > _BLOCK else key
    block = block.ljust(_BLOCK, b"\0")
    for name, pad in (("pseudonym_inner", 0x36), ("pseudonym_outer", 0x5C)):
        con.execute(f"SET VARIABLE {name} = ?", [bytes(byte ^ pad for byte in block)])


def pseudonym_sql(text: str) -> str:
    """HMAC-SHA256 in hex of the text expression, as a DuckDB expression; null stays null."""
    return (
        "sha256(getvariable('pseudonym_outer')::BLOB || unhex(sha256("
        f"getvariable('pseudonym_inner')::BLOB || encode({text}))))"
    )
