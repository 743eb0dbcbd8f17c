"""The issuing unit takes an undecided order back; the open request for approval is worth nothing then."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.approve import order_approve, order_confirm
from accounts.services.orders.draft import order_update
from accounts.services.orders.submit import order_recall, order_submit
from antifraud.approvals.models import ApprovalRequest
from antifraud.errors import Conflict, Forbidden, NotFound, WrongState
from tests.accounts.factories import approve, draft, involve, new_case, nothing_happens, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def waiting(world: World) -> Order:
    """A stop that waits for an approver."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row))


def test_it_is_a_draft_again(world: World, act: Act, waiting: Order) -> None:
    with act(world.duty_a):
        order_recall(by=world.duty_a, order_id=waiting.id)
    assert (Order.objects.get().status, ApprovalRequest.objects.get().outcome) == ("draft", "lapsed")
    with nothing_happens(), pytest.raises(WrongState), act(world.approver_a):
        order_approve(by=world.approver_a, order_id=waiting.id, payload_sha256=bytes(waiting.payload_sha256 or b""))


def test_it_can_be_submitted_again_on_another_path(world: World, act: Act, waiting: Order) -> None:
    with act(world.analyst_a):
        order_recall(by=world.analyst_a, order_id=waiting.id)
    with act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=waiting.id, emergency=True)
    assert list(ApprovalRequest.objects.filter(outcome="pending").values_list("action", flat=True)) == ["order.confirm"]


def test_the_emergency_path_ends_with_the_recall(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=True)
    with act(world.analyst_a):
        order_recall(by=world.analyst_a, order_id=order.id)
    assert Order.objects.get().emergency is False
    with act(world.analyst_a):
        again = order_submit(by=world.analyst_a, order_id=order.id)
    assert json.loads(Order.objects.get().payload.open())["order"]["emergency"] is False
    assert ApprovalRequest.objects.get(outcome="pending").action == "order.approve"
    with nothing_happens(), pytest.raises(Conflict), act(world.second_a):
        order_confirm(by=world.second_a, order_id=order.id, payload_sha256=bytes(again.payload_sha256 or b""))
    assert approve(Order.objects.get(), world.approver_a).status == "issued"
    assert Order.objects.get().approval_due_at is None


def test_the_emergency_path_can_be_asked_for_again(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row, emergency=True), emergency=True)
    with act(world.analyst_a):
        order_recall(by=world.analyst_a, order_id=order.id)
    with act(world.analyst_a):
        order_update(by=world.analyst_a, order_id=order.id, changes={"emergency": True})
    with act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=order.id)
    assert ApprovalRequest.objects.get(outcome="pending").action == "order.confirm"


@pytest.mark.parametrize(
    ("name", "error"), [("analyst_b", NotFound), ("risk_a", NotFound), ("centre_approver", Forbidden)]
)
def test_others_may_not(world: World, act: Act, waiting: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_recall(by=by, order_id=waiting.id)


def test_what_is_out_cannot_be_recalled(world: World, act: Act, waiting: Order) -> None:
    approve(waiting, world.approver_a)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_recall(by=world.analyst_a, order_id=waiting.id)
