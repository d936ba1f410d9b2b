"""The page that says what a further closing of a period changed: in Markdown, for people.

What differs was found elsewhere; nothing is compared or looked up here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from drg_pipeline.forms import Among, Place
from drg_pipeline.messages import text
from drg_pipeline.reports.figures import exact
from drg_pipeline.reports.markdown import plain, table
from drg_pipeline.sql.select import Select, check_selected

LANG = "zh"
SHOWN_CAUSES = 40


@dataclass(frozen=True)
class Hospitals:
    """Rows that are compared: one for each key in either closing.

    columns  of the query -> what people read above them
    total    the columns whose sums stand below
    query    $period is the month or the year, as text
    """

    key: tuple[str, ...]
    columns: Mapping[str, str]
    total: Annotated[tuple[str, ...], Among("columns")]
    query: Select

    def check(self, place: Place) -> None:
        check_selected(place.at("key"), self.query, self.key)
        check_selected(place.at("columns"), self.query, self.columns)


def difference_page(found: Mapping[str, Any], asked: Hospitals) -> str:
    """The report as Markdown, in Chinese."""

    def say(key: str, **values: object) -> str:
        return text(f"difference.{key}", LANG, **values)

    before, after = found["before"], found["after"]
    parts = [
        "# " + say("title", period=found["period"], before=before["number"], after=after["number"]),
        say(
            "when", before=before["closed_at"], after=after["closed_at"], reason=plain(found["reason"], None)
        ),
        "## " + say("causes"),
    ]
    causes = found["causes"]
    if causes:
        rows = [[say(f"kind.{why['kind']}"), why["what"], why["detail"]] for why in causes[:SHOWN_CAUSES]]
        parts.append(table([say("kind"), say("what"), say("detail")], rows, longest=400))
        parts += [say("more", count=len(causes) - SHOWN_CAUSES)] if len(causes) > SHOWN_CAUSES else []
    else:
        parts.append(say("none"))
    parts += ["## " + say("hospitals"), *_hospital_part(found["hospitals"], asked, say)]
    claims = found["claims"]
    parts.append("## " + say("claims"))
    parts += [
        "- "
        + say("claims_of", table=each["table"], change=say(f"change.{each['change']}"), count=each["claims"])
        for each in claims["counts"]
    ]
    if claims["first"]:
        heads = [say(head) for head in ("table", "row", "change", "values")]
        rows = [
            [row["table"], row["row"], say(f"change.{row['change']}"), _values(row["values"], row["change"])]
            for row in claims["first"]
        ]
        parts.append(table(heads, rows, longest=600))
    else:
        parts.append(say("none"))
    more = sum(each["claims"] for each in claims["counts"]) - len(claims["first"])
    if more > 0:
        parts.append(say("more_claims", count=more, file=claims["file"]))
    return "\n\n".join(parts) + "\n"


def _hospital_part(found: Mapping[str, Any], asked: Hospitals, say: Callable[..., str]) -> Iterator[str]:
    if not found["rows"]:
        yield say("none")
        return
    columns = asked.columns
    rows = [[_pair(row[name]) for name in columns] for row in found["rows"]]
    totals = [_pair(found["total"][name]) if name in found["total"] else "" for name in columns]
    right = [place for place, name in enumerate(columns) if name in asked.total]
    yield table(list(columns.values()), [*rows, [say("total"), *totals[1:]]], right)


def _pair(values: Sequence[object]) -> str:
    """Both values, or the one that both are; of figures the difference too."""
    before, after = values
    if before == after:
        return exact(before)
    told = f"{exact(before)} → {exact(after)}"
    if not isinstance(before, int | Decimal) or not isinstance(after, int | Decimal):
        return told
    more = after - before
    return f"{told} ({'+' if more > 0 else ''}{exact(more)})"


def _values(values: Sequence[Mapping[str, Any]], change: str) -> str:
    """The values of one claim: what it has where it is new or gone, else before and after."""
    side = {"added": "after", "removed": "before"}.get(change)
    told = (
        f"{each['column']} {each[side]}"
        if side
        else f"{each['column']} {_value(each['before'])} → {_value(each['after'])}"
        for each in values
    )
    return "; ".join(told)


def _value(value: object) -> str:
    return "—" if value is None else str(value)
