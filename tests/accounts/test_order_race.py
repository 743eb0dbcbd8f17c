"""Two officers at the same moment: one order, one decision, one last stop; the other is told and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import InvolvedAccount, Involvement, Order
from accounts.selectors.lookups import MISS, USER, account_known_elsewhere, lookup_balance
from accounts.services.accounts import involved_account_add
from accounts.services.orders.approve import order_approve, order_reject
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.draft import orders_draft
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import AppError
from banks.models import Delivery
from cases.models import Case
from tests.accounts.factories import card, draft, hold_of, involve, issue, line, new_case, submit, terms
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: tuple[Any, Callable[[], Any]]) -> list[str]:
    """Run each act in its own thread and unit of work; its outcome: "done" or the code of the refusal."""
    start = threading.Barrier(len(acts))
    outcomes: list[str] = [""] * len(acts)

    def run(position: int, by: Any, act: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            with db.unit_of_work(by):
                act()
            outcomes[position] = "done"
        except AppError as refused:
            outcomes[position] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, by, act)) for n, (by, act) in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(outcomes)


def test_two_drafts_of_the_same_order(world: World) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    wanted = terms(world.second_a)

    def one(by: Any) -> Callable[[], Any]:
        return lambda: orders_draft(by=by, case=row.case, kind="stop", lines=[line(row)], terms=wanted)

    assert at_once((world.analyst_a, one(world.analyst_a)), (world.duty_a, one(world.duty_a))) == [
        "done",
        "duplicate_order",
    ]
    assert Order.objects.count() == 1


def test_approve_reject_and_cancel(world: World) -> None:
    order = submit(
        draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    )
    sha256 = bytes(order.payload_sha256 or b"")
    outcomes = at_once(
        (world.approver_a, lambda: order_approve(by=world.approver_a, order_id=order.id, payload_sha256=sha256)),
        (world.supervisor_a, lambda: order_approve(by=world.supervisor_a, order_id=order.id, payload_sha256=sha256)),
        (world.bureau_approver, lambda: order_reject(by=world.bureau_approver, order_id=order.id, reason="no ground")),
        (world.centre_approver, lambda: order_reject(by=world.centre_approver, order_id=order.id, reason="no ground")),
    )
    assert outcomes == ["done", "wrong_state", "wrong_state", "wrong_state"]
    issued = Order.objects.get().status == "issued"
    assert Delivery.objects.count() == (1 if issued else 0)
    assert AuditEntry.objects.filter(verb__in=["order.approve", "order.reject"]).count() == 1


def test_a_cancellation_meets_an_approval(world: World) -> None:
    order = submit(
        draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    )
    sha256 = bytes(order.payload_sha256 or b"")
    outcomes = at_once(
        (world.approver_a, lambda: order_approve(by=world.approver_a, order_id=order.id, payload_sha256=sha256)),
        (world.analyst_a, lambda: order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong case")),
    )
    topics = sorted(Delivery.objects.values_list("topic", flat=True))
    assert Order.objects.get().status == "cancelled"
    assert (outcomes, topics) in [
        (["done", "done"], ["order.cancelled", "order.issued"]),
        (["done", "wrong_state"], []),
    ]
    assert Case.objects.get().open_orders == 0


def test_two_stops_for_the_last_count(world: World) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    hold = hold_of(issue(world, row), world.risk_a)
    orders = [submit(draft(world.analyst_a, world.second_a, hold, "stop_extend"))]
    with db.unit_of_work(world.centre_analyst):
        drafted = orders_draft(
            by=world.centre_analyst, case=row.case, kind="stop", lines=[line(row)], terms=terms(world.centre_second)
        )[0]  # fmt: skip
    orders.append(submit(drafted))
    acts = [
        (by, lambda by=by, order=order: order_approve(by=by, order_id=order.id, payload_sha256=bytes(order.payload_sha256 or b"")))
        for by, order in zip((world.approver_a, world.centre_approver), orders, strict=True)
    ]  # fmt: skip
    assert at_once(*acts) == ["done", "stop_count_exceeded"]
    assert Involvement.objects.get().stop_count == 2
    assert Case.objects.get().open_orders == 2


def test_the_same_account_entered_by_two_units(world: World) -> None:
    number = card()
    cases = [(by, new_case(by)) for by in (world.analyst_a, world.analyst_b)]
    acts = [
        (by, lambda by=by, case=case: involved_account_add(by=by, case=case, number=number, institution=world.bank_a))
        for by, case in cases
    ]
    institution = world.bank_a
    assert institution is not None
    assert at_once(*acts) == ["done", "done"]
    assert InvolvedAccount.objects.count() == 1
    assert Involvement.objects.count() == 2


def test_many_lookups_spend_no_more_than_the_budget(world: World) -> None:
    from accounts.models import LookupBudget

    by = world.analyst_a
    with db.unit_of_work(by):
        account_known_elsewhere(user=by, numbers=[card()])
    with db.unit_of_work(by):
        LookupBudget.objects.filter(holder_id=by.id).update(tokens=3 * MISS)
    numbers = [card() for _ in range(8)]
    acts = [(by, lambda number=number: account_known_elsewhere(user=by, numbers=[number])) for number in numbers]
    assert at_once(*acts) == ["done"] * 3 + ["rate_limited"] * 5
    assert lookup_balance(user=by).user <= USER.per_minute
