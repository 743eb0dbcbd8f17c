"""The `status` in a delivery's message is the order's state as the institution knows it, never the platform's own word."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Order
from accounts.services.answers import order_acknowledge
from accounts.services.messages import delivery_message
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_correct
from antifraud import db
from banks.models import Delivery
from tests.accounts.answering import answer, bank_order
from tests.accounts.factories import approve, submit

pytestmark = pytest.mark.django_db


def status_of(world: Any, order: Order) -> str:
    """What the bank's system reads when the order itself is handed over now."""
    delivery = Delivery.objects.get(subject_id=order.id, topic="order.issued")
    with db.unit_of_work(world.machine_a):
        message = delivery_message(by=world.machine_a, delivery=delivery)
    assert (message["order_id"], "payload" in message) == (str(order.id), True)
    return str(message["status"])


def test_a_replaced_order_is_answered_to_its_bank(world: Any) -> None:
    order = bank_order(world, urgency="02", reason="hurry")
    assert status_of(world, order) == "issued"
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    assert status_of(world, order) == "acknowledged"
    answer(Order.objects.get(pk=order.pk), world.risk_a, "mismatch")
    assert status_of(world, order) == "answered"
    with db.unit_of_work(world.analyst_a):
        new = order_correct(by=world.analyst_a, order_id=order.id, changes={"holder_name": "张三丰"})
    approve(submit(new), world.approver_a)
    assert Order.objects.get(pk=order.pk).status == "superseded"
    assert status_of(world, order) == "answered"


def test_a_cancelled_order_is_never_executable_even_before_its_cancellation_is_in_the_lane(world: Any) -> None:
    order = bank_order(world)
    with db.unit_of_work(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong amount")
    assert Delivery.objects.get(subject_id=order.id, topic="order.cancelled").state == "queued"
    assert status_of(world, order) == "cancelled"
    Order.objects.filter(pk=order.pk).update(status="superseded")
    assert status_of(world, order) == "cancelled", "replaced without an answer: not to be executed either"
