"""Pulling: only the own institution's deliveries, one lease each, visible again when the lease ends (R10)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from antifraud.crypto.receipts import read_receipt
from antifraud.errors import Forbidden, Invalid
from banks.models import Attempt, Delivery
from banks.services.queue import queue_receive
from tests.banks.lanes import enqueue, let_pass, make_ready, outcomes, seconds_until
from tests.cast import World


def _receive(act: Any, by: Any, count: int = 10, seconds: int = 60) -> list[tuple[Delivery, str]]:
    with act(by):
        return queue_receive(by=by, max_count=count, visibility_seconds=seconds)


def test_a_lease_with_a_receipt_for_each(world: World, act: Any) -> None:
    made = make_ready(world.bank_a, 2)
    got = _receive(act, world.machine_a, seconds=90)
    assert {d.id for d, _receipt in got} == {d.id for d in made}
    for delivery, receipt in got:
        parts = read_receipt(receipt, institution_id=world.bank_a.id)
        assert (parts.delivery_id, parts.attempt) == (delivery.id, 1)
        assert (delivery.state, delivery.attempt, delivery.leased_by_id) == ("leased", 1, world.machine_a.id)
        assert 88 < seconds_until(delivery, "lease_until") <= 90
        assert outcomes(delivery) == [(1, "pull", "handed_over")]


def test_what_is_leased_is_hidden_until_the_lease_ends(world: World, act: Any) -> None:
    make_ready(world.bank_a)
    first = _receive(act, world.machine_a, seconds=30)
    assert _receive(act, world.risk_a) == []
    let_pass(29)
    assert _receive(act, world.machine_a) == []
    let_pass(2)
    again = _receive(act, world.machine_a)
    assert [d.id for d, _r in again] == [first[0][0].id]
    assert again[0][0].attempt == 2
    assert again[0][1] != first[0][1]


def test_urgent_first_and_no_more_than_asked(world: World, act: Any) -> None:
    slow = make_ready(world.bank_a, priority=8)[0]
    fast = make_ready(world.bank_a, priority=1)[0]
    assert [d.id for d, _r in _receive(act, world.machine_a, count=1)] == [fast.id]
    assert [d.id for d, _r in _receive(act, world.machine_a, count=1)] == [slow.id]


def test_a_bank_gets_only_its_own(world: World, act: Any) -> None:
    make_ready(world.bank_a, 3)
    assert _receive(act, world.machine_b) == []
    assert _receive(act, world.risk_branch) == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"ready"}
    assert Attempt.objects.count() == 0


def test_what_is_only_queued_is_not_offered(world: World, act: Any) -> None:
    enqueue(world.bank_a)
    assert _receive(act, world.machine_a) == []


@pytest.mark.parametrize("name", ["analyst_a", "approver_a", "admin", "auditor", "overseer"])
def test_others_have_no_queue(world: World, act: Any, name: str) -> None:
    make_ready(world.bank_a)
    with pytest.raises(Forbidden):
        _receive(act, getattr(world, name))
    assert Delivery.objects.get().state == "ready"


@pytest.mark.parametrize(
    ("count", "seconds", "fields"),
    [
        (0, 60, {"max"}),
        (11, 60, {"max"}),
        (1, 29, {"visibility"}),
        (1, 901, {"visibility"}),
        (99, 1, {"max", "visibility"}),
    ],
)
def test_numbers_out_of_range_are_named(world: World, act: Any, count: int, seconds: int, fields: set[str]) -> None:
    make_ready(world.bank_a)
    with pytest.raises(Invalid) as refused:
        _receive(act, world.machine_a, count, seconds)
    assert set(refused.value.fields) == fields
    assert Delivery.objects.get().state == "ready"


def test_it_is_two_statements_for_one_and_for_ten(world: World, act: Any, counted: Any) -> None:
    make_ready(world.bank_a, 11)
    for count in (1, 10):
        with act(world.machine_a), counted(2):
            assert len(queue_receive(by=world.machine_a, max_count=count, visibility_seconds=60)) == count


@pytest.mark.django_db(transaction=True)
def test_parallel_pulls_never_share_a_delivery(world: World, act: Any) -> None:
    make_ready(world.bank_a, 12)
    by = world.machine_a
    got: list[Any] = []
    start = threading.Barrier(4)

    def pull() -> None:
        try:
            start.wait(10)
            for _time in range(3):
                got.extend(d.id for d, _r in _receive(act, by, count=1))
        finally:
            connection.close()

    threads = [threading.Thread(target=pull) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    while rest := _receive(act, by):
        got.extend(d.id for d, _r in rest)
    assert len(got) == len(set(got)) == 12
