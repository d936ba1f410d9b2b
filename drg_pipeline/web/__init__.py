"""The web server of Dagster's UI behind a guard: `python -m drg_pipeline.web`, with Dagster's own options.

What the UI shows, and the daemon, are not known here.
"""
