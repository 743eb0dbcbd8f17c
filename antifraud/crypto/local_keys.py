"""Keys held by this process, from a file or the environment; a Vault or HSM would be another KeyProvider."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from antifraud.crypto import key_document
from antifraud.crypto.key_document import Document, Key, KeyClass

_WRAP_AES_256_GCM = b"\x01"
_NONCE_BYTES = 12
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class KeyRefused(Exception):
    """A key is not in the ring, or did not make what it should open; the text is the reason and no secret."""


@dataclass(frozen=True)
class PublishedKey:
    """A signing key as everybody may know it."""

    id: str
    public_key: bytes
    not_before: datetime
    not_after: datetime | None
    revoked_at: datetime | None


class FileSource:
    """The document in a file, read again when the file changes: a rotation reaches running processes."""

    def __init__(self, path: Path, *, private: bool) -> None:
        self.path = path
        self.private = private
        self._stamp: tuple[int, int, int] | None = None
        self._document: Document = {}

    def __call__(self) -> Document:
        try:
            state = self.path.stat()
            stamp = (state.st_mtime_ns, state.st_ino, state.st_size)
        except OSError:
            stamp = None  # `read` names the fault
        if stamp is None or stamp != self._stamp:
            self._document = key_document.read(self.path, private=self.private)
            self._stamp = stamp
        return self._document


class LocalKeys:
    """A KeyProvider whose keys are in memory; `source` gives the present document."""

    def __init__(self, source: Callable[[], Document]) -> None:
        self._source = source
        self._index_keys: dict[str, bytes] = {}
        source()  # a missing or broken document must stop the start, not the first request

    def active_kek(self) -> str:
        """The id of the key that wraps new data keys."""
        return self._source()[KeyClass.KEK].active

    def wrap(self, secret: bytes, context: bytes) -> tuple[str, bytes]:
        """(key id, wrapped) of a data key, bound to `context`."""
        key = self._source()[KeyClass.KEK].active_key
        nonce = os.urandom(_NONCE_BYTES)
        return key.id, _WRAP_AES_256_GCM + nonce + AESGCM(key.secret).encrypt(nonce, secret, context)

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes:
        """The data key; raises KeyRefused where the KEK is gone or `wrapped` belongs elsewhere."""
        key = self._key(KeyClass.KEK, kek_id)
        nonce, body = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        if wrapped[:1] != _WRAP_AES_256_GCM or len(nonce) != _NONCE_BYTES:
            raise KeyRefused("the wrapped key has an unknown form")
        try:
            return AESGCM(key.secret).decrypt(nonce, body, context)
        except InvalidTag:
            raise KeyRefused("the wrapped key was changed or belongs to another place") from None

    def index_key(self, purpose: str) -> bytes:
        """The blind index key of one purpose, by HKDF-SHA256 from the index master key."""
        if purpose not in self._index_keys:
            master = self._source()[KeyClass.INDEX].active_key.secret
            info = b"antifraud|blind-index|v1|" + purpose.encode()
            self._index_keys[purpose] = HKDF(SHA256(), 32, None, info).derive(master)
        return self._index_keys[purpose]

    def mac(self, key_class: KeyClass, message: bytes) -> tuple[str, bytes]:
        """(key id, HMAC-SHA256) by the active key of a class."""
        key = self._source()[key_class].active_key
        return key.id, hmac.digest(key.secret, message, hashlib.sha256)

    def mac_holds(self, key_class: KeyClass, key_id: str, message: bytes, mac: bytes) -> bool:
        """Whether `mac` was made by this key over this message; False for an unknown key."""
        key = self._source()[key_class].keys.get(key_id)
        return key is not None and hmac.compare_digest(hmac.digest(key.secret, message, hashlib.sha256), mac)

    def sign(self, message: bytes) -> tuple[str, bytes]:
        """(key id, Ed25519 signature) by the newest live signing key."""
        key_id = self.signer_ids()[0]
        return key_id, self.sign_as(key_id, message)

    def signer_ids(self) -> list[str]:
        """The live signing keys, newest first; raises KeyRefused where none is."""
        now = datetime.now(UTC)
        ring = self._source()[KeyClass.SIGNING]
        live = [key for key in reversed(list(ring.keys.values())) if key.is_live(now)]
        if not live:
            raise KeyRefused("no signing key is valid now: run `manage.py keys_rotate --class signing`")
        live.sort(key=lambda key: (key.id == ring.active, key.not_before or _ALWAYS), reverse=True)
        return [key.id for key in live]

    def sign_as(self, key_id: str, message: bytes) -> bytes:
        """The Ed25519 signature by one live signing key; raises KeyRefused for any other."""
        key = self._key(KeyClass.SIGNING, key_id)
        if not key.is_live(datetime.now(UTC)):
            raise KeyRefused(f"the signing key {key_id!r} is not valid now")
        return Ed25519PrivateKey.from_private_bytes(key.secret).sign(message)

    def signature_holds(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Whether this key of ours signed the message; False for an unknown key."""
        key = self._source()[KeyClass.SIGNING].keys.get(key_id)
        if key is None:
            return False
        try:
            Ed25519PrivateKey.from_private_bytes(key.secret).public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_keys(self) -> dict[str, bytes]:
        """Signing key id -> raw Ed25519 public key, the active one and the older ones."""
        return {key.id: key.public_key for key in self.published_keys()}

    def published_keys(self) -> list[PublishedKey]:
        """Every signing key that ever was in the ring, oldest first: old messages stay verifiable (R24)."""
        return [
            PublishedKey(
                key.id,
                Ed25519PrivateKey.from_private_bytes(key.secret).public_key().public_bytes_raw(),
                key.not_before or _created(key),
                key.not_after,
                key.revoked_at,
            )
            for key in self._source()[KeyClass.SIGNING].keys.values()
        ]

    def _key(self, key_class: KeyClass, key_id: str) -> Key:
        try:
            return self._source()[key_class].keys[key_id]
        except KeyError:
            raise KeyRefused(f"the {key_class} key {key_id!r} is not in the ring") from None


def _created(key: Key) -> datetime:
    """When an older document's key began: such a key has no `not_before`."""
    try:
        at = datetime.fromisoformat(key.created_at)
    except ValueError:
        return _ALWAYS
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def from_file(path: Path) -> LocalKeys:
    """The file provider: the owner alone may read the file."""
    return LocalKeys(FileSource(path, private=True))


def from_environment() -> LocalKeys:
    """The environment provider: ANTIFRAUD_KEYS is the document, ANTIFRAUD_KEYS_FILE names its file.

    A mounted secret is readable by its container's group, so its mode is not judged.
    """
    if "ANTIFRAUD_KEYS" in os.environ:
        document = key_document.parse(os.environ["ANTIFRAUD_KEYS"], source="ANTIFRAUD_KEYS")
        return LocalKeys(lambda: document)
    return LocalKeys(FileSource(Path(os.environ["ANTIFRAUD_KEYS_FILE"]), private=False))
