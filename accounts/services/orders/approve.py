"""The second person's decision on exactly the bytes that were shown: approve, confirm an emergency, reject.

What comes after an emergency issue (ratify, overrule) is in `ratify`; the effects of issuing are in `issue`.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Order
from accounts.policy import Action
from accounts.rules.deadlines import emergency_approval_due_at
from accounts.services.orders.issue import order_issue
from accounts.services.orders.submit import APPROVE, CONFIRM, RATIFY
from accounts.services.payload import ROWS, build_payload, payload_bytes, sha256_of
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Forbidden, Invalid, Superseded
from antifraud.plain_text import without_numbers
from banks.models import Institution, User
from banks.selectors.institutions import superiors
from banks.selectors.profiles import profile_of

# A late ratification is a breach that is counted, never a release (domain.md §3): the request must not lapse.
RATIFY_OPEN = timedelta(days=3650)


def order_approve(*, by: User, order_id: UUID, payload_sha256: bytes) -> Order:
    """Approve and thereby issue the order whose content has this SHA-256, as it was shown to the approver.

    The approver comes from the issuing unit, a body above it, or a centre. Raises Forbidden (`same_person` for
    operator and second officer), Conflict `approval_missing`/`approval_lapsed`, Superseded `payload_changed` where
    the content differs from what was shown, from what is stored, or from what the facts say now.
    """
    order = policy.get(by, Action.ORDER_APPROVE, ROWS, order_id, lock=True)
    require_superior(by, order.unit)
    order_flow.step("approve", order.status)
    requests.decide(APPROVE, order.id, payload_sha256, by=by, approve=True, excluded=officers(order))
    require_same_content(order, payload_sha256)
    changes = {"approver": by, "approved_at": db.require_unit_of_work().now}
    return order_issue(order, by=by, verb="approve", changes=changes, detail=_shown(payload_sha256))


def order_confirm(*, by: User, order_id: UUID, payload_sha256: bytes) -> Order:
    """The named second officer confirms an emergency stop by own log-in: it is issued at once.

    A supervisor's approval is due within the profile's term (60 minutes). Raises like `order_approve`, and Forbidden
    `not_second_officer` for everybody else.
    """
    order = policy.get(by, Action.ORDER_CONFIRM, ROWS, order_id, lock=True)
    order_flow.step("confirm", order.status)
    if by.id != order.second_officer_id:
        raise Forbidden(_("Only the second officer that the order names can confirm it."), code="not_second_officer")
    requests.decide(CONFIRM, order.id, payload_sha256, by=by, approve=True)
    require_same_content(order, payload_sha256)
    now = db.require_unit_of_work().now
    changes: dict[str, Any] = {
        "second_confirmed_at": now,
        "approval_due_at": emergency_approval_due_at(now, profile_of(order.legal_profile)),
    }
    order_issue(order, by=by, verb="confirm", changes=changes, detail=_shown(payload_sha256))
    requests.open_request(RATIFY, order.id, payload_sha256, maker=order.operator, valid_for=RATIFY_OPEN)
    return order


def order_reject(*, by: User, order_id: UUID, reason: str) -> Order:
    """Refuse a submitted order with a reason; nothing goes out."""
    order = policy.get(by, Action.ORDER_REJECT, ROWS, order_id, lock=True)
    require_superior(by, order.unit)
    order_flow.step("reject", order.status)
    reason = required_reason(reason)
    action = CONFIRM if order.emergency else APPROVE
    stored = bytes(order.payload_sha256 or b"")
    requests.decide(action, order.id, stored, by=by, approve=False, reason=reason, excluded=officers(order))
    return order_flow.apply(order, "reject", by=by, changes={"ended_reason": reason})


def require_superior(by: User, unit: Institution) -> None:
    """Raise Forbidden unless the person belongs to the unit, a body above it, or a centre (domain.md §3)."""
    at_hand = by.institution_id == unit.id or by.institution.kind == Institution.Kind.CENTRE
    if not at_hand and by.institution_id not in superiors(unit):
        raise Forbidden(_("The decision must come from the issuing unit, a body above it, or a centre."))


def require_same_content(order: Order, payload_sha256: bytes) -> None:
    """What was shown is what is stored, and what the facts still say (R33)."""
    stored = order.payload.open().encode() if order.payload is not None else b""
    hashes = (bytes(order.payload_sha256 or b""), sha256_of(stored), sha256_of(payload_bytes(build_payload(order))))
    if not all(hmac.compare_digest(payload_sha256, each) for each in hashes):
        raise Superseded(
            _("The order changed after it was submitted. Open it again and check it."), code="payload_changed"
        )


def officers(order: Order) -> tuple[UUID, UUID]:
    """Who cannot decide on the order: three persons are needed."""
    return (order.operator_id, order.second_officer_id)


def required_reason(reason: str) -> str:
    """The reason as it is kept: trimmed, without numbers that name somebody; raises Invalid where there is none."""
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": [_("Give a reason of at least four characters. It is kept with the order.")]})
    reject_forbidden(reason, field="reason")
    return without_numbers(reason).strip()[:300]


def _shown(payload_sha256: bytes) -> dict[str, Any]:
    return {"payload_sha256": payload_sha256.hex()}
