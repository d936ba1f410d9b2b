"""The agency's key: made, read, and what is signed with it held against its public half.

Ed25519, from the library `cryptography`; files are PEM, as other programs write and read them. What is signed
stands in `line.py` and `anchor.py`.
"""

from __future__ import annotations

import getpass
import os
import stat
import sys
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.files import appearing

PASSWORD_VARIABLE = "DRG_SIGNING_PASSWORD"
# Nobody but its owner may write a key or change it; a group may be let in to read it.
_TOO_OPEN = stat.S_IWGRP | stat.S_IRWXO


@dataclass(frozen=True)
class PublicKey:
    """What a signature is held against; `name`: the first digits of its SHA-256, by which people compare."""

    raw: bytes

    @property
    def name(self) -> str:
        return sha256(self.raw).hexdigest()[:16]

    def signed(self, purpose: str, text: str, signature: str) -> bool:
        """Whether a signature (hex) was made of a text, for this purpose, by the private half."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(
                bytes.fromhex(signature), _message(purpose, text)
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """A file as `make_key` writes it; WrongUse where it is none."""
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise _unreadable(path, "public", error) from None
        if not isinstance(key, Ed25519PublicKey):
            raise _unreadable(path, "public", "it is of another kind than Ed25519")
        return cls(key.public_bytes_raw())


@dataclass(frozen=True)
class Signer:
    """The private key, and what is signed with it."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.key.public_key().public_bytes_raw())

    def sign(self, purpose: str, text: str) -> str:
        """The signature, in hex, of a text for a purpose: one made for another does not count here."""
        return self.key.sign(_message(purpose, text)).hex()

    @classmethod
    def read(cls, path: Path) -> Signer:
        """The private key of a file; WrongUse where it is none, where others may read it, or may change it.

        The password of one that has one is taken from `DRG_SIGNING_PASSWORD`, else asked for at a terminal.
        """
        try:
            found = os.stat(path)
            if found.st_mode & _TOO_OPEN:
                raise WrongUse(
                    f"The signing key {path} is open to others.",
                    state="Nothing was changed.",
                    remedy="Let only its owner read it (chmod 600); if others could read it, make a new one.",
                )
            key = _private(path, (found.st_ino, found.st_mtime_ns), os.environ.get(PASSWORD_VARIABLE))
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unreadable(path, "private", error) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _unreadable(path, "private", "it is of another kind than Ed25519")
        return cls(key)


def make_key(out: Path, password: str = "") -> PublicKey:
    """A new private key (for its owner alone) and, beside it, `<name>.pub`; DrgError where one is there."""
    public = out.with_name(f"{out.name}.pub")
    there = [Fault(str(path), "is there already") for path in (out, public) if path.exists()]
    if there:
        raise WrongUse("No key was made.", there, remedy="Give another name; a key is never written over.")
    key = Ed25519PrivateKey.generate()
    kept = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept)
    shown = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for path, content, mode in ((out, private, 0o600), (public, shown, 0o644)):
        with appearing(path, new=True) as aside:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with open(descriptor, "wb") as file:
                file.write(content)
    return PublicKey(key.public_key().public_bytes_raw())


@lru_cache(maxsize=1)
def _private(path: Path, state: tuple[int, int], password: str | None) -> object:
    """The key of a file in this state; kept, so that nobody is asked for its password more than once."""
    content = path.read_bytes()
    try:
        return serialization.load_pem_private_key(content, None)
    except TypeError:
        return serialization.load_pem_private_key(content, (password or _asked(path)).encode())


def _asked(path: Path) -> str:
    if not sys.stdin.isatty():
        raise WrongUse(
            f"The signing key {path} has a password, and nobody can be asked for it here.",
            state="Nothing was changed.",
            remedy=f"Give it in {PASSWORD_VARIABLE}.",
        )
    return getpass.getpass(f"{path}: ")


def _message(purpose: str, text: str) -> bytes:
    return f"drg {purpose}\n{text}".encode()


def _unreadable(path: Path, kind: str, why: object) -> DrgError:
    told = why.strerror if isinstance(why, OSError) and why.strerror else why
    return WrongUse(
        f"{path} cannot be read as a {kind} key: {told}.",
        state="Nothing was changed.",
        remedy="drg audit key new --out FILE makes one: FILE is the private half, FILE.pub the public.",
    )
