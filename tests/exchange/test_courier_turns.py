"""How often a courier asks its lanes: once where the lane was emptied, again while it holds more or something failed."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from antifraud.courier import Courier
from antifraud.doors import posting
from banks.models import Delivery, Lane
from tests.banks.lanes import make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, post

pytestmark = pytest.mark.django_db(transaction=True)


def _asked(*institutions: Any) -> int:
    with CaptureQueriesContext(connection) as seen:
        post(*institutions)
    return sum("FROM banks_lane l" in query["sql"] and "FOR UPDATE" in query["sql"] for query in seen.captured_queries)


def test_a_lane_that_was_emptied_is_asked_once(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=4)
    make_ready(world.bank_a, 3)
    assert _asked(world.bank_a) == 1
    assert Delivery.objects.filter(state="transported").count() == 3


def test_a_full_lane_is_asked_until_it_is_empty(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=4)
    made = make_ready(world.bank_a, 10)
    assert _asked(world.bank_a) > 2
    assert Delivery.objects.filter(state="transported").count() == len(made)


def test_what_failed_is_tried_again_at_once(world: World, street: Street) -> None:
    bank = street.bank("500")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=4)
    make_ready(world.bank_a, 1)
    assert _asked(world.bank_a) > 1
    assert len(bank.requests) == 2  # the second try waits for nothing (R12), the third for two seconds


def test_what_cannot_be_signed_is_tried_again_and_is_not_the_banks_fault(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank, in_flight_cap=4)
    make_ready(world.bank_a, 1)
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):  # no signing key has begun then
        turned = Courier()
        turned.wake(world.bank_a.id)
        turned.turn()
        turned.turn(claiming=False)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error, bank.requests) == ("ready", "not_signed", [])
    assert Lane.objects.get(institution=world.bank_a).failures == 0
    post(world.bank_a)
    assert Delivery.objects.get().state == "transported"


def test_a_courier_whose_thread_ended_is_replaced(world: World, street: Street) -> None:
    first = posting.Posting()
    first.close()
    assert not first.is_alive
    posting._Process.posting, posting._Process.pid = first, os.getpid()
    try:
        posting.wake(world.bank_a.id)
        assert posting._Process.posting is not first
        assert posting._Process.posting.is_alive
    finally:
        posting.close()
