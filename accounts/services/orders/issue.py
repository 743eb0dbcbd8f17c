"""What happens when an order goes out: last checks, the stop's count, grants, delivery, counters. Who decides is in `approve`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Involvement, Order
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from accounts.rules.order_kinds import order_kind
from accounts.selectors.identity import root_id, root_of
from accounts.services.orders.checks import case_problem
from accounts.services.orders.draft import COUNTED, grant_basis, stops_used_up, takes_over
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.errors import Conflict, Superseded, WrongState
from banks.models import User
from banks.services.deliveries import delivery_enqueue
from cases.services.cases import case_count

ISSUED = "order.issued"


def order_issue(order: Order, *, by: User, verb: str, changes: dict[str, Any], detail: dict[str, Any]) -> Order:
    """Take the step `verb` to `issued` with all its effects. The caller holds the row and has had it decided.

    Raises WrongState where the case does not carry it any more, Superseded where its account was corrected,
    Conflict `hold_ended` or `stop_count_exceeded`.
    """
    problem = case_problem(order.case, order_kind(order.kind))
    if problem:
        raise WrongState(problem, extra={"case_state": order.case.status})
    _still_addressed(order)
    _hold_still_runs(order)
    _count_stop(order)
    changes = {"issued_at": db.require_unit_of_work().now, **changes}
    order_flow.apply(order, verb, by=by, changes=changes, detail=detail, legal_basis=order.legal_basis)
    order_issue_effects(order, by)
    return order


def order_issue_effects(order: Order, by: User) -> None:
    """Let the addressee see order and account, put the order into its lane, count it, replace what it corrects.

    An institution that is not connected gets no delivery: its order is printed. The bank's grants carry no end yet:
    they last until the case is closed, which a later issue makes a date.
    """
    institution = order.institution
    terms: dict[str, Any] = {
        "by": by, "purpose": f"order {order.kind}", "legal_basis": grant_basis(order), "sort_at": order.issued_at, "case_id": order.case_id,
    }  # fmt: skip
    policy.grant([institution.group_id], order, **terms)
    if order.account.institution_id == institution.id:
        policy.grant([institution.group_id], order.account, **terms)
    if institution.connected:
        delivery_enqueue(
            institution=institution, topic=ISSUED, subject_id=order.id, case_id=order.case_id,
            priority=order_kind(order.kind).priority,
        )  # fmt: skip
    if order.corrects_id is not None:
        _replace(order.corrects_id, order.number, by)
    case_count(order.case_id, open_orders=1)


def _still_addressed(order: Order) -> None:
    """An account that was corrected after submission must not be stopped at the bank that turned out to be wrong."""
    if order.original_id is None and root_of(order.account).institution_id != order.institution_id:
        raise Superseded(
            _("The account was corrected after the order was submitted. Recall it and save it again."),
            code="payload_changed",
        )


def _hold_still_runs(order: Order) -> None:
    if order_kind(order.kind).verb != "extend":
        return
    now = db.require_unit_of_work().now
    if not Hold.objects.filter(order=order.original_id, status__in=IN_FORCE, legal_expires_at__gt=now).exists():
        raise Conflict(
            _("The hold has ended; it cannot be extended any more. Ask for a new measure."), code="hold_ended"
        )


def _count_stop(order: Order) -> None:
    """One conditional UPDATE: two stops that are issued at once cannot both take the last count (R7)."""
    if order.kind not in COUNTED or takes_over(order.corrects, order.kind, order.account_id):
        return
    left = Involvement.objects.filter(
        case=order.case_id, account=root_id(order.account), stop_count__lt=F("stop_limit")
    )
    if left.update(stop_count=F("stop_count") + 1) != 1:
        raise stops_used_up()


def _replace(old_id: UUID, number: str, by: User) -> None:
    """The corrected order ends the one that it corrects, where that one is not ended by another correction."""
    old = policy.get(by, Action.ORDER_SUPERSEDE, Order.objects.all(), old_id, lock=True)
    if old.status != Order.Status.SUPERSEDED:
        order_flow.apply(old, "supersede", by=by, detail={"by_order": number})
