"""Cancelling: before issue nobody outside hears of it; after issue the cancellation is delivered like an order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.cancel import order_cancel
from accounts.states import order_flow
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery
from cases.models import Case
from tests.accounts.factories import answered, draft, involve, issue, issue_emergency, new_case, nothing_happens, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def cancel(act: Act, by: Any, order: Order, reason: str = "wrong case") -> Order:
    with act(by):
        return order_cancel(by=by, order_id=order.id, reason=reason)


@pytest.mark.parametrize("submitted", [False, True])
def test_before_issue_it_stays_in_the_house(world: World, act: Act, submitted: bool) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    if submitted:
        submit(order)
    cancel(act, world.analyst_a, order)
    stored = Order.objects.get()
    assert (stored.status, stored.ended_reason) == ("cancelled", "wrong case")
    assert stored.cancelled_at is not None
    assert not Delivery.objects.exists()
    assert Case.objects.get().open_orders == 0
    assert not ApprovalRequest.objects.filter(outcome="pending").exists()


def test_a_number_in_the_reason_is_not_kept_in_clear(world: World, act: Act) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    cancel(act, world.analyst_a, order, "not 6222021234567890123")
    assert Order.objects.get().ended_reason == "not «number»"
    assert not [row for row in AuditEntry.objects.all() if b"6222021234567890123" in bytes(row.payload)]


@pytest.mark.parametrize("seen", [False, True])
def test_after_issue_the_cancellation_is_delivered(world: World, act: Act, seen: bool) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    if seen:
        with act(world.risk_a):
            order_flow.apply(Order.objects.get(), "acknowledge", by=world.risk_a)
    cancel(act, world.analyst_a, order)
    told = Delivery.objects.get(topic="order.cancelled")
    assert (told.institution_id, told.subject_id, told.priority) == (world.bank_a.id, order.id, 10)
    assert OutboxMessage.objects.filter(topic="order.cancelled").count() == 1
    assert Case.objects.get().open_orders == 0
    assert Order.objects.get().status == "cancelled"


def test_a_branch_that_has_it_is_told_too(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    Order.objects.update(routed_to=world.branch_a)
    cancel(act, world.analyst_a, order)
    told = set(Delivery.objects.filter(topic="order.cancelled").values_list("institution", flat=True))
    assert told == {world.bank_a.id, world.branch_a.id}


def test_paper_is_brought_by_hand(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_paper))
    cancel(act, world.analyst_a, order)
    assert not Delivery.objects.exists()


def test_the_stop_stays_counted(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    cancel(act, world.analyst_a, order)
    assert order.case.involvements.get().stop_count == 1


def test_a_superior_may_cancel(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    assert cancel(act, world.centre_supervisor, order).status == "cancelled"


def test_an_emergency_needs_no_ratification_any_more(world: World, act: Act) -> None:
    order = issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    cancel(act, world.analyst_a, order)
    assert not ApprovalRequest.objects.filter(outcome="pending").exists()


def test_an_answered_order_cannot_be_cancelled(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    answered(order, world.risk_a)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong case")


def test_a_reason_is_needed(world: World, act: Act) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with nothing_happens(), pytest.raises(Invalid), act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("analyst_b", NotFound),
        ("risk_a", Forbidden),
        ("machine_a", Forbidden),
        ("risk_b", NotFound),
        ("overseer", NotFound),
    ],
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_cancel(by=by, order_id=order.id, reason="wrong case")
