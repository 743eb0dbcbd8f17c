"""An order that was routed away and back: old receipts stay dead, and a dead letter left behind blocks nobody's pull."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from antifraud.errors import Conflict, NotFound
from banks.models import Delivery
from banks.services.dead_letters import redrive_request
from banks.services.queue import queue_ack, queue_receive
from tests.accounts.answering import bank_order
from tests.accounts.test_order_route import _route, _second_branch
from tests.cast import World

pytestmark = pytest.mark.django_db
Act = Callable[[Any], AbstractContextManager[Any]]


def _letter(order: Any, institution: Any) -> Delivery:
    return Delivery.objects.get(subject_id=order.id, institution=institution, topic="order.issued")


def test_a_receipt_of_the_first_visit_is_stale_in_the_second(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    with act(world.risk_branch):
        [(first, old)] = queue_receive(by=world.risk_branch, max_count=1, visibility_seconds=900)
    _route(act, world, order, _second_branch(world))
    _route(act, world, order)
    with act(world.risk_branch):
        [(second, new)] = queue_receive(by=world.risk_branch, max_count=1, visibility_seconds=900)
    assert second.attempt > first.attempt, "the message says that it may be a duplicate"
    assert new != old
    with pytest.raises(Conflict) as refused, act(world.risk_branch):
        queue_ack(by=world.risk_branch, receipt=old)
    assert refused.value.code == "receipt_stale"
    assert _letter(order, world.branch_a).state == "leased"


def test_a_dead_letter_of_an_order_that_left_is_withdrawn_too(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    Delivery.objects.filter(pk=_letter(order, world.branch_a).pk).update(state="dead_lettered", error="poison_400")
    _route(act, world, order, _second_branch(world))
    left = _letter(order, world.branch_a)
    assert (left.state, left.error.startswith("poison")) == ("dead_lettered", False)
    with pytest.raises((NotFound, Conflict)), act(world.risk_branch):
        redrive_request(by=world.risk_branch, delivery_id=left.id)


def test_what_is_out_of_reach_does_not_keep_the_rest_from_the_bank(world: World, act: Act, log_in: Any) -> None:
    gone, other = bank_order(world), bank_order(world)
    for order in (gone, other):
        _route(act, world, order)
    _route(act, world, gone, _second_branch(world))
    Delivery.objects.filter(pk=_letter(gone, world.branch_a).pk).update(state="ready", error="")
    answer = log_in(world.risk_branch).post("/api/v1/queue/receive/", {"max": 10}, content_type="application/json")
    assert answer.status_code == 200
    assert [item["message"]["order_id"] for item in answer.json()["items"]] == [str(other.id)]
