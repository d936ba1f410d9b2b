"""A region without deliveries, and a Dagster instance that is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support import regions

from drg_pipeline.region import Region


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A region without deliveries."""
    return regions.empty(tmp_path)


@pytest.fixture
def region(folder: Path) -> Region:
    return Region(regions.settings(folder))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made
