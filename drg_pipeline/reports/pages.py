"""Pages: which sheets, charts and proofs people read together, and how they are set as HTML.

A page is one file of `data/interface/pages`; its figures are the sheets'. One template and one style serve
all of them: self-contained, nothing is fetched and nothing runs, every text escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2

from drg_pipeline.errors import DrgError, WrongUse, meant
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.messages import LANGUAGES
from drg_pipeline.reports.charts import Chart
from drg_pipeline.reports.sheets import ABOUT, Filled, Sheets, Words

PAGES = "pages"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Page:
    """What one page shows, in order; `about` as of a sheet, `charts` the tables whose charts it has."""

    id: str
    title: Words
    about: str
    sheets: tuple[str, ...]
    charts: tuple[str, ...]
    proofs: tuple[str, ...]

    @property
    def parameter(self) -> str:
        return ABOUT[self.about][0]

    @property
    def kind(self) -> str:
        """The kind of its periods: month or year."""
        return ABOUT[self.about][1]


def load_pages(folder: Path, sheets: Sheets, charts: Mapping[str, Sequence[Chart]]) -> dict[str, Page]:
    """Every page of a folder; everything that is wrong with them at once."""
    faults: list[Any] = []
    pages = {path.stem: _page(path, sheets, charts, faults) for path in sorted(folder.glob("*.yml"))}
    if faults:
        raise DrgError(f"The pages in {folder} cannot be made.", faults, remedy="Correct the files.")
    return {name: page for name, page in pages.items() if page}


def page_named(pages: Mapping[str, Page], name: str) -> Page:
    """The page of a name; WrongUse with what was probably meant."""
    if name not in pages:
        raise WrongUse(
            f"{name!r} is no page.", remedy=f"{meant(name, pages)}Pages: {', '.join(sorted(pages))}."
        )
    return pages[name]


def _page(
    path: Path, sheets: Sheets, charts: Mapping[str, Sequence[Chart]], faults: list[Any]
) -> Page | None:
    place = Place(f"{PAGES}/{path.name}", faults)
    before = len(faults)
    keys = place.mapping(read_yaml(path, place), ["title", "about", "sheets"], ["charts", "proofs"])
    title = place.at("title").mapping(keys.get("title"), LANGUAGES)
    about = place.at("about").choice(keys.get("about"), ABOUT)
    named: dict[str, tuple[str, ...]] = {}
    for key, known in (("sheets", sheets.sheets), ("charts", charts), ("proofs", sheets.proofs)):
        listed = place.at(key).sequence(keys.get(key, []), key, empty=key != "sheets")
        named[key] = tuple(
            place.at(key).item(position).choice(name, known) for position, name in enumerate(listed, 1)
        )
    for name in (*named["sheets"], *named["proofs"]):
        found = sheets.sheets.get(name) or sheets.proofs.get(name)
        if found and about and found.about != about:
            place.at("sheets").fault(f"{name} is about {found.about}, and the page about {about}")
    if len(faults) > before:
        return None
    return Page(path.stem, title, about, named["sheets"], named["charts"], named["proofs"])


@dataclass(frozen=True)
class Shown:
    """What a page says once its figures are there.

    proofs    (text, whether it holds)
    pictures  charts as SVG, with their titles
    """

    title: str
    region: str
    marks: tuple[str, ...]
    sheets: Sequence[Filled]
    proofs: Sequence[tuple[str, bool]]
    pictures: Sequence[tuple[str, str]]


def html(shown: Shown, lang: str) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html").render(
        shown=shown, lang={"zh": "zh-CN"}.get(lang, lang), style=jinja2.utils.markupsafe.Markup(style)
    )


def figure(value: object) -> str:
    """A value as people read it: decimals in full, thousands grouped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
