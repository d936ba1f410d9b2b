"""Takes deliveries of claim files from the inbox into the lake's landing folders.

`delivery.py` takes in, `inbox.py` finds, `scan.py`, `parting.py`, `clean.py`, `quoting.py`,
`records.py`, `read.py` and `typing_sql.py` read one file, `pseudonym.py` hides persons, `layout.py`
says what the files look like. Which version of a claim counts is the arithmetic's business, not decided here.
"""

from drg_pipeline.ingest.delivery import TakenIn, landed_manifests, landing_folder, take_in_deliveries

__all__ = ["TakenIn", "landed_manifests", "landing_folder", "take_in_deliveries"]
