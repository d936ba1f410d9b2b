"""What somebody does who changes what was sealed and mends what speaks against it, as far as he can write.

A payment inside a sealed month is doubled, the outputs are computed anew, the manifest is made to fit them; the
trail is told otherwise from some entry on, with a chain and a head that hold. He has no key of the agency's.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from drg_pipeline.closings.contents import copy_file
from drg_pipeline.closings.manifest import OUTPUT, read_manifest
from drg_pipeline.closings.projects import Projects
from drg_pipeline.duck import connect
from drg_pipeline.lake.closed import MANIFEST, ClosedPeriods
from drg_pipeline.lake.needs import recompute
from drg_pipeline.lake.scratch import scratch
from drg_pipeline.lake.store import footers
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings
from drg_pipeline.trail import Signer
from drg_pipeline.trail.line import canonical, digest_of, signature_of
from drg_pipeline.trail.trail import HEAD, TRAIL
from support.small_closing import rewrite


def open_up(folder: Path) -> None:
    """What was made read-only may be written again."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def double(settings: Settings, place: Path, assignment: str = "n = n * 2", table: str = "entry") -> None:
    """Change delivered rows of a closing and make all that is computed from them fit, the manifest too."""
    open_up(place)
    for path in sorted(place.glob(f"landing/*/{table}.parquet")):
        rewrite(path, assignment)
    manifest = read_manifest(place)
    project = Projects().sealed(place, manifest)
    made: dict[tuple[str, str], dict[str, Any]] = {}
    with closing(connect()) as con:
        landed = {label: place / folder for label, folder in manifest.landed().items()}
        with scratch(settings, project, held={}, landed=landed, within=place) as engine:
            for entry in manifest.tables:
                if entry.file and entry.role != OUTPUT:
                    copy_file(place / entry.file, engine.store.root / entry.place)
            recompute(engine, manifest.plan)
            for entry in manifest.tables:
                path = engine.store.file(entry.table, entry.partition)
                if entry.table in manifest.plan and path.is_file() and entry.role != "taken":
                    footer = footers(con, [path])[path]
                    told = {"digest": footer.digest, "rows": footer.rows, "inputs": footer.inputs}
                    made[(entry.table, str(entry.partition))] = told
                    if entry.role == OUTPUT:
                        # The name alone is his: its bytes may have others.
                        (place / entry.file).unlink()
                        shutil.copyfile(path, place / entry.file)
    assert made
    raw = raw_manifest(place)
    for entry in raw["tables"]:
        entry |= made.get((entry["table"], entry["partition"]), {})
    mend(place, raw)


def raw_manifest(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / MANIFEST).read_bytes())
    return found


def mend(place: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest that names the files as they are now."""
    for entry in manifest["files"]:
        content = (place / entry["path"]).read_bytes()
        entry |= {"size": len(content), "sha256": sha256(content).hexdigest()}
    os.chmod(place / MANIFEST, 0o644)
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (place / MANIFEST).write_text(text + "\n", encoding="utf-8")


def tell_otherwise(
    folder: Path, start: int = 1, only: Collection[str] = (), signer: Signer | None = None
) -> None:
    """Write the trail of a region anew from an entry on, so that it names the manifests as they are now: each
    line sealed, chained, the head too; signatures cannot be made and are left out.

    only    events of which entries are kept, all others go; none: all are kept
    signer  the agency's key, if he has it after all
    """
    closed = ClosedPeriods(folder)
    lines, previous = [], ""
    for line in (folder / TRAIL).read_bytes().splitlines():
        content = json.loads(line)
        if only and content["event"] not in only:
            continue
        if content["sequence"] >= start:
            content.pop("signature", None)
            content |= {"previous": previous, "sequence": len(lines) + 1}
            place = closed.place(Period.of(content["period"]), content["subject"]["number"])
            if "manifest" in content["subject"] and (place / MANIFEST).is_file():
                content["subject"]["manifest"] = sha256((place / MANIFEST).read_bytes()).hexdigest()
            content["digest"] = digest_of(content)
            if signer:
                content["signature"] = signature_of(content["digest"], signer)
        lines.append(canonical(content))
        previous = content["digest"]
    (folder / TRAIL).write_bytes(b"".join(line + b"\n" for line in lines))
    head = {"sequence": len(lines), "digest": previous}
    (folder / HEAD).write_bytes(canonical(head) + b"\n")


def cut(folder: Path, last: int) -> None:
    """Take all entries behind one out of a trail, and mend its head."""
    lines = (folder / TRAIL).read_bytes().splitlines(keepends=True)[:last]
    (folder / TRAIL).write_bytes(b"".join(lines))
    head = {"sequence": last, "digest": json.loads(lines[-1])["digest"]}
    (folder / HEAD).write_bytes(canonical(head) + b"\n")
