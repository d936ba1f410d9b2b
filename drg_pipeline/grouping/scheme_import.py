"""Takes a scheme's folder in among the schemes: checked first, then copied in one atomic step.

Only the files of the layout are copied, and no link is followed. What is copied is what was checked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.files import name_folder, sync_tree
from drg_pipeline.grouping.scheme import Scheme, aside, digest_of, read_files, scheme_of
from drg_pipeline.grouping.scheme_head import HEAD, NAME_RULE, is_name, renamed
from drg_pipeline.ingest.reference_layout import ReferenceLayout

_LEFT = re.compile(r"\.(.+)\.(before|[0-9a-f]{8})\.tmp")


@dataclass(frozen=True)
class Imported:
    """How it ended: `outcome` is imported, replaced or there; `left_out`: entries that were not copied."""

    scheme: Scheme
    outcome: str
    left_out: tuple[str, ...]


def import_scheme(
    folder: Path, schemes: Path, layout: ReferenceLayout, *, name: str | None = None, replace: bool = False
) -> Imported:
    """Copy a scheme to `schemes/<name>`; another content there is only replaced when that is asked for."""
    if name is not None and not is_name(name):
        raise WrongUse(f"--name {name!r} is not a scheme's name.", remedy=f"Use {NAME_RULE}.")
    files, faults = read_files(folder, layout, links=False)
    scheme = scheme_of(folder, files, layout, faults)
    if name is not None and name != scheme.name:
        head = renamed(files[HEAD], name)
        if head is None:
            raise DrgError(
                f"The scheme {scheme.name} was not imported: its name in {HEAD} cannot be changed safely.",
                remedy=f'Write name = "{name}" on a line of its own there, and import again.',
            )
        files[HEAD] = head
        scheme = dataclasses.replace(scheme, name=name, digest=digest_of(files))
    target = schemes / scheme.name
    schemes.mkdir(parents=True, exist_ok=True)
    with _alone(schemes):
        _clear(schemes)
        outcome = "replaced" if os.path.lexists(target) else "imported"
        if outcome == "replaced":
            if target.is_symlink() or not target.is_dir():
                raise DrgError(
                    f"The scheme {scheme.name} was not imported: {target} is not a folder.",
                    remedy="Move it away, or import under another name: --name NAME",
                )
            there = digest_of(read_files(target, layout, links=False)[0])
            if there == scheme.digest:
                outcome = "there"
            elif not replace:
                raise DrgError(
                    f"The scheme {scheme.name} was not imported: {target} holds another content "
                    f"(digest {there[:12]}, to be imported: {scheme.digest[:12]}).",
                    state="It stands as it was.",
                    remedy="To put the new one in its place: --replace; to keep both: --name NAME",
                )
        if outcome != "there":
            _publish(files, target)
    left_out = sorted(path.name for path in folder.iterdir() if path.name not in files)
    return Imported(dataclasses.replace(scheme, folder=target), outcome, tuple(left_out))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one import at a time change a folder; readers are not held up."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _clear(schemes: Path) -> None:
    """Undo what an import that was killed left: its copy goes, a scheme it had moved aside comes back."""
    for left in sorted(schemes.iterdir()):
        if not (parts := _LEFT.fullmatch(left.name)) or left.is_symlink() or not left.is_dir():
            continue
        place = schemes / parts[1]
        if left == aside(place) and not os.path.lexists(place):
            os.rename(left, place)
        else:
            shutil.rmtree(left)


def _publish(files: Mapping[str, bytes], target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        sync_tree(temporary)
        # Where it steps aside for a moment readers find it.
        name_folder(temporary, target, aside(target))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
