"""Whether everything that a finished run rested on is as it was: then there is nothing to compute.

A run that has ended well notes digests of what it rested on (program, models, layouts, law, reference files,
schemes, landed deliveries, closings) and, of each published file, its time, inode and size with the digest of
its rows. The same answer is there as long as none of it differs. Whoever is not sure says that something has
changed: then a run plans as ever, and the engine decides table by table.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from importlib import metadata
from pathlib import Path

import duckdb

import drg_pipeline
from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing
from drg_pipeline.grouping.scheme import digest_of_folder
from drg_pipeline.ingest.arrival import is_as_landed
from drg_pipeline.ingest.delivery import landed_manifests, landing_folder
from drg_pipeline.ingest.inbox import Aside, find_deliveries
from drg_pipeline.lake.store import PART, footers, period_of
from drg_pipeline.lake.stored import digest_of_file
from drg_pipeline.periods import WHOLE, month_of
from drg_pipeline.policy.load import instruments_file
from drg_pipeline.region.region import Region

FOLDER = ".standing"
FORM = 1
_DISTRIBUTION = "drg-pipeline"

Stamp = tuple[int, int, int]
"""time of the last change in nanoseconds, inode, bytes: another content is another one of them"""


@dataclass(frozen=True)
class Found:
    """What is left of a run of a goal.

    at       when it ended; '' where there was none
    changed  what of that on which it rested is not as it was
    altered  published files whose rows are not those that were published
    """

    at: str
    changed: tuple[str, ...] = ()
    altered: tuple[Path, ...] = ()

    @property
    def stands(self) -> bool:
        return bool(self.at) and not self.changed and not self.altered


class Standing:
    """The note of one goal of a region's runs.

    goal    tells it from others
    asides  what was no delivery when the inbox was last looked at
    """

    def __init__(self, region: Region, goal: str) -> None:
        self.region = region
        self.goal = goal
        name = hashlib.sha256(goal.encode()).hexdigest()[:16]
        self.path = region.settings.region_lake / FOLDER / f"{name}.json"
        # Asked before anything is computed: what changes meanwhile was perhaps not read.
        self._before = self._outside()
        self.asides: Sequence[Aside] = ()

    def find(self) -> Found:
        """What is left of the last run of this goal."""
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            if noted["form"] != FORM:
                return Found("")
            at, rests, files = str(noted["at"]), dict(noted["rests_on"]), dict(noted["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return Found("")
        now = self._before | self._inside()
        changed = [what for what in now if rests.get(what) != now[what]]
        if not self._all_landed():
            changed.append("deliveries")
        altered = []
        stamps = {}
        for place, (*stamp, digest) in files.items():
            path = self.region.settings.region_lake / place
            own = stamp_of(path)
            if own is None:
                changed.append(place)
            elif own != tuple(stamp):
                # A file that was written again may hold the same rows.
                if (holds := self._digest(path)) is None:
                    altered.append(path)
                elif holds != digest:
                    changed.append(place)
                stamps[place] = own
        found = Found(at, tuple(changed), tuple(altered))
        if found.stands and stamps:
            again = {place: (*stamps.get(place, tuple(each[:3])), each[3]) for place, each in files.items()}
            self._write(at, rests, again)
        return found

    def note(self, is_current: Callable[[], bool]) -> bool:
        """Note that the goal has been computed, unless what it rests on has changed meanwhile.

        is_current  asks the engine whether everything of the goal would come out as it is
        """
        if self._before != self._outside() or not self._all_landed() or not is_current():
            self.path.unlink(missing_ok=True)
            return False
        lake = self.region.settings.region_lake
        known = {*self.region.project.models, *self.region.project.sources}
        paths = [
            path
            for places in (f"*/*/{PART}", f"*/*/*/{PART}")
            for path in lake.glob(places)
            if self._table(path) in known
        ]
        with closing(self.region.engine.connect()) as con:
            found = footers(con, paths)
        files = {
            str(path.relative_to(lake)): (*stamp, found[path].digest)
            for path in sorted(found)
            if (stamp := stamp_of(path))
        }
        at = datetime.now().astimezone().isoformat(timespec="minutes")
        self._write(at, self._before | self._inside(), files)
        return True

    def _write(self, at: str, rests: dict[str, str], files: Mapping[str, Sequence[int | str]]) -> None:
        noted = {"form": FORM, "goal": self.goal, "at": at, "rests_on": rests, "files": files}
        with appearing(self.path) as aside:
            aside.write_text(json.dumps(noted), encoding="utf-8")

    def remove(self, altered: Iterable[Path]) -> list[Path]:
        """Unpublish files whose rows were altered, so that they are computed again; those of closed periods
        stand, and are returned."""
        kept = []
        for path in altered:
            period = period_of(path)
            if period != WHOLE and self.region.closed.standing(period):
                kept.append(path)
            else:
                path.unlink(missing_ok=True)
        return kept

    # -- what a run rests on -------------------------------------------------------------------

    def _outside(self) -> dict[str, str]:
        """name -> digest of what people and programs bring."""
        settings, pack = self.region.settings, self.region.pack
        package = Path(drg_pipeline.__file__).parent
        law = [path for folder in (pack.folder, *pack.extends) for path in folder.rglob("*.yml")]
        chosen = (settings.grouping, settings.scheme, settings.known_on, settings.first_month)
        return {
            "program": _digest(_files(package.rglob("*.py")), _versions()),
            "models": _digest(_files([*settings.models.rglob("*.sql"), *settings.models.rglob("*.yml")])),
            "layouts": _digest(_files(settings.interface.rglob("*.yml"))),
            "law": _digest(_files([*law, instruments_file(settings.policy)])),
            "reference": _digest(_files(settings.reference.glob("*.csv"))),
            "schemes": _digest(self._schemes()),
            "options": _digest(map(str, (settings.region, *chosen, month_of(date.today())))),
        }

    def _inside(self) -> dict[str, str]:
        """name -> digest of what the lake and the closings hold beside published tables."""
        landed = landing_folder(self.region.settings)
        closings = self.region.closed.folder
        return {
            "landed": _digest(_stamps(landed.glob("*/*"))),
            "closings": _digest(_stamps([*closings.glob("*/*.json"), *closings.glob("*/*/manifest.json")])),
        }

    def _schemes(self) -> Iterator[str]:
        for name, folder in sorted(self.region.side.schemes.items()):
            digest = "-"
            if folder.is_dir():
                try:
                    digest = digest_of_folder(folder, self.region.layouts.schemes)
                except (DrgError, OSError) as error:
                    digest = str(error)
            yield f"{name} {digest}"

    def _all_landed(self) -> bool:
        """Whether the inbox holds nothing that an intake would take in or refuse."""
        landed = landed_manifests(self.region.settings)
        inbox = find_deliveries(self.region.settings.inbox, self.region.layouts.claims)
        self.asides = inbox.asides
        return all(
            not each.faults and is_as_landed(each, landed.get(each.label)) for each in inbox.deliveries
        )

    def _table(self, path: Path) -> str:
        return ".".join(path.relative_to(self.region.settings.region_lake).parts[:2])

    def _digest(self, path: Path) -> str | None:
        """The digest of a published file's rows; None where they are not those that it was published with."""
        try:
            with closing(self.region.engine.connect()) as con:
                said = footers(con, [path]).get(path)
                holds = digest_of_file(con, self.region.project, self._table(path), path)
        except (duckdb.Error, KeyError):
            return None
        return holds if said and said.digest == holds else None


def stamp_of(path: Path) -> Stamp | None:
    """What shows that a file was written or replaced; None of a file that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _stamps(paths: Iterable[Path]) -> Iterator[str]:
    for path in sorted(paths):
        yield f"{path} {stamp_of(path)}"


def _files(paths: Iterable[Path]) -> Iterator[str]:
    """Place and content of each file."""
    for path in sorted(set(paths)):
        try:
            yield f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        except OSError as error:
            yield f"{path} {error.errno}"


def _versions() -> Iterator[str]:
    """The libraries that are installed of those that the program names."""
    try:
        named = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        named = []
    for name in sorted({re.split(r"[^\w.-]", each)[0] for each in named if "extra ==" not in each}):
        yield f"{name} {metadata.version(name)}"


def _digest(*parts: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        for line in part:
            # Names that are no text keep their bytes.
            whole.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
