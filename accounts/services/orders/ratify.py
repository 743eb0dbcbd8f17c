"""A supervisor decides afterwards on an emergency stop that the second officer has sent out (domain.md §3)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from accounts.models import Order
from accounts.policy import Action
from accounts.services.orders.approve import officers, require_superior, required_reason
from accounts.services.orders.cancel import STOPPABLE, cancel_apply
from accounts.services.orders.follow import live_holds, release_draft
from accounts.services.orders.submit import RATIFY
from accounts.services.payload import ROWS
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.audit import diary
from antifraud.errors import Superseded, WrongState
from banks.models import User
from banks.selectors.profiles import profile_of

# A stop that was corrected and sent again had gone out without a supervisor all the same.
AFTER_ISSUE = (*STOPPABLE, Order.Status.ANSWERED, Order.Status.SUPERSEDED)


def order_ratify(*, by: User, order_id: UUID, payload_sha256: bytes) -> Order:
    """The supervisor's approval of an emergency stop, late or not; the order's state does not change.

    Raises like `order_approve`, WrongState where no emergency waits for it.
    """
    order = _waiting(by, Action.ORDER_RATIFY, order_id, "ratify")
    if bytes(order.payload_sha256 or b"") != payload_sha256:
        raise Superseded(code="payload_changed")
    requests.decide(RATIFY, order.id, payload_sha256, by=by, approve=True, excluded=officers(order))
    now = db.require_unit_of_work().now
    order.approver, order.approved_at = by, now
    order.version += 1
    order.save(update_fields=["approver", "approved_at", "version"])
    late = order.approval_due_at is not None and now > order.approval_due_at
    diary.record(
        "order.ratify", by=by, obj=order, case_id=order.case_id, legal_basis=order.legal_basis,
        detail={"payload_sha256": payload_sha256.hex(), "late": late},
    )  # fmt: skip
    return order


def order_overrule(*, by: User, order_id: UUID, reason: str) -> Order:
    """The express rejection of an emergency stop, the only thing that releases it.

    Unanswered, it is cancelled and the cancellation delivered; executed, a release of its holds is drafted, due in
    the profile's term for errors (1 h).
    """
    order = _waiting(by, Action.ORDER_OVERRULE, order_id, "overrule")
    reason = required_reason(reason)
    stored = bytes(order.payload_sha256 or b"")
    requests.decide(RATIFY, order.id, stored, by=by, approve=False, reason=reason, excluded=officers(order))
    diary.record("order.overrule", by=by, obj=order, case_id=order.case_id, legal_basis=order.legal_basis)
    if order.status in STOPPABLE:
        return cancel_apply(order, by=by, reason=reason)
    now = db.require_unit_of_work().now
    due_at = now + timedelta(hours=profile_of(order.legal_profile).clocks.issued_in_error_hours)
    for hold in live_holds(order):
        release_draft(by=by, hold=hold, trigger="overruled", due_at=due_at)
    order.ended_reason = reason
    order.version += 1
    order.save(update_fields=["ended_reason", "version"])
    return order


def _waiting(by: User, action: Action, order_id: UUID, verb: str) -> Order:
    order = policy.get(by, action, ROWS, order_id, lock=True)
    require_superior(by, order.unit)
    if not order.emergency or order.second_confirmed_at is None or order.status not in AFTER_ISSUE:
        raise WrongState(extra={"state": order.status, "verb": verb})
    return order
