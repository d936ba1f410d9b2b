"""Files damaged by chance, as exports, disks, spreadsheets and people damage them.

A damage takes the bytes of a file and gives others, and is known by its name. Whoever writes the same seed gets the
same damage.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from support.mutation import changed

Damage = Callable[[bytes, random.Random], bytes]
ODD_CELLS = (
    *(
        "",
        " ",
        '"',
        '""',
        "'",
        "=1+1",
        "@x",
        "-",
        "NULL",
        "N/A",
        "\\N",
        "0",
        "-1",
        "1e400",
        "9" * 400,
        "1.005",
    ),
    *("2025-02-30", "0000-00-00", "2025/3/1", "20250301", "上", "\u202e", "\ufeff", "\x1b[2J", "\u3000", "é"),
    *("a\nb", '"a\nb"', '"a""b"', "x" * 5000, "1,000.00", "NaN", "inf", "true", "\ud7ff", "00", "１２"),
)
ENCODINGS = ("gb18030", "utf-16", "utf-16-be", "utf-32", "latin-1", "big5", "utf-7")


def _at(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content)) if content else 0


# -- bytes --------------------------------------------------------------------------------------


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Bits turned over, at one place or at several."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        if changed:
            changed[_at(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _at(content, chance)]


def hole(content: bytes, chance: random.Random) -> bytes:
    start = _at(content, chance)
    return content[:start] + content[start + chance.randrange(1, 200) :]


def doubled(content: bytes, chance: random.Random) -> bytes:
    start = _at(content, chance)
    end = start + chance.randrange(1, 400)
    return content[:end] + content[start:]


def nulled(content: bytes, chance: random.Random) -> bytes:
    """A stretch of NUL bytes, as a disk leaves that lost power."""
    start, length = _at(content, chance), chance.randrange(1, 300)
    return content[:start] + b"\0" * min(length, len(content) - start) + content[start + length :]


def stuck_in(content: bytes, chance: random.Random) -> bytes:
    """Bytes that do not belong there."""
    what = chance.choice(
        (b"\0", b'"', b"\r", b"\n", b"\n\n\n", b"\x1a", b"\xff\xfe", b",", b";", b"\t", b"\xe4")
    )
    start = _at(content, chance)
    return content[:start] + what * chance.choice((1, 1, 2, 50)) + content[start:]


def emptied(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        (b"", b"\n", b"\0" * 64, b"<html>404</html>\n", b"PK\x03\x04" + bytes(60), b"PAR1", b"\xef\xbb\xbf")
    )


BYTES: tuple[Damage, ...] = (flipped, cut, hole, doubled, nulled, stuck_in, emptied)

# -- texts --------------------------------------------------------------------------------------


def in_another_encoding(content: bytes, chance: random.Random) -> bytes:
    text, encoding = content.decode("utf-8", "replace"), chance.choice(ENCODINGS)
    with_mark = codecs.BOM_UTF8 if chance.random() < 0.2 else b""
    return with_mark + text.encode(encoding, "replace")


def half_in_another(content: bytes, chance: random.Random) -> bytes:
    """The beginning in one encoding, the rest in another, as two programs append to one file."""
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    rest = b"\n".join(lines[at:]).decode("utf-8", "replace").encode("gb18030", "replace")
    return b"\n".join([*lines[:at], rest])


def other_line_ends(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\r", b"\n\n")))


def _lines(content: bytes) -> list[bytes]:
    return content.rstrip(b"\n").split(b"\n")


def line_lost(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    del lines[chance.randrange(len(lines))]
    return b"\n".join([*lines, b""])


def line_doubled(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"\n".join([*lines, b""])


def lines_mixed(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    rows = lines[1:]
    chance.shuffle(rows)
    return b"\n".join([lines[0], *rows, b""])


def _cells(content: bytes) -> list[list[str]]:
    return [line.decode("utf-8", "replace").split(",") for line in _lines(content)]


def _joined(cells: list[list[str]]) -> bytes:
    return "".join(",".join(line) + "\n" for line in cells).encode("utf-8", "surrogatepass")


def columns_moved(content: bytes, chance: random.Random) -> bytes:
    """The columns of a table, header and cells, in another order."""
    cells = _cells(content)
    order = list(range(max(map(len, cells))))
    chance.shuffle(order)
    return _joined([[line[at] for at in order if at < len(line)] for line in cells])


def column_lost(content: bytes, chance: random.Random) -> bytes:
    cells = _cells(content)
    at = chance.randrange(len(cells[0]))
    return _joined([line[:at] + line[at + 1 :] for line in cells])


def column_doubled(content: bytes, chance: random.Random) -> bytes:
    cells = _cells(content)
    at = chance.randrange(len(cells[0]))
    return _joined([[*line, line[at] if at < len(line) else ""] for line in cells])


def cell_odd(content: bytes, chance: random.Random) -> bytes:
    cells = _cells(content)
    for _ in range(chance.choice((1, 1, 4))):
        line = chance.choice(cells[1:] or cells)
        line[chance.randrange(len(line))] = chance.choice(ODD_CELLS)
    return _joined(cells)


def cell_lost(content: bytes, chance: random.Random) -> bytes:
    """A row that is shorter than the header: what follows has moved to the left."""
    cells = _cells(content)
    line = chance.choice(cells[1:] or cells)
    del line[chance.randrange(len(line))]
    return _joined(cells)


def cell_more(content: bytes, chance: random.Random) -> bytes:
    """A row that is longer than the header: what follows has moved to the right."""
    cells = _cells(content)
    line = chance.choice(cells[1:] or cells)
    line.insert(chance.randrange(len(line) + 1), chance.choice(("", "x", "1")))
    return _joined(cells)


def name_odd(content: bytes, chance: random.Random) -> bytes:
    """A column's name in the header."""
    cells = _cells(content)
    at = chance.randrange(len(cells[0]))
    name = cells[0][at]
    cells[0][at] = chance.choice(
        (name.upper(), f" {name} ", name[:-1], "", chance.choice(cells[0]), "x", f'"{name}"')
    )
    return _joined(cells)


# What leaves the number of lines with something in them what it is told to be.
LINES: tuple[Damage, ...] = (line_lost, line_doubled, lines_mixed)
TEXTS: tuple[Damage, ...] = (
    *(in_another_encoding, half_in_another, other_line_ends, *LINES, columns_moved, column_lost),
    *(column_doubled, cell_odd, cell_odd, cell_lost, cell_more, name_odd),
)

# -- Parquet and JSON ---------------------------------------------------------------------------


def as_parquet(content: bytes, folder: Path) -> bytes:
    """A table of text as a Parquet file."""
    given, made = folder / "given.csv", folder / "made.parquet"
    given.write_bytes(content)
    with contextlib.closing(duckdb.connect()) as con:
        source = f"read_csv('{given}', all_varchar = true, header = true, null_padding = true)"
        con.execute(f"copy (from {source}) to '{made}' (format parquet)")
    found = made.read_bytes()
    given.unlink()
    made.unlink()
    return found


def foot_damaged(content: bytes, chance: random.Random) -> bytes:
    """A Parquet file whose description of itself, at its end, is not what it was."""
    length = int.from_bytes(content[-8:-4], "little") + 8
    body, foot = content[:-length], content[-length:]
    return body + chance.choice(BYTES[:-1])(foot, chance)


def length_wrong(content: bytes, chance: random.Random) -> bytes:
    return content[:-8] + chance.randrange(2**32).to_bytes(4, "little") + content[-4:]


PARQUET: tuple[Damage, ...] = (*BYTES, foot_damaged, foot_damaged, length_wrong)


def value_odd(content: bytes, chance: random.Random) -> bytes:
    """One value of a JSON file is another, of another kind, gone, or one too many."""
    tree: Any = json.loads(content)
    return json.dumps(changed(tree, chance)[0], ensure_ascii=False).encode("utf-8", "surrogatepass")


JSON: tuple[Damage, ...] = (*BYTES, value_odd, value_odd, value_odd, value_odd)


# -- names --------------------------------------------------------------------------------------


def name_of(damage: Damage) -> str:
    return re.sub("_", " ", damage.__name__)


def renamed(path: Path, chance: random.Random) -> str:
    """A file that has another name, is a folder, or leads elsewhere; what was done to it."""
    stem, kind = path.stem, path.suffix
    names = (
        f"{stem.upper()}{kind}",
        f"{stem}{kind.upper()}",
        f"{stem}{kind}.part",
        f"{stem} {kind}",
        f".{path.name}",
    )
    names += (
        f"{stem}(1){kind}",
        f"{stem}.xlsx",
        f"{stem}\x1b[2J{kind}",
        f"{stem}\u202e{kind}",
        "\udcb8\udcb1.csv",
    )
    what = chance.choice(("renamed", "renamed", "renamed", "a folder", "a link", "gone", "a loop"))
    content = path.read_bytes()
    path.unlink()
    if what == "renamed":
        path.with_name(chance.choice(names)).write_bytes(content)
    elif what == "a folder":
        path.mkdir()
    elif what == "a link":
        path.symlink_to("/etc/passwd")
    elif what == "a loop":
        path.symlink_to(path.name)
    return what
