"""Evidence at rest: unreadable on disk, read back exactly, and any change of a file is found."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from antifraud.crypto import DecryptError, data_keys
from antifraud.crypto.evidence import MAX_BYTES, EvidenceStorage, StoredEvidence, open_evidence, store_evidence
from antifraud.crypto.evidence_frames import CHUNK_BYTES, FRAME_BYTES
from antifraud.crypto.evidence_marks import FOLDER
from antifraud.crypto.sniff import Kind
from antifraud.errors import Invalid
from tests.crypto.cells import be_another_process

pytestmark = pytest.mark.django_db
HEADER_BYTES = 22


def pdf(size: int) -> bytes:
    return (b"%PDF-1.7\n" + os.urandom(max(0, size - 9)))[:size]


def keep(content: bytes, **options: Any) -> StoredEvidence:
    return store_evidence(ContentFile(content, name="账单 张三.pdf"), **{"scope": ("case", uuid4()), **options})


def on_disk(stored: StoredEvidence, settings: Any) -> Path:
    return Path(settings.EVIDENCE_ROOT) / stored.name


def read(stored: StoredEvidence) -> bytes:
    with open_evidence(stored.name) as file:
        content: bytes = file.read()
    return content


def files(settings: Any) -> list[Path]:
    """What is stored, without the marks of what nobody confirmed yet."""
    found = Path(settings.EVIDENCE_ROOT).rglob("*")
    return [path for path in found if path.is_file() and path.parent.name != FOLDER]


@pytest.mark.parametrize("size", [9, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 300_000])
def test_round_trip(size: int, settings: Any) -> None:
    content = pdf(size)
    stored = keep(content)
    assert stored == StoredEvidence(stored.name, hashlib.sha256(content).hexdigest(), size, Kind.PDF)
    be_another_process()
    assert read(stored) == content
    with open_evidence(stored.name) as file:
        assert file.size == size == storages["evidence"].size(stored.name)
        assert b"".join(file.chunks(1000)) == content
    frames = -(-size // CHUNK_BYTES)
    assert on_disk(stored, settings).stat().st_size == HEADER_BYTES + size + frames * 28


def test_nothing_readable_on_disk(settings: Any) -> None:
    stored = keep(b"%PDF-1.7\n" + b"6222021234560123" * 10_000)
    path = on_disk(stored, settings)
    raw = path.read_bytes()
    assert b"6222" not in raw
    assert b"%PDF" not in raw
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "张三" not in str(path)
    assert "." not in path.name
    assert files(settings) == [path]


def test_any_position_can_be_read() -> None:
    content = pdf(3 * CHUNK_BYTES + 100)
    stored = keep(content)
    with open_evidence(stored.name) as file:
        for start, length in ((0, 5), (CHUNK_BYTES - 2, 4), (2 * CHUNK_BYTES, 10), (len(content) - 3, 10), (10**9, 1)):
            file.seek(start)
            assert file.read(length) == content[start : start + length]
        file.seek(-4, os.SEEK_END)
        assert file.read() == content[-4:]
        file.seek(10)
        file.seek(5, os.SEEK_CUR)
        assert file.tell() == 15


def test_truncation_is_found_before_the_first_byte(settings: Any) -> None:
    content = pdf(3 * CHUNK_BYTES)
    stored = keep(content)
    path = on_disk(stored, settings)
    whole = path.read_bytes()
    cuts = [
        0,
        10,
        HEADER_BYTES,
        HEADER_BYTES + 27,
        HEADER_BYTES + FRAME_BYTES,
        HEADER_BYTES + 2 * FRAME_BYTES,
        len(whole) - 1,
    ]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        with pytest.raises(DecryptError):
            open_evidence(stored.name)
    for longer in (whole + b"\x00", whole + whole[-FRAME_BYTES:]):
        path.write_bytes(longer)
        with pytest.raises(DecryptError):
            open_evidence(stored.name)
    path.write_bytes(whole)
    assert read(stored) == content


def test_exchanged_repeated_and_changed_frames(settings: Any) -> None:
    content = pdf(4 * CHUNK_BYTES)
    stored = keep(content)
    path = on_disk(stored, settings)
    whole = path.read_bytes()
    head, frames = whole[:HEADER_BYTES], [whole[HEADER_BYTES + n * FRAME_BYTES :][:FRAME_BYTES] for n in range(4)]
    a, b, c, d = frames
    for order in ([b, a, c, d], [a, a, c, d], [a, c, d], [a, b, d, c], [a, d]):
        path.write_bytes(head + b"".join(order))
        with pytest.raises(DecryptError):
            read(stored)
    for position in (0, 4, 5, 6, 21, 22, 34, 5000, HEADER_BYTES + FRAME_BYTES + 40, len(whole) - 1):
        changed = bytearray(whole)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DecryptError):
            read(stored)


def test_files_of_one_scope_exchanged(settings: Any) -> None:
    scope = ("case", uuid4())
    one, other = keep(pdf(1000), scope=scope), keep(pdf(1000), scope=scope)
    path = on_disk(one, settings)
    path.write_bytes(on_disk(other, settings).read_bytes())
    with pytest.raises(DecryptError):
        open_evidence(one.name)
    assert read(other)


def test_destroyed_scope(settings: Any) -> None:
    scope = ("case", uuid4())
    stored = keep(pdf(100), scope=scope)
    data_keys.destroy(scope)
    be_another_process()
    with pytest.raises(DecryptError):
        open_evidence(stored.name)
    assert on_disk(stored, settings).exists()


def test_too_large_leaves_nothing_behind(settings: Any) -> None:
    assert MAX_BYTES == 20 * 1024 * 1024
    for content in (pdf(1001), pdf(200_000)):
        with pytest.raises(Invalid) as caught:
            keep(content, max_bytes=1000, field="scan")
        assert list(caught.value.fields) == ["scan"]
    assert files(settings) == []
    keep(pdf(1000), max_bytes=1000)
    assert len(files(settings)) == 1


def test_default_limit_is_20_mb(settings: Any) -> None:
    with pytest.raises(Invalid) as caught:
        keep(b"%PDF-" + bytes(MAX_BYTES - 4))
    assert "20 MB" in str(caught.value.fields["file"][0])
    assert files(settings) == []


def test_kind_that_the_caller_does_not_take(settings: Any) -> None:
    with pytest.raises(Invalid) as caught:
        keep(pdf(100), kinds={Kind.PNG, Kind.JPEG})
    assert "jpeg, png" in str(caught.value.fields["file"][0])
    with pytest.raises(Invalid):
        keep(b"")
    assert files(settings) == []


def test_storage_interface(settings: Any) -> None:
    storage = storages["evidence"]
    assert isinstance(storage, EvidenceStorage)
    name = storage.save("客户.pdf", ContentFile(b"anything"))
    assert storage.exists(name)
    assert "客户" not in name
    with storage.open(name) as file:
        assert file.read() == b"anything"
    with pytest.raises(ValueError, match="no address"):
        storage.url(name)
    with pytest.raises(ValueError, match="read only"):
        storage.open(name, "wb")
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        open_evidence(name)


@pytest.mark.parametrize(
    "name", ["../keys.json", "/etc/passwd", "aa/../../x", "aa", "", "aa/" + "g" * 32, "aa/" + "a" * 32 + "\n"]
)
def test_names_that_were_never_given(name: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        open_evidence(name)
    assert not storages["evidence"].exists(name)


def test_wrong_storage_is_named(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "evidence": settings.STORAGES["default"]}
    with pytest.raises(ImproperlyConfigured, match="evidence"):
        open_evidence("aa/" + "a" * 32)
