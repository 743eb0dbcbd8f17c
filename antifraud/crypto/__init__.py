"""The safe: keys, encrypted fields, blind indexes, sealed files, signed handles; no case and no bank."""

from __future__ import annotations

from antifraud.crypto.blind import INDEX_VERSION, blind_bucket, blind_index
from antifraud.crypto.envelope import DecryptError
from antifraud.crypto.fields import EncryptedJSONField, EncryptedTextField, preload_rows, reseal, seal_for
from antifraud.crypto.secret import Sealed, Secret

__all__ = [
    "INDEX_VERSION",
    "DecryptError",
    "EncryptedJSONField",
    "EncryptedTextField",
    "Sealed",
    "Secret",
    "blind_bucket",
    "blind_index",
    "preload_rows",
    "reseal",
    "seal_for",
]
