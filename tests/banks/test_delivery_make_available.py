"""queued → ready only with the fence: a stale owner's result is discarded."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from antifraud import db
from banks.models import Delivery
from banks.selectors.institutions import system_user
from banks.services.deliveries import deliveries_claim, deliveries_make_available
from tests.banks.lanes import enqueue, let_pass
from tests.cast import World


def _claimed(institution: Any) -> Delivery:
    with db.unit_of_work(system_user()):
        return deliveries_claim(institution.id, 1)[0]


def test_it_is_ready_at_the_legal_time_and_the_banks_tries_count_from_zero(world: World, move_clock: Any) -> None:
    enqueue(world.bank_a)
    delivery = _claimed(world.bank_a)
    move_clock(timedelta(days=3))
    with db.unit_of_work(system_user()) as work:
        assert deliveries_make_available([delivery])
    stored = Delivery.objects.get()
    assert (stored.state, stored.available_at, stored.attempt) == ("ready", work.now, 0)
    assert (stored.lease_token, stored.lease_until) == (None, None)


def test_the_owner_whose_lease_ran_out_changes_nothing(world: World) -> None:
    enqueue(world.bank_a)
    first = _claimed(world.bank_a)
    let_pass(61)
    second = _claimed(world.bank_a)
    before = Delivery.objects.values().get()
    with db.unit_of_work(system_user()):
        assert not deliveries_make_available([first])
        for token in (uuid.uuid4(), None):
            first.lease_token = token
            assert not deliveries_make_available([first])
    assert Delivery.objects.values().get() == before
    with db.unit_of_work(system_user()):
        assert deliveries_make_available([second])


def test_a_second_time_it_is_not_made_available_again(world: World) -> None:
    enqueue(world.bank_a)
    delivery = _claimed(world.bank_a)
    with db.unit_of_work(system_user()):
        assert deliveries_make_available([delivery])
        before = Delivery.objects.values().get()
        assert not deliveries_make_available([delivery])
    assert Delivery.objects.values().get() == before


def test_it_is_one_statement(world: World, act: Any, counted: Any) -> None:
    enqueue(world.bank_a)
    delivery = _claimed(world.bank_a)
    with act(system_user()), counted(1):
        deliveries_make_available([delivery])
