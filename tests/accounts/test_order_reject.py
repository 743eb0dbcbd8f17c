"""Rejecting: nothing goes out, the reason stays with the order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.approve import order_reject
from antifraud.approvals.models import ApprovalRequest
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery
from cases.models import Case
from tests.accounts.factories import draft, involve, new_case, nothing_happens, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def waiting(world: World) -> Order:
    """A stop that waits for an approver."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row))


@pytest.mark.parametrize("emergency", [False, True])
def test_it_ends_the_order_with_its_reason(world: World, act: Act, emergency: bool) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=emergency)
    with act(world.approver_a):
        order_reject(by=world.approver_a, order_id=order.id, reason="  wrong account  ")
    stored = Order.objects.get()
    assert (stored.status, stored.ended_reason, stored.issued_at) == ("rejected", "wrong account", None)
    request = ApprovalRequest.objects.get()
    assert (request.outcome, request.checker_id, request.reason) == ("rejected", world.approver_a.id, "wrong account")
    assert not Delivery.objects.exists()
    assert OutboxMessage.objects.filter(topic="order.rejected").count() == 1
    assert Case.objects.get().open_orders == 0
    assert stored.case.involvements.get().stop_count == 0


def test_a_new_order_is_possible_afterwards(world: World, act: Act, waiting: Order) -> None:
    with act(world.approver_a):
        order_reject(by=world.approver_a, order_id=waiting.id, reason="not urgent")
    assert draft(world.analyst_a, world.second_a, waiting.case.involvements.get()).status == "draft"


@pytest.mark.parametrize("reason", ["", "  no ", "x" * 3])
def test_a_reason_is_needed(world: World, act: Act, waiting: Order, reason: str) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.approver_a):
        order_reject(by=world.approver_a, order_id=waiting.id, reason=reason)
    assert list(refused.value.fields) == ["reason"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_a", Forbidden), ("second_a", Forbidden), ("approver_b", NotFound), ("risk_supervisor_a", NotFound)],
)
def test_others_may_not(world: World, act: Act, waiting: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_reject(by=by, order_id=waiting.id, reason="wrong account")


def test_a_draft_cannot_be_rejected(world: World, act: Act) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with nothing_happens(), pytest.raises(WrongState), act(world.approver_a):
        order_reject(by=world.approver_a, order_id=order.id, reason="wrong account")
