"""How our own files are read, whatever they are about: strictly, all faults at once, each with its place.

Files of the law, of the arithmetic and of `data/interface` are read with what stands here. Keys of a
particular file do not belong here: the package that uses a file says what may stand in it.
"""

from drg_pipeline.forms.document import read_yaml
from drg_pipeline.forms.place import Place

__all__ = ["Place", "read_yaml"]
