"""The asset graph stands in a file, so that whoever reads a change sees what it does to the graph."""

from __future__ import annotations

import difflib

from support.asset_graph import FILE, asset_graph
from support.harness import Bench


def test_the_asset_graph_is_the_one_that_was_read(bench: Bench) -> None:
    was, now = (text.splitlines() for text in (FILE.read_text(encoding="utf-8"), asset_graph(bench.region)))
    changed = list(difflib.unified_diff(was, now, FILE.name, "as it is now", lineterm="", n=2))
    told = ["The asset graph is another one than tests/architecture/asset_graph.txt says.", *changed]
    assert not changed, "\n".join([*told, "If that is meant: make graph, and read what it changed there."])
