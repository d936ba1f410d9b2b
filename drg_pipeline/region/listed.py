"""Lists of the law against the files of the arithmetic: what is in force has a file, a file is listed."""

from __future__ import annotations

from collections.abc import Iterator

from drg_pipeline.errors import DrgError
from drg_pipeline.policy import Pack
from drg_pipeline.sql.model import Listing
from drg_pipeline.sql.project import Project


def check_lists(project: Project, pack: Pack) -> None:
    """DrgError with every entry of any day that is in force and that no file computes, and every file that no
    list of the law names."""
    faults = project.unlisted(lambda listing: _entries(pack, listing))
    if faults:
        raise DrgError(
            f"The law of {pack.region} and the arithmetic do not list the same.",
            faults,
            state="Nothing was computed.",
            remedy="What is in force and no file computes would be paid to nobody: add the file, or say in "
            "the pack that it is not in force.",
        )


def _entries(pack: Pack, listing: Listing) -> Iterator[tuple[str, bool]]:
    """The entries of all dated values."""
    (parameter,) = pack.tables[listing.table].parameters
    for value in parameter.values:
        for row in value.content if isinstance(value.content, tuple) else ():
            said = dict(zip(parameter.columns or (), row, strict=True))
            yield str(said[listing.column]), not listing.active or said[listing.active] is True
