"""What the operators of a deployment set: the names of its tags, its hours and its patience.

No law and no folder stands here; folders are `settings.Settings`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.settings import MOST_SECONDS, QUIET_SECONDS, TIME_ZONE, quiet_seconds, time_zone

# Tags that link the runs of a chain.
CHAIN = "drg/chain"
GOAL = "drg/goal"
LINK = "drg/link"
INBOX = "drg/inbox"
# The queue starts one run at a time for each value of it.
ALONE = "drg/alone"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"


@dataclass(frozen=True)
class Operations:
    """How sensors and schedules behave.

    automatic      the inbox sensor and the schedules run from the start; otherwise operators switch them on
    quiet_seconds  a delivery is complete when nothing in it has changed for so long
    poll_seconds   least time between two looks at the inbox
    hour           hour of the day at which the schedules tick
    time_zone      of that hour, and of the day that counts
    open_from      the first month that an arrival settles, in place of the law's open years
    """

    automatic: bool = False
    quiet_seconds: int = QUIET_SECONDS
    poll_seconds: int = 60
    hour: int = 6
    time_zone: str = TIME_ZONE
    open_from: Period | None = None

    @property
    def sensor_status(self) -> dg.DefaultSensorStatus:
        return dg.DefaultSensorStatus.RUNNING if self.automatic else dg.DefaultSensorStatus.STOPPED

    @property
    def schedule_status(self) -> dg.DefaultScheduleStatus:
        return dg.DefaultScheduleStatus.RUNNING if self.automatic else dg.DefaultScheduleStatus.STOPPED


def operations_from(environ: Mapping[str, str] | None = None) -> Operations:
    """The `DRG_*` variables of operations; WrongUse with everything that is wrong with them."""
    env = os.environ if environ is None else environ
    faults: list[Fault | str] = []
    given: dict[str, object] = {}
    automatic = env.get("DRG_AUTOMATIC", "").lower()
    if automatic not in ("", "0", "1", "no", "yes"):
        faults.append(Fault("DRG_AUTOMATIC", f"{automatic!r} is neither yes nor no"))
    given["automatic"] = automatic in ("1", "yes")
    for name, most in (("poll_seconds", MOST_SECONDS), ("hour", 23)):
        text = env.get(f"DRG_{name.upper()}")
        if text and not (text.isascii() and text.isdecimal() and int(text) <= most):
            faults.append(Fault(f"DRG_{name.upper()}", f"{text!r} is not a whole number up to {most}"))
        elif text:
            given[name] = int(text)
    try:
        given["quiet_seconds"] = quiet_seconds(env)
    except WrongUse as error:
        faults += error.faults
    try:
        given["time_zone"] = time_zone(env).key
    except WrongUse as error:
        faults += error.faults
    if month := env.get("DRG_OPEN_FROM"):
        try:
            given["open_from"] = Period.of(month, MONTH)
        except DrgError as error:
            faults.append(Fault("DRG_OPEN_FROM", error.headline))
    if faults:
        raise WrongUse(
            "The operations' variables cannot be used.", faults, remedy="Correct them and start again."
        )
    return Operations(**given)  # type: ignore[arg-type]
