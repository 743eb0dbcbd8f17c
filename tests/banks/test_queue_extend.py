"""extend: more time for a delivery in hand, twelve hours at most in all."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.errors import Conflict, Invalid, NotFound
from banks.models import Delivery
from banks.services.queue import queue_extend, queue_receive
from tests.banks.lanes import let_pass, make_ready, seconds_until
from tests.cast import World


@pytest.fixture
def receipt(world: World, act: Any) -> str:
    make_ready(world.bank_a)
    with act(world.machine_a):
        return queue_receive(by=world.machine_a, max_count=1, visibility_seconds=30)[0][1]


def _extend(act: Any, by: Any, receipt: str, seconds: int) -> Delivery:
    with act(by):
        return queue_extend(by=by, receipt=receipt, seconds=seconds)


def test_the_lease_ends_later_and_its_total_is_kept(world: World, act: Any, receipt: str) -> None:
    delivery = _extend(act, world.machine_a, receipt, 100)
    assert 128 < seconds_until(delivery, "lease_until") <= 130
    assert Delivery.objects.get().lease_total_seconds == 130
    let_pass(100)
    with act(world.machine_a):
        assert queue_receive(by=world.machine_a, max_count=1, visibility_seconds=30) == []


def test_twelve_hours_is_the_most(world: World, act: Any, receipt: str) -> None:
    Delivery.objects.update(lease_total_seconds=12 * 3600 - 60)
    assert _extend(act, world.machine_a, receipt, 60).lease_total_seconds == 12 * 3600
    before = Delivery.objects.values().get()
    with pytest.raises(Conflict) as refused:
        _extend(act, world.machine_a, receipt, 30)
    assert (refused.value.code, refused.value.status) == ("lease_limit", 409)
    assert Delivery.objects.values().get() == before


def test_receiving_again_starts_a_new_total(world: World, act: Any, receipt: str) -> None:
    Delivery.objects.update(lease_total_seconds=12 * 3600)
    let_pass(31)
    with act(world.machine_a):
        ((delivery, _new),) = queue_receive(by=world.machine_a, max_count=1, visibility_seconds=45)
    assert delivery.lease_total_seconds == 45


@pytest.mark.parametrize("seconds", [0, 29, 901, -60])
def test_seconds_out_of_range_are_named(world: World, act: Any, receipt: str, seconds: int) -> None:
    before = Delivery.objects.values().get()
    with pytest.raises(Invalid) as refused:
        _extend(act, world.machine_a, receipt, seconds)
    assert set(refused.value.fields) == {"seconds"}
    assert Delivery.objects.values().get() == before


def test_an_ended_lease_cannot_be_extended(world: World, act: Any, receipt: str) -> None:
    let_pass(31)
    before = Delivery.objects.values().get()
    with pytest.raises(Conflict) as refused:
        _extend(act, world.machine_a, receipt, 60)
    assert refused.value.code == "receipt_stale"
    assert Delivery.objects.values().get() == before


def test_a_foreign_receipt_does_not_exist(world: World, act: Any, receipt: str) -> None:
    before = Delivery.objects.values().get()
    with pytest.raises(NotFound):
        _extend(act, world.machine_b, receipt, 60)
    assert Delivery.objects.values().get() == before
