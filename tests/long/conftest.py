"""The year that nothing has disturbed, for the long tests. They are collected where they are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import regions


@pytest.fixture(scope="session")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cleared year of the example region; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))
