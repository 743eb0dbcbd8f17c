"""The express rejection of an emergency stop: unanswered it is cancelled, executed its release is drafted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold, Order
from accounts.services.orders.ratify import order_overrule, order_ratify
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from banks.models import Delivery
from cases.models import Case
from tests.accounts.factories import answered, hold_of, involve, issue_emergency, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def sent(world: World) -> Order:
    """An emergency stop that is out and waits for a supervisor."""
    return issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def test_unanswered_it_is_cancelled_and_the_bank_is_told(world: World, act: Act, sent: Order) -> None:
    with act(world.supervisor_a):
        order_overrule(by=world.supervisor_a, order_id=sent.id, reason="no ground")
    stored = Order.objects.get()
    assert (stored.status, stored.ended_reason, stored.approver_id) == ("cancelled", "no ground", None)
    assert sorted(Delivery.objects.values_list("topic", flat=True)) == ["order.cancelled", "order.issued"]
    assert Case.objects.get().open_orders == 0
    assert ApprovalRequest.objects.get(action="order.ratify").outcome == "rejected"
    assert AuditEntry.objects.filter(verb="order.overrule", actor_id=world.supervisor_a.id).count() == 1


def test_executed_its_release_is_drafted_with_an_hours_term(world: World, act: Act, sent: Order) -> None:
    hold = hold_of(answered(sent, world.risk_a), world.risk_a)
    with act(world.supervisor_a) as work:
        order_overrule(by=world.supervisor_a, order_id=sent.id, reason="no ground")
    release = Order.objects.get(kind="stop_release")
    assert (release.status, release.original_id, release.trigger, release.triggered_at) == (
        "draft",
        sent.id,
        "overruled",
        work.now,
    )
    assert release.due_at == work.now + timedelta(hours=1)
    assert Order.objects.get(pk=sent.pk).status == "answered"
    assert Hold.objects.get(pk=hold.pk).status == "active"


def test_once_decided_it_stays(world: World, act: Act, sent: Order) -> None:
    with act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=sent.id, payload_sha256=bytes(sent.payload_sha256 or b""))
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.approver_a):
        order_overrule(by=world.approver_a, order_id=sent.id, reason="no ground")
    assert refused.value.code == "approval_missing"


def test_a_reason_is_needed(world: World, act: Act, sent: Order) -> None:
    with nothing_happens(), pytest.raises(Invalid), act(world.supervisor_a):
        order_overrule(by=world.supervisor_a, order_id=sent.id, reason=" ")


@pytest.mark.parametrize(
    ("name", "error"), [("second_a", Forbidden), ("approver_b", NotFound), ("risk_supervisor_a", Forbidden)]
)
def test_others_may_not(world: World, act: Act, sent: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_overrule(by=by, order_id=sent.id, reason="no ground")
