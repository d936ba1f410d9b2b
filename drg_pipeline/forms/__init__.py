"""How our own files are read, whatever they are about: strictly, all faults at once, each with its place.

Files of the law, of the arithmetic and of `data/interface` are read with what stands here. Keys of a
particular file do not belong here: the package that uses a file says what may stand in it, as a form where
that can be said (`form.py`), else by asking `Place`.
"""

from drg_pipeline.forms.column import Column
from drg_pipeline.forms.document import parse_yaml, read_text, read_yaml
from drg_pipeline.forms.form import fill, load, read_entries, read_form
from drg_pipeline.forms.kinds import (
    BY_NAME,
    EMPTY,
    NAME,
    Among,
    ByAnyLanguage,
    ByLanguage,
    Name,
    Reader,
    day,
    flag,
    listed,
    matching,
    named,
    nothing_or,
    number,
    one_of,
    one_or_more,
    text,
    whole,
)
from drg_pipeline.forms.place import Place, shown

__all__ = [
    "BY_NAME",
    "EMPTY",
    "NAME",
    "Among",
    "ByAnyLanguage",
    "ByLanguage",
    "Column",
    "Name",
    "Place",
    "Reader",
    "day",
    "fill",
    "flag",
    "listed",
    "load",
    "matching",
    "named",
    "nothing_or",
    "number",
    "one_of",
    "one_or_more",
    "parse_yaml",
    "read_entries",
    "read_form",
    "read_text",
    "read_yaml",
    "shown",
    "text",
    "whole",
]
