"""A supervisor approves an emergency stop afterwards; being late is noted and releases nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.selectors.decisions import approvals_waiting
from accounts.services.orders.correct import order_correct
from accounts.services.orders.ratify import order_ratify
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, NotFound, Superseded, WrongState
from tests.accounts.factories import (
    answered,
    approve,
    draft,
    involve,
    issue,
    issue_emergency,
    new_case,
    nothing_happens,
    submit,
)
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def sent(world: World) -> Order:
    """An emergency stop that is out and waits for a supervisor."""
    return issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def shown(order: Order) -> bytes:
    return bytes(order.payload_sha256 or b"")


@pytest.mark.parametrize("late", [False, True])
def test_it_notes_the_approver_and_leaves_the_state(
    world: World, act: Act, sent: Order, move_clock: Any, late: bool
) -> None:
    move_clock(timedelta(minutes=61 if late else 59))
    with act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=sent.id, payload_sha256=shown(sent))
    stored = Order.objects.get()
    assert (stored.status, stored.approver_id) == ("issued", world.supervisor_a.id)
    assert stored.approved_at is not None
    assert stored.version == sent.version + 1
    assert detail_of(AuditEntry.objects.get(verb="order.ratify"))["late"] is late
    assert ApprovalRequest.objects.get(action="order.ratify").outcome == "approved"


def test_an_answered_stop_can_still_be_ratified(world: World, act: Act, sent: Order) -> None:
    answered(sent, world.risk_a)
    with act(world.bureau_approver):
        order_ratify(by=world.bureau_approver, order_id=sent.id, payload_sha256=shown(sent))
    assert Order.objects.get().status == "answered"


def test_a_stop_that_was_corrected_and_replaced_is_still_ratified(world: World, act: Act, sent: Order) -> None:
    answered(sent, world.risk_a, "mismatch")
    with act(world.analyst_a):
        new = order_correct(by=world.analyst_a, order_id=sent.id, changes={})
    approve(submit(new), world.approver_a)
    assert Order.objects.get(pk=sent.pk).status == "superseded"
    assert [order.pk for order in approvals_waiting(user=world.supervisor_a)] == [sent.pk]
    with act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=sent.id, payload_sha256=shown(sent))
    assert not approvals_waiting(user=world.supervisor_a).exists()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("analyst_a", Forbidden),
        ("second_a", Forbidden),
        ("approver_b", NotFound),
        ("risk_a", Forbidden),
        ("risk_b", NotFound),
    ],
)
def test_others_may_not(world: World, act: Act, sent: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_ratify(by=by, order_id=sent.id, payload_sha256=shown(sent))


def test_an_officer_of_the_order_may_not(world: World, act: Act) -> None:
    row = involve(world.supervisor_a, new_case(world.supervisor_a), world.bank_a)
    order = submit(draft(world.supervisor_a, world.approver_a, row), emergency=True)
    from accounts.services.orders.approve import order_confirm

    with act(world.approver_a):
        order_confirm(by=world.approver_a, order_id=order.id, payload_sha256=shown(order))
    for by in (world.supervisor_a, world.approver_a):
        with nothing_happens(), pytest.raises(Forbidden) as refused, act(by):
            order_ratify(by=by, order_id=order.id, payload_sha256=shown(order))
        assert refused.value.code == "same_person"


def test_another_hash_is_refused(world: World, act: Act, sent: Order) -> None:
    with nothing_happens(), pytest.raises(Superseded), act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=sent.id, payload_sha256=b"x" * 32)


def test_an_ordinary_order_needs_none(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with nothing_happens(), pytest.raises(WrongState), act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=order.id, payload_sha256=shown(order))
