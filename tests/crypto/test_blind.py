"""Blind indexes: equal for equal values of one purpose, unrelated otherwise, and impossible without the index key."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from antifraud.crypto import blind_bucket, blind_index, key_document, keyring
from antifraud.crypto.blind import blind_indexes
from antifraud.crypto.key_document import KeyClass

# The key file is the same for all examples of one test: that is meant.
same_keys = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_construction(key_file: Path) -> None:
    master = key_document.read(key_file, private=True)[KeyClass.INDEX].active_key.secret
    key = HKDF(SHA256(), 32, None, b"antifraud|blind-index|v1|account_number").derive(master)
    assert (
        blind_index("account_number", "6222021234560123") == hmac.digest(key, b"6222021234560123", hashlib.sha256)[:16]
    )


@same_keys
@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_exactly_for_equal_values(one: str, other: str) -> None:
    assert (blind_index("p", one) == blind_index("p", other)) == (one == other)
    assert len(blind_index("p", one)) == 16


@same_keys
@given(st.text(min_size=1, max_size=20), st.integers(1, 32))
def test_bucket_is_in_range_and_stable(text: str, bits: int) -> None:
    bucket = blind_bucket("p", text, bits=bits)
    assert 0 <= bucket < 2**bits
    assert bucket == blind_bucket("p", text, bits=bits)
    assert bucket >> 1 == blind_bucket("p", text, bits=bits - 1) if bits > 1 else bucket in (0, 1)


def test_purposes_and_keys_are_apart(key_file: Path) -> None:
    first = blind_index("account_number", "622202")
    assert first != blind_index("id_number", "622202")
    key_file.unlink()
    key_document.create(key_file, key_document.fresh())
    keyring.forget()
    assert blind_index("account_number", "622202") != first


def test_secret_key_has_no_part_in_it(settings: Any) -> None:
    before = blind_index("p", "x"), blind_bucket("p", "x")
    settings.SECRET_KEY = "another"
    keyring.forget()
    assert (blind_index("p", "x"), blind_bucket("p", "x")) == before


def test_bucket_tells_nothing_about_the_index() -> None:
    values = [str(n) for n in range(200)]
    same = sum(blind_bucket("p", v) == int.from_bytes(blind_index("p", v)[:2]) for v in values)
    assert same <= 2


def test_buckets_are_ambiguous_and_even() -> None:
    counts = Counter(blind_bucket("name", f"name {n}", bits=4) for n in range(1600))
    assert len(counts) == 16
    assert max(counts.values()) < 200


def test_nothing_has_no_index() -> None:
    with pytest.raises(ValueError, match="empty"):
        blind_index("p", "")
    with pytest.raises(ValueError, match="empty"):
        blind_bucket("p", "")
    for bits in (0, 33):
        with pytest.raises(ValueError, match="bits"):
            blind_bucket("p", "x", bits=bits)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_many_are_indexed_as_one_by_one_is(forms: list[str]) -> None:
    assert blind_indexes("p", forms) == [blind_index("p", form) for form in forms]


def test_among_many_an_empty_form_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        blind_indexes("p", ["1", ""])
