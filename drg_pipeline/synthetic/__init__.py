"""Makes up a region: deliveries of claims and reference files, seeded and of any size.

`region.yml` holds what the region is like, `region.py` draws its hospitals and groups, `generate.py`
writes the files with the queries of `sql/`. Nothing here is read by the pipeline itself.
"""

from drg_pipeline.synthetic.generate import generate

__all__ = ["generate"]
