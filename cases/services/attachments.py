"""Files and notes of a case: stored encrypted, opened with an audit row; what no row names is swept away."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.evidence import (
    MAX_BYTES,
    StoredEvidence,
    evidence_confirm,
    evidence_drop,
    evidence_keep,
    evidence_unconfirmed,
    open_evidence,
    store_evidence,
    stored_ahead,
)
from antifraud.crypto.sniff import KINDS, STATEMENTS, Kind
from antifraud.errors import Invalid
from banks.models import User
from cases.models import Attachment, Case, Note
from cases.policy import Action

ACCEPTED: dict[str, tuple[Kind, ...]] = {
    "instrument": (Kind.PDF,),
    "scan": (Kind.PDF, Kind.PNG, Kind.JPEG),
    "statement": tuple(STATEMENTS),
    "report": (Kind.PDF, Kind.PNG, Kind.JPEG),
    "other": tuple(KINDS),
}


SWEPT_AFTER_SECONDS = 24 * 3600  # no unit of work lasts that long


def attachment_ahead(
    *, case_id: UUID, file: File[Any], purpose: str, field: str = "file", max_bytes: int = MAX_BYTES
) -> AbstractContextManager[StoredEvidence]:
    """A large file, encrypted and on disk before the unit of work opens; gone again where no attachment came of it.

    The caller has authorised the act. Raises Invalid on `field` as it is entered.
    """
    return stored_ahead(file, scope=("case", case_id), kinds=ACCEPTED[purpose], max_bytes=max_bytes, field=field)


def attachment_store(
    *, by: User, case: Case, file: File[Any] | StoredEvidence, purpose: str, title: str, field: str = "file"
) -> Attachment:
    """Keep a file of the case. The caller has authorised the act that brings it (an order's PDF, a bank's statement).

    A file of more than 20 MB comes from `attachment_ahead`. The kind is read from the first bytes, not from the name (R39).
    Raises Invalid on `field`.
    """
    scope = ("case", case.id)
    stored = file if isinstance(file, StoredEvidence) else None
    if stored is None:
        stored = store_evidence(file, scope=scope, kinds=ACCEPTED[purpose], field=field)  # type: ignore[arg-type]
    if stored.scope != scope or stored.kind not in ACCEPTED[purpose]:
        raise ValueError("stored for another case or purpose")
    attachment = Attachment(
        case=case, purpose=purpose, title=title.strip() or purpose, storage_name=stored.name, media_kind=stored.kind,
        size=stored.size, sha256=bytes.fromhex(stored.sha256), uploaded_by=by, uploaded_at=db.require_unit_of_work().now,
    )  # fmt: skip
    attachment.save(force_insert=True)
    stored.is_named = True
    transaction.on_commit(lambda: evidence_keep(stored), robust=True)
    diary.record(
        "attachment.add", by=by, obj=attachment, case_id=case.id,
        detail={"purpose": purpose, "kind": stored.kind, "size": stored.size, "sha256": stored.sha256},
    )  # fmt: skip
    return attachment


def attachments_sweep(limit: int) -> int:
    """Remove stored files that no row names: their unit of work failed, or the process ended before it. How many went."""
    gone = 0
    for name in evidence_unconfirmed(SWEPT_AFTER_SECONDS):
        if gone == limit:
            break
        if Attachment.objects.filter(storage_name=name).exists():
            evidence_confirm(name)
            continue
        evidence_drop(name)
        gone += 1
    return gone


def attachment_add(*, by: User, case_id: UUID, file: File[Any], purpose: str, title: str) -> Attachment:
    """Add a file to a case."""
    case = policy.get(by, Action.ATTACHMENT_ADD, Case.objects.all(), case_id)
    if purpose not in ACCEPTED:
        raise Invalid(fields={"purpose": [_("Choose what the file is.")]})
    return attachment_store(by=by, case=case, file=file, purpose=purpose, title=title)


def attachment_open(*, by: User, attachment_id: UUID) -> tuple[Attachment, File[bytes]]:
    """The decrypted bytes as a stream; who opened what is in the audit log."""
    attachment = policy.get(by, Action.ATTACHMENT_OPEN, Attachment.objects.all(), attachment_id)
    diary.record("attachment.open", by=by, obj=attachment, case_id=attachment.case_id)
    return attachment, open_evidence(attachment.storage_name)


def note_add(*, by: User, case_id: UUID, text: str) -> Note:
    """Add a remark that only the police side sees."""
    case = policy.get(by, Action.NOTE_ADD, Case.objects.all(), case_id)
    if not text.strip():
        raise Invalid(fields={"text": [_("Write the note before saving it.")]})
    note = Note(case=case, text=text.strip(), author=by, created_at=db.require_unit_of_work().now)
    note.save(force_insert=True)
    diary.record("note.add", by=by, obj=note, case_id=case.id)
    return note
