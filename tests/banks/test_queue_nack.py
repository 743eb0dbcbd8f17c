"""nack: given back, offered again later and later, never dropped (R12)."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.errors import Conflict, NotFound
from banks.models import Attempt, Delivery
from banks.services.queue import queue_nack, queue_receive
from tests.banks.lanes import let_pass, make_ready, outcomes, seconds_until
from tests.cast import World


def _receive(act: Any, by: Any) -> list[tuple[Delivery, str]]:
    with act(by):
        return queue_receive(by=by, max_count=10, visibility_seconds=30)


def test_it_is_ready_again_at_once_and_later_with_growing_pauses(world: World, act: Any) -> None:
    made = make_ready(world.bank_a)[0]
    for number, delay in enumerate((0, 2, 5, 10, 20, 40, 60), 1):
        ((delivery, receipt),) = _receive(act, world.machine_a)
        assert delivery.attempt == number
        with act(world.machine_a):
            back = queue_nack(by=world.machine_a, receipt=receipt, reason="core system away")
        assert (back.state, back.error) == ("ready", "core system away")
        assert delay - 2 < seconds_until(made, "next_at") <= delay
        if delay:
            assert _receive(act, world.machine_a) == []
        let_pass(delay)
    ((delivery, receipt),) = _receive(act, world.machine_a)
    with act(world.machine_a):
        queue_nack(by=world.machine_a, receipt=receipt, reason="")
    assert 46 < seconds_until(made, "next_at") <= 72
    assert outcomes(made)[-2:] == [(8, "pull", "handed_over"), (8, "pull", "given_back")]


def test_numbers_in_the_reason_are_masked(world: World, act: Any) -> None:
    make_ready(world.bank_a)
    ((_delivery, receipt),) = _receive(act, world.machine_a)
    with act(world.machine_a):
        queue_nack(by=world.machine_a, receipt=receipt, reason="card 6222 0212 3456 7890 unknown " + "x" * 300)
    kept = Attempt.objects.get(outcome="given_back").detail
    assert "6222" not in kept
    assert "card" in kept
    assert len(kept) <= 200
    assert Delivery.objects.get().error == kept


@pytest.mark.parametrize("age", [31, 0])
def test_a_stale_receipt_gives_nothing_back(world: World, act: Any, age: int) -> None:
    make_ready(world.bank_a)
    ((_delivery, receipt),) = _receive(act, world.machine_a)
    if age:
        let_pass(age)
    else:
        with act(world.machine_a):
            queue_nack(by=world.machine_a, receipt=receipt, reason="once")
    before, evidence = Delivery.objects.values().get(), Attempt.objects.count()
    with pytest.raises(Conflict) as refused, act(world.machine_a):
        queue_nack(by=world.machine_a, receipt=receipt, reason="again")
    assert refused.value.code == "receipt_stale"
    assert Delivery.objects.values().get() == before
    assert Attempt.objects.count() == evidence


def test_a_foreign_receipt_does_not_exist(world: World, act: Any) -> None:
    make_ready(world.bank_a)
    ((_delivery, receipt),) = _receive(act, world.machine_a)
    before = Delivery.objects.values().get()
    with pytest.raises(NotFound), act(world.machine_b):
        queue_nack(by=world.machine_b, receipt=receipt, reason="mine now")
    assert Delivery.objects.values().get() == before
