"""What a simulation leaves as files: JSON, one CSV a table, and the page. Each says that it is simulated.

What they hold is computed elsewhere; decimals are written as text, and a CSV holds no formula.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drg_pipeline.commands.screen import shown
from drg_pipeline.commands.sql import harmless
from drg_pipeline.files import write_text

if TYPE_CHECKING:
    from drg_pipeline.simulation.simulate import Simulated

TRIED = "tried"


def write_json(simulated: Simulated, path: Path) -> None:
    told = {
        "simulated": True,
        "region": simulated.region.settings.region,
        "span": simulated.span,
        "made_on": simulated.made_on.isoformat(),
        "base_digest": simulated.base_digest,
        "code_digest": simulated.code_digest,
        "typed": list(simulated.asked.changes),
        TRIED: [vars(difference) for difference in simulated.differences],
        "caveats": list(simulated.caveats),
        "proofs": [
            {"what": proven.what["en"], "checked": proven.checked, "broken": proven.broken}
            for proven in simulated.answers.proofs
        ],
        "tables": {
            table.asked.id: [
                {name: _plain(cell) for name, cell in zip(table.columns, row, strict=True)}
                for row in table.rows
            ]
            for table in simulated.answers.tables
        },
    }
    write_text(path, json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n")


def write_csvs(simulated: Simulated, folder: Path) -> None:
    """RFC 4180 in UTF-8: what is tried, and one file a comparison."""
    names = ("table", "what", "row", "column", "old", "new", "periods", "law")
    rows = [
        [" ".join(map(str, cell)) if isinstance(cell, tuple) else cell for cell in map(vars(each).get, names)]
        for each in simulated.differences
    ]
    _write(folder / f"{TRIED}.csv", names, rows)
    for table in simulated.answers.tables:
        _write(folder / f"{table.asked.id}.csv", table.columns, table.rows)


def write_page(simulated: Simulated, path: Path) -> None:
    from drg_pipeline.simulation.page import page

    write_text(path, page(simulated))


def _write(path: Path, heads: Any, rows: Any) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    write_text(path, out.getvalue())


def _cell(cell: object) -> str:
    return harmless(shown(cell)) if isinstance(cell, str) else shown(cell)


def _plain(cell: object) -> object:
    return cell if cell is None or isinstance(cell, int | str) else shown(cell)
