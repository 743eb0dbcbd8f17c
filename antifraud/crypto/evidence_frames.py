"""The form of an encrypted file: a header, then frames that know their place; `evidence` says where.

A file is `AFEV|version|algorithm|key_id`, then frames of `nonce|ciphertext|tag`, each of 64 KiB of content
but the last. A frame is bound to the header, the file's name, its number and whether it is the last: what is
changed, moved, left out or taken from another file does not open.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag

from antifraud.crypto import data_keys
from antifraud.crypto.envelope import NONCE_BYTES, TAG_BYTES, Cipher, DecryptError

CHUNK_BYTES = 64 * 1024
FRAME_BYTES = NONCE_BYTES + CHUNK_BYTES + TAG_BYTES
_FRAME_OVERHEAD = NONCE_BYTES + TAG_BYTES
_HEADER = struct.Struct(">4sBB16s")
_MAGIC, _VERSION = b"AFEV", 1


def encrypt(chunks: Iterable[bytes], name: str, key_id: UUID, cipher: Cipher) -> Iterator[bytes]:
    """The bytes of the file called `name`; each chunk but the last has CHUNK_BYTES, an empty file none."""
    header = _HEADER.pack(_MAGIC, _VERSION, cipher.algorithm_id, key_id.bytes)
    yield header
    number, held = 0, b""
    for index, chunk in enumerate(chunks):
        if index:
            yield _frame(cipher, held, _aad(header, name, number, is_last=False))
            number += 1
        held = chunk
    yield _frame(cipher, held, _aad(header, name, number, is_last=True))


def content_size(stored_size: int) -> int:
    """Bytes of content of a stored file of this size; raises DecryptError for an impossible size."""
    body = stored_size - _HEADER.size
    frames = -(-body // FRAME_BYTES)
    if frames < 1 or body - (frames - 1) * FRAME_BYTES < _FRAME_OVERHEAD:
        raise DecryptError("truncated file")
    return body - frames * _FRAME_OVERHEAD


class FrameReader(io.RawIOBase):
    """The content of an encrypted file, decrypted as it is read, at any position; one frame is in memory.

    Raises DecryptError at the start where the file's end is missing, and at the frame that was changed.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.size = content_size(os.fstat(file.fileno()).st_size)
        self._frames = max(1, -(-self.size // CHUNK_BYTES))
        self._header = file.read(_HEADER.size)
        magic, version, algorithm_id, key_id = _HEADER.unpack(self._header)
        if magic != _MAGIC or version != _VERSION:
            raise DecryptError("not an evidence file", self._place)
        self._cipher = data_keys.decryption_key(UUID(bytes=key_id))
        if self._cipher.algorithm_id != algorithm_id:
            raise DecryptError("the key is not for this algorithm", self._place)
        self._position = 0
        self._current: tuple[int, bytes] = (-1, b"")
        self._chunk(self._frames - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the start of the file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self.size:
            return 0
        number, offset = divmod(self._position, CHUNK_BYTES)
        piece = self._chunk(number)[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    @property
    def _place(self) -> str:
        return f"evidence|{self._name}"

    def _chunk(self, number: int) -> bytes:
        if self._current[0] != number:
            self._file.seek(_HEADER.size + number * FRAME_BYTES)
            frame = self._file.read(FRAME_BYTES)
            aad = _aad(self._header, self._name, number, is_last=number == self._frames - 1)
            try:
                content = self._cipher.aead.decrypt(frame[:NONCE_BYTES], frame[NONCE_BYTES:], aad)
            except (InvalidTag, ValueError):
                raise DecryptError("changed, truncated or moved file", self._place) from None
            self._current = (number, content)
        return self._current[1]


def _aad(header: bytes, name: str, number: int, *, is_last: bool) -> bytes:
    return header + f"|v1|evidence|{name}|{number}|{int(is_last)}".encode()


def _frame(cipher: Cipher, chunk: bytes, aad: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.aead.encrypt(nonce, chunk, aad)
