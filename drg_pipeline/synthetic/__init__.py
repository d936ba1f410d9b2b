"""Makes up a region: deliveries of claims and reference files, seeded and of any size.

`region.yml` holds what the region is like and `mix.csv` which diseases it has; `parameters.py` reads them,
`region.py`, `mix.py` and `seasons.py` draw hospitals, groups and days from them. `recipes.py` finds records
for every group of a grouping scheme, `deliveries.py` writes the files with the queries of `sql/`. Nothing
here is read by the pipeline itself.
"""

from drg_pipeline.synthetic.generate import SCHEME, generate
from drg_pipeline.synthetic.parameters import PARAMETERS

__all__ = ["PARAMETERS", "SCHEME", "generate"]
