"""Our Ed25519 key pair and the platform's public keys; what is signed with them is in `signatures`."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from antifraud_connector import strict_json
from antifraud_connector.errors import ConnectorError, SignatureFault, TransportFault
from antifraud_connector.signatures import SigningKey

CACHE_SECONDS = 60.0  # a revocation must be effective in less than a minute (R24)
SHORTEST_PAUSE = 2.0  # an unknown key id may ask again, but a flood of them must not


def generate(path: Path) -> Ed25519PublicKey:
    """A new private key in `path` (PKCS #8 PEM, readable by its owner only). Raises ConnectorError where it exists."""
    private = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConnectorError(
            str(path), "a key file is never overwritten.", "Choose another name for the new key."
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.flush()
        os.fsync(file.fileno())
    return private.public_key()


def load(path: Path, field: str) -> Ed25519PrivateKey:
    """The private key of a PEM file. Raises ConnectorError naming `field`."""
    step = "Make one with `antifraud-connector keygen` or correct the path."
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ConnectorError(field, f"the key file cannot be read ({error.strerror}).", step) from error
    except (ValueError, TypeError) as error:
        raise ConnectorError(field, "the file holds no unencrypted PEM private key.", step) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ConnectorError(field, "the key must be an Ed25519 key.", step)
    return found


def raw(public: Ed25519PublicKey) -> bytes:
    """The 32 bytes."""
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def printed(public: Ed25519PublicKey) -> str:
    """What the platform's registration form takes: base64 of the 32 bytes."""
    return base64.b64encode(raw(public)).decode()


def fingerprint(public: Ed25519PublicKey) -> str:
    """SHA-256 in groups of four digits, as the platform shows it to the person who approves the key."""
    digits = hashlib.sha256(raw(public)).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def suggested_id(institution: str, public: Ed25519PublicKey) -> str:
    """A key id that no other key will have."""
    return f"{institution}-{hashlib.sha256(raw(public)).hexdigest()[:12]}"


def signing_key(key_id: str, path: Path, field: str) -> SigningKey:
    """Our key as `signatures` takes it."""
    return SigningKey(key_id, load(path, field))


@dataclass(frozen=True)
class ListedKey:
    """One key of the platform's list."""

    key_id: str
    public: Ed25519PublicKey
    not_before: float
    not_after: float
    revoked_at: float | None


class PlatformKeys:
    """The platform's key list, kept for a minute; an unknown id asks again at once. Fails closed without a fresh list."""

    def __init__(self, fetch: Callable[[], bytes], pinned: Sequence[str] = ()) -> None:
        self._fetch, self._pinned = fetch, frozenset(pinned)
        self._keys: dict[str, ListedKey] = {}
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def __call__(self, key_id: str, moment: float) -> Ed25519PublicKey:
        """The key, where it may be used at that moment.

        Raises SignatureFault (key_unknown, key_revoked), TransportFault where the list cannot be had.
        """
        with self._lock:
            age = time.monotonic() - self._read_at
            if age >= CACHE_SECONDS or (key_id not in self._keys and age >= SHORTEST_PAUSE):
                self._keys = {key.key_id: key for key in read_list(self._fetch())}
                self._read_at = time.monotonic()
            key = self._keys.get(key_id)
        if key is None:
            raise SignatureFault("key_unknown")
        if key.revoked_at is not None and key.revoked_at <= moment:
            raise SignatureFault("key_revoked")
        if not key.not_before <= moment < key.not_after:
            raise SignatureFault("key_unknown")
        if self._pinned and printed(key.public) not in self._pinned:
            raise SignatureFault("key_unknown")
        return key.public


def read_list(body: bytes) -> list[ListedKey]:
    """The keys of `GET /api/v1/keys/`; other algorithms than Ed25519 are passed over. Raises TransportFault."""
    try:
        return [_listed(entry) for entry in strict_json.read(body)["keys"] if entry["algorithm"] == "ed25519"]
    except (KeyError, TypeError, ValueError) as error:
        raise TransportFault("the platform's key list cannot be read") from error


def _listed(entry: dict[str, Any]) -> ListedKey:
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(entry["public_key"], validate=True))
    revoked = _moment(entry.get("revoked_at"), -1.0)
    return ListedKey(
        str(entry["key_id"]), public, _moment(entry.get("not_before"), float("-inf")),
        _moment(entry.get("not_after"), float("inf")), None if revoked == -1.0 else revoked,
    )  # fmt: skip


def _moment(text: str | None, missing: float) -> float:
    return datetime.fromisoformat(text).timestamp() if text else missing
