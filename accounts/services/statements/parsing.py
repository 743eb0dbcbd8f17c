"""A stored file through the confined parser: the child process sees the file in memory, no key, no database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from accounts.rules.statements import Batch, Header, Issue, NeedsMapping, StatedBalance, StatementError, read
from antifraud import confined
from antifraud.crypto.evidence import open_evidence

SECONDS_PER_MB = 4  # three times what a workbook of 34 columns takes, fifty times what CSV takes (ADR 0020)
MOST_SECONDS = 600
CLASSES = (Header, Batch, Issue, StatedBalance, NeedsMapping, StatementError)
_PIECE = 1 << 20


def parsed(
    storage_name: str, *, mapping: Mapping[str, str] | None, zone: str, owner: tuple[str, str] | None
) -> Iterator[Header | Batch]:
    """Headers and batches of a stored original. Raises StatementError, NeedsMapping, ConfinedError."""
    with _in_memory(storage_name) as plain:
        yield from confined.run(
            read, plain, mapping=mapping, zone=zone, owner=owner, classes=CLASSES, cpu_seconds=cpu_seconds(plain.tell())
        )


def cpu_seconds(size: int) -> int:
    """Computing time that the child may use for a file of so many bytes: R39's 120 s, more only for a large file."""
    return max(confined.CPU_SECONDS, min(MOST_SECONDS, SECONDS_PER_MB * size // 2**20))


@contextmanager
def _in_memory(storage_name: str) -> Iterator[BinaryIO]:
    """The decrypted file without a name and without a disk: the clear text is never written down."""
    with open_evidence(storage_name) as stored, os.fdopen(os.memfd_create("statement"), "w+b") as plain:
        shutil.copyfileobj(stored, plain, _PIECE)
        plain.flush()
        yield plain
