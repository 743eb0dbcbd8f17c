"""ack: the bank's system has it safely; with a stale, foreign or forged receipt nothing happens (T16)."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.crypto.receipts import Receipt, sign_receipt
from antifraud.errors import Conflict, NotFound
from banks.models import Delivery
from banks.services.queue import queue_ack, queue_acks, queue_receive
from tests.banks.lanes import let_pass, make_ready, outcomes
from tests.cast import World


@pytest.fixture
def received(world: World, act: Any) -> tuple[Delivery, str]:
    make_ready(world.bank_a)
    with act(world.machine_a):
        return queue_receive(by=world.machine_a, max_count=1, visibility_seconds=30)[0]


def _refused(act: Any, by: Any, receipt: str, kind: type[Exception]) -> Any:
    before = Delivery.objects.values().get()
    evidence = outcomes(Delivery.objects.get())
    with pytest.raises(kind) as error, act(by):
        queue_ack(by=by, receipt=receipt)
    assert Delivery.objects.values().get() == before
    assert outcomes(Delivery.objects.get()) == evidence
    return error.value


def test_it_is_transported_with_its_evidence(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    with act(world.machine_a) as work:
        delivery = queue_ack(by=world.machine_a, receipt=received[1])
    assert (delivery.state, delivery.door, delivery.transported_at) == ("transported", "pull", work.now)
    assert Delivery.objects.get().state == "transported"
    assert outcomes(delivery) == [(1, "pull", "handed_over"), (1, "pull", "transported")]
    let_pass(3600)
    with act(world.machine_a):
        assert queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30) == []


def test_a_repeated_ack_is_one_ack(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    with act(world.machine_a):
        queue_ack(by=world.machine_a, receipt=received[1])
    before = Delivery.objects.values().get()
    with act(world.machine_a):
        assert queue_ack(by=world.machine_a, receipt=received[1]).state == "transported"
    assert Delivery.objects.values().get() == before
    assert len(outcomes(received[0])) == 2


def test_after_the_lease_the_receipt_is_stale(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    let_pass(31)
    error = _refused(act, world.machine_a, received[1], Conflict)
    assert (error.code, error.status) == ("receipt_stale", 409)


def test_the_receipt_of_an_older_attempt_is_stale(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    let_pass(31)
    with act(world.machine_a):
        ((_again, fresh),) = queue_receive(by=world.machine_a, max_count=1, visibility_seconds=30)
    assert _refused(act, world.machine_a, received[1], Conflict).code == "receipt_stale"
    with act(world.machine_a):
        assert queue_ack(by=world.machine_a, receipt=fresh).state == "transported"


def test_another_banks_receipt_does_not_exist(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    _refused(act, world.machine_b, received[1], NotFound)


def test_a_receipt_made_out_to_another_bank_does_not_open_the_delivery(
    world: World, act: Any, received: tuple[Delivery, str]
) -> None:
    forged = sign_receipt(Receipt(world.bank_b.id, received[0].id, 1))
    _refused(act, world.machine_b, forged, NotFound)


@pytest.mark.parametrize("receipt", ["", "x", "AQ", "…", "0" * 5000])
def test_a_forged_receipt_does_not_exist(world: World, act: Any, received: tuple[Delivery, str], receipt: str) -> None:
    _refused(act, world.machine_a, receipt, NotFound)


def test_a_changed_receipt_does_not_exist(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    handle = received[1]
    middle = len(handle) // 2
    changed = handle[:middle] + ("A" if handle[middle] != "A" else "B") + handle[middle + 1 :]
    _refused(act, world.machine_a, changed, NotFound)


def test_police_have_no_receipts(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    _refused(act, world.analyst_a, received[1], NotFound)


def test_many_are_acknowledged_at_once_each_for_itself(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    mine, old = received
    let_pass(31)
    make_ready(world.bank_a, 2)
    with act(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30)
    good = [receipt for _delivery, receipt in taken]
    forged = sign_receipt(Receipt(world.bank_b.id, mine.id, 2))
    with act(world.machine_a):
        told = queue_acks(by=world.machine_a, receipts=[*good, old, forged, "x", good[0]])
        again = queue_acks(by=world.machine_a, receipts=good)
    assert told == {**dict.fromkeys(good, ""), old: "receipt_stale", forged: "not_found", "x": "not_found"}
    assert again == dict.fromkeys(good, "")
    assert len(good) == 3
    for delivery in Delivery.objects.all():
        assert (delivery.state, delivery.door) == ("transported", "pull")
        assert [outcome for _n, _door, outcome in outcomes(delivery)].count("transported") == 1


def test_another_bank_acknowledges_nothing(world: World, act: Any, received: tuple[Delivery, str]) -> None:
    before = Delivery.objects.values().get()
    with act(world.machine_b):
        assert queue_acks(by=world.machine_b, receipts=[received[1]]) == {received[1]: "not_found"}
    assert Delivery.objects.values().get() == before


def test_the_cost_does_not_grow_with_the_receipts(
    world: World, act: Any, django_assert_num_queries: Any, received: tuple[Delivery, str]
) -> None:
    make_ready(world.bank_a, 5)
    with act(world.machine_a):
        more = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30)
    with act(world.machine_a):
        with django_assert_num_queries(3):
            queue_acks(by=world.machine_a, receipts=[received[1]])
        with django_assert_num_queries(3):
            queue_acks(by=world.machine_a, receipts=[receipt for _delivery, receipt in more])
