"""Dagster's view of a region: one asset for each table, made from the model files and the side tables.

Knows no table by name. What an asset computes is the engine's business; what it shows in the UI comes
from the model's header, columns.yml and the last run.
"""

import warnings

import dagster as dg

# Range runs and partition offsets are marked beta in the pinned release; they are covered by our tests.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
