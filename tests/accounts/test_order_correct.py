"""Correct and resend: a draft filled from the order that failed, linked to it, which it replaces when issued."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import AccountChange, Answer, InvolvedAccount, Order
from accounts.selectors.orders import order_detail
from accounts.services.identity import account_correct
from accounts.services.orders.correct import order_correct, order_retract
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.models import Delivery
from tests.accounts.factories import (
    answered,
    approve,
    draft,
    hold_of,
    involve,
    issue,
    new_case,
    nothing_happens,
    pay,
    submit,
)
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def failed(world: World) -> Order:
    """A stop that bank A answered with a mismatch of the name."""
    order = issue(
        world,
        involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, name="章三"),
        urgency="02",
        reason="hurry",
    )
    return answered(order, world.risk_a, "mismatch")


def correct(act: Act, by: Any, order: Order, **changes: Any) -> Order:
    with act(by):
        return order_correct(by=by, order_id=order.id, changes=changes)


def test_the_new_draft_is_filled_from_the_old_one(world: World, act: Act, failed: Order) -> None:
    new = correct(act, world.duty_a, failed, holder_name="张三")
    stored = Order.objects.get(pk=new.pk)
    assert (stored.status, stored.corrects_id, stored.operator_id) == ("draft", failed.id, world.duty_a.id)
    for name in (
        "kind",
        "case_id",
        "account_id",
        "institution_id",
        "amount_minor",
        "mode",
        "urgency",
        "legal_basis",
        "transfer_id",
    ):
        assert getattr(stored, name) == getattr(failed, name), name
    assert stored.reason.open() == "hurry"
    assert InvolvedAccount.objects.get().holder_name.open() == "张三"
    assert Order.objects.get(pk=failed.pk).status == "answered"
    assert detail_of(AuditEntry.objects.get(verb="order.correct")) == {
        "by_order": new.number,
        "fields": ["holder_name"],
    }


def test_when_issued_it_replaces_the_old_one_and_takes_its_count(world: World, act: Act, failed: Order) -> None:
    new = submit(correct(act, world.analyst_a, failed, amount_minor=123_456))
    assert json.loads(new.payload.open())["order"]["corrects"] == {"id": str(failed.id), "number": failed.number}
    approve(new, world.approver_a)
    assert Order.objects.get(pk=failed.pk).status == "superseded"
    assert failed.case.involvements.get().stop_count == 1
    assert Delivery.objects.filter(topic="order.issued").count() == 2
    assert detail_of(AuditEntry.objects.get(verb="order.supersede"))["by_order"] == new.number


def test_a_second_stop_then_has_its_own_count(world: World, act: Act, failed: Order) -> None:
    new = approve(submit(correct(act, world.analyst_a, failed)), world.approver_a)
    answered(new, world.risk_a, "refused")
    issue(world, failed.case.involvements.get())
    assert failed.case.involvements.get().stop_count == 2
    second = Order.objects.get(status="issued")
    answered(second, world.risk_a, "refused")
    with nothing_happens(), pytest.raises(Conflict) as refused:
        draft(world.analyst_a, world.second_a, failed.case.involvements.get())
    assert refused.value.code == "stop_count_exceeded"


def test_an_executed_stop_keeps_its_count(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    hold_of(answered(order, world.risk_a), world.risk_a)
    with act(world.analyst_a):
        order_retract(by=world.analyst_a, order_id=order.id, error_field="amount", reason="typing error")
    approve(submit(correct(act, world.analyst_a, order, amount_minor=1_000)), world.approver_a)
    assert order.case.involvements.get().stop_count == 2
    assert Order.objects.get(pk=order.pk).status == "superseded"


def test_another_account_of_the_case(world: World, act: Act, failed: Order) -> None:
    other = involve(world.analyst_a, failed.case, world.bank_b)
    hop = pay(world.analyst_a, failed.case, other.account)
    new = correct(act, world.analyst_a, failed, involvement_id=other.id)
    assert (new.account_id, new.institution_id, new.transfer_id) == (other.account_id, world.bank_b.id, hop.id)


def test_not_ours_leads_to_the_institution_that_was_named(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    answered(order, world.risk_a, "refused")
    Answer.objects.create(
        order=order, case_id=order.case_id, seq=1, outcome="refused", reason_code="not_ours", suggested_institution=world.bank_b,
        handler_name="Zhao", source="logged_in", answered_by=world.risk_a, received_at=order.created_at,
    )  # fmt: skip
    new = correct(act, world.analyst_a, order)
    account = InvolvedAccount.objects.get()
    assert (new.institution_id, account.institution_id) == (world.bank_b.id, world.bank_b.id)
    change = AccountChange.objects.get()
    assert (change.from_institution_id, change.to_institution_id) == (world.bank_a.id, world.bank_b.id)
    assert order.number in change.reason
    issued = approve(submit(new), world.approver_a)
    assert json.loads(issued.payload.open())["order"]["corrects"] is None
    assert order_detail(user=world.risk_b, order_id=issued.id).corrects is None
    assert order_detail(user=world.analyst_a, order_id=issued.id).corrects_id == order.id


def test_a_corrected_institution_that_has_the_account_already(world: World, act: Act, failed: Order) -> None:
    number = failed.account.number.open()
    known = involve(world.analyst_b, new_case(world.analyst_b), world.bank_b, number=number).account
    new = correct(act, world.analyst_a, failed, institution=world.bank_b)
    assert (new.account_id, new.institution_id) == (known.id, world.bank_b.id)
    assert failed.case.involvements.get().account_id == known.id


def test_a_suggestion_does_not_undo_a_later_correction(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    answered(order, world.risk_a, "refused")
    Answer.objects.create(
        order=order, case_id=order.case_id, seq=1, outcome="refused", reason_code="not_ours", suggested_institution=world.bank_b,
        handler_name="Zhao", source="logged_in", answered_by=world.risk_a, received_at=order.created_at,
    )  # fmt: skip
    with act(world.analyst_a):
        account_correct(
            by=world.analyst_a, account_id=order.account_id, institution=world.payment, reason="the wallet's owner"
        )
    assert correct(act, world.analyst_a, order).institution_id == world.payment.id


@pytest.mark.parametrize("state", ["rejected", "cancelled"])
def test_what_never_went_through_can_be_corrected(world: World, act: Act, state: str) -> None:
    from accounts.services.orders.approve import order_reject
    from accounts.services.orders.cancel import order_cancel

    order = submit(
        draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    )
    with act(world.approver_a):
        (order_reject if state == "rejected" else order_cancel)(
            by=world.approver_a, order_id=order.id, reason="wrong amount"
        )
    new = approve(submit(correct(act, world.analyst_a, order, amount_minor=7)), world.approver_a)
    assert new.amount_minor == 7
    assert Order.objects.get(pk=order.pk).status == "superseded"
    assert order.case.involvements.get().stop_count == 1


def test_two_corrections_at_once_are_refused(world: World, act: Act, failed: Order) -> None:
    correct(act, world.analyst_a, failed)
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.duty_a):
        order_correct(by=world.duty_a, order_id=failed.id, changes={})
    assert refused.value.code == "duplicate_order"


def test_rules_hold_for_corrections_too(world: World, act: Act, failed: Order) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.second_a):
        order_correct(by=world.second_a, order_id=failed.id, changes={"amount_minor": 0, "holder_name": "李四"})
    assert sorted(refused.value.fields) == ["lines.0.amount", "second_officer"]


@pytest.mark.parametrize("outcome", ["executed", "partial"])
def test_an_executed_order_is_retracted_first(world: World, act: Act, outcome: str) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    answered(order, world.risk_a, outcome)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_correct(by=world.analyst_a, order_id=order.id, changes={})


def test_an_open_order_is_not_corrected(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_correct(by=world.analyst_a, order_id=order.id, changes={})


@pytest.mark.parametrize(
    ("name", "error"), [("analyst_b", NotFound), ("risk_a", Forbidden), ("centre_analyst", Forbidden)]
)
def test_others_may_not(world: World, act: Act, failed: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_correct(by=by, order_id=failed.id, changes={"holder_name": "张三"})
