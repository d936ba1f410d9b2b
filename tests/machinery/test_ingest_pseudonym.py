"""Pseudonyms: what DuckDB computes is HMAC-SHA256, and the key stays a secret."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.pseudonym import key_fingerprint, load_key, pseudonym_sql, set_key

KEY = bytes(range(200, 232))


def silent(line: str) -> None:
    pass


@pytest.mark.parametrize("key", [KEY, b"k", b"\0" * 32, bytes(100)])
def test_the_expression_is_hmac_sha256(key):
    persons = ["P1", "李四𠮷", "x" * 200, 'it\'s "P"', "\t P1 ", ""]
    with duckdb.connect() as con:
        set_key(con, key)
        con.execute("CREATE TABLE person AS SELECT unnest(?) AS psn", [persons])
        found = con.execute(f"SELECT {pseudonym_sql('psn')} FROM person").fetchall()
    expected = [hmac.new(key, person.encode(), "sha256").hexdigest() for person in persons]
    assert [row[0] for row in found] == expected


def test_no_person_has_no_pseudonym():
    with duckdb.connect() as con:
        set_key(con, KEY)
        found = con.execute(f"SELECT {pseudonym_sql('NULL::VARCHAR')}").fetchall()
    assert found == [(None,)]


@pytest.mark.parametrize("sql", ["SELECT {} || missing", "SELECT CAST({} AS INTEGER)"])
def test_an_error_of_the_expression_does_not_show_the_key(sql):
    key = b"a key of letters shows in text.."
    with duckdb.connect() as con:
        set_key(con, key)
        with pytest.raises(duckdb.Error) as error:
            con.execute(f"{sql.format(pseudonym_sql('p'))} FROM (VALUES ('P1')) t(p)")
    for pad in (0, 0x36, 0x5C):
        secret = bytes(byte ^ pad for byte in key)
        assert secret.hex() not in str(error.value).lower()
        assert secret.decode("latin-1") not in str(error.value)


def test_an_absent_key_is_created_once_with_a_notice(tmp_path):
    path, said = tmp_path / "keys" / "r.key", []
    key = load_key(path, report=said.append)
    assert len(key) == 32
    assert path.read_text() == key.hex() + "\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(said) == 1 and str(path) in said[0] and key.hex() not in said[0]
    assert load_key(path, report=said.append) == key
    assert len(said) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_others_can_read_is_warned_of(tmp_path):
    path, said = tmp_path / "r.key", []
    path.write_text(KEY.hex())
    path.chmod(0o640)
    assert load_key(path, report=said.append) == KEY
    assert "chmod 600" in said[0] and KEY.hex() not in said[0]


@pytest.mark.parametrize("content", [b"", b"not hex" * 10, KEY.hex().encode()[:-2], b"\xff\xfe\x00"])
def test_a_broken_key_is_refused_without_showing_it(tmp_path, content):
    path = tmp_path / "r.key"
    path.write_bytes(content)
    with pytest.raises(DrgError) as error:
        load_key(path, report=silent)
    assert not content or content.decode("latin-1") not in str(error.value)
    assert path.read_bytes() == content


def test_the_fingerprint_is_that_of_the_key():
    assert key_fingerprint(KEY) == hashlib.sha256(KEY).hexdigest()[:16]


def load(path: Path) -> bytes:
    return load_key(path, report=silent)


def test_two_processes_get_the_same_new_key(tmp_path):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        keys = list(pool.map(load, [tmp_path / "r.key"] * 4))
    assert len(set(keys)) == 1
