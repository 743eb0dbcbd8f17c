"""Emergency stop: the named second officer sends it out by own log-in; a supervisor's approval is due in an hour."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.approve import order_confirm
from antifraud import policy
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, NotFound, Superseded, WrongState
from banks.models import Delivery
from cases.models import Case
from tests.accounts.factories import draft, involve, issue_emergency, new_case, nothing_happens, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def waiting(world: World) -> Order:
    """An emergency stop that waits for its second officer."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row), emergency=True)


def refused(act: Act, by: Any, order: Order, error: type[Exception], sha256: bytes | None = None) -> Any:
    """A refusal that leaves nothing behind."""
    shown = bytes(order.payload_sha256 or b"") if sha256 is None else sha256
    with nothing_happens(), pytest.raises(error) as caught, act(by):
        order_confirm(by=by, order_id=order.id, payload_sha256=shown)
    return caught.value


def test_it_is_issued_at_once_and_the_approval_is_due_in_an_hour(world: World) -> None:
    order = issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    stored = Order.objects.get()
    assert (stored.status, stored.emergency, stored.approver_id, stored.approved_at) == ("issued", True, None, None)
    assert stored.second_confirmed_at == stored.issued_at == order.issued_at
    assert stored.issued_at is not None
    assert stored.approval_due_at == stored.issued_at + timedelta(minutes=60)
    assert Delivery.objects.filter(subject_id=order.id, topic="order.issued").count() == 1
    assert policy.can(world.risk_a, "order.view", stored)
    assert AuditEntry.objects.get(verb="order.confirm").actor_id == world.second_a.id
    assert Case.objects.get().open_orders == 1
    assert stored.case.involvements.get().stop_count == 1


def test_a_supervisors_decision_is_asked_for_and_does_not_lapse(world: World, move_clock: Any) -> None:
    issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    request = ApprovalRequest.objects.get(outcome="pending")
    assert (request.action, request.maker_id) == ("order.ratify", world.analyst_a.id)
    assert request.expires_at - request.requested_at > timedelta(days=365)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("analyst_a", "not_second_officer"),
        ("approver_a", "not_second_officer"),
        ("supervisor_a", "not_second_officer"),
        ("centre_supervisor", "not_second_officer"),
    ],
)
def test_nobody_else_can_confirm(world: World, act: Act, waiting: Order, name: str, code: str) -> None:
    assert refused(act, getattr(world, name), waiting, Forbidden).code == code


@pytest.mark.parametrize("name", ["second_b", "risk_a", "overseer"])
def test_strangers_do_not_know_it(world: World, act: Act, waiting: Order, name: str) -> None:
    refused(act, getattr(world, name), waiting, NotFound)


def test_another_hash_is_refused(world: World, act: Act, waiting: Order) -> None:
    assert refused(act, world.second_a, waiting, Superseded, b"x" * 32).code == "payload_changed"


def test_facts_that_changed_are_refused(world: World, act: Act, waiting: Order) -> None:
    Order.objects.update(amount_minor=900_000)
    assert refused(act, world.second_a, waiting, Superseded).code == "payload_changed"


def test_after_half_an_hour_it_has_lapsed(world: World, act: Act, waiting: Order, move_clock: Any) -> None:
    move_clock(timedelta(minutes=31))
    assert refused(act, world.second_a, waiting, Conflict).code == "approval_lapsed"


def test_an_ordinary_order_cannot_be_confirmed(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row))
    assert refused(act, world.second_a, order, Conflict).code == "approval_missing"


def test_once_only(world: World, act: Act, waiting: Order) -> None:
    with act(world.second_a):
        order_confirm(by=world.second_a, order_id=waiting.id, payload_sha256=bytes(waiting.payload_sha256 or b""))
    refused(act, world.second_a, waiting, WrongState)
