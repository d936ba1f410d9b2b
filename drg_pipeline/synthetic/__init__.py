"""Makes up a region: deliveries of claims and reference files, seeded and of any size.

`region.yml` holds what the region is like and `mix.csv` which diseases it has, `region.py` and `mix.py` draw
its hospitals and groups from them; `recipes.py` finds records for every group of a grouping scheme, and
`generate.py` writes the files with the queries of `sql/`. Nothing here is read by the pipeline itself.
"""

from drg_pipeline.synthetic.generate import SCHEME, generate

__all__ = ["SCHEME", "generate"]
