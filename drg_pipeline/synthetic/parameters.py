"""Reads the parameters of a made-up region: every key known, every value of its kind, or all faults at once.

What the values mean stands in `region.yml` itself; who draws what from them does not belong here.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml

PARAMETERS = Path(__file__).with_name("region.yml")
MIX_COLUMNS = ("adrg", "per_10000", "mean_fee_yuan", "mean_days", "sigma", "child_share", "ages", "principal")

Reader = Callable[[Place, object], Any]
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SPAN = re.compile(r"([0-9]+)-([0-9]+)")
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


# --- kinds of values


def _number(least: float | None = None, most: float | None = None) -> Reader:
    def read(place: Place, node: object) -> float:
        if not isinstance(node, str) or not _NUMBER.fullmatch(node):
            place.fault(f"{node!r} is not a number: write it in digits")
            return 0.0
        value = float(node)
        if (least is not None and value < least) or (most is not None and value > most):
            place.fault(f"{node} is not between {least} and {'any' if most is None else most}")
        return value

    return read


def _whole(least: int = 0) -> Reader:
    def read(place: Place, node: object) -> int:
        if not isinstance(node, str) or not node.isdecimal():
            place.fault(f"{node!r} is not a whole number: write it in digits")
            return least
        if int(node) < least:
            place.fault(f"{node} is less than {least}")
        return int(node)

    return read


def _signed(place: Place, node: object) -> int:
    return int(_number()(place, node))


def _text(place: Place, node: object) -> str:
    return place.text(node)


def _day(place: Place, node: object) -> str:
    if not isinstance(node, str) or not _DAY.fullmatch(node):
        place.fault(f"{node!r} is not a day: write it as MM-DD")
        return "01-01"
    return node


def _span(place: Place, node: object) -> dict[str, int]:
    found = _SPAN.fullmatch(node) if isinstance(node, str) else None
    if not found or int(found[1]) > int(found[2]):
        place.fault(f"{node!r} is not a span: write it as LOWEST-HIGHEST, in whole numbers")
        return {"low": 0, "high": 0}
    return {"low": int(found[1]), "high": int(found[2])}


def _listed(of: Reader, count: int | None = None) -> Reader:
    def read(place: Place, node: object) -> list[Any]:
        entries = place.sequence(node, "values")
        if count is not None and entries and len(entries) != count:
            place.fault(f"has {len(entries)} values, not {count}")
        return [of(place.item(position), entry) for position, entry in enumerate(entries, 1)]

    return read


def _keys(**readers: Reader) -> Reader:
    def read(place: Place, node: object) -> dict[str, Any]:
        found = place.mapping(node, readers)
        return {key: of(place.at(key), found[key]) for key, of in readers.items() if key in found}

    return read


def _named(of: Reader) -> Reader:
    def read(place: Place, node: object) -> dict[str, Any]:
        return {key: of(place.at(key), entry) for key, entry in place.named(node, "values").items()}

    return read


# --- what a region has

_share, _factor, _any, _text_list = _number(0, 1), _number(0), _number(), _listed(_text)
_severity = _keys(share=_share, cost=_factor, days=_factor, sigma=_factor)
_bending = {"share": _share, "strong": _share, "weak": _share}
_bent = _keys(**_bending, reach=_share, by=_share)
_other_adrg = _keys(
    letters=_text,
    per_10000=_factor,
    mean_fee_yuan=_factor,
    mean_days=_factor,
    sigma=_factor,
    child_share=_share,
    ages=_span,
)
FLAWS = (
    *("date_missing", "adm_after_dscg", "date_implausible", "fee_sum_mismatch", "principal_diagnosis"),
    *("principal_code_unknown", "hospital_unknown", "hospital_not_under_agreement", "not_drg_scheme"),
    *("sex_invalid", "insutype_invalid", "required_field_missing", "adm_before_birth"),
    *("dscg_after_settlement", "settlement_after_upload", "length_of_stay", "age_birth_date"),
    *("duplicate_diagnosis", "duplicate_procedure", "procedure_outside_stay", "fee_payment_mismatch"),
    *("negative_amount", "fee_per_day", "field_count", "orphan", "code_value_domain", "charge_category_sum"),
    *("unreadable_date", "unreadable_amount", "unreadable_number", "unreadable_empty"),
    *("unreadable_quoting", "unreadable_byte"),
)
RATES = (
    *("employee", "nonlocal", "late", "very_late", "corrected", "corrected_flaw", "correction_in_time"),
    *("correction_moves", "delivered_again", "twice_in_delivery", "refunded", "ungrouped"),
    *("settled_twice", "id_given_twice", "settled_far", "torn", "told_otherwise"),
    *("platform_other", "platform_other_adrg", "new_group", "newborn_incomplete"),
)
SPELLINGS = ("space", "full_width", "apostrophe", "point_zero", "small_letter")
HABITS = ("lift", "push", "hold", "keep", "split")
_REGION = _keys(
    mix=_text,
    other_areas=_text_list,
    levels=_named(
        _keys(
            hospitals=_share,
            weight=_share,
            cost=_factor,
            taste=_any,
            surgery=_factor,
            severe=_factor,
            fund=_whole(),
        )
    ),
    hospital_names=_named(_text_list),
    hospital_spread=_share,
    severities=_keys(mcc=_severity, cc=_severity, none=_severity, mixed=_severity),
    child_severe=_factor,
    child_cost=_factor,
    other_adrgs=_listed(_other_adrg),
    recipes=_keys(fewest=_whole(1), most=_whole(1), per_10000=_factor),
    departments=_keys(surgical=_text, medical=_text, letters=_named(_text)),
    codes=_keys(
        **dict.fromkeys(("male", "female", "newborn", "maternal", "adult", "apart", "usual"), _text_list)
    ),
    besides=_keys(diagnoses=_whole(1), procedures=_whole(0)),
    present_on_admission=_share,
    comorbidities=_listed(_keys(codes=_text, weight=_whole(1), ages=_span)),
    usual_procedures=_named(_whole(1)),
    single=_text_list,
    uneven=_keys(groups=_whole(), share=_share, factor=_number(1)),
    rare_groups=_whole(),
    rare_cases=_whole(),
    new_groups=_whole(),
    yearly_growth=_number(-0.5, 1),
    seasons=_keys(
        months=_listed(_factor, 12),
        weekdays=_listed(_factor, 7),
        shifted_workday=_factor,
        day_off=_factor,
        spring_festival=_keys(
            days_before=_whole(), before=_factor, during=_factor, days_after=_whole(), after=_factor
        ),
        adrgs=_named(_keys(codes=_text_list, months=_listed(_factor, 12))),
    ),
    readmissions=_keys(
        share=_number(0, 0.5),
        days=_whole(1),
        haste=_number(0.1, 10),
        related=_share,
        age_within=_whole(),
        relatives=_whole(1),
        elsewhere=_share,
        planned=_keys(codes=_text_list, share=_share, days=_span),
    ),
    stay=_keys(
        spread=_factor,
        with_fee=_share,
        long=_share,
        long_days=_span,
        settled_late=_share,
        settled_late_days=_span,
    ),
    fees=_keys(
        least=_whole(1),
        dear=_keys(share=_share, factor=_number(1), tail=_factor, most=_number(1)),
        cheap=_keys(share=_share, lowest=_number(0.01, 1), highest=_share),
    ),
    ways=_named(_share),
    charges=_keys(
        drugs=_span,
        materials=_span,
        materials_surgical=_span,
        examinations=_span,
        examined_above_days=_whole(),
        class_b=_whole(),
        class_own=_whole(),
    ),
    payment=_keys(
        fund_employee=_signed,
        fund_resident=_signed,
        fund_nonlocal=_signed,
        fund_spread=_whole(),
        second_above=_whole(),
        second_share=_share,
        own=_share,
        account=_share,
    ),
    persons=_number(0.001),
    working_age=_whole(),
    habits=_keys(
        years=_whole(1),
        fence=_factor,
        doctors=_whole(1),
        inclined=_share,
        low=_share,
        high=_listed(_keys(base_point_above=_factor, multiple=_number(1))),
        lift=_bent,
        push=_bent,
        hold=_bent,
        keep=_keys(**_bending),
        stay_limits=_listed(_keys(**{"days": _whole(1), "from": _whole(1)})),
        split=_keys(**_bending, least_days=_whole(2), days=_span, bills=_share),
    ),
    rates=_keys(**dict.fromkeys(RATES, _share)),
    flaws=_keys(**dict.fromkeys(FLAWS, _share)),
    spellings=_keys(**dict.fromkeys(SPELLINGS, _share)),
    slipped=_keys(days=_whole(1), day_fee=_whole(1)),
    deadline_days=_whole(1),
    upload_days=_listed(_whole()),
    late_days=_whole(1),
    corrections=_keys(fee=_whole(), soon=_whole(), after=_whole(1)),
    closures=_keys(suspended=_keys(**{"from": _day, "to": _day}), terminated=_keys(**{"from": _day})),
    budget=_keys(reserve_ratio=_share, lowest=_whole(), highest=_whole()),
    basic_groups=_whole(),
    specialties=_keys(among=_whole(1), grades=_text_list, uplifts=_listed(_factor)),
    institution_coefficients=_listed(_factor),
    assessment=_keys(lowest=_factor, highest=_factor, deposit_return_rates=_listed(_share)),
    odd_encodings=_keys(gb18030=_whole(), bom_crlf=_whole()),
)


def parameters(path: Path = PARAMETERS) -> dict[str, Any]:
    """A region's parameters with their values typed; `mix` is the table of diseases, a row for each ADRG.

    Spans are {low, high}. A DrgError names every key that is missing or unknown and every wrong value.
    """
    place = Place(path.name)
    given: dict[str, Any] = _REGION(place, read_yaml(path, place))
    if not place.faults:
        _together(place, given)
    if not place.faults:
        given["mix"] = _mix(path.parent / given["mix"])
    if place.faults:
        raise DrgError(f"{path.name} does not describe a region.", place.faults, remedy=f"Correct {path}.")
    return given


def digest_of_parameters(given: dict[str, Any]) -> str:
    """Tells two sets of parameters apart, however their files are laid out."""
    text = json.dumps(given, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _together(place: Place, given: dict[str, Any]) -> None:
    """What values ask of each other."""
    if given["hospital_names"].keys() != given["levels"].keys():
        place.at("hospital_names").fault("has not the same levels as levels")
    for key, total in (
        ("upload_days", sum(given["upload_days"])),
        ("ways", 100 * sum(given["ways"].values())),
    ):
        if round(total, 6) != 100:
            place.at(key).fault(f"adds up to {total:g} hundredths, not to 100")
    if sum(given["flaws"].values()) > 0.5:
        place.at("flaws").fault("more than half of the claims would be faulty")
    if sum(given["seasons"]["months"]) == 0 or sum(given["seasons"]["weekdays"]) == 0:
        place.at("seasons").fault("no claim would settle on any day")
    if len(given["specialties"]["grades"]) != len(given["specialties"]["uplifts"]):
        place.at("specialties").fault("has not an uplift for each grade")
    for key in ("budget", "assessment"):
        if given[key]["lowest"] > given[key]["highest"]:
            place.at(key).fault("the lowest is above the highest")


def _mix(path: Path) -> dict[str, dict[str, Any]]:
    place = Place(path.name)
    readers = dict(zip(MIX_COLUMNS[1:], (_factor, _factor, _factor, _factor, _share, _span), strict=False))
    made: dict[str, dict[str, Any]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text)
            if tuple(rows.fieldnames or ()) != MIX_COLUMNS:
                place.fault(f"the header is not {','.join(MIX_COLUMNS)}")
            else:
                for line, row in enumerate(rows, 2):
                    at = place.at(f"line {line}")
                    if row["adrg"] in made:
                        at.fault(f"{row['adrg']} stands twice")
                    if None in row or None in row.values():
                        at.fault(f"has not {len(MIX_COLUMNS)} fields")
                        continue
                    made[row["adrg"]] = {
                        **{name: of(at.at(name), row[name]) for name, of in readers.items()},
                        "principal": tuple(filter(None, row["principal"].split("|"))),
                    }
    except OSError as error:
        place.fault(f"cannot be read ({error.strerror}): put the file there")
    if place.faults:
        raise DrgError(f"{path.name} does not describe a mix.", place.faults, remedy=f"Correct {path}.")
    return made
