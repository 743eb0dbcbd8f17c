"""The sealed form of one value, `ver|alg|key_id|nonce|ct|tag`, bound to its place; `data_keys` finds keys."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext_lazy as _

from antifraud.errors import AppError

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
_HEADER = struct.Struct(f">BB16s{NONCE_BYTES}s")
OVERHEAD = _HEADER.size + TAG_BYTES


class DecryptError(AppError):
    """A sealed value cannot be opened: changed, moved, truncated, or its key is gone. Nothing is shown.

    `reason` and `place` ("table|column|row") are for the audit row and the log; they hold no personal data.
    `is_cell`: the value itself is broken; its key was found, unwrapped and right, or was not even asked for.
    """

    code = "decrypt_failed"
    status = 500
    message = _("A stored value cannot be opened. Report this to the administrator.")

    def __init__(self, reason: str, place: str = "", *, is_cell: bool = False) -> None:
        super().__init__()
        self.reason = reason
        self.place = place
        self.is_cell = is_cell


class Aead(Protocol):
    """Authenticated encryption with a 96-bit nonce and a 128-bit tag at the end."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...


@dataclass(frozen=True)
class Algorithm:
    """An entry of the registry; its id is written into every envelope and beside every data key."""

    id: int
    name: str
    key_bytes: int
    build: Callable[[bytes], Aead]


AES_256_GCM = Algorithm(1, "AES-256-GCM", 32, AESGCM)
ALGORITHMS = {algorithm.id: algorithm for algorithm in (AES_256_GCM,)}


@dataclass(frozen=True, slots=True)
class Cipher:
    """An unwrapped key, ready for use with the one algorithm it was made for."""

    algorithm_id: int
    aead: Aead


def build_cipher(algorithm_id: int, key: bytes) -> Cipher:
    """The cipher of a raw key; raises DecryptError for an unknown algorithm or a wrong key length."""
    algorithm = ALGORITHMS.get(algorithm_id)
    if algorithm is None or len(key) != algorithm.key_bytes:
        raise DecryptError("unknown algorithm or wrong key length")
    return Cipher(algorithm_id, algorithm.build(key))


def cell_aad(table: str, column: str, row: UUID | str) -> bytes:
    """The associated data that binds a value to its cell (R17): to rename a column is to seal anew."""
    return f"v1|{table}|{column}|{row}".encode()


def seal(plaintext: bytes, *, aad: bytes, key_id: UUID, cipher: Cipher) -> bytes:
    """The envelope of `plaintext` with a random nonce."""
    nonce = os.urandom(NONCE_BYTES)
    head = _HEADER.pack(VERSION, cipher.algorithm_id, key_id.bytes, nonce)
    return head + cipher.aead.encrypt(nonce, plaintext, aad)


def seal_many(
    plaintexts: Iterable[bytes], aads: Iterable[bytes], count: int, *, key_id: UUID, cipher: Cipher
) -> Iterator[bytes]:
    """As `seal` for `count` values: the random bytes of all nonces are drawn at once."""
    head, nonces, bodies = seal_parts(plaintexts, aads, count, key_id=key_id, cipher=cipher)
    return (head + nonce + body for nonce, body in zip(nonces, bodies, strict=True))


def seal_parts(
    plaintexts: Iterable[bytes], aads: Iterable[bytes], count: int, *, key_id: UUID, cipher: Cipher
) -> tuple[bytes, list[bytes], list[bytes]]:
    """The same in parts, for who writes millions: what all begin with, the nonces, and what follows each."""
    head = _HEADER.pack(VERSION, cipher.algorithm_id, key_id.bytes, b"")[:-NONCE_BYTES]
    random = os.urandom(NONCE_BYTES * count)
    nonces = [random[at : at + NONCE_BYTES] for at in range(0, NONCE_BYTES * count, NONCE_BYTES)]
    return head, nonces, list(starmap(cipher.aead.encrypt, zip(nonces, plaintexts, aads, strict=True)))


def key_id_of(envelope: bytes, *, place: str = "") -> UUID:
    """The data key that an envelope asks for; raises DecryptError where the bytes are not an envelope."""
    if len(envelope) < OVERHEAD:
        raise DecryptError("truncated envelope", place, is_cell=True)
    version, _algorithm_id, key_id, _nonce = _HEADER.unpack_from(envelope)
    if version != VERSION:
        raise DecryptError("unknown envelope version", place, is_cell=True)
    return UUID(bytes=key_id)


def open_envelope(envelope: bytes, *, aad: bytes, find_cipher: Callable[[UUID], Cipher]) -> bytes:
    """The plaintext; raises DecryptError in every other case: no caller can mistake ciphertext for text."""
    place = aad.decode().partition("|")[2]
    key_id = key_id_of(envelope, place=place)
    _version, algorithm_id, _key, nonce = _HEADER.unpack_from(envelope)
    try:
        cipher = find_cipher(key_id)
    except DecryptError as error:
        raise DecryptError(error.reason, place) from error
    if cipher.algorithm_id != algorithm_id:
        raise DecryptError("the key is not for this algorithm", place, is_cell=True)
    try:
        return cipher.aead.decrypt(nonce, envelope[_HEADER.size :], aad)
    except InvalidTag:
        raise DecryptError("changed, or moved from another place", place, is_cell=True) from None


def open_many(
    envelopes: Iterable[bytes], aads: Iterable[bytes], *, find_cipher: Callable[[UUID], Cipher]
) -> Iterator[bytes | None]:
    """As `open_envelope` for many under few keys: each key is looked up once. None for what cannot be opened, whatever the reason."""
    found: dict[bytes, Cipher | None] = {}
    begin = _HEADER.size - NONCE_BYTES
    for envelope, aad in zip(envelopes, aads, strict=True):
        if len(envelope) < OVERHEAD:  # first of all: it must not speak for the whole ones that begin alike
            yield None
            continue
        head = envelope[:begin]
        if head not in found:
            found[head] = _cipher_of(envelope, find_cipher)
        cipher = found[head]
        if cipher is None:
            yield None
            continue
        try:
            yield cipher.aead.decrypt(envelope[begin : begin + NONCE_BYTES], envelope[begin + NONCE_BYTES :], aad)
        except InvalidTag:
            yield None


def _cipher_of(envelope: bytes, find_cipher: Callable[[UUID], Cipher]) -> Cipher | None:
    try:
        cipher = find_cipher(key_id_of(envelope))
    except DecryptError:
        return None
    return cipher if cipher.algorithm_id == envelope[1] else None
