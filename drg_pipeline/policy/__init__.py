"""The law as data: documents, dated and cited parameters, and the SQL tables they make.

What the law says stands in `data/policy`; this package reads it, refuses what it does not know, and
answers what holds on a day as known on a day. No parameter and no table is known here by name.
"""

from drg_pipeline.policy.instruments import Citation, Clause, Instrument, Instruments, load_instruments
from drg_pipeline.policy.load import load_pack
from drg_pipeline.policy.pack import OpenChoice, Pack
from drg_pipeline.policy.tables import PolicyTable, Stale

__all__ = [
    "Citation",
    "Clause",
    "Instrument",
    "Instruments",
    "OpenChoice",
    "Pack",
    "PolicyTable",
    "Stale",
    "load_instruments",
    "load_pack",
]
