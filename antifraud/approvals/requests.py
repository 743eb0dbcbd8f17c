"""Open and decide approval requests; what is approved, and who may, is the floors' affair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.errors import Conflict, Forbidden, Superseded


def open_request(
    action: str, subject_id: UUID, payload_sha256: bytes, *, maker: Any, valid_for: timedelta
) -> ApprovalRequest:
    """Ask for a second person's decision on exactly this payload; an older pending request lapses."""
    now = db.require_unit_of_work().now
    ApprovalRequest.objects.filter(action=action, subject_id=subject_id, outcome="pending").update(
        outcome="lapsed", decided_at=now
    )
    request = ApprovalRequest(
        action=action,
        subject_id=subject_id,
        payload_sha256=payload_sha256,
        maker_id=maker.id,
        requested_at=now,
        expires_at=now + valid_for,
    )
    request.save(force_insert=True)
    return request


def pending(action: str, subject_id: UUID) -> ApprovalRequest | None:
    """The request that waits for a decision, if any."""
    return pending_of(action, [subject_id]).get(subject_id)


def pending_of(action: str, subject_ids: Iterable[UUID]) -> dict[UUID, ApprovalRequest]:
    """The requests that wait for a decision by subject, in one statement; an older one lapsed when the newer was asked."""
    waiting = ApprovalRequest.objects.filter(action=action, subject_id__in=list(subject_ids), outcome="pending")
    return {request.subject_id: request for request in waiting}


def decide(
    action: str,
    subject_id: UUID,
    payload_sha256: bytes,
    *,
    by: Any,
    approve: bool,
    reason: str = "",
    excluded: tuple[UUID, ...] = (),
    changed: Any = "",
) -> ApprovalRequest:
    """Decide the pending request; `changed` says of what is no order that it changed.

    Raises Conflict `approval_missing`/`approval_lapsed`, Superseded where the payload is not the one that
    was asked for, Forbidden `same_person` where the maker or an excluded person (second officer) decides.
    """
    now = db.require_unit_of_work().now
    request = db.lock(ApprovalRequest.objects.filter(action=action, subject_id=subject_id, outcome="pending")).first()
    if request is None:
        raise Conflict(_("Nothing waits for a decision here."), code="approval_missing")
    if request.expires_at <= now:
        raise Conflict(
            _("The request for approval has lapsed. Ask the operator to submit it again."), code="approval_lapsed"
        )
    if by.id == request.maker_id or by.id in excluded:
        raise Forbidden(
            _("The person who approves must be another than the operator and the second officer."), code="same_person"
        )
    if bytes(request.payload_sha256) != payload_sha256:
        raise Superseded(
            changed or _("The order changed after it was submitted. Open it again and check it."),
            code="payload_changed",
        )
    request.checker_id = by.id
    request.decided_at = now
    request.outcome = "approved" if approve else "rejected"
    request.reason = reason[:500]
    request.save(update_fields=["checker_id", "decided_at", "outcome", "reason"])
    return request


def lapse(subject_id: UUID) -> int:
    """End every pending request about a subject that was recalled or cancelled; returns how many there were."""
    now = db.require_unit_of_work().now
    waiting = ApprovalRequest.objects.filter(subject_id=subject_id, outcome="pending")
    return waiting.update(outcome="lapsed", decided_at=now)
