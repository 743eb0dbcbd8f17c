"""Blind indexes: keyed fingerprints of normal forms, equal for equal values; `normal` makes the forms."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from antifraud.crypto import keyring

# Goes up with every change of a normal form or of the construction; kept beside each index (R19).
INDEX_VERSION = 1
INDEX_BYTES = 16


def blind_index(purpose: str, normal_form: str) -> bytes:
    """16 bytes of HMAC-SHA256 under the purpose's own key: for account numbers, which must join exactly.

    The same value has different indexes for different purposes. Raises ValueError for an empty form: all rows
    without a value would look equal.
    """
    return _fingerprint(purpose, normal_form)[:INDEX_BYTES]


def blind_indexes(purpose: str, normal_forms: Iterable[str]) -> list[bytes]:
    """`blind_index` of many: the key is asked for, and taken into the hash, once."""
    keyed = HMAC(keyring.current().index_key(purpose), SHA256())
    forms = list(normal_forms)
    if not all(forms):
        raise ValueError("an empty normal form has no index")
    return [_finished(keyed.copy(), form) for form in forms]


def _finished(keyed: HMAC, form: str) -> bytes:
    keyed.update(form.encode())
    return keyed.finalize()[:INDEX_BYTES]


def row_key(purpose: str) -> Callable[[bytes], bytes]:
    """A function from the bytes that tell a row from others to its 16-byte fingerprint, keyed BLAKE2b: for the rows of
    bulk imports, which number millions (domain.md §6)."""
    key = keyring.current().index_key(purpose)
    blake = hashlib.blake2b
    return lambda told: blake(told, digest_size=INDEX_BYTES, key=key).digest()


def blind_bucket(purpose: str, normal_form: str, *, bits: int = 16) -> int:
    """0 … 2^bits − 1, deliberately ambiguous, for names and phones: decrypt and compare what it finds.

    R19: bits ≈ log2(rows) − 4. Its key differs from the index's, so a bucket tells nothing about an index.
    """
    if not 1 <= bits <= 32:
        raise ValueError("a bucket has 1 to 32 bits")
    return int.from_bytes(_fingerprint(f"{purpose}|bucket", normal_form)[:4]) >> (32 - bits)


def _fingerprint(purpose: str, normal_form: str) -> bytes:
    if not normal_form:
        raise ValueError("an empty normal form has no index")
    return hmac.digest(keyring.current().index_key(purpose), normal_form.encode(), hashlib.sha256)
