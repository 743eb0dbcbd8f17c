"""Institutions that chose the webhook door, and what their couriers did; addresses lead to fake banks of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db import connection

from antifraud import db
from antifraud.courier import Courier
from antifraud.egress.sending import DEADLINE, Flight, Parcel, Result
from banks.models import Delivery, Institution, Lane, WebhookEndpoint
from banks.selectors.institutions import system_user
from tests.exchange.fake_bank import FakeBank


def choose_webhook(world: Any, institution: Institution, bank: FakeBank, *, ca: str = "", **lane: Any) -> None:
    """An approved address and the webhook door, past the two persons; `lane` are columns of the lane."""
    with db.unit_of_work(system_user()) as work:
        WebhookEndpoint.objects.filter(institution=institution, ended_at=None).update(ended_at=work.now)
        WebhookEndpoint.objects.create(
            institution=institution, url=bank.url, ca=ca, timeout_seconds=2, proposed_by=world.admin, proposed_at=work.now,
            approved_by=world.risk_supervisor_a, approved_at=work.now,
        )  # fmt: skip
        Lane.objects.filter(institution=institution).update(door="webhook", **lane)


def post(*institutions: Institution) -> int:
    """Post what is due in these lanes and wait for it, as a rung worker's thread does; returns the arrivals."""
    courier = Courier()
    for institution in institutions:
        courier.wake(institution.id)
    return fly(courier)


def fly(courier: Courier) -> int:
    """Turn until nothing is aloft and nobody waits; returns the arrivals."""
    arrived = 0
    while not courier.is_idle:
        arrived += courier.turn()
    return arrived


def post_many(parcels: Sequence[Parcel]) -> list[Result]:
    """Post all of them side by side and wait for all: results in the parcels' order."""
    flight = Flight()
    flight.send(list(enumerate(parcels)))
    results: dict[Hashable, Result] = {}
    while flight.aloft:
        results.update(flight.landed(DEADLINE))
    return [results[number] for number in range(len(parcels))]


def push_passes(seconds: float, **of: Any) -> None:
    """As if `seconds` had gone by for leases and webhook retries of the deliveries that match."""
    ids = [str(i) for i in Delivery.objects.filter(**of).values_list("id", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banks_delivery SET lease_until = lease_until - make_interval(secs => %s), "
            "push_at = push_at - make_interval(secs => %s) WHERE id = ANY(%s::uuid[])",
            [seconds, seconds, ids],
        )


def lane_passes(seconds: float, institution: Institution) -> None:
    """As if `seconds` had gone by for the lane's circuit and bucket."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banks_lane SET probe_at = probe_at - make_interval(secs => %s), "
            "refilled_at = refilled_at - make_interval(secs => %s) WHERE institution_id = %s",
            [seconds, seconds, institution.id],
        )


def wait_for(fact: Callable[[], bool], seconds: float = 10) -> float:
    """Seconds until `fact` holds; fails after `seconds`."""
    started = time.monotonic()
    while not fact():
        assert time.monotonic() - started < seconds, "it did not happen"
        time.sleep(0.01)
    return time.monotonic() - started
