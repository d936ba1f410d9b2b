"""Pages: which sheets, charts and proofs people read together, and how they are set as HTML.

A page is one file of `data/interface/pages`; its figures are the sheets'. One template and one style serve
all of them: self-contained, nothing is fetched and nothing runs, every text escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import jinja2

from drg_pipeline.errors import WrongUse, meant
from drg_pipeline.forms import EMPTY, ByLanguage, Name, Place, one_of, read_form
from drg_pipeline.reports.charts import Chart
from drg_pipeline.reports.sheets import ABOUT, Filled, Sheets

PAGES = "pages"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Page:
    """What one page shows, in order; `about` as of a sheet, `charts` the tables whose charts it has."""

    id: Name
    title: ByLanguage
    about: Annotated[str, one_of(ABOUT)]
    sheets: tuple[str, ...]
    charts: Annotated[tuple[str, ...], EMPTY] = ()
    proofs: Annotated[tuple[str, ...], EMPTY] = ()

    def check_there(self, place: Place, sheets: Sheets, charts: Collection[str]) -> None:
        """Faults of what the page names."""
        for key, named, known in (
            ("sheets", self.sheets, sheets.sheets),
            ("charts", self.charts, charts),
            ("proofs", self.proofs, sheets.proofs),
        ):
            for position, name in enumerate(named, 1):
                here = place.at(key).item(position)
                here.choice(name, known)
                found = sheets.sheets.get(name) or sheets.proofs.get(name)
                if found and self.about and found.about != self.about:
                    here.fault(f"{name} is about {found.about}, and the page about {self.about}")

    @property
    def parameter(self) -> str:
        return ABOUT[self.about][0]

    @property
    def kind(self) -> str:
        """The kind of its periods: month or year."""
        return ABOUT[self.about][1]


def load_pages(folder: Path, sheets: Sheets, charts: Mapping[str, Sequence[Chart]]) -> dict[str, Page]:
    """Every page of a folder; everything that is wrong with them at once."""
    whole = Place("")
    pages: dict[str, Page] = {}
    for path in sorted(folder.glob("*.yml")):
        place = Place(f"{PAGES}/{path.name}", whole.faults)
        pages[path.stem] = read_form(Page, path, place)
        pages[path.stem].check_there(place, sheets, charts)
    whole.refuse(f"The pages in {folder} cannot be made.", "Correct the files.")
    return pages


def page_named(pages: Mapping[str, Page], name: str) -> Page:
    """The page of a name; WrongUse with what was probably meant."""
    if name not in pages:
        raise WrongUse(
            f"{name!r} is no page.", remedy=f"{meant(name, pages)}Pages: {', '.join(sorted(pages))}."
        )
    return pages[name]


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
