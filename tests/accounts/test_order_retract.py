"""Issued in error: taken back at once where unanswered, else a release with an hour's term; kept in the register."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.correct import order_retract
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from banks.models import Delivery
from tests.accounts.factories import answered, draft, hold_of, involve, issue, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def sent(world: World) -> Order:
    """A stop of unit A that is out at bank A."""
    return issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def retract(act: Act, by: Any, order: Order, field: str = "account") -> Order:
    with act(by):
        return order_retract(by=by, order_id=order.id, error_field=field, reason="typing error")


def test_unanswered_it_is_cancelled_and_marked(world: World, act: Act, sent: Order) -> None:
    retract(act, world.analyst_a, sent, "amount")
    stored = Order.objects.get()
    assert (stored.status, stored.error_field, stored.ended_reason) == ("cancelled", "amount", "typing error")
    assert stored.error_found_at == stored.cancelled_at
    assert Delivery.objects.filter(topic="order.cancelled", institution=world.bank_a).count() == 1
    entry = AuditEntry.objects.get(verb="order.retract")
    assert detail_of(entry) == {"error_field": "amount", "state": "issued", "outcome": ""}
    assert AuditEntry.objects.filter(verb="order.cancel").count() == 1


def test_executed_its_release_is_drafted_for_a_second_person(world: World, act: Act, sent: Order) -> None:
    hold_of(answered(sent, world.risk_a), world.risk_a)
    with act(world.analyst_a) as work:
        order_retract(by=world.analyst_a, order_id=sent.id, error_field="account", reason="typing error")
    release = Order.objects.get(kind="stop_release")
    assert (release.status, release.trigger, release.triggered_at) == ("draft", "error", work.now)
    assert release.due_at == work.now + timedelta(hours=1)
    assert (release.operator_id, release.second_officer_id) == (world.analyst_a.id, world.second_a.id)
    assert (release.original_id, release.institution_id, release.account_id) == (
        sent.id,
        world.bank_a.id,
        sent.account_id,
    )
    stored = Order.objects.get(pk=sent.pk)
    assert (stored.status, stored.error_found_at, stored.error_field) == ("answered", work.now, "account")
    assert not Delivery.objects.filter(topic="order.cancelled").exists()


def test_a_refused_order_leaves_nothing_to_release(world: World, act: Act, sent: Order) -> None:
    answered(sent, world.risk_a, "refused")
    retract(act, world.analyst_a, sent)
    assert Order.objects.get().error_field == "account"


def test_once_only(world: World, act: Act, sent: Order) -> None:
    answered(sent, world.risk_a)
    retract(act, world.analyst_a, sent)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_retract(by=world.analyst_a, order_id=sent.id, error_field="account", reason="typing error")


def test_a_draft_is_cancelled_instead(world: World, act: Act) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_retract(by=world.analyst_a, order_id=order.id, error_field="account", reason="typing error")


@pytest.mark.parametrize(
    ("field", "reason", "named"), [("weather", "typing error", "error_field"), ("account", " ", "reason")]
)
def test_what_was_wrong_and_why(world: World, act: Act, sent: Order, field: str, reason: str, named: str) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_retract(by=world.analyst_a, order_id=sent.id, error_field=field, reason=reason)
    assert list(refused.value.fields) == [named]


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_b", NotFound), ("risk_a", Forbidden), ("centre_analyst", Forbidden), ("auditor", NotFound)],
)
def test_others_may_not(world: World, act: Act, sent: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_retract(by=by, order_id=sent.id, error_field="account", reason="typing error")
