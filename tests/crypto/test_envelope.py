"""The envelope alone: its layout, its algorithm registry, and that only an exact match opens."""

from __future__ import annotations

import os
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from antifraud.crypto import DecryptError, envelope
from antifraud.crypto.envelope import (
    AES_256_GCM,
    Algorithm,
    Cipher,
    build_cipher,
    cell_aad,
    key_id_of,
    open_envelope,
    open_many,
    seal,
    seal_many,
)

KEY = bytes(range(32))
KEY_ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
CIPHER = build_cipher(1, KEY)
ROW = UUID("12345678-1234-1234-1234-123456789abc")
AAD = cell_aad("cases_victim", "name", ROW)


def find(key_id: UUID) -> Cipher:
    if key_id != KEY_ID:
        raise DecryptError("the data key does not exist")
    return CIPHER


def test_layout_can_be_opened_by_hand() -> None:
    sealed = seal("张三".encode(), aad=AAD, key_id=KEY_ID, cipher=CIPHER)
    assert sealed[:18] == b"\x01\x01" + KEY_ID.bytes
    plain = AESGCM(KEY).decrypt(
        sealed[18:30], sealed[30:], b"v1|cases_victim|name|12345678-1234-1234-1234-123456789abc"
    )
    assert plain.decode() == "张三"
    assert len(sealed) == envelope.OVERHEAD + 6


@given(st.binary(max_size=200))
def test_round_trip(plaintext: bytes) -> None:
    sealed = seal(plaintext, aad=AAD, key_id=KEY_ID, cipher=CIPHER)
    assert open_envelope(sealed, aad=AAD, find_cipher=find) == plaintext


@given(st.binary(max_size=120))
def test_arbitrary_bytes_never_open(noise: bytes) -> None:
    with pytest.raises(DecryptError):
        open_envelope(noise, aad=AAD, find_cipher=find)


@given(st.binary(max_size=120))
def test_arbitrary_bytes_behind_a_true_header_never_open(noise: bytes) -> None:
    with pytest.raises(DecryptError):
        open_envelope(b"\x01\x01" + KEY_ID.bytes + noise, aad=AAD, find_cipher=find)


@pytest.mark.parametrize(
    "aad",
    [
        cell_aad("cases_victim", "name", UUID(int=7)),
        cell_aad("cases_victim", "phone", ROW),
        cell_aad("cases_lead", "name", ROW),
    ],
)
def test_other_place(aad: bytes) -> None:
    sealed = seal(b"text", aad=AAD, key_id=KEY_ID, cipher=CIPHER)
    with pytest.raises(DecryptError) as caught:
        open_envelope(sealed, aad=aad, find_cipher=find)
    assert caught.value.place == aad.decode().removeprefix("v1|")
    assert caught.value.status == 500


def test_unknown_version_algorithm_and_key() -> None:
    sealed = seal(b"text", aad=AAD, key_id=KEY_ID, cipher=CIPHER)
    for position, reason in ((0, "unknown envelope version"), (1, "not for this algorithm"), (2, "does not exist")):
        changed = bytearray(sealed)
        changed[position] = 9
        with pytest.raises(DecryptError) as caught:
            open_envelope(bytes(changed), aad=AAD, find_cipher=find)
        assert reason in caught.value.reason
        assert caught.value.place == f"cases_victim|name|{ROW}"


def test_nonces_differ() -> None:
    sealed = {seal(b"x", aad=AAD, key_id=KEY_ID, cipher=CIPHER)[18:30] for _ in range(1000)}
    assert len(sealed) == 1000


def test_key_id_of_something_short() -> None:
    with pytest.raises(DecryptError):
        key_id_of(b"\x01\x01" + bytes(43))
    assert key_id_of(b"\x01\x01" + bytes(44)) == UUID(int=0)


def test_another_algorithm_can_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(envelope.ALGORITHMS, 2, Algorithm(2, "ChaCha20-Poly1305", 32, ChaCha20Poly1305))
    cipher = build_cipher(2, os.urandom(32))
    sealed = seal(b"text", aad=AAD, key_id=KEY_ID, cipher=cipher)
    assert sealed[1] == 2
    assert open_envelope(sealed, aad=AAD, find_cipher=lambda _key_id: cipher) == b"text"
    with pytest.raises(DecryptError):
        open_envelope(sealed, aad=AAD, find_cipher=find)


@pytest.mark.parametrize(("algorithm", "key"), [(7, KEY), (1, KEY[:16]), (1, b"")])
def test_no_cipher_for_an_unknown_algorithm_or_short_key(algorithm: int, key: bytes) -> None:
    with pytest.raises(DecryptError):
        build_cipher(algorithm, key)


def test_many_are_opened_as_one_by_one_is() -> None:
    key_id, other_id = uuid4(), uuid4()
    ciphers = {each: build_cipher(AES_256_GCM.id, os.urandom(32)) for each in (key_id, other_id)}
    plain, aads = [b"a", b"", b"c"], [b"1", b"2", b"3"]
    sealed = list(seal_many(plain, aads, 3, key_id=key_id, cipher=ciphers[key_id]))
    of_other = seal(b"d", aad=b"4", key_id=other_id, cipher=ciphers[other_id])
    unknown = seal(b"e", aad=b"5", key_id=uuid4(), cipher=ciphers[key_id])

    def find(wanted: UUID) -> Cipher:
        if wanted not in ciphers:
            raise DecryptError("the data key does not exist")
        return ciphers[wanted]

    envelopes = [*sealed, of_other, unknown, sealed[0], sealed[0][:20], of_other[:1] + b"\x09" + of_other[2:]]
    found = list(open_many(envelopes, [*aads, b"4", b"5", b"moved", b"1", b"4"], find_cipher=find))
    assert found == [*plain, b"d", None, None, None, None]


def test_a_truncated_one_does_not_hide_the_whole_ones_of_its_key() -> None:
    key_id, cipher = uuid4(), build_cipher(AES_256_GCM.id, os.urandom(32))
    whole = seal(b"a", aad=b"1", key_id=key_id, cipher=cipher)
    found = open_many([whole[:20], b"", whole], [b"1"] * 3, find_cipher=lambda _key_id: cipher)
    assert list(found) == [None, None, b"a"]
