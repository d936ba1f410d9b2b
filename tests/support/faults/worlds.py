"""The worlds that programs work in: a region's closings, its inbox, its lake; and the programs themselves.

What a program is may be killed or refused at any place in it, and called again: called twice it does no more than
called once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from drg_pipeline import cli
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.closings import replay
from drg_pipeline.closings.difference import ASKED_FILE
from drg_pipeline.closings.reopen import reopen
from drg_pipeline.closings.restore import restore
from drg_pipeline.commands import export, screen, sql  # noqa: F401  (loaded once, for every program)
from drg_pipeline.errors import DrgError
from drg_pipeline.grouping import scheme_import
from drg_pipeline.ingest import pseudonym
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.views import write_views_file
from drg_pipeline.periods import Period
from drg_pipeline.policy import load_pack
from drg_pipeline.region import Region
from support import regions
from support.faults.marker import person
from support.regions import Claim, deliver
from support.schemes import write_scheme
from support.small_closing import SmallRegion

PACK = """\
region: small
title: 小
instruments: [S]
confirmed_until: 2026-12-31
"""
INSTRUMENTS = """\
describe: One.
instruments:
  - id: S
    number: "1"
    title: 一
    issuer: 一
    issued: 2020-01-01
    in_force_from: 2020-01-01
    in_force_until: null
    needs_confirmation: null
    clauses: {S-1: {kind: O, note: one}}
"""

TOPIC = """\
describe: One.
period: month
known: month
parameters:
  share:
    describe: A share.
    unit: share
    type: decimal(6,2)
    values: [{valid_from: 2020-01-01, value: 1.00, published: 2020-01-01, law: S-1}]
"""

Program = Callable[[], int]
# A further command that uses the places of a world.
NEXT = "next"
MONTH = "2025-03"
CLOSED, TO_CLOSE, TO_COMPUTE, LOST = "2025-01", "2025-02", "2025-03", "2025-04"
REFERENCE = {
    "hospital": (
        "fixmedins_code,name,level,kind,agreement_status,status_reason,valid_from,valid_to",
        "H41900100003,示范区妇幼保健院,secondary,maternity,active,,2024-01-01,",
        "H41900100004,城东医院,tertiary,general,active,,2024-01-01,",
    ),
    "budget": (
        "year,pool,amount,reserve_ratio,adjustment",
        "2025,employee_local,563100.00,0.03,",
        "2025,resident_local,800000.00,0.03,",
    ),
}
# What the difference between two closings of the made-up region shows.
SHOWN = {
    "hospitals": {
        "key": ["id"],
        "columns": {"name": "N", "title": "T", "n": "n"},
        "total": ["n"],
        "query": "select id, '' as name, '' as title, n from late.monthly where month = $period",
    },
    "claims": ["late.monthly"],
}


def told(work: Callable[[], object]) -> Program:
    """Work as a program that ends as a command does."""

    def program() -> int:
        try:
            work()
        except BaseException as error:
            return cli.tell(screen.Screen("en"), error)
        return cli.DONE

    return program


def drg(*arguments: object) -> Program:
    """A command; its folders are below the one in which it is called."""
    return lambda: cli.main([str(argument) for argument in arguments])


# -- closings -----------------------------------------------------------------------------------


def closings(folder: Path) -> Mapping[str, Program]:
    """Four months of a made-up region, two of them closed. Of one of these the lake has lost what is sealed, and a
    third has not been computed."""
    region = SmallRegion(folder)
    interface = folder / "interface"
    shutil.copytree(region.settings.interface, interface)
    asked = "".join(yaml.safe_dump({period: SHOWN}) for period in ("month", "year"))
    (interface / ASKED_FILE).write_text(asked, encoding="utf-8")
    region.settings = replace(region.settings, interface=interface)
    # A law that can be read: what differs between two closings is asked of it.
    law = folder / "law" / "small"
    law.mkdir()
    (law / "topic.yml").write_text(TOPIC, encoding="utf-8")
    (law / "pack.yml").write_text(PACK, encoding="utf-8")
    (law.parent / "instruments.yml").write_text(INSTRUMENTS, encoding="utf-8")
    load_pack(law)
    region.pack = SimpleNamespace(run_days={}, tables={}, folder=law, extends=())
    entries = [(1, 10, CLOSED), (2, 20, CLOSED), (3, 30, TO_CLOSE), (4, 40, LOST), (5, 50, TO_COMPUTE)]
    region.deliver("2025-01/a", entries)
    region.run([CLOSED, TO_CLOSE, TO_COMPUTE, LOST])
    for month in (CLOSED, LOST):
        region.close(month)
    shutil.rmtree(region.store.file("late.monthly", Period.of(LOST)).parent)
    for table in ("early.row", "late.monthly", "late.running"):
        shutil.rmtree(region.store.file(table, Period.of(TO_COMPUTE)).parent)

    # As in a program that was just started.
    region.engine = Engine(
        region.settings, region.project, region.store, region.engine.inputs.landed, region.closed.refuse
    )

    def anew() -> None:
        last = region.closed.last(Period.of(CLOSED))
        if last and last.number == 1:
            opened()
        region.close(CLOSED)

    def opened() -> None:
        try:
            reopen(region.settings, Period.of(CLOSED), "a reason")
        except DrgError:
            # Once it is open it is not opened again.
            if region.closed.standing(Period.of(CLOSED)):
                raise

    def following() -> None:
        replayed()
        reopen(region.settings, Period.of(LOST), "another reason")

    def replayed() -> None:
        found = replay.replay(region.settings, Period.of(CLOSED))
        if not found.identical:
            raise DrgError("The closing does not come out as it was sealed.", map(str, found.changed))

    return {
        "close": told(lambda: region.close(TO_CLOSE)),
        NEXT: told(following),
        "reopen": told(opened),
        "close anew": told(anew),
        "restore": told(lambda: restore(cast(Region, region), Period.of(LOST))),
        "compute": told(lambda: region.run([TO_COMPUTE])),
        "replay": told(replayed),
        "verify": drg("audit", "verify", "--region", "small", "--closings", "closings"),
    }


# -- a region -----------------------------------------------------------------------------------


def made_up(folder: Path) -> Region:
    """A region with two deliveries for one month, and nothing taken in; persons are recognised anywhere."""
    regions.empty(folder)
    for name, rows in REFERENCE.items():
        text = "".join(f"{row}\n" for row in rows)
        (folder / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    deliver(folder, f"{MONTH}/d-1", *(claim(number) for number in range(1, 5)))
    deliver(folder, f"{MONTH}/d-2", *(claim(number) for number in range(4, 7)))
    return Region(regions.settings(folder))


def claim(number: int, **changes: str) -> Claim:
    return Claim(f"S{number}", {"psn_no": person(number), **changes})


def inbox(folder: Path) -> Mapping[str, Program]:
    """Deliveries that nobody has taken in, on a region without key and lake."""
    # Whichever try makes the key: the same person gets the same pseudonym, so that rows can be compared.
    pseudonym.secrets = SimpleNamespace(token_bytes=lambda size: bytes(range(size)))  # type: ignore[assignment]
    region = made_up(folder)
    return {
        NEXT: told(lambda: region.side.take_in(print)),
        "take in": told(lambda: region.side.take_in(print)),
        "publish reference": told(lambda: region.side.publish_reference(print)),
        "open event log": told(lambda: open_instance(region.settings.lake)),
        "run": drg("run", "--months", MONTH, "--through", "claims.setlinfo", *named()),
    }


def lake(folder: Path) -> Mapping[str, Program]:
    """A lake with the claims of a month, and schemes beside it."""
    region = made_up(folder)
    regions.settle(region, [MONTH], through="claims.claim")
    region = Region(region.settings)
    tiny_scheme(folder / "given" / "first", "First")
    tiny_scheme(folder / "given" / "second", "Second")
    scheme_import.import_scheme(folder / "given" / "first", folder / "schemes", region.layouts.schemes)
    again = ["scheme", "import", folder / "given" / "second", "--schemes", folder / "schemes"]
    places = ["--lake", "lake", "--closings", "closings"]
    query = "select setl_id, psn_no, fixmedins_name from claims.setlinfo order by all"
    return {
        "export": drg("sql", query, "--out", "rows.csv", *places),
        NEXT: drg("sql", "select 1 as n", "--out", "next.csv", *places),
        "import scheme": drg(*again, "--name", "another"),
        "replace scheme": drg(*again, "--replace"),
        "write views": told(lambda: write_views_file(region.store, region.project.meanings())),
    }


def named() -> list[object]:
    kinds = {"inbox": "inbox", "reference": "reference", "lake": "lake", "key": "region.key"}
    return [part for kind, name in kinds.items() for part in (f"--{kind}", name)]


def tiny_scheme(folder: Path, title: str) -> Path:
    """One group for one diagnosis; the title is its name's, so that two differ."""
    return write_scheme(
        folder,
        mdc=[("MDCB", None, title)],
        mdc_rule=[{"mdc": "MDCB", "predicate": "principal_diagnosis_in", "code_set": "D1"}],
        adrg=[("BB1", "MDCB")],
        adrg_rule=[("BB1", 1, "always")],
        drg=[("BB11", "BB1", None, None, 1)],
        drg_rule=[("BB1", "BB11", 1, "always")],
        code_set={"D1": ["I10"]},
    )


WORLDS: dict[str, Callable[[Path], Mapping[str, Any]]] = {"closings": closings, "inbox": inbox, "lake": lake}
