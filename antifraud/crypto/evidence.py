"""Evidence files at rest: encrypted, randomly named, outside of the web root; the floors decide who reads."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import InterfaceError, OperationalError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from antifraud.crypto import data_keys, evidence_marks
from antifraud.crypto.evidence_frames import CHUNK_BYTES, FrameReader, content_size, encrypt
from antifraud.crypto.key_cache import Scope
from antifraud.crypto.sniff import KINDS, STATEMENTS, Kind, sniff, sniff_statement
from antifraud.errors import Invalid

MAX_BYTES = 20 * 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


@dataclass
class StoredEvidence:
    """What the caller keeps in its row: the storage's name; SHA-256 (hex), size and kind of the content.

    `scope` is whose key it is encrypted by; `is_named` is set by whoever has written the row, `is_kept` once that is committed.
    """

    name: str
    sha256: str
    size: int
    kind: Kind
    scope: Scope = field(default=data_keys.PLATFORM, compare=False)
    is_named: bool = field(default=False, compare=False)
    is_kept: bool = field(default=False, compare=False)


def store_evidence(
    file: File[bytes],
    *,
    scope: Scope,
    kinds: Collection[Kind] = KINDS,
    max_bytes: int = MAX_BYTES,
    field: str = "file",
) -> StoredEvidence:
    """Check the kind (R39), encrypt `file` by the key of `scope` and write it to disk before returning.

    Raises Invalid (under `field`) for a forbidden kind, an empty file or one above `max_bytes`. The file is marked until
    `evidence_confirm`: what a rolled back transaction leaves behind is found by its mark (`evidence_unconfirmed`).
    """
    if file.size is not None and file.size > max_bytes:  # before a byte of it is encrypted
        raise _too_large(max_bytes, field)
    kind = sniff_statement(file, field=field) if (STATEMENTS - KINDS).intersection(kinds) else sniff(file, field=field)
    if kind not in kinds:
        allowed = ", ".join(sorted(str(each) for each in kinds))
        text = _("This kind of file is not accepted here. Choose one of: {kinds}.")
        raise Invalid(fields={field: [str(text).format(kinds=allowed)]})
    name, sha256, size = _storage().store(file, scope=scope, max_bytes=max_bytes, field=field)
    return StoredEvidence(name, sha256, size, kind, scope)


@contextmanager
def stored_ahead(file: File[bytes], *, scope: Scope, **limits: Any) -> Iterator[StoredEvidence]:
    """`store_evidence` before the unit of work opens: a large file takes longer than a transaction may stand idle (R44).

    with stored_ahead(file, scope=…) as stored, unit_of_work(user): …

    A file that no row names when the block ends, or whose unit of work failed, is removed. Where the database broke off,
    or the process is being ended, nobody knows whether the row is there: such a file stays until the sweep has looked.
    """
    stored = store_evidence(file, scope=scope, **limits)
    try:
        yield stored
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if not stored.is_kept:
            evidence_drop(stored.name)
        raise
    if not stored.is_named:
        evidence_drop(stored.name)


def evidence_keep(stored: StoredEvidence) -> None:
    """The row that names it is committed: whatever fails from now on, the file stays."""
    stored.is_kept = True
    evidence_confirm(stored.name)


def evidence_confirm(name: str) -> None:
    """A committed row names the file."""
    evidence_marks.remove(_storage().root, name)


def evidence_drop(name: str) -> None:
    """Remove a file that no row names, with its mark; one that is gone already is no error."""
    storage = _storage()
    storage.delete(name)
    evidence_marks.remove(storage.root, name)


def evidence_unconfirmed(seconds: float) -> Iterator[str]:
    """Files that were stored longer ago than that and never confirmed, oldest first; a row may name them all the same."""
    return evidence_marks.older(_storage().root, seconds)


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
        evidence_marks.make(self.root, name)
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for piece in encrypt(content.chunks(), name, *data_keys.encryption_key(scope)):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            evidence_marks.remove(self.root, name)
            raise
        _sync_folder(target.parent)
        return name, content.digest.hexdigest(), content.size

    def delete(self, name: str) -> None:
        """Also what a process that was killed had written of it."""
        path = self._path(name)
        path.with_suffix(".part").unlink(missing_ok=True)
        path.unlink(missing_ok=True)

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
                raise _too_large(self._max_bytes, self._field)
            self.digest.update(piece)
            held += piece
            if len(held) >= CHUNK_BYTES:
                yield held[:CHUNK_BYTES]
                held = held[CHUNK_BYTES:]
        if self.size == 0:
            raise Invalid(fields={self._field: [_("The file is empty. Choose another one.")]})
        if held:
            yield held


def _too_large(max_bytes: int, field: str) -> Invalid:
    text = _("The file is larger than {limit} MB. Reduce it or split it.")
    return Invalid(fields={field: [str(text).format(limit=max_bytes // 2**20)]})


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
