from __future__ import annotations


def write_difference(*a):
    pass
