"""Reads the arithmetic: model files, their headers, dependencies, column lineage and contracts.

Nothing here runs a model or writes a file; no table is known by name.
"""
