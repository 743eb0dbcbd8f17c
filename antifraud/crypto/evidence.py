"""Evidence files at rest: encrypted, randomly named, outside of the web root; the floors decide who reads."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from antifraud.crypto import data_keys
from antifraud.crypto.evidence_frames import CHUNK_BYTES, FrameReader, content_size, encrypt
from antifraud.crypto.key_cache import Scope
from antifraud.crypto.sniff import KINDS, STATEMENTS, Kind, sniff, sniff_statement
from antifraud.errors import Invalid

MAX_BYTES = 20 * 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredEvidence:
    """What the caller keeps in its row: the storage's name; SHA-256 (hex), size and kind of the content."""

    name: str
    sha256: str
    size: int
    kind: Kind


def store_evidence(
    file: File[bytes],
    *,
    scope: Scope,
    kinds: Collection[Kind] = KINDS,
    max_bytes: int = MAX_BYTES,
    field: str = "file",
) -> StoredEvidence:
    """Check the kind (R39), encrypt `file` by the key of `scope` and write it to disk before returning.

    Raises Invalid (under `field`) for a forbidden kind, an empty file or one above `max_bytes`. Where the
    caller's transaction is rolled back, the encrypted file stays behind and nobody knows its name.
    """
    kind = sniff_statement(file, field=field) if (STATEMENTS - KINDS).intersection(kinds) else sniff(file, field=field)
    if kind not in kinds:
        allowed = ", ".join(sorted(str(each) for each in kinds))
        text = _("This kind of file is not accepted here. Choose one of: {kinds}.")
        raise Invalid(fields={field: [str(text).format(kinds=allowed)]})
    name, sha256, size = _storage().store(file, scope=scope, max_bytes=max_bytes, field=field)
    return StoredEvidence(name, sha256, size, kind)


def open_evidence(name: str) -> File[bytes]:
    """The decrypting, seekable file; close it. Raises DecryptError, or FileNotFoundError."""
    return _storage().open(name)


def _storage() -> EvidenceStorage:
    storage = storages["evidence"]
    if not isinstance(storage, EvidenceStorage):
        raise ImproperlyConfigured('STORAGES["evidence"] must be antifraud.crypto.evidence.EvidenceStorage')
    return storage


@deconstructible
class EvidenceStorage(Storage):
    """Django's storage interface over settings.EVIDENCE_ROOT. Names are made here, never by clients."""

    @property
    def root(self) -> Path:
        return Path(settings.EVIDENCE_ROOT)

    def store(self, file: File[Any], *, scope: Scope, max_bytes: int, field: str = "file") -> tuple[str, str, int]:
        """(name, SHA-256 in hex, size) of the content, which is on disk when this returns."""
        token = secrets.token_hex(16)
        name = f"{token[:2]}/{token}"
        target = self._path(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = _Content(file, max_bytes, field)
        beside = target.with_suffix(".part")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for piece in encrypt(content.chunks(), name, *data_keys.encryption_key(scope)):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return name, content.digest.hexdigest(), content.size

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and self._path(name).is_file()

    def size(self, name: str) -> int:
        """Bytes of content, told from the stored size alone."""
        return content_size(self._path(name).stat().st_size)

    def url(self, name: str | None) -> str:
        raise ValueError("evidence has no address: a view opens it after the permission check")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[Any]) -> str:
        return self.store(content, scope=data_keys.PLATFORM, max_bytes=MAX_BYTES)[0]

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("evidence is read only")
        raw = self._path(name).open("rb")
        try:
            reader = FrameReader(raw, name)
        except BaseException:
            raw.close()
            raise
        file = File(io.BufferedReader(reader, CHUNK_BYTES), name=name)
        file.size = reader.size
        return file

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SuspiciousFileOperation("not a name that this storage gave")
        return self.root / name


class _Content:
    """A file cut into chunks of full length, hashed and counted on the way."""

    def __init__(self, file: File[Any], max_bytes: int, field: str) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._file = file
        self._max_bytes = max_bytes
        self._field = field

    def chunks(self) -> Iterator[bytes]:
        self._file.seek(0)
        held = b""
        for piece in iter(lambda: self._file.read(CHUNK_BYTES), b""):
            self.size += len(piece)
            if self.size > self._max_bytes:
                text = _("The file is larger than {limit} MB. Reduce it or split it.")
                raise Invalid(fields={self._field: [str(text).format(limit=self._max_bytes // 2**20)]})
            self.digest.update(piece)
            held += piece
            if len(held) >= CHUNK_BYTES:
                yield held[:CHUNK_BYTES]
                held = held[CHUNK_BYTES:]
        if self.size == 0:
            raise Invalid(fields={self._field: [_("The file is empty. Choose another one.")]})
        if held:
            yield held


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
