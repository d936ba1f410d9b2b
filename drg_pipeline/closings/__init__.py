"""Seals months and years, computes what was sealed again from the seal alone, and says what differs.

A closing is a folder, `closings/<region>/<period>/<number>/`, that is never written to again. Which tables
it seals is said by the models, what a report of differences shows by `data/interface/closings.yml`. That a
closed period is not computed again is the engine's guard (`lake/closed.py`).
"""
