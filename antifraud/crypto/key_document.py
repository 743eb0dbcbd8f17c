"""The JSON document of locally kept keys: five classes, each with key ids and one active key."""

from __future__ import annotations

import base64
import binascii
import errno
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

VERSION = 1
KEY_BYTES = 32
OVERLAP = timedelta(days=7)  # R24: so long the older signing key goes on signing beside the new one
_TIMES = ("not_before", "not_after", "revoked_at")
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class KeyClass(StrEnum):
    """What a key may be used for; a key of one class never serves another (R18)."""

    KEK = "kek"
    INDEX = "index"
    RECEIPT = "receipt"
    TICKET = "ticket"
    SIGNING = "signing"


@dataclass(frozen=True)
class Key:
    """One key of 32 bytes; its secret stays out of `repr`. The three times bound the use of a signing key."""

    id: str
    created_at: str
    secret: bytes = field(repr=False)
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it may sign at `now`."""
        started = self.not_before is None or self.not_before <= now
        return started and self.revoked_at is None and (self.not_after is None or now < self.not_after)


@dataclass(frozen=True)
class Ring:
    """The keys of one class: `active` makes new values, the older ones still read what they made."""

    active: str
    keys: Mapping[str, Key]

    @property
    def active_key(self) -> Key:
        return self.keys[self.active]


Document = dict[KeyClass, Ring]


def fresh() -> Document:
    """A document with one new random key for each class."""
    document: Document = {}
    for key_class in KeyClass:
        key = _new_key(key_class)
        document[key_class] = Ring(key.id, {key.id: key})
    return document


def with_new_active(document: Document, key_class: KeyClass) -> Document:
    """The document with one more key of `key_class`, which becomes the active one; the old keys stay.

    A signing key that was live goes on for the overlap (R24), then ends.
    """
    key = _new_key(key_class)
    old = document[key_class].keys
    if key_class is KeyClass.SIGNING:
        end = _now() + OVERLAP
        old = {each.id: each if each.not_after else changed(each, not_after=end) for each in old.values()}
    return {**document, key_class: Ring(key.id, {**old, key.id: key})}


def with_revoked(document: Document, key_id: str) -> Document:
    """The document with one signing key revoked from now on; raises KeyError for an unknown id.

    Where no other key is live, a new one takes its place: the platform must go on signing.
    """
    ring = document[KeyClass.SIGNING]
    key = ring.keys[key_id]
    keys = {**ring.keys, key_id: key if key.revoked_at else changed(key, revoked_at=_now())}
    live = [each.id for each in keys.values() if each.is_live(_now())]
    if not live:
        new = _new_key(KeyClass.SIGNING)
        keys, live = {**keys, new.id: new}, [new.id]
    active = ring.active if ring.active in live else live[-1]
    # The one that is left goes on without an end: what limited it was its successor, which is gone.
    keys[active] = changed(keys[active], not_after=None)
    return {**document, KeyClass.SIGNING: Ring(active, keys)}


def parse(text: str, *, source: str) -> Document:
    """Read a document; raises ImproperlyConfigured (naming `source`, never a key) where it breaks a rule."""
    try:
        raw = json.loads(text)
        if raw["version"] != VERSION:
            raise ImproperlyConfigured(f"{source}: this program reads key documents of version {VERSION}")
        document = {key_class: _ring(key_class, raw["classes"][key_class]) for key_class in KeyClass}
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the parser's message may quote the document, which is made of secrets.
        raise ImproperlyConfigured(f"{source}: not a key document; make one with `manage.py keys_init FILE`") from None
    known = [key.secret for ring in document.values() for key in ring.keys.values()]
    if len(set(known)) != len(known):
        raise ImproperlyConfigured(f"{source}: two keys are equal; each class needs its own (R18)")
    return document


def dump(document: Document) -> str:
    """The document as JSON text."""
    classes = {
        str(key_class): {
            "active": ring.active,
            "keys": {
                key.id: {"created_at": key.created_at, "secret": base64.b64encode(key.secret).decode(), **_times(key)}
                for key in ring.keys.values()
            },
        }
        for key_class, ring in document.items()
    }
    return json.dumps({"version": VERSION, "classes": classes}, indent=2) + "\n"


def read(path: Path, *, private: bool) -> Document:
    """Read the document at `path`; where `private`, refuse a file that anybody but its owner may touch."""
    try:
        with path.open(encoding="utf-8") as file:
            if private and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o177:
                raise ImproperlyConfigured(f"{path}: the key file must have mode 0600 (chmod 600 {path})")
            return parse(file.read(), source=str(path))
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: cannot be read ({error.strerror}); make a key file with `manage.py keys_init {path}`"
        ) from error


def create(path: Path, document: Document) -> None:
    """Write a new file of mode 0600; raises FileExistsError where something is there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from error
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(dump(document))
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, document: Document) -> None:
    """Put a new document in the place of the old one in one step, so that no reader sees half of it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    owner = path.stat()
    create(beside, document)
    os.chown(beside, owner.st_uid, owner.st_gid)
    beside.replace(path)


def _new_key(key_class: KeyClass) -> Key:
    now = _now()
    key = Key(f"{key_class}-{secrets.token_hex(4)}", now.isoformat(), secrets.token_bytes(KEY_BYTES))
    return changed(key, not_before=now) if key_class is KeyClass.SIGNING else key


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _times(key: Key) -> dict[str, str]:
    return {name: at.isoformat() for name in _TIMES if (at := getattr(key, name)) is not None}


def _ring(key_class: KeyClass, raw: Mapping[str, object]) -> Ring:
    entries = raw["keys"]
    active = raw["active"]
    if not isinstance(entries, dict) or not isinstance(active, str) or active not in entries:
        raise ImproperlyConfigured(f"class {key_class}: the active key is missing")
    keys = {key_id: _key(key_class, key_id, entry) for key_id, entry in entries.items()}
    return Ring(active, keys)


def _key(key_class: KeyClass, key_id: str, entry: Mapping[str, str]) -> Key:
    if not _KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(f"class {key_class}: key ids are made of a–z, 0–9 and -, at most 64 of them")
    try:
        secret = base64.b64decode(entry["secret"], validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ImproperlyConfigured(f"key {key_id}: must be {KEY_BYTES} bytes in base64")
    times = {name: _time(key_id, entry[name]) for name in _TIMES if name in entry}
    return Key(key_id, entry.get("created_at", ""), secret, **times)


def _time(key_id: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ImproperlyConfigured(f"key {key_id}: times are written as 2026-01-31T08:00:00+00:00")
    return at
