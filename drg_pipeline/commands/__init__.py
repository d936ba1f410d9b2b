"""The commands of `drg`, one module each, and what they share.

A command reads its options, calls the machinery and prints; no rule, no table and no arithmetic lives here.
Dagster, DuckDB and the models are imported inside the commands, so that `drg --help` costs nothing.
"""
