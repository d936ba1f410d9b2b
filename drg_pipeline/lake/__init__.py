"""The lake: where partitions lie, how one is published, what it was computed from.

Only this package writes to the lake's tables. SQL text, law and checks do not belong here.
"""
