"""The worlds in which programs are disturbed, each with its process; they stand for all tests of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from support.faults.host import Host, host
from support.faults.trial import Undisturbed, undisturbed


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    """The process of a world, started where it is first asked for."""
    with ExitStack() as running:
        yield cache(lambda world: running.enter_context(host(world, tmp_path_factory.mktemp(world))))


@pytest.fixture(scope="session")
def known(hosts: Callable[[str], Host]) -> Callable[[str, str], Undisturbed]:
    """What a program of a world does when nothing disturbs it."""
    return cache(lambda world, program: undisturbed(hosts(world), program))
