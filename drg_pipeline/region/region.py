"""One region, opened: folders, layouts, law, models, lake, engine, and the tables from the side.

It only puts them together: what they do is theirs, and who needs one of them takes that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from drg_pipeline.grouping.scheme import find_scheme, scheme_folder, scheme_name
from drg_pipeline.ingest.delivery import landed_folders
from drg_pipeline.lake.closed import ClosedPeriods
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.store import Store
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.region.catalog import Layouts, sources
from drg_pipeline.region.listed import check_lists
from drg_pipeline.region.side import Report, Side
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project


class Region:
    """A region with everything that is needed to run it.

    law   what is put in the place of the pack's values, where it is tried and not in force
    """

    def __init__(self, settings: Settings, law: Callable[[Pack], Pack] = lambda pack: pack) -> None:
        self.settings = settings
        self.layouts = Layouts.of(settings.interface)
        # A scheme given for the run may be a folder anywhere; the law names it by its name.
        given = find_scheme(settings.schemes, settings.scheme) if settings.scheme else None
        chosen = scheme_name(given) if given else None
        self.pack: Pack = law(
            load_pack(settings.policy).with_options({"grouping": settings.grouping, "scheme": chosen})
        )
        schemes = {
            name: given if given and name == chosen else scheme_folder(settings.schemes, name)
            for name in self.pack.texts_of("scheme")
        }
        self.project = Project(
            settings.models,
            sources(self.layouts, self.pack),
            self.pack.methods,
            documents=self.pack.in_pack,
        )
        check_lists(self.project, self.pack)
        self.store = Store(settings.region_lake)
        self.closed = ClosedPeriods(settings.region_closings)
        self.engine = Engine(
            settings, self.project, self.store, partial(landed_folders, settings), self.closed.refuse
        )
        self.side = Side(settings, self.layouts, self.pack, schemes, self.engine)
        # What people who wait are told: a line of a long step, and a table that is done.
        self.report: Report = lambda line: None
        self.progress: Callable[[str, Sequence[Outcome]], None] = lambda table, outcomes: None
