"""Helpers of the tests; nothing of the pipeline imports them."""
