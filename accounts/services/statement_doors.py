"""Statements that come by themselves, with an answer or from an institution's system; and reading a file once more.

What is received waits for the officer of the case like an uploaded file: nothing reaches the ledger from here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Order, StatementFile
from accounts.policy import Action, FlowAction
from accounts.rules.statements import MAX_BYTES
from accounts.services.statements.files import READ, statement_ahead, statement_receive
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.evidence import StoredEvidence
from antifraud.errors import Conflict, Forbidden, Invalid, WrongState
from antifraud.jobs import queue
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Attachment

ROWS = Order.objects.select_related("institution", "case", "account")
ASKING = (Order.Kind.QUERY_TRANSACTIONS,)
NOT_SENT = (StatementFile.Source.UPLOAD, StatementFile.Source.CASE)  # not the institution's own doing in this case
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED, Order.Status.ANSWERED)


def statement_announce(*, by: User, order_id: UUID, sha256: bytes, size: int) -> Order:
    """An institution's system says which file it will send for an order; the file's bytes follow by their own door.

    Raises NotFound, Forbidden, WrongState, Invalid (size, or an order that asks for no statement).
    """
    db.require_unit_of_work()
    order = _addressed(by, order_id)
    if not 0 < size <= MAX_BYTES:
        text = _("A statement file has 1 byte to {limit} MB. Split it by account or by month.")
        raise Invalid(fields={"size": [str(text).format(limit=MAX_BYTES // 2**20)]})
    detail = {"sha256": sha256.hex(), "size": size}
    diary.record("statement.announce", by=by, obj=order, case_id=order.case_id, detail=detail)
    return order


@dataclass(frozen=True)
class Receipt:
    """What an institution hears of the bytes that it sent: the id under which they were received, and when."""

    id: UUID
    received_at: datetime


def statement_upload_ahead(*, by: User, order_id: UUID, file: File[Any]) -> AbstractContextManager[StoredEvidence]:
    """The announced bytes, encrypted before the unit of work of `statement_upload`. Raises as that does."""
    order = _addressed(by, order_id)
    return statement_ahead(case_id=order.case_id, file=file, field="content")


def statement_upload(
    *, by: User, order_id: UUID, stored: StoredEvidence, source: str = StatementFile.Source.API
) -> Receipt:
    """A file of the institution for its order has arrived: the announced bytes (API), or what a person sent after the answer.

    Sent again, the receipt of the file that is there. Once the order is answered the file belongs to its last answer.
    Where the case has the same bytes from elsewhere the institution gets a receipt like any other, of an id made from the
    order: what the police have is not its business. The diary says which file it is.
    Raises as `statement_announce`; Invalid for a kind of file that is not accepted.
    """
    db.require_unit_of_work()
    order, sha256 = _addressed(by, order_id), bytes.fromhex(stored.sha256)
    same = StatementFile.objects.filter(case=order.case_id, sha256=sha256).exclude(status__in=["refused", "discarded"])
    own = same.filter(institution=order.institution_id).exclude(source__in=NOT_SENT)
    known = own.first()
    if known is not None:
        return Receipt(known.id, known.received_at)
    detail: dict[str, Any] = {"sha256": sha256.hex()}
    try:
        found = _receive(order, stored, source=source, answer=order.answers.order_by("-seq").first())
    except Conflict as refused:
        if refused.code != "statement_known":
            raise
        receipt = Receipt(uuid5(order.id, sha256.hex()), db.require_unit_of_work().now)
        detail |= {"file": refused.extra["file"], "same_bytes": True}
    else:
        receipt = Receipt(found.id, found.received_at)
        detail |= {"file": found.id}
    diary.record("statement.upload", by=by, obj=order, case_id=order.case_id, detail=detail)
    return receipt


def statement_of_answer(*, by: User, order_id: UUID) -> StatementFile | None:
    """Receive the file that came with the order's last answer. `by` is the platform.

    None where there is none, where it was received already, and where the same bytes are in the case from elsewhere.
    """
    order = policy.get(by, Action.ORDER_VIEW, ROWS, order_id)
    answer = order.answers.filter(statement__isnull=False).select_related("statement").order_by("-seq").first()
    if order.kind not in ASKING or answer is None or answer.statement is None:
        return None
    if answer.statement_files.filter(attachment=answer.statement).exists():
        return None
    try:
        return _receive(order, answer.statement, source=StatementFile.Source.ANSWER, answer=answer)
    except (Conflict, Invalid) as refused:
        # The answer itself stands; whoever opens it still has its file.
        detail = {"answer": answer.id, "code": refused.code}
        diary.record(
            "statement.not_received", by=by, obj=order, case_id=order.case_id, detail=detail, outcome="refused"
        )
        return None


def statement_read_again(*, by: User, file_id: UUID) -> StatementFile:
    """Begin the reading anew that broke off because of a fault; the file was kept. Raises WrongState where it was read."""
    file = policy.get(by, FlowAction.STATEMENT_MAP, StatementFile.objects.all(), file_id, lock=True)
    if file.status != StatementFile.Status.RECEIVED:
        raise WrongState(extra={"state": file.status, "verb": "read"})
    queue.submit(READ, file.pk, by=by)
    diary.record("statement.read_again", by=by, obj=file, case_id=file.case_id)
    return file


def _receive(
    order: Order, stored: StoredEvidence | Attachment, *, source: str, answer: Answer | None = None
) -> StatementFile:
    """As the platform: institutions have no hand in the police's ledger. What they send is called by its order's number."""
    name = order.account.holder_name.open() if order.account.holder_name else ""
    return statement_receive(
        by=system_user(), case=order.case, stored=stored, title=order.number, institution=order.institution, source=source,
        answer=answer, owner=(order.account.number.open(), name),
    )  # fmt: skip


def _addressed(by: User, order_id: UUID) -> Order:
    """An order of the caller's institution that asks for a statement and is not over."""
    order = policy.get(by, Action.ORDER_ANSWER, ROWS, order_id)
    if not by.institution.is_executing:
        raise Forbidden(_("Only the institution that the order is addressed to can answer it."))
    if order.kind not in ASKING:
        raise Invalid(fields={"order": [_("This order asks for no statement. Send it for the order that does.")]})
    if order.status not in OPEN:
        raise WrongState(extra={"state": order.status, "verb": "statement"})
    return order
