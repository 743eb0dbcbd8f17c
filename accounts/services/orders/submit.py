"""Hand a draft to the second person: its content is frozen, hashed and sealed; take it back. Deciding is in `approve`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Order
from accounts.policy import Action
from accounts.services.orders.draft import answer_terms, recheck, require_unit
from accounts.services.orders.inputs import OrderTerms
from accounts.services.payload import ROWS, build_payload, payload_bytes, sha256_of
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.errors import Forbidden, Invalid, Superseded
from banks.models import User
from banks.selectors.profiles import profile_of

APPROVE, CONFIRM, RATIFY = "order.approve", "order.confirm", "order.ratify"


def order_submit(*, by: User, order_id: UUID, emergency: bool = False, expected_version: int | None = None) -> Order:
    """Freeze the draft's content and ask for the second person's decision on exactly these bytes.

    Whoever submits is the operator that the order names. `emergency` (a stop only): the named second officer
    confirms by own log-in instead of an approver. Raises like `orders_draft`, and Invalid on `institution` where
    the account was corrected after drafting; Forbidden `same_person` for the second officer.
    """
    order = policy.get(by, Action.ORDER_SUBMIT, ROWS, order_id, lock=True)
    require_unit(by, order)
    order_flow.step("submit", order.status)
    if by.id == order.second_officer_id:
        raise Forbidden(
            _("The second officer cannot submit the order: operator and second officer must differ."),
            code="same_person",
        )
    if expected_version is not None and expected_version != order.version:
        raise Superseded
    order.emergency = emergency or order.emergency
    order.operator = by
    target = recheck(order, by=by, terms=OrderTerms.of(order))
    if target.account.id != order.account_id or target.institution.id != order.institution_id:
        raise Invalid(
            fields={
                "institution": [_("The account was corrected after drafting. Save the draft again to address it anew.")]
            }
        )
    order.agreement_version, order.answer_minutes = answer_terms(
        order.institution, order.legal_profile, order.kind, order.urgency
    )
    order.transfer = target.transfer
    text = payload_bytes(build_payload(order))
    sha256 = sha256_of(text)
    now = db.require_unit_of_work().now
    names = ("emergency", "operator", "agreement_version", "answer_minutes", "transfer")
    changes = {name: getattr(order, name) for name in names}
    changes |= {"payload": text.decode(), "payload_sha256": sha256, "submitted_at": now}
    order_flow.apply(
        order, "submit", by=by, changes=changes, legal_basis=order.legal_basis,
        detail={"payload_sha256": sha256.hex(), "emergency": order.emergency},
    )  # fmt: skip
    minutes = profile_of(order.legal_profile).clocks.approval_minutes
    requests.open_request(
        CONFIRM if order.emergency else APPROVE, order.id, sha256, maker=by, valid_for=timedelta(minutes=minutes)
    )
    return order


def order_recall(*, by: User, order_id: UUID) -> Order:
    """The issuing unit takes an undecided order back into its drafts."""
    order = policy.get(by, Action.ORDER_RECALL, Order.objects.all(), order_id, lock=True)
    require_unit(by, order)
    return recall_apply(order, by=by)


def recall_apply(order: Order, *, by: User, detail: Mapping[str, Any] | None = None) -> Order:
    """The act itself, also where the request has run out. The caller has authorised and holds the row.

    The emergency path is taken by one submission, for minutes that count (domain.md §3): a draft that came back is an
    ordinary one, with its papers and an approver, until an officer asks for the path again.
    """
    requests.lapse(order.id)
    return order_flow.apply(order, "recall", by=by, changes={"emergency": False}, detail=detail)
