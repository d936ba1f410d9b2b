"""Great Expectations' results, kept period by period, and its Data Docs on them.

`<lake>/<region>/.quality/<table>/<period>.json` is the library's own result of the last time the period was
judged, `<period>.html` its page and `index.html` the list of them. The library's pages fetch styles and
scripts from many places; here its renderer fills templates of our own, which fetch nothing. No model reads
any of it: counts that can be asked are tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from drg_pipeline.files import write_text
from drg_pipeline.periods import Period
from drg_pipeline.quality.suites import Judgement

if TYPE_CHECKING:
    from great_expectations.render.view import DefaultJinjaPageView

FOLDER = ".quality"
INDEX = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
# What the library's renderer says, and what people read.
_WORDS = {
    "Overview": "概况",
    "Expectation Suite:": "规则集：",
    "Data asset:": "数据资产：",
    "Status:": "结果：",
    "Succeeded": "全部通过",
    "Failed": "有规则未通过",
    "Statistics": "统计",
    "Evaluated Expectations": "评判规则数",
    "Successful Expectations": "通过",
    "Unsuccessful Expectations": "未通过",
    "Success Percent": "通过率",
    "Status": "结果",
    "Expectation": "规则",
    "Observed Value": "不合格份数",
}


def keep(lake: Path, table: str, judgements: Sequence[Judgement]) -> dict[Period, Path]:
    """Keep the results of periods in a region's lake, with a page each and the list; returns the pages."""
    folder = lake / FOLDER / table
    pages = {}
    for judgement in judgements:
        kept = judgement.result.to_json_dict()
        counts = [
            {
                "rule": verdict.rule.id,
                "title": verdict.rule.title,
                "severity": verdict.rule.severity,
                "law": list(verdict.rule.law),
                "rows": verdict.rows,
                "failing": verdict.failing,
                "not_applicable": verdict.not_applicable,
            }
            for verdict in judgement.verdicts
        ]
        text = json.dumps({"rules": counts, "result": kept}, ensure_ascii=False, indent=1, default=str)
        write_text(folder / f"{judgement.period}.json", text)
        pages[judgement.period] = folder / f"{judgement.period}.html"
        write_text(pages[judgement.period], _page(table, judgement))
    if judgements:
        write_text(folder / INDEX, _index(table, folder))
    return pages


def _page(table: str, judgement: Judgement) -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    document = ValidationResultsPageRenderer().render(judgement.result)
    told: dict[str, Any] = _in_words(document.to_json_dict())
    told |= {"table": table, "period": str(judgement.period), "verdicts": judgement.verdicts, "back": INDEX}
    return _view().env.get_template("page.j2").render(told)


def _in_words(part: Any) -> Any:
    """A rendered document with the library's own words in Chinese."""
    if isinstance(part, str):
        return _WORDS.get(part.strip(), part)
    if isinstance(part, Mapping):
        return {name: _in_words(value) for name, value in part.items()}
    return [_in_words(value) for value in part] if isinstance(part, list) else part


def _index(table: str, folder: Path) -> str:
    months = []
    for path in sorted(folder.glob("*.json"), reverse=True):
        rules = json.loads(path.read_text(encoding="utf-8"))["rules"]
        months.append(
            {
                "period": path.stem,
                "rows": max((rule["rows"] for rule in rules), default=0),
                "rules": len(rules),
                **{
                    severity: sum(rule["failing"] for rule in rules if rule["severity"] == severity)
                    for severity in ("fatal", "warn")
                },
                "broken": sum(1 for rule in rules if rule["failing"]),
            }
        )
    return _environment().get_template(INDEX).render(table=table, months=months)


@cache
def _environment() -> jinja2.Environment:
    folders = [str(_TEMPLATES), str(_TEMPLATES.parents[1] / "reports" / "templates")]
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folders), autoescape=True, trim_blocks=True)


@cache
def _view() -> DefaultJinjaPageView:
    """The library's view, in which our page stands before its own."""
    from great_expectations.render.view import DefaultJinjaPageView

    view = DefaultJinjaPageView()
    own = _environment().loader
    assert own and view.env.loader
    view.env.loader = jinja2.ChoiceLoader([own, view.env.loader])
    return view
