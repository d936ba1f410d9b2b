"""How Parquet files of the lake are written."""

from __future__ import annotations

# Level 1 takes a third less time than the default for files of the same size. Data pages of version 2 store
# numbers as differences: a tenth less of both. Files are read whole, so that a filter on values helps nobody.
PARQUET = (
    "format parquet, parquet_version v2, compression zstd, compression_level 1, write_bloom_filter false"
)
# Values that hardly repeat take less time, and no more space, without a dictionary; by default one has up to
# a fifth as many values as there are rows.
LARGEST_DICTIONARY = 4_000


def parquet_options(rows: int) -> str:
    """How a file of so many rows is written: the options of a COPY."""
    return f"{PARQUET}, dictionary_size_limit {max(1, min(LARGEST_DICTIONARY, rows // 5))}"
