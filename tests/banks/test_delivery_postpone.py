"""A delivery that could not be pushed goes back into the lane, later and later, and is never given up (R12)."""

from __future__ import annotations

import uuid

import pytest

from antifraud import db
from banks.models import Delivery
from banks.rules.retries import retry_delay
from banks.selectors.institutions import system_user
from banks.services.deliveries import deliveries_claim, delivery_postpone
from tests.banks.lanes import enqueue, let_pass, seconds_until
from tests.cast import World


def test_the_schedule_is_that_of_the_rule_and_then_sixty_seconds_for_ever() -> None:
    assert [retry_delay(attempt) for attempt in range(1, 8)] == [0, 2, 5, 10, 20, 40, 60]
    later = [retry_delay(attempt) for attempt in range(8, 500)]
    assert min(later) >= 48
    assert max(later) <= 72
    assert max(later) - min(later) > 15


def test_attempts_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        retry_delay(0)


def test_each_try_waits_longer(world: World) -> None:
    enqueue(world.bank_a)
    for number, delay in enumerate((0, 2, 5, 10), 1):
        with db.unit_of_work(system_user()):
            delivery = deliveries_claim(world.bank_a.id, 1)[0]
            assert delivery.attempt == number
            assert delivery_postpone(delivery, delivery.lease_token, error="Unavailable")
        assert delay - 2 < seconds_until(delivery, "next_at") <= delay
        if delay:
            with db.unit_of_work(system_user()):
                assert deliveries_claim(world.bank_a.id, 1) == []
        let_pass(delay)
    stored = Delivery.objects.get()
    assert (stored.state, stored.error, stored.lease_token) == ("queued", "Unavailable", None)


def test_a_stale_owner_cannot_postpone(world: World) -> None:
    enqueue(world.bank_a)
    with db.unit_of_work(system_user()):
        delivery = deliveries_claim(world.bank_a.id, 1)[0]
        before = Delivery.objects.values().get()
        assert not delivery_postpone(delivery, uuid.uuid4(), error="late")
    assert Delivery.objects.values().get() == before
