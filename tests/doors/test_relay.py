"""The relay: what no worker took is carried all the same; it stops at once and outlives its database (R1, R2, R15)."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from accounts.models import Order
from antifraud.doors import loop as loops
from antifraud.doors.loop import Loop
from antifraud.doors.relay import Relay
from antifraud.outbox import bell
from antifraud.outbox.models import Heartbeat, OutboxMessage
from banks.models import Delivery, Lane
from tests.banks.lanes import enqueue, let_pass
from tests.cast import World
from tests.doors.processes import cut_connections, running, until


class Bell:
    """Stands for the broker: heard rings, or nobody there."""

    def __init__(self, *, alive: bool) -> None:
        self.alive = alive
        self.heard: list[tuple[str, ...]] = []

    def ring(self, *words: str) -> bool:
        if self.alive:
            self.heard.append(words)
        return self.alive


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bell:
    found = Bell(alive=getattr(request, "param", True))
    monkeypatch.setattr(bell, "ring", found.ring)
    return found


def _turn() -> None:
    Relay(lambda: False).turn()


def test_a_young_delivery_is_left_to_the_workers(world: World, broker: Bell) -> None:
    delivery = enqueue(world.bank_a)[0]
    _turn()
    delivery.refresh_from_db()
    assert delivery.state == "queued"
    assert ("antifraud.lane_push", str(world.bank_a.id)) in broker.heard


def test_one_that_no_worker_took_is_pushed(world: World, issued: Any, broker: Bell) -> None:
    order = issued()
    let_pass(1)
    _turn()
    order.refresh_from_db()
    assert order.available_at is not None


@pytest.mark.parametrize("broker", [False], indirect=True)
def test_without_a_broker_it_is_pushed_at_once(world: World, issued: Any, broker: Bell) -> None:
    order = issued()
    _turn()
    order.refresh_from_db()
    assert order.available_at is not None


def test_what_another_process_has_in_hand_or_may_not_move_is_left(world: World, broker: Bell) -> None:
    enqueue(world.bank_a)
    enqueue(world.bank_b)
    let_pass(1)
    Lane.objects.filter(institution=world.bank_b).update(paused=True)
    Delivery.objects.filter(institution=world.bank_a).update(lease_until="2999-01-01T00:00Z")
    _turn()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}


def test_facts_are_carried_and_progress_is_shown(world: World, issued: Any, broker: Bell) -> None:
    issued()
    _turn()
    assert not OutboxMessage.objects.filter(done_at__isnull=True).exists()
    assert Heartbeat.objects.get(name="relay").period_seconds == 2
    assert ("antifraud.outbox_handle",) in broker.heard


def test_told_to_stop_it_starts_no_further_lane(world: World, broker: Bell) -> None:
    enqueue(world.bank_a)
    let_pass(1)
    Relay(lambda: True).turn()
    assert Delivery.objects.get().state == "queued"
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, LookupError, TypeError, DatabaseError])
def test_no_expected_failure_ends_the_loop(db: None, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "AWAY_PAUSE", 0.0)
    monkeypatch.setattr(loops, "_forget_connection", lambda: None)
    loop, turns = Loop("test"), []

    def turn() -> None:
        turns.append(1)
        if len(turns) == 1:
            raise error
        loop.stopping = True

    loop.run(turn, 0.0)
    assert len(turns) == 2


@pytest.mark.django_db(transaction=True)
def test_the_process_carries_survives_and_stops(world: World, issued: Any) -> None:
    """No worker runs here: everything that arrives was carried by the relay alone."""

    def arrived(order: Order) -> bool:
        return Order.objects.filter(pk=order.pk, available_at__isnull=False).exists()

    first = issued()
    with running("relay") as process:
        until(lambda: arrived(first))
        second = issued()
        assert until(lambda: arrived(second)) < 2
        assert cut_connections("relay") >= 1
        third = issued()
        until(lambda: arrived(third))
        assert process.poll() is None
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - started < 1
        assert process.returncode == 0
    assert Heartbeat.objects.filter(name="relay").exists()
