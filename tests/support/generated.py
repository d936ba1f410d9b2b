"""Made-up regions for tests: one that several files read, others with other parameters; claims as text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from drg_pipeline.ingest.typing_sql import spelt_sql
from drg_pipeline.periods import Period
from drg_pipeline.synthetic import generate
from drg_pipeline.synthetic.parameters import PARAMETERS
from support import regions
from support.claim_files import LAYOUT

CLAIMS = 6000
SPAN = {"first_month": Period.of("2024-11"), "last_month": Period.of("2025-03")}
FILES = ("setlinfo", "diseinfo", "oprninfo", "payinfo", "iteminfo", "drginfo")


def shared_region(factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a region as `drg generate` makes it, and what was told of it. Nobody changes it."""

    def build(folder: Path) -> None:
        said: list[str] = []
        told = make(folder, claims=CLAIMS, report=said.append, **SPAN)
        (folder / "told.json").write_text(json.dumps({**told, "said": said}), encoding="utf-8")

    folder = regions.shared(factory, "generated", build)
    return folder, json.loads((folder / "told.json").read_text(encoding="utf-8"))


def make(folder: Path, **given: Any) -> dict[str, Any]:
    return generate(folder / "inbox", folder / "reference", **{"report": lambda _: None, **given})


def like(folder: Path, changes: Mapping[str, Any]) -> Path:
    """A file of parameters with other values, by dotted key; a key of a mapping changes all in it."""
    content = yaml.load(PARAMETERS.read_text(encoding="utf-8"), yaml.BaseLoader)
    for key, value in changes.items():
        *way, last = key.split(".")
        place = content
        for step in way:
            place = place[step]
        if isinstance(place.get(last), dict) and not isinstance(value, dict):
            place[last] = dict.fromkeys(place[last], value)
        else:
            place[last] = value
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(PARAMETERS.with_name("mix.csv"), folder)
    path = folder / PARAMETERS.name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def read_back(inbox: Path, plain: Path) -> duckdb.DuckDBPyConnection:
    """Each file of all deliveries as one table of text, with `folder` (month/delivery); broken records and spellings mended."""
    for path in inbox.rglob("*.csv"):
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        if path.stem == "setlinfo":
            header, *lines = text.replace('"', "").replace("\0", "").splitlines()
            fields = header.count(",")
            text = "\n".join(
                [header, *(line[:-1] if line.count(",") > fields else line for line in lines), ""]
            )
        target = plain / path.relative_to(inbox)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("\r\n", "\n"), encoding="utf-8")
    con = duckdb.connect()
    for name in FILES:
        spelt = ", ".join(
            f"{spelt_sql(column, column.name)} AS {column.name}"
            for column in LAYOUT.file(name).columns
            if column.spelling in ("digits", "upper")  # codes of the scheme stay exact
        )
        con.execute(
            f"CREATE TABLE {name} AS SELECT * EXCLUDE (filename) REPLACE ({spelt}), "
            f"regexp_extract(filename, '([^/]+/[^/]+)/[^/]+$', 1) AS folder "
            f"FROM read_csv('{plain}/*/*/{name}.csv', all_varchar = true, filename = true)"
        )
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
