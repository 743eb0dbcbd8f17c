"""From commit to the bank's lane: the term runs from availability, once, whatever fails on the way (R1–R3, R5)."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Order
from accounts.services.answers import order_route
from accounts.services.orders.cancel import order_cancel
from antifraud import db, deliveries, hints
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push
from antifraud.errors import Unavailable
from banks.models import Delivery, Lane
from banks.services.deliveries import deliveries_claim
from tests.banks.lanes import enqueue, let_pass
from tests.cast import World

FRAME = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def _audits(order: Order) -> int:
    return AuditEntry.objects.filter(object_id=order.id, verb="order.available").count()


def test_the_order_is_available_and_its_term_runs_from_then(
    world: World, issued: Any, heard: list[Any], move_clock: Any
) -> None:
    order = issued()
    assert (order.available_at, order.answer_due_at) == (None, None)
    move_clock(timedelta(minutes=7))
    assert lane_push(world.bank_a.id) == 1
    order.refresh_from_db()
    delivery = Delivery.objects.get(subject_id=order.id)
    assert delivery.state == "ready"
    assert order.available_at == delivery.available_at
    assert order.available_at - order.issued_at >= timedelta(minutes=7)
    assert order.answer_due_at - order.available_at == timedelta(minutes=order.answer_minutes)
    assert heard == [(f"inst:{world.bank_a.id}", "queue")]
    assert _audits(order) == 1


def test_a_second_push_finds_nothing(world: World, issued: Any, heard: list[Any]) -> None:
    order = issued()
    lane_push(world.bank_a.id)
    order.refresh_from_db()
    first = order.available_at
    assert lane_push(world.bank_a.id) == 0
    order.refresh_from_db()
    assert (order.available_at, _audits(order), len(heard)) == (first, 1, 1)


def test_more_than_the_cap_goes_in_one_push(world: World, issued: Any) -> None:
    enqueue(world.bank_a, 9, topic="order.cancelled")
    assert lane_push(world.bank_a.id) == 9


def test_another_lane_is_not_touched(world: World, issued: Any) -> None:
    other = issued(world.bank_b)
    assert lane_push(world.bank_a.id) == 0
    other.refresh_from_db()
    assert other.available_at is None


def test_a_branchs_delivery_does_not_start_the_term_again(world: World, issued: Any, move_clock: Any) -> None:
    order = issued()
    lane_push(world.bank_a.id)
    order.refresh_from_db()
    move_clock(timedelta(minutes=3))
    before = order.available_at
    with db.unit_of_work(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=world.branch_a)
    assert lane_push(world.branch_a.id) == 1
    order.refresh_from_db()
    assert (order.available_at, _audits(order)) == (before, 1)


def test_an_order_cancelled_on_the_way_has_no_term(world: World, issued: Any) -> None:
    order = issued()
    with db.unit_of_work(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong account")
    assert lane_push(world.bank_a.id) == 2  # the order and its cancellation
    order.refresh_from_db()
    assert (order.available_at, order.answer_due_at, _audits(order)) == (None, None, 0)
    assert set(Delivery.objects.filter(subject_id=order.id).values_list("topic", "state")) == {
        ("order.issued", "ready"),
        ("order.cancelled", "ready"),
    }


def test_a_failure_costs_its_own_delivery_a_delay_only(
    world: World, issued: Any, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = issued(), issued()
    real = deliveries.DELIVERIES["order.issued"]

    def fragile(arriving: list[Delivery], by: Any, at: Any) -> None:
        real(arriving, by, at)
        if bad.id in {delivery.subject_id for delivery in arriving}:
            raise Unavailable

    monkeypatch.setitem(deliveries.DELIVERIES, "order.issued", fragile)
    stop_after = iter([False, True])
    assert lane_push(world.bank_a.id, stop=lambda: next(stop_after)) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.available_at is None
    assert good.available_at is not None
    row = Delivery.objects.get(subject_id=bad.id)
    assert (row.state, row.error, row.lease_token, row.attempt) == ("queued", "Unavailable", None, 1)
    assert _audits(bad) == 0
    assert heard == [(f"inst:{world.bank_a.id}", "queue")]


@pytest.mark.parametrize("cap", [1, 4])
def test_one_failure_costs_the_healthy_ones_a_single_batch(
    world: World, monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    """However small the lane's cap is: not a failed batch for every few that arrive before the bad one's turn."""
    Lane.objects.filter(institution=world.bank_a).update(in_flight_cap=cap)
    enqueue(world.bank_a, 12, topic="order.cancelled")
    (bad,) = enqueue(world.bank_a, topic="order.cancelled", priority=9)
    batches: list[int] = []

    def fragile(arriving: list[Delivery], by: Any, at: Any) -> None:
        batches.append(len(arriving))
        if bad.id in {delivery.id for delivery in arriving}:
            raise Unavailable

    monkeypatch.setitem(deliveries.DELIVERIES, "order.cancelled", fragile)
    assert lane_push(world.bank_a.id) == 12
    assert [size for size in batches if size > 1] == [13]
    assert Delivery.objects.filter(state="ready").count() == 12
    bad.refresh_from_db()
    assert (bad.state, bad.error, bad.lease_token) == ("queued", "Unavailable", None)


def test_an_unknown_topic_stays_in_the_queue(world: World) -> None:
    delivery = enqueue(world.bank_a, topic="order.unheard_of")[0]
    stop_after = iter([False, True])
    assert lane_push(world.bank_a.id, stop=lambda: next(stop_after)) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == ("queued", "KeyError")


def test_a_stale_owner_undoes_what_it_did(
    world: World, issued: Any, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T6: the lease runs out while the handler works; another process takes the delivery over."""
    order = issued()
    real = deliveries.DELIVERIES["order.issued"]

    def slow(arriving: list[Delivery], by: Any, at: Any) -> None:
        real(arriving, by, at)
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in arriving]).update(lease_token=uuid.uuid4())

    monkeypatch.setitem(deliveries.DELIVERIES, "order.issued", slow)
    assert lane_push(world.bank_a.id) == 0
    order.refresh_from_db()
    assert (order.available_at, _audits(order), heard) == (None, 0, [])
    row = Delivery.objects.get(subject_id=order.id)
    assert (row.state, row.attempt, row.error) == ("queued", 1, "")


def test_a_dead_owners_delivery_comes_back_after_its_lease(world: World, issued: Any) -> None:
    order = issued()
    with db.unit_of_work(world.admin):
        assert len(deliveries_claim(world.bank_a.id, 10)) == 1
    assert lane_push(world.bank_a.id) == 0
    let_pass(61)
    assert lane_push(world.bank_a.id) == 1
    order.refresh_from_db()
    assert order.available_at is not None


@pytest.mark.parametrize("count", [1, 4])
def test_at_most_six_statements_a_batch_beside_the_orders_own_three(world: World, issued: Any, count: int) -> None:
    for _number in range(count):
        issued()
    with CaptureQueriesContext(connection) as seen:
        assert lane_push(world.bank_a.id) == count
    sent = [query["sql"] for query in seen if not query["sql"].startswith(FRAME)]
    own = [sql for sql in sent if "accounts_order" in sql or "af_audit" in sql]
    assert len(own) == 3
    assert len(sent) - len(own) <= 6, "\n".join(sent)


@pytest.mark.django_db(transaction=True)
def test_two_pushers_make_each_order_available_once(world: World, issued: Any, heard: list[Any]) -> None:
    orders = [issued() for _number in range(6)]
    start = threading.Barrier(3)
    pushed: list[int] = []

    def push() -> None:
        try:
            start.wait(10)
            pushed.extend(lane_push(world.bank_a.id) for _time in range(20))
        finally:
            connection.close()

    threads = [threading.Thread(target=push) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(pushed) == 6
    assert [_audits(order) for order in orders] == [1] * 6
    assert not transaction.get_connection().in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_when_a_hint_is_sent(world: World, issued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ones: list[bool] = []
    issued()
    monkeypatch.setattr(hints, "publish", lambda *_words: open_ones.append(connection.in_atomic_block))
    lane_push(world.bank_a.id)
    assert open_ones == [False]
