"""Cap, rate and circuit of a lane: never exceeded, however many couriers there are; one bank's trouble is its own (R3, R12)."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.courier import Courier
from banks.models import Delivery, Lane, Notification
from banks.selectors.institutions import system_user
from banks.services.circuits import circuits_note
from banks.services.pushes import Landed, Push, pushes_claim, pushes_finish
from banks.services.queue import queue_receive
from tests.banks.lanes import make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, lane_passes, post, push_passes, wait_for


def _claim(*institutions: Any, most: int = 100, turn: int = 0) -> list[Push]:
    with db.unit_of_work(system_user()):
        return pushes_claim([institution.id for institution in institutions], most, turn=turn).pushes


def _lane(institution: Any) -> Lane:
    return Lane.objects.get(institution=institution)


def test_the_cap_bounds_what_is_aloft(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=3)
    make_ready(world.bank_a, 8)
    first = _claim(world.bank_a)
    assert len(first) == 3
    assert _claim(world.bank_a) == []
    with db.unit_of_work(system_user()):
        pushes_finish([Landed(first[0], 200, "", 0.1)])
    assert len(_claim(world.bank_a)) == 1
    push_passes(31)  # leases of a dead process
    assert len(_claim(world.bank_a)) == 3


def test_what_the_bank_itself_holds_does_not_fill_the_cap(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=2)
    make_ready(world.bank_a, 6)
    with db.unit_of_work(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=4, visibility_seconds=60)) == 4
    assert len(_claim(world.bank_a)) == 2


def test_the_bucket_bounds_the_rate(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=50, rate_per_second=2, burst=3, tokens=3)
    make_ready(world.bank_a, 12)
    assert len(_claim(world.bank_a)) == 3
    assert _claim(world.bank_a) == []
    lane_passes(1, world.bank_a)
    assert len(_claim(world.bank_a)) == 2
    lane_passes(3600, world.bank_a)
    assert len(_claim(world.bank_a)) == 3  # never more than the burst


def test_an_empty_bucket_is_asked_again_by_the_clock(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank, rate_per_second=20, burst=1, tokens=1)
    make_ready(world.bank_a, 5)
    courier = Courier()
    courier.wake(world.bank_a.id)
    started = time.monotonic()
    while len(bank.requests) < 5:
        courier.turn()
        assert time.monotonic() - started < 5
    assert time.monotonic() - started > 0.15  # four more tokens at twenty a second
    courier.land(2)


def test_slots_go_round_the_lanes(world: World, street: Street) -> None:
    for institution in (world.bank_a, world.bank_b, world.payment):
        choose_webhook(world, institution, street.bank(), in_flight_cap=10)
    make_ready(world.bank_a, 9)
    make_ready(world.bank_b, 9)
    make_ready(world.payment, 1)
    taken = _claim(world.bank_a, world.bank_b, world.payment, most=7)
    counts = [sum(p.delivery.institution_id == bank.id for p in taken) for bank in (world.bank_a, world.bank_b)]
    assert min(counts) >= 2
    assert max(counts) <= 3
    assert sum(p.delivery.institution_id == world.payment.id for p in taken) == 1


def test_the_circuit_opens_after_five_failures_in_a_row(world: World, street: Street) -> None:
    bank = street.bank("500")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=1)
    make_ready(world.bank_a, 20)
    assert post(world.bank_a) == 0
    lane = _lane(world.bank_a)
    assert (lane.circuit, lane.failures, len(bank.requests)) == ("open", 5, 5)
    assert lane.opened_at is not None
    assert Notification.objects.filter(code="lane.circuit_opened", user=world.risk_a).count() == 1
    assert Notification.objects.filter(code="lane.circuit_opened", user=world.centre_supervisor).count() == 1
    assert AuditEntry.objects.filter(verb="lane.circuit_open").count() == 1
    push_passes(100)
    assert post(world.bank_a) == 0
    assert len(bank.requests) == 5
    assert set(Delivery.objects.values_list("state", flat=True)) == {"ready"}
    with db.unit_of_work(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)) == 10


def test_a_success_in_between_starts_the_count_anew(world: World, street: Street) -> None:
    bank = street.bank("500")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=1)
    for mode, count in (("500", 4), ("ok", 1), ("500", 4)):
        bank.mode = mode
        make_ready(world.bank_a, 1)
        for _number in range(count):
            push_passes(100)
            for push in _claim(world.bank_a):
                status = 200 if mode == "ok" else 500
                with db.unit_of_work(system_user()):
                    circuits_note(pushes_finish([Landed(push, status, "", 0.1)]), by=system_user())
    assert (_lane(world.bank_a).circuit, _lane(world.bank_a).failures) == ("closed", 4)


def test_one_probe_each_thirty_seconds_and_a_good_one_closes(world: World, street: Street) -> None:
    bank = street.bank("500")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=4)
    make_ready(world.bank_a, 9)
    post(world.bank_a)
    tried = len(bank.requests)
    assert _lane(world.bank_a).circuit == "open"
    push_passes(100)
    lane_passes(29, world.bank_a)
    post(world.bank_a)
    assert len(bank.requests) == tried
    lane_passes(2, world.bank_a)
    post(world.bank_a)
    assert (len(bank.requests), _lane(world.bank_a).circuit) == (tried + 1, "open")
    push_passes(100)
    post(world.bank_a)
    assert len(bank.requests) == tried + 1  # the next probe is thirty seconds off again
    bank.mode = "ok"
    lane_passes(31, world.bank_a)
    assert post(world.bank_a) == 9
    lane = _lane(world.bank_a)
    assert (lane.circuit, lane.failures, lane.opened_at) == ("closed", 0, None)
    assert Notification.objects.filter(code="lane.circuit_opened", user=world.risk_a).count() == 1


def test_a_probe_whose_process_died_is_made_again(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), circuit="open", failures=7)
    make_ready(world.bank_a, 3)
    assert len(_claim(world.bank_a)) == 1
    assert _lane(world.bank_a).circuit == "half_open"
    assert _claim(world.bank_a) == []
    push_passes(31)
    lane_passes(31, world.bank_a)
    assert len(_claim(world.bank_a)) == 1


def test_a_refused_message_is_no_failure_of_the_endpoint(world: World, street: Street) -> None:
    bank = street.bank("422")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=1)
    make_ready(world.bank_a, 8)
    post(world.bank_a)
    assert len(bank.requests) > 5
    assert (_lane(world.bank_a).circuit, _lane(world.bank_a).failures) == ("closed", 0)


def test_410_pauses_pushing_alone_and_people_are_told(world: World, street: Street) -> None:
    bank = street.bank("410")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=1)
    make_ready(world.bank_a, 4)
    assert post(world.bank_a) == 0
    lane = _lane(world.bank_a)
    assert lane.push_paused_at is not None
    assert (lane.push_paused_why, lane.paused, lane.circuit) == ("410", False, "closed")
    assert len(bank.requests) == 1
    assert Notification.objects.filter(code="lane.push_paused", user=world.risk_a).count() == 1
    assert AuditEntry.objects.filter(verb="lane.push_pause").count() == 1
    bank.mode = "ok"
    push_passes(1000)
    assert post(world.bank_a) == 0
    with db.unit_of_work(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)) == 4


@pytest.mark.parametrize("status", [410, 500, 200])
def test_what_a_replaced_address_says_is_not_the_new_ones(world: World, street: Street, status: int) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=8, failures=1)
    make_ready(world.bank_a, 6)
    pushes = _claim(world.bank_a)
    assert len(pushes) == 6
    choose_webhook(world, world.bank_a, street.bank(), circuit="closed", failures=2)
    with db.unit_of_work(system_user()):
        counted = pushes_finish([Landed(push, status, "", 0.1) for push in pushes])
        assert len(counted) == 6
        circuits_note(counted, by=system_user())
    lane = _lane(world.bank_a)
    assert (lane.push_paused_at, lane.circuit, lane.failures) == (None, "closed", 2)
    assert not Notification.objects.exists()
    assert not AuditEntry.objects.filter(verb__startswith="lane.").exists()


def test_a_hanging_bank_delays_no_other(world: World, street: Street) -> None:
    """One courier, one thread: the healthy lane's deliveries arrive while the other one's hang."""
    hanging, well = street.bank("hang"), street.bank()
    choose_webhook(world, world.bank_a, hanging)
    choose_webhook(world, world.bank_b, well, in_flight_cap=4)
    make_ready(world.bank_a, 8)
    courier = Courier()
    courier.wake(world.bank_a.id)
    courier.turn()
    wait_for(lambda: len(hanging.requests) == 4)
    make_ready(world.bank_b, 20)
    courier.wake(world.bank_b.id)
    started = time.monotonic()
    arrived = 0
    while arrived < 20:
        arrived += courier.turn()
        assert time.monotonic() - started < 1.5
    assert len(hanging.requests) == 4 == hanging.most_at_once
    courier.land(5)
    assert Delivery.objects.filter(institution=world.bank_a, state="ready").count() == 8


@pytest.mark.django_db(transaction=True)
def test_many_couriers_at_once_keep_the_cap_and_lose_nothing(world: World, street: Street) -> None:
    bank = street.bank("slow")
    choose_webhook(world, world.bank_a, bank, in_flight_cap=3)
    make_ready(world.bank_a, 15)
    couriers = [Courier() for _number in range(3)]

    def serve(courier: Courier) -> None:
        try:
            end = time.monotonic() + 20
            while Delivery.objects.exclude(state="transported").exists() and time.monotonic() < end:
                courier.wake(world.bank_a.id)
                courier.turn()
        finally:
            connection.close()

    threads = [threading.Thread(target=serve, args=(courier,)) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert bank.most_at_once <= 3
    assert len(bank.requests) == 15 == len(bank.effects)
    assert Delivery.objects.filter(state="transported").count() == 15
