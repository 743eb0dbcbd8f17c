"""A stored file through the confined parser: the child process sees the file in memory, no key, no database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.core.files import File

from accounts.rules.statements import Batch, Header, Issue, NeedsMapping, StatedBalance, StatementError, read
from antifraud import confined
from antifraud.crypto.evidence import open_evidence
from antifraud.leash import Leash

SECONDS_PER_MB = 4  # three times what a workbook of 34 columns takes, fifty times what CSV takes (ADR 0020)
MOST_SECONDS = 600
CLASSES = (Header, Batch, Issue, StatedBalance, NeedsMapping, StatementError)
_PIECE = 1 << 20


def parsed(
    storage_name: str,
    *,
    mapping: Mapping[str, str] | None,
    zone: str,
    owner: tuple[str, str] | None,
    now_us: int | None = None,
    leash: Leash | None = None,
) -> Generator[Header | Batch]:
    """Headers and batches of a stored original; `leash` ends the child from another thread. Raises StatementError, NeedsMapping,
    ConfinedError.

    Call it in a unit of work. The original is opened here and now: its key may be asked of the database, which a thread that
    works off the items must not do. All else, which may take longer than a transaction may stand idle, waits for the first item.
    """
    started = leash.hold if leash is not None else None
    return _parsed(open_evidence(storage_name), mapping=mapping, zone=zone, owner=owner, now_us=now_us, started=started)


def _parsed(stored: File[bytes], **options: Any) -> Generator[Header | Batch]:
    """`options` of `read` and of `confined.run`."""
    with _in_memory(stored) as plain:
        yield from confined.run(read, plain, classes=CLASSES, cpu_seconds=cpu_seconds(plain.tell()), **options)


def cpu_seconds(size: int) -> int:
    """Computing time that the child may use for a file of so many bytes: R39's 120 s, more only for a large file."""
    return max(confined.CPU_SECONDS, min(MOST_SECONDS, SECONDS_PER_MB * size // 2**20))


@contextmanager
def _in_memory(stored: File[bytes]) -> Iterator[BinaryIO]:
    """The decrypted file without a name and without a disk: the clear text is never written down."""
    with stored, os.fdopen(os.memfd_create("statement"), "w+b") as plain:
        shutil.copyfileobj(stored, plain, _PIECE)
        plain.flush()
        yield plain
