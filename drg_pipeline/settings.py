"""Where a region's folders are and how it is to be run: one object, passed in, never global.

What comes with the program (SQL, law, layouts, the starter scheme) is in PROJECT: the checkout, or a folder
of the package when it was installed from a wheel. What the agency owns and what runs write is in `data` of
the home: `DRG_HOME`, else the checkout, else the working folder. Only this module decides which.

Nothing here opens a file, and nothing reads the environment at import: `from_environment` is
called by the code location when it loads, `for_region` by the command line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.periods import Period

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"  # only a wheel has it: setup.py puts it there
INSTALLED = _SHIPPED.is_dir()
PROJECT = _SHIPPED if INSTALLED else _PACKAGE.parent
HOME_VARIABLE = "DRG_HOME"
DEFAULT_REGION = "jiyuan"
TIME_ZONE = "Asia/Shanghai"
QUIET_SECONDS = 300
MOST_SECONDS = 86_400
FIRST_MONTH = Period.of("2021-01")
GROUPING_SOURCES = ("platform", "scheme")


def home_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder whose `data` holds what the agency owns (also law and schemes) and what runs write."""
    given = (os.environ if environ is None else environ).get(HOME_VARIABLE)
    if not given:
        return Path.cwd() if INSTALLED else PROJECT
    home = Path(given).expanduser().resolve()
    if not home.is_dir():
        # A home that is mistyped would otherwise be worked under the law that comes with the program.
        raise WrongUse(
            f"{HOME_VARIABLE} names {given}, which is not a folder.",
            state="Nothing was changed.",
            remedy=f"Make the folder, correct {HOME_VARIABLE}, or unset it.",
        )
    return home


def demo_folder() -> Path:
    """Where the demo is made when nothing else is said."""
    return home_folder() / "data" / "demo"


def _policies(home: Path) -> tuple[Path, ...]:
    """Hold a pack a region; the home's own stands before the one that comes with the program."""
    return _once(folder / "data" / "policy" for folder in (home, PROJECT))


def regions_with_a_policy(home: Path) -> list[str]:
    return sorted({path.parent.name for folder in _policies(home) for path in folder.glob("*/pack.yml")})


def _once(folders: Iterable[str | Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(folder).expanduser().resolve() for folder in folders))


@dataclass(frozen=True)
class Settings:
    """One region's folders and choices.

    inbox, reference, policy  the region's own folders
    lake                      holds regions; this region's tables are in `region_lake`
    key                       file with the pseudonym key
    closings                  holds regions; this region's closings and its trail are in `region_closings`
    schemes                   hold the grouping schemes, one folder each; the first that has a name wins, and
                              imports go to the first
    grouping                  where groups come from (platform or scheme), in place of what the law says
    scheme                    the scheme that groups every period, in place of those the law names
    known_on                  law published after this day is not known (None: each period's own)
    first_month               the first settlement month that the lake has a partition for
    threads, memory_limit     what DuckDB may take (None: what it takes by itself)
    signing_key               file with the agency's private key, which signs the trail (None: nobody signs)
    """

    region: str
    inbox: Path
    reference: Path
    policy: Path
    lake: Path
    key: Path
    closings: Path
    models: Path = field(default=PROJECT / "dbt_like_sql")
    interface: Path = field(default=PROJECT / "data" / "interface")
    schemes: tuple[Path, ...] = (PROJECT / "data" / "schemes",)
    grouping: str | None = None
    scheme: str | None = None
    known_on: date | None = None
    first_month: Period = FIRST_MONTH
    threads: int | None = None
    memory_limit: str | None = None
    signing_key: Path | None = None

    @property
    def region_lake(self) -> Path:
        return self.lake / self.region

    @property
    def region_closings(self) -> Path:
        return self.closings / self.region

    @classmethod
    def for_region(
        cls,
        region: str = DEFAULT_REGION,
        *,
        home: Path | None = None,
        schemes: str | Path | Sequence[str | Path] = (),
        **given: object,
    ) -> Settings:
        """Defaults `data/<kind>/<region>` of the home; whatever is given and not None replaces them."""
        if not region or not region.replace("_", "").replace("-", "").isalnum():
            raise WrongUse(f"{region!r} is not a region's name.", remedy="Use letters, digits, - and _.")
        home = home or home_folder()
        data = home / "data"
        packs = [folder / region for folder in _policies(home)]
        values: dict[str, object] = {
            "inbox": data / "inbox" / region,
            "reference": data / "reference" / region,
            "policy": next((pack for pack in packs if pack.is_dir()), packs[0]),
            "lake": data / "lake",
            "key": data / "keys" / f"{region}.key",
            "closings": data / "closings",
        }
        values.update(machine())
        values["signing_key"] = signing_key()
        values.update({name: value for name, value in given.items() if value is not None})
        for name in ("inbox", "reference", "policy", "lake", "key", "closings"):
            values[name] = Path(str(values[name])).expanduser().resolve()
        if not schemes:
            schemes = [folder / "data" / "schemes" for folder in (home, PROJECT)]
        values["schemes"] = _once([schemes] if isinstance(schemes, str | Path) else schemes)
        if values.get("grouping") not in (None, *GROUPING_SOURCES):
            raise WrongUse(
                f"Grouping {values['grouping']!r} is not available.",
                remedy=f"Choose one of: {', '.join(GROUPING_SOURCES)}.",
            )
        return cls(region=region, **values)  # type: ignore[arg-type]

    @classmethod
    def of_demo(cls, folder: Path) -> Settings:
        """A demo's folders, all below one; its claims are grouped here, by the scheme that the law names."""
        return cls.for_region(
            inbox=folder / "inbox",
            reference=folder / "reference",
            lake=folder / "lake",
            key=folder / "key",
            closings=folder / "closings",
            grouping="scheme",
        )


def machine(environ: Mapping[str, str] | None = None) -> dict[str, object]:
    """What a run may take of the machine: `DRG_MEMORY_LIMIT` (as 6GB) and `DRG_THREADS`; WrongUse otherwise.

    Without them DuckDB takes all cores and up to four fifths of the memory.
    """
    env = os.environ if environ is None else environ
    found: dict[str, object] = {}
    if limit := env.get("DRG_MEMORY_LIMIT"):
        if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[KMGT]i?B", limit):
            raise WrongUse(f"DRG_MEMORY_LIMIT: {limit!r} is no size.", remedy="Write it as 6GB.")
        found["memory_limit"] = limit
    if threads := env.get("DRG_THREADS"):
        if not re.fullmatch(r"[1-9][0-9]{0,2}", threads):
            raise WrongUse(f"DRG_THREADS: {threads!r} is no number of threads.", remedy="Write it as 4.")
        found["threads"] = int(threads)
    return found


def signing_key(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file of the agency's private key: `DRG_SIGNING_KEY`."""
    name = (os.environ if environ is None else environ).get("DRG_SIGNING_KEY")
    return Path(name).expanduser().resolve() if name else None


def time_zone(environ: Mapping[str, str] | None = None) -> ZoneInfo:
    """Where the day begins and ends that counts: `DRG_TIME_ZONE`, else China's."""
    name = (os.environ if environ is None else environ).get("DRG_TIME_ZONE") or TIME_ZONE
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        fault = Fault("DRG_TIME_ZONE", f"{name!r} is not a time zone; write it as {TIME_ZONE}")
        raise WrongUse("The day cannot be told.", [fault]) from None


def quiet_seconds(environ: Mapping[str, str] | None = None) -> int:
    """For how long nothing of a delivery has to change until it is complete: `DRG_QUIET_SECONDS`."""
    text = (os.environ if environ is None else environ).get("DRG_QUIET_SECONDS")
    if not text:
        return QUIET_SECONDS
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_SECONDS):
        fault = Fault("DRG_QUIET_SECONDS", f"{text!r} is not a whole number up to {MOST_SECONDS}")
        raise WrongUse("It cannot be told when a delivery is complete.", [fault])
    return int(text)


def from_environment(environ: Mapping[str, str] | None = None) -> list[Settings]:
    """The regions of this code location: `DRG_REGIONS` (comma-separated) and `DRG_*` overrides.

    `DRG_INBOX`, `DRG_REFERENCE`, `DRG_POLICY` and `DRG_KEY` name one region's folders, so they are
    refused together with more than one region; `DRG_HOME`, `DRG_LAKE`, `DRG_CLOSINGS`,
    `DRG_GROUPING`, `DRG_SCHEME` and `DRG_SCHEMES` (several folders as in PATH) hold for all.
    """
    env = os.environ if environ is None else environ
    home = home_folder(env)
    regions = [name.strip() for name in env.get("DRG_REGIONS", DEFAULT_REGION).split(",") if name.strip()]
    own = {
        name: env[f"DRG_{name.upper()}"]
        for name in ("inbox", "reference", "policy", "key")
        if env.get(f"DRG_{name.upper()}")
    }
    if own and len(regions) > 1:
        raise WrongUse(
            f"{', '.join(f'DRG_{name.upper()}' for name in own)} can name one region's folder only, "
            f"and DRG_REGIONS names {len(regions)}.",
            remedy="Put the folders at data/<kind>/<region>, or start one code location per region.",
        )
    shared: dict[str, object] = {
        name: env.get(f"DRG_{name.upper()}") for name in ("lake", "closings", "grouping", "scheme")
    }
    if env.get("DRG_KNOWN_ON"):
        shared["known_on"] = date.fromisoformat(env["DRG_KNOWN_ON"])
    schemes = env["DRG_SCHEMES"].split(os.pathsep) if env.get("DRG_SCHEMES") else ()
    return [Settings.for_region(region, home=home, schemes=schemes, **shared, **own) for region in regions]
