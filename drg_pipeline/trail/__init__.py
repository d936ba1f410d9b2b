"""Who did what to a region's results: an append-only log in which each entry seals the one before it.

`trail.py` adds to the file and reads it, `line.py` is one entry, `check.py` says whether all is unbroken;
`keys.py` is the agency's key, `anchor.py` what is noted of a trail elsewhere. The trail knows no table and no
closing: what an event means is known to who appends it.
"""

from drg_pipeline.trail.anchor import Anchor, parse_anchors
from drg_pipeline.trail.check import SIGNED
from drg_pipeline.trail.keys import PublicKey, Signer, make_key
from drg_pipeline.trail.line import Entry
from drg_pipeline.trail.trail import Trail

__all__ = ["SIGNED", "Anchor", "Entry", "PublicKey", "Signer", "Trail", "make_key", "parse_anchors"]
