"""Submit an alert, and the second person's decision on exactly the bytes that were shown (R33); sending is in `send`."""

from __future__ import annotations

import hmac
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Alert
from accounts.policy import Action
from accounts.services.alerts.content import ROWS, alert_content, sealed
from accounts.services.alerts.draft import require_unit, writers_with
from accounts.services.alerts.send import alert_send
from accounts.services.orders.approve import require_superior, required_reason
from accounts.services.payload import sha256_of
from accounts.states import alert_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.errors import Invalid, Superseded
from banks.models import User
from banks.selectors.profiles import clocks_of

APPROVE = "alert.approve"


def alert_submit(*, by: User, alert_id: UUID, expected_version: int | None = None) -> Alert:
    """Freeze the draft's content and ask for the second person's decision on exactly these bytes.

    Whoever submits is the operator that the alert names. Raises WrongState, Superseded, Forbidden for other units,
    Invalid where the alert has ended meanwhile.
    """
    alert = policy.get(by, Action.ALERT_SUBMIT, ROWS, alert_id, lock=True)
    require_unit(by, alert)
    alert_flow.step("submit", alert.status)
    now = db.require_unit_of_work().now
    if alert.expires_at <= now:
        raise Invalid(fields={"expires_at": [_("The alert's end has passed. Edit the draft and choose a later one.")]})
    alert.created_by = by
    text, sha256 = sealed(alert_content(alert))
    changes = {
        "created_by": by, "written_by": writers_with(alert, by), "payload": text, "payload_sha256": sha256,
        "submitted_at": now,
    }  # fmt: skip
    alert_flow.apply(
        alert, "submit", by=by, changes=changes, legal_basis=alert.legal_basis, expected_version=expected_version,
        detail={"payload_sha256": sha256.hex()},
    )  # fmt: skip
    valid_for = timedelta(minutes=clocks_of(alert.legal_profile).approval_minutes)
    requests.open_request(APPROVE, alert.id, sha256, maker=by, valid_for=valid_for)
    return alert


def alert_recall(*, by: User, alert_id: UUID) -> Alert:
    """The issuing unit takes an undecided alert back into its drafts."""
    alert = policy.get(by, Action.ALERT_RECALL, Alert.objects.all(), alert_id, lock=True)
    require_unit(by, alert)
    alert_flow.apply(alert, "recall", by=by)
    requests.lapse(alert.id)
    return alert


def alert_approve(*, by: User, alert_id: UUID, payload_sha256: bytes) -> Alert:
    """Approve and thereby send the alert whose content has this SHA-256, as it was shown to the approver.

    The approver comes from the issuing unit, a body above it, or a centre. Raises Forbidden (`same_person` for everybody who
    wrote, changed or submitted it), Conflict `approval_missing`/`approval_lapsed`, Superseded `payload_changed` where the content differs
    from what was shown, from what is stored, or from what the facts say now.
    """
    alert = policy.get(by, Action.ALERT_APPROVE, ROWS, alert_id, lock=True)
    require_superior(by, alert.unit)
    alert_flow.step("approve", alert.status)
    requests.decide(APPROVE, alert.id, payload_sha256, by=by, approve=True, excluded=_officers(alert))
    _require_same_content(alert, payload_sha256)
    now = db.require_unit_of_work().now
    if alert.expires_at <= now:
        raise Superseded(_("The alert's end has passed. Recall it and choose a later one."), code="payload_changed")
    alert_flow.apply(
        alert, "approve", by=by, changes={"approved_by": by, "issued_at": now}, legal_basis=alert.legal_basis,
        detail={"payload_sha256": payload_sha256.hex()},
    )  # fmt: skip
    alert_send(alert, by=by)
    return alert


def alert_reject(*, by: User, alert_id: UUID, reason: str) -> Alert:
    """Refuse a submitted alert with a reason; nothing goes out."""
    alert = policy.get(by, Action.ALERT_REJECT, ROWS, alert_id, lock=True)
    require_superior(by, alert.unit)
    alert_flow.step("reject", alert.status)
    reason = required_reason(reason)
    stored = bytes(alert.payload_sha256 or b"")
    requests.decide(APPROVE, alert.id, stored, by=by, approve=False, reason=reason, excluded=_officers(alert))
    return alert_flow.apply(alert, "reject", by=by, changes={"ended_reason": reason})


def alert_cancel(*, by: User, alert_id: UUID, reason: str) -> Alert:
    """The issuing unit gives up an alert that has not gone out; one that has is closed."""
    alert = policy.get(by, Action.ALERT_CANCEL, Alert.objects.all(), alert_id, lock=True)
    require_unit(by, alert)
    alert_flow.step("cancel", alert.status)
    alert_flow.apply(alert, "cancel", by=by, changes={"ended_reason": required_reason(reason)})
    requests.lapse(alert.id)
    return alert


def _officers(alert: Alert) -> tuple[UUID, ...]:
    """Who cannot decide: a colleague's later change or submitting makes no writer a second person."""
    return alert.drafted_by_id, alert.created_by_id, *alert.written_by


def _require_same_content(alert: Alert, payload_sha256: bytes) -> None:
    stored = alert.payload.open().encode() if alert.payload is not None else b""
    _text, now_says = sealed(alert_content(alert))
    hashes = (bytes(alert.payload_sha256 or b""), sha256_of(stored), now_says)
    if not all(hmac.compare_digest(payload_sha256, each) for each in hashes):
        raise Superseded(
            _("The alert changed after it was submitted. Open it again and check it."), code="payload_changed"
        )
