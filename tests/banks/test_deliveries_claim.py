"""Claiming from a lane: within its cap, most urgent first, under a lease that runs out by the database's clock."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from antifraud import db
from banks.models import Delivery, Lane
from banks.selectors.institutions import system_user
from banks.services.deliveries import deliveries_claim
from tests.banks.lanes import enqueue, let_pass, seconds_until
from tests.cast import World


def _claim(institution: Any, limit: int = 100) -> list[Delivery]:
    with db.unit_of_work(system_user()):
        return deliveries_claim(institution.id, limit)


def test_at_most_the_cap_is_taken_and_the_rest_waits(world: World) -> None:
    enqueue(world.bank_a, 6)
    first = _claim(world.bank_a)
    assert len(first) == 4 == world.bank_a.lane.in_flight_cap
    assert _claim(world.bank_a) == []
    let_pass(61, id=first[0].id)
    assert len(_claim(world.bank_a)) == 1


def test_the_limit_is_kept_below_the_cap(world: World) -> None:
    enqueue(world.bank_a, 4)
    assert [d.free_slots for d in _claim(world.bank_a, 1)] == [1]
    assert [d.free_slots for d in _claim(world.bank_a)] == [3, 3, 3]


def test_urgent_goes_first_then_the_oldest(world: World) -> None:
    late, early = enqueue(world.bank_a, 2, priority=5)
    let_pass(30, id=early.id)
    urgent = enqueue(world.bank_a, priority=1)[0]
    assert [d.id for d in _claim(world.bank_a, 2)] == [urgent.id, early.id]
    assert [d.id for d in _claim(world.bank_a)] == [late.id]


def test_a_lease_lasts_sixty_seconds_and_a_new_one_has_another_fence(world: World) -> None:
    delivery = enqueue(world.bank_a)[0]
    first = _claim(world.bank_a)[0]
    assert (first.state, first.attempt) == ("queued", 1)
    assert 58 < seconds_until(delivery, "lease_until") <= 60
    let_pass(58)
    assert _claim(world.bank_a) == []
    let_pass(3)
    second = _claim(world.bank_a)[0]
    assert (second.id, second.attempt) == (first.id, 2)
    assert second.lease_token != first.lease_token


@pytest.mark.parametrize("off", [{"connected": False}, {"is_active": False}])
def test_a_cut_off_institution_keeps_its_queue(world: World, off: dict[str, bool]) -> None:
    enqueue(world.bank_a)
    type(world.bank_a).objects.filter(pk=world.bank_a.pk).update(**off)
    assert _claim(world.bank_a) == []
    assert Delivery.objects.get().state == "queued"


def test_a_paused_lane_keeps_its_queue(world: World) -> None:
    enqueue(world.bank_a)
    Lane.objects.filter(institution=world.bank_a).update(paused=True)
    assert _claim(world.bank_a) == []


def test_lanes_do_not_touch_each_other(world: World) -> None:
    enqueue(world.bank_a, 4)
    other = enqueue(world.bank_b)[0]
    assert len(_claim(world.bank_a)) == 4
    assert [d.id for d in _claim(world.bank_b)] == [other.id]


def test_what_a_bank_holds_does_not_fill_the_lane(world: World) -> None:
    for held in enqueue(world.bank_a, 4):
        Delivery.objects.filter(pk=held.pk).update(state="leased", lease_until=db.AppNow())
    let_pass(-600)
    enqueue(world.bank_a)
    assert len(_claim(world.bank_a)) == 1


def test_it_is_two_statements_for_any_number(world: World, act: Any, counted: Any) -> None:
    enqueue(world.bank_a, 4)
    with act(system_user()), counted(2):
        assert len(deliveries_claim(world.bank_a.id, 100)) == 4


@pytest.mark.django_db(transaction=True)
def test_two_claimers_at_once_keep_the_cap(world: World) -> None:
    """The second one finds the lane's row locked and goes away with nothing instead of breaking the cap."""
    enqueue(world.bank_a, 8)
    taken: list[int] = []
    second_done = threading.Event()

    def second() -> None:
        try:
            taken.append(len(_claim(world.bank_a)))
        finally:
            connection.close()
            second_done.set()

    with db.unit_of_work(system_user()):
        taken.append(len(deliveries_claim(world.bank_a.id, 100)))
        other = threading.Thread(target=second)
        other.start()
        assert second_done.wait(10)
    other.join()
    assert taken == [4, 0]
    assert Delivery.objects.filter(lease_token__isnull=False).count() == 4
