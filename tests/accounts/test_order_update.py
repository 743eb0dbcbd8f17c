"""A draft is changed under the same rules; it is addressed anew to where its account is kept now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.identity import account_correct, account_merge
from accounts.services.orders.draft import order_update
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, Superseded, WrongState
from tests.accounts.factories import draft, hold_of, involve, issue, new_case, nothing_happens, pay, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def stop(world: World) -> Order:
    """A draft stop of unit A at bank A."""
    return draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def update(act: Act, by: Any, order: Order, **changes: Any) -> Order:
    with act(by):
        return order_update(by=by, order_id=order.id, changes=changes)


def test_it_changes_and_names_the_fields(world: World, act: Act, stop: Order) -> None:
    hop = pay(world.analyst_a, stop.case, stop.account)
    update(act, world.duty_a, stop, amount_minor=7, urgency="02", reason="李四 is near", transfer_id=hop.id)
    stored = Order.objects.get()
    assert (stored.amount_minor, stored.urgency, stored.transfer_id, stored.answer_minutes) == (7, "02", hop.id, 15)
    assert (stored.reason.open(), stored.operator_id, stored.version) == (
        "李四 is near",
        world.duty_a.id,
        stop.version + 1,
    )
    entry = AuditEntry.objects.get(verb="order.update")
    assert detail_of(entry) == {"fields": ["amount_minor", "reason", "transfer_id", "urgency"]}
    assert "李四" not in bytes(entry.payload).decode()


def test_the_reason_is_sealed(world: World, act: Act, stop: Order) -> None:
    update(act, world.analyst_a, stop, reason="李四 is near")
    sealed: Any = Order.objects.values_list("reason", flat=True).get()
    assert "李四".encode() not in bytes(sealed)


def test_it_follows_a_corrected_account(world: World, act: Act, stop: Order) -> None:
    with act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=stop.account_id, institution=world.bank_b, reason="card prefix")
    assert update(act, world.analyst_a, stop).institution_id == world.bank_b.id
    assert submit(Order.objects.get()).status == "awaiting_approval"


def test_it_follows_a_merged_account(world: World, act: Act, stop: Order) -> None:
    other = involve(world.analyst_a, stop.case, world.bank_a)
    with act(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=stop.account_id, into_id=other.account_id, reason="same book")
    assert update(act, world.analyst_a, stop).account_id == other.account_id


def test_a_release_stays_with_its_hold(world: World, act: Act) -> None:
    hold = hold_of(issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)), world.risk_a)
    order = draft(world.analyst_a, world.second_a, hold, "stop_release")
    update(act, world.analyst_a, order, reason="unrelated")
    stored = Order.objects.get(pk=order.pk)
    assert (stored.original_id, stored.institution_id, stored.amount_minor) == (hold.order_id, world.bank_a.id, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_minor": 0}, "lines.0.amount"),
        ({"mode": "full"}, "lines.0.amount"),
        ({"legal_basis": "none"}, "legal_basis"),
        ({"second_officer": None}, "second_officer"),
    ],
)
def test_rules_hold(world: World, act: Act, stop: Order, changes: dict[str, Any], field: str) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_update(by=world.analyst_a, order_id=stop.id, changes=changes)
    assert list(refused.value.fields) == [field]


def test_a_stale_page_changes_nothing(world: World, act: Act, stop: Order) -> None:
    with nothing_happens(), pytest.raises(Superseded), act(world.analyst_a):
        order_update(
            by=world.analyst_a, order_id=stop.id, changes={"amount_minor": 7}, expected_version=stop.version - 1
        )


def test_what_is_submitted_does_not_change(world: World, act: Act, stop: Order) -> None:
    submit(stop)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_update(by=world.analyst_a, order_id=stop.id, changes={"amount_minor": 7})


@pytest.mark.parametrize("name", ["status", "unit", "payload", "account", "approver"])
def test_only_terms_can_be_changed(world: World, act: Act, stop: Order, name: str) -> None:
    with nothing_happens(), pytest.raises(ValueError, match="not editable"), act(world.analyst_a):
        order_update(by=world.analyst_a, order_id=stop.id, changes={name: "issued"})


@pytest.mark.parametrize(
    ("name", "error"), [("analyst_b", NotFound), ("risk_a", NotFound), ("centre_analyst", Forbidden)]
)
def test_others_may_not(world: World, act: Act, stop: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_update(by=by, order_id=stop.id, changes={"amount_minor": 7})
