"""Scopes that no other test uses, and what is sealed and opened by their keys."""

from __future__ import annotations

from uuid import uuid4

from antifraud.crypto import data_keys
from antifraud.crypto.envelope import open_envelope, seal
from antifraud.crypto.key_cache import Scope


def new_scope() -> Scope:
    """A case that nobody has seen."""
    return ("case", uuid4())


def sealed(scope: Scope, text: bytes = b"text") -> bytes:
    """An envelope under the scope's active key."""
    key_id, cipher = data_keys.encryption_key(scope)
    return seal(text, aad=b"v1|t|c|r", key_id=key_id, cipher=cipher)


def opened(envelope: bytes) -> bytes:
    """What is in an envelope of `sealed`."""
    return open_envelope(envelope, aad=b"v1|t|c|r", find_cipher=data_keys.decryption_key)
