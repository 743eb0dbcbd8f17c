"""A statement file from its arrival to the wish to commit it: receive, name columns, commit, discard; jobs do the long work."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Answer, StatementFile, StatementMapping
from accounts.policy import FlowAction
from accounts.rules.statements import FIELDS, MAX_BYTES, headings_digest_text
from accounts.rules.statements.fields import heading_key, known_field
from accounts.services.ledger.bounds import file_over, over_text
from accounts.services.statements.known import repeats_suspected
from accounts.states import statement_flow
from antifraud import db, policy
from antifraud.crypto.blind import blind_index
from antifraud.crypto.evidence import StoredEvidence
from antifraud.errors import Conflict, Invalid, Superseded, Text, WrongState
from antifraud.jobs import queue
from banks.models import Institution, User
from cases.models import Attachment, Case
from cases.services.attachments import attachment_ahead, attachment_store

READ, COMMIT, CLEAR = "statement.read", "statement.commit", "statement.clear"
HEADINGS_INDEX = "statement.headings"
ENDED = (StatementFile.Status.REFUSED, StatementFile.Status.DISCARDED)


def statement_ahead(*, case_id: UUID, file: File[Any], field: str = "file") -> AbstractContextManager[StoredEvidence]:
    """A statement of up to 256 MB, encrypted and on disk before the unit of work that receives it (R39, R44).

    with statement_ahead(case_id=case.id, file=upload) as stored, unit_of_work(user): statement_receive(stored=stored, …)

    The caller has authorised the act. Raises Invalid on `field`; a file that is not received is removed.
    """
    return attachment_ahead(case_id=case_id, file=file, purpose="statement", field=field, max_bytes=MAX_BYTES)


def statement_receive(
    *,
    by: User,
    case: Case,
    stored: StoredEvidence | Attachment,
    title: str = "",
    source: str,
    institution: Institution | None = None,
    answer: Answer | None = None,
    owner: tuple[str, str] | None = None,
    zone: str = "",
) -> StatementFile:
    """Keep the original, which is stored already (`statement_ahead`, or with an answer), and have it read by a job.

    `title` is the file's own name; `owner` (number, name) where the file names no account; `zone` of times without an offset. Raises
    Conflict `statement_known` where the case has this very file (extra `file`: its id, for the police's eyes), WrongState
    for a closed case.
    """
    policy.require(by, FlowAction.STATEMENT_IMPORT, case)
    if case.status == Case.Status.CLOSED:
        raise WrongState(_("The case is closed; nothing can be added to it."), extra={"state": case.status})
    digest = bytes.fromhex(stored.sha256) if isinstance(stored, StoredEvidence) else bytes(stored.sha256)
    _refuse_known(case, digest)
    attachment = stored if isinstance(stored, Attachment) else attachment_store(
        by=by, case=case, file=stored, purpose="statement", title=title
    )  # fmt: skip
    now = db.require_unit_of_work().now
    received = StatementFile(
        case=case, attachment=attachment, answer=answer, institution=institution, source=source, sha256=digest,
        owner_number={"number": owner[0], "name": owner[1]} if owner else None, zone=zone or settings.DEFAULT_TIME_ZONE,
        received_by=by, received_at=now,
    )  # fmt: skip
    statement_flow.begin(received, by=by, verb="import", detail={"sha256": digest.hex(), "source": source})
    queue.submit(READ, received.pk, by=by)
    return received


def statement_map(*, by: User, file_id: UUID, mapping: Mapping[str, str], remember: bool) -> StatementFile:
    """What each column is; the file is read again with it. `remember` for the institution's next file of these headings.

    Raises Invalid (mapping) for a field that statements do not have, WrongState, Superseded, Conflict
    `job_active` while a commit of the file waits or runs.
    """
    file = _locked(by, FlowAction.STATEMENT_MAP, file_id)
    _refuse_busy(file, COMMIT)
    unknown = sorted({field for field in mapping.values() if field and field not in FIELDS})
    if unknown:
        raise Invalid(fields={"mapping": [_("A column is named as something that statements do not have.")]})
    kept = mapping_kept(mapping)
    headings = file.headings.open() if file.headings is not None else None
    if remember and file.institution is not None and headings:
        StatementMapping.objects.update_or_create(
            institution=file.institution, headings_key=headings_index(headings["headings"]),
            defaults={"mapping": kept, "saved_by": by, "saved_at": db.require_unit_of_work().now},
        )  # fmt: skip
    statement_flow.apply(file, "map", by=by, changes={"mapping": kept}, detail={"columns": len(kept)})
    queue.submit(READ, file.pk, by=by)
    return file


def statement_commit(
    *,
    by: User,
    file_id: UUID,
    leave_out_repeats: bool | None = None,
    only_if_all_good: bool = False,
    expected_version: int | None = None,
) -> StatementFile:
    """Have what the preview showed taken into the ledger by a job.

    `leave_out_repeats` decides about suspected repeats; None is for a file without. Raises Invalid (leave_out_repeats) for None where
    there are some, Invalid (take) without a good row, where `only_if_all_good` and rows are bad, and where an account's sums
    would be too large; Superseded where the preview has changed since `expected_version`, WrongState; Conflict `job_active`
    while an earlier wish, perhaps another choice, waits or runs.
    """
    file = _locked(by, FlowAction.STATEMENT_COMMIT, file_id)
    statement_flow.step("commit", file.status)
    _refuse_busy(file, COMMIT, text=_("The file is being taken into the ledger already. Wait until that has ended."))
    if expected_version is not None and expected_version != file.version:
        raise Superseded
    if not file.rows_good:
        raise Invalid(
            fields={"take": [_("No row can be taken. Discard the file and ask the institution for a correct one.")]}
        )
    if only_if_all_good and file.rows_bad:
        raise Invalid(
            fields={"take": [_("Rows are bad, so nothing was taken. Take the good rows, or ask for a correct file.")]}
        )
    over = file_over(file)
    if over is not None:
        raise Invalid(fields={"take": [over_text(over)]})
    if leave_out_repeats is None and (repeats := repeats_suspected(file.pk)):
        raise Invalid(fields={"leave_out_repeats": [_undecided(repeats)]})
    file.is_without_repeats = bool(leave_out_repeats)
    file.save(update_fields=["is_without_repeats"])
    queue.submit(COMMIT, file.pk, by=by, unit="steps")
    return file


def statement_discard(*, by: User, file_id: UUID) -> StatementFile:
    """Do not use the file: its rows go, the original stays with the case. Raises WrongState, Conflict while work runs."""
    file = _locked(by, FlowAction.STATEMENT_DISCARD, file_id)
    _refuse_busy(file, READ, COMMIT)
    statement_flow.apply(file, "discard", by=by)
    queue.submit(CLEAR, file.pk, by=by)
    return file


def headings_index(headings: list[str]) -> bytes:
    """By what a remembered mapping is found: the folded headings in their order."""
    return blind_index(HEADINGS_INDEX, headings_digest_text(headings) or "\x1f")


def mapping_kept(mapping: Mapping[str, str]) -> dict[str, str]:
    """What of {heading: field} may be stored in clear: a person's name may stand in a heading that is not used.

    That a column is not used is kept only of headings that would else be recognised, as the known word itself.
    """
    kept = {heading: field for heading, field in mapping.items() if field}
    return {heading_key(heading): "" for heading, field in mapping.items() if not field and known_field(heading)} | kept


def _undecided(repeats: int) -> str:
    text = ngettext(
        "{count} row looks like a row of an earlier file. Look at it, then say whether it is another payment (false) "
        "or the same entry told again (true).",
        "{count} rows look like rows of an earlier file. Look at them, then say whether they are other payments (false) "
        "or the same entries told again (true).",
        repeats,
    )
    return text.format(count=repeats)


def _refuse_busy(file: StatementFile, *kinds: str, text: Text | None = None) -> None:
    job = queue.latest(file.pk, *kinds)
    if job is not None and job.is_active:
        raise Conflict(text or _("The file is being worked on. Cancel the work first."), code="job_active")


def _locked(by: User, action: FlowAction, file_id: UUID) -> StatementFile:
    return policy.get(by, action, StatementFile.objects.select_related("institution"), file_id, lock=True)


def _refuse_known(case: Case, digest: bytes) -> None:
    with connection.cursor() as cursor:  # the same file sent twice at once: the second waits, then is refused
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"statement.file|{case.pk}|{digest.hex()}"]
        )
    earlier = StatementFile.objects.filter(case=case, sha256=digest).exclude(status__in=ENDED).first()
    if earlier is not None:
        raise Conflict(code="statement_known", extra={"file": str(earlier.pk)})
