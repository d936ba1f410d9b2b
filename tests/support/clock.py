"""A program under a clock that is set: `python -m support.clock MOMENT MODULE ARGUMENT …`.

Dagster's own time begins at MOMENT (ISO 8601 with an offset) when the module starts, and goes on from there.
Other clocks of the process, and the processes that it starts, keep the real time.
"""

from __future__ import annotations

import runpy
import sys
import time
from datetime import UTC, datetime
from unittest import mock


def main(moment: str, module: str, *arguments: str) -> None:
    ahead = datetime.fromisoformat(moment).timestamp() - time.time()

    def timestamp() -> float:
        return time.time() + ahead

    def now() -> datetime:
        return datetime.fromtimestamp(timestamp(), UTC)

    sys.argv = [module, *arguments]
    with (
        mock.patch("dagster._time._mockable_get_current_timestamp", timestamp),
        mock.patch("dagster._time._mockable_get_current_datetime", now),
    ):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
