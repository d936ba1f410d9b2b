"""Two shortcuts of reading that may change nothing: fields in their usual form, and lines that are even."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import get_args

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.claim_files import PAY, T, read

from drg_pipeline.ingest import parting, quoting
from drg_pipeline.ingest.file_column import CellType
from drg_pipeline.ingest.layout import CLAIM_TYPES, ClaimColumn
from drg_pipeline.ingest.parting import part_lines
from drg_pipeline.ingest.read import prepare
from drg_pipeline.ingest.scan import FileFault
from drg_pipeline.ingest.spelling import Spelling
from drg_pipeline.ingest.typing_sql import fault_sql, is_usual_sql, plain_sql, value_sql

SHORT = ["".join(chars) for size in range(6) for chars in itertools.product("015.-+e ", repeat=size)]
NUMBERS = [
    *SHORT,
    *(
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "1_000",
        "1,000",
        "0x10",
        "\uff11\uff12",
        "1.00\u3000",
        "\t1.00",
        "1.00\n",
    ),
    *("1.005", "1.004999", "-0.00", "-0.01", "00.10", "9007199254740993", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "9999999999999999.99", "99999999999999999.99"),
]
MOMENTS = ["2025-01-05 10:00:00", "2025-01-05", "2024-02-29T23:59:59.123456", "10000-01-01 00:00:0"]
ODD_MOMENTS = [
    *("infinity", "-infinity", "epoch", "0000-01-01", "0000-01-01 00:00:00", "0001-01-01", "9999-12-31"),
    *("0044-03-15 (BC)", "0044-03-15 (BC) 10:00:00", "12025-05-1", "290000-01-01", "12025-05-01 10:11:0"),
    *(
        "2025-02-30",
        "2025-1-5",
        "2025/01/05",
        "2025-01-05 24:00:00",
        "2025-01-05 10:00:60",
        "2025-01-05 10:00",
    ),
    *(
        "2025-01-05 10:00:00Z",
        "2025-01-05 10:00:00+08",
        "2025-01-05 10:00:00 UTC",
        "2025-01-05 00:00:00.0000001",
    ),
    *("\uff12025-01-05", "2025-01-05\u3000", "20250105", "2025-01-05 1:00:00", "2025-01-05 10:00:00.000000"),
]


def misspelt(text: str) -> set[str]:
    """The text with one or two characters exchanged, and with one left out or put in."""
    alphabet = "0139-/:.T +Z"
    once = {text[:at] + char + text[at + 1 :] for at in range(len(text)) for char in alphabet}
    twice = {one[:at] + char + one[at + 1 :] for one in once for at in range(len(one)) for char in "09 -"}
    less = {text[:at] + text[at + 1 :] for at in range(len(text))}
    more = {text[:at] + char + text[at:] for at in range(len(text) + 1) for char in alphabet}
    return once | twice | less | more


@pytest.mark.parametrize("needed", [True, False])
@pytest.mark.parametrize(
    ("kind", "spelling"),
    [
        *((kind, None) for kind in CLAIM_TYPES if kind != "text"),
        *(("text", one) for one in get_args(Spelling)),
    ],
)
def test_a_field_in_its_usual_form_has_the_value_of_the_long_way(kind, spelling, needed):
    texts = NUMBERS + ODD_MOMENTS
    if kind in ("date", "timestamp"):
        texts = [*texts, *set().union(*map(misspelt, MOMENTS))]
    column = ClaimColumn(
        "c", CellType(kind), "", needed, spelling, identifier=spelling == "digits", value_required=needed
    )
    plain = is_usual_sql(column, "t") if spelling else plain_sql(column, "short", "t")
    fault = fault_sql(column, "long", "t")
    with duckdb.connect() as con:
        prepare(con)
        con.execute("CREATE TABLE given AS SELECT nullif(unnest(?::VARCHAR[]), '') AS t", [texts])
        con.execute("INSERT INTO given VALUES (NULL)")
        usual, differing, at_fault = con.execute(
            "SELECT count(*), count(*) FILTER (short IS DISTINCT FROM long), "
            f"count(*) FILTER ({fault or 'false'}) "
            f"FROM (SELECT t, try_cast(t AS {column.type.sql}) AS short, {value_sql(column, 't')} AS long "
            f"FROM given) WHERE {plain}"
        ).fetchone()
    assert usual > 10  # or the shortcut is none
    assert (differing, at_fault) == (0, 0)


LINES = [
    *(f"A{number},{T},310,{number}.00" for number in range(6)),
    *(
        '"B",{T},310,1',
        'C,{T},"3\n10",1',
        'C,{T},"3\r\n\n10",1',
        'D,{T},"310,1',
        '",,,',
        'D,{T},3"1"0,1',
        '"',
    ),
    *("", " ", "E,{T},310", "E,{T},310,1,2", ",,,", "F,{T},\0310,1", "G,{T},310,1.005", "H,{T},310, 1 "),
    *("I,{T},310,1\r", "J,{T},3\r10,1", "K,{T},\x1f310,1", ",{T},310,1", PAY, "L,{T},\udc80310,1"),
]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(lines=st.lists(st.sampled_from(LINES), max_size=12), piece=st.sampled_from([1, 60, 10_000]))
def test_parted_or_not_a_file_reads_alike(tmp_path, lines, piece):
    text = "\n".join([PAY, *lines]).replace("{T}", T)
    found = []
    for most_uneven in (-1, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parting, "_MOST_UNEVEN", most_uneven)
            patch.setattr(quoting, "PIECE", piece)
            found.append(outcome(tmp_path, text.encode("utf-8", "surrogateescape")))
    assert found[0] == found[1]


def outcome(folder: Path, content: bytes) -> object:
    try:
        read_file = read(folder, content)
    except FileFault as fault:
        return str(fault)
    return read_file.rows, read_file.rejected, read_file.counts


def test_even_lines_go_to_the_copy_and_others_keep_their_numbers(tmp_path, monkeypatch):
    text = b'h,i\na,1\nb,2\n"c,3\nd,4\r\ne\nf,6\ng,7\n'
    monkeypatch.setattr(parting, "_MOST_UNEVEN", 1)
    parted = part_lines(text, tmp_path / "even", fields=2)
    assert (tmp_path / "even").read_bytes() == b",\na,1\nb,2\n,\nd,4\n,\nf,6\ng,7\n"
    assert parted.text == b'h,i\na,1\n"c,3\nd,4\r\ne\nf,6\n'
    assert np.array_equal(parted.numbers, [1, 0, 4, 0, 6, 0])
    assert parted.even_lines == 5
