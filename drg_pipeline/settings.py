"""Where a region's folders are and how it is to be run: one object, passed in, never global.

Nothing here opens a file, and nothing reads the environment at import: `from_environment` is
called by the code location when it loads, `for_region` by the command line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from drg_pipeline.errors import WrongUse

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_REGION = "jiyuan"
GROUPING_SOURCES = ("platform", "scheme")


@dataclass(frozen=True)
class Settings:
    """One region's folders and choices.

    inbox, reference, policy  the region's own folders
    lake                      holds regions; this region's tables are in `region_lake`
    key                       file with the pseudonym key
    schemes                   holds the grouping schemes, one folder each
    grouping                  where groups come from (platform or scheme), in place of what the law says
    scheme                    the scheme that groups every period, in place of those the law names
    known_on                  law published after this day is not known (None: each period's own)
    first_month               the first settlement month that the lake has a partition for (YYYY-MM)
    """

    region: str
    inbox: Path
    reference: Path
    policy: Path
    lake: Path
    key: Path
    models: Path = field(default=PROJECT / "dbt_like_sql")
    interface: Path = field(default=PROJECT / "data" / "interface")
    schemes: Path = field(default=PROJECT / "data" / "schemes")
    grouping: str | None = None
    scheme: str | None = None
    known_on: date | None = None
    first_month: str = "2021-01"
    threads: int | None = None
    memory_limit: str | None = None

    @property
    def region_lake(self) -> Path:
        return self.lake / self.region

    @classmethod
    def for_region(cls, region: str = DEFAULT_REGION, **given: object) -> Settings:
        """Defaults `data/<kind>/<region>`; whatever is given and not None replaces them."""
        if not region or not region.replace("_", "").replace("-", "").isalnum():
            raise WrongUse(f"{region!r} is not a region's name.", remedy="Use letters, digits, - and _.")
        data = PROJECT / "data"
        values: dict[str, object] = {
            "inbox": data / "inbox" / region,
            "reference": data / "reference" / region,
            "policy": data / "policy" / region,
            "lake": data / "lake",
            "key": data / "keys" / f"{region}.key",
            "schemes": data / "schemes",
        }
        values.update({name: value for name, value in given.items() if value is not None})
        for name in ("inbox", "reference", "policy", "lake", "key", "schemes"):
            values[name] = Path(str(values[name])).expanduser().resolve()
        if values.get("grouping") not in (None, *GROUPING_SOURCES):
            raise WrongUse(
                f"Grouping {values['grouping']!r} is not available.",
                remedy=f"Choose one of: {', '.join(GROUPING_SOURCES)}.",
            )
        return cls(region=region, **values)  # type: ignore[arg-type]


def from_environment(environ: Mapping[str, str] | None = None) -> list[Settings]:
    """The regions of this code location: `DRG_REGIONS` (comma-separated) and `DRG_*` overrides.

    `DRG_INBOX`, `DRG_REFERENCE`, `DRG_POLICY` and `DRG_KEY` name one region's folders, so they are
    refused together with more than one region; `DRG_LAKE`, `DRG_GROUPING`, `DRG_SCHEME` and
    `DRG_SCHEMES` hold for all.
    """
    env = os.environ if environ is None else environ
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
    names = ("lake", "grouping", "scheme", "schemes")
    shared: dict[str, object] = {name: env.get(f"DRG_{name.upper()}") for name in names}
    if env.get("DRG_KNOWN_ON"):
        shared["known_on"] = date.fromisoformat(env["DRG_KNOWN_ON"])
    return [Settings.for_region(region, **shared, **own) for region in regions]
