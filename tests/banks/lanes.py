"""Deliveries for the tests of lanes and queues: put there by the services, aged by the database's own clock."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from antifraud import db
from banks.models import Delivery, Institution
from banks.selectors.institutions import system_user
from banks.services.deliveries import deliveries_claim, deliveries_make_available, delivery_enqueue


def enqueue(
    institution: Institution, count: int = 1, *, priority: int = 1, topic: str = "order.issued"
) -> list[Delivery]:
    """`count` queued deliveries of one unit of work each, about nothing in particular."""
    made = []
    for _number in range(count):
        with db.unit_of_work(system_user()):
            made.append(
                delivery_enqueue(
                    institution=institution, topic=topic, subject_id=uuid.uuid4(), case_id=None, priority=priority
                )
            )
    return made


def make_ready(institution: Institution, count: int = 1, *, priority: int = 1) -> list[Delivery]:
    """`count` deliveries that the institution can pull."""
    made = enqueue(institution, count, priority=priority)
    with db.unit_of_work(system_user()):
        while claimed := deliveries_claim(institution.id, 100):
            assert deliveries_make_available(claimed)
    for delivery in made:
        delivery.refresh_from_db()
    return made


def let_pass(seconds: int, **of: Any) -> None:
    """As if `seconds` had gone by for leases and retry times of the deliveries that match (all where none is said)."""
    ids = list(Delivery.objects.filter(**of).values_list("id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banks_delivery SET lease_until = lease_until - make_interval(secs => %s), "
            "next_at = next_at - make_interval(secs => %s) WHERE id = ANY(%s::uuid[])",
            [seconds, seconds, [str(i) for i in ids]],
        )


def seconds_until(delivery: Delivery, column: str) -> float:
    """How far a time of the delivery lies ahead of the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXTRACT(epoch FROM {column} - clock_timestamp())::float8 FROM banks_delivery WHERE id = %s",
            [delivery.id],
        )
        found: float = cursor.fetchone()[0]
    return found


def outcomes(delivery: Delivery) -> list[tuple[int, str, str]]:
    """The evidence: (attempt, door, outcome) in the order it was written."""
    return list(delivery.attempts.order_by("id").values_list("number", "door", "outcome"))
