"""The first rows of a statement file as they are understood with given columns; nothing is stored (R39: in a child process)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from accounts.models import StatementFile
from accounts.policy import FlowAction
from accounts.rules import statements as rules
from accounts.services.statements.parsing import CLASSES
from antifraud import confined, policy
from antifraud.crypto.evidence import open_evidence
from banks.models import User

ROWS = 20
HEAD_BYTES = 128 * 1024
CPU_SECONDS = 10
WAIT_SECONDS = 15.0
WHOLE_KINDS = ("xlsx",)  # a workbook's directory stands at its end


@dataclass(frozen=True)
class Sample:
    """What the start of a file gives: the first rows as understood (ROWS at most; personal data: mask them), or the
    fields that are still to be named, or the code for which nothing could be understood."""

    batch: rules.Batch | None = None
    missing: tuple[str, ...] = ()
    problem: str = ""


def statement_sample(*, by: User, file_id: UUID, mapping: Mapping[str, str]) -> Sample:
    """Read the start of the file with these columns. NotFound, Forbidden."""
    rows = StatementFile.objects.select_related("attachment")
    file = policy.get(by, FlowAction.STATEMENT_MAP, rows, file_id)
    given = file.owner_number.open() if file.owner_number else None
    owner = (given["number"], given["name"]) if given else None
    with _head(file) as stream:
        return _read(stream, mapping=mapping, zone=file.zone, owner=owner)


def _read(
    stream: BinaryIO, *, mapping: Mapping[str, str], zone: str, owner: tuple[str, str] | None
) -> Sample:  # fmt: skip
    try:
        found = confined.run(
            rules.read, stream, classes=CLASSES, cpu_seconds=CPU_SECONDS, wait_seconds=WAIT_SECONDS, mapping=dict(mapping),
            zone=zone, owner=owner,
        )  # fmt: skip
        batch = next((item for item in found if isinstance(item, rules.Batch)), None)
    except rules.NeedsMapping as asked:
        return Sample(missing=asked.missing)
    except rules.StatementError as refused:
        return Sample(problem=refused.code)
    except confined.ConfinedError:
        return Sample(problem="reading_failed")
    return Sample(batch=_cut(batch)) if batch is not None else Sample(problem="table_empty")


def _cut(batch: rules.Batch) -> rules.Batch:
    """The first rows, and the remarks about the stretch in which they stand."""
    columns = {name: getattr(batch, name)[:ROWS] for name in rules.ROW_COLUMNS}
    last = columns["row"][-1] if columns["row"] else None
    issues = [issue for issue in batch.issues if last is None or issue.row <= last][:ROWS]
    return rules.Batch(**columns, issues=issues, read=batch.read)


@contextmanager
def _head(file: StatementFile) -> Iterator[BinaryIO]:
    """The start of the decrypted file up to a line's end (a workbook: all of it), in memory only, never on a disk."""
    limit = None if file.attachment.media_kind in WHOLE_KINDS else HEAD_BYTES
    with os.fdopen(os.memfd_create("statement"), "w+b") as kept, open_evidence(file.attachment.storage_name) as source:
        if limit is None:
            for piece in iter(lambda: source.read(1 << 20), b""):
                kept.write(piece)
        else:
            head = source.read(limit)
            kept.write(head[: head.rfind(b"\n") + 1] if len(head) == limit and b"\n" in head else head)
        kept.flush()
        yield kept
