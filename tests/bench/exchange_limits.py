"""What the machine gives at most: bare posts of the same signed bodies to the same fake banks, empty Celery tasks; as a process.

Reads {"ports": […], "posts", "singles", "tasks", "trips"}, prints one JSON object. No database, no order, no lease: the client
(`antifraud.egress`), the broker and a worker like the platform's.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import django

django.setup()

from celery import current_app  # noqa: E402
from django.utils import timezone  # noqa: E402

from antifraud.crypto.signing import sign_request  # noqa: E402
from antifraud.egress.sending import Flight, Parcel  # noqa: E402
from banks.rules.events import event_body, message_id  # noqa: E402
from tests.bench.exchange_report import percentiles  # noqa: E402
from tests.bench.exchange_task import QUEUE, REPLIES, TASK, redis  # noqa: E402
from tests.exchange.webhooks import post_many  # noqa: E402

WINDOW = 80  # as many as twenty lanes with a cap of four have in the air
WARM = 20


def parcel(port: int) -> Parcel:
    """A thin event, signed beforehand: signing is the product's, not the limit's."""
    delivery, url = uuid4(), f"http://127.0.0.1:{port}/events"
    body = event_body(
        epoch=1, delivery_id=delivery, topic="order.issued", subject_id=uuid4(), seq=1, attempt=1, priority=10,
        available_at=timezone.now(),
    )  # fmt: skip
    signed = sign_request(
        method="POST", target_uri=url, body=body, message_id=message_id(delivery, 1), recipient="bank"
    )
    return Parcel(url, body, {"Content-Type": "application/json", "User-Agent": "antifraud/1", **signed})


def posts(parcels: list[Parcel]) -> dict[str, float]:
    """All of them, `WINDOW` side by side."""
    waiting, flight, landed = list(parcels), Flight(), 0
    began, cpu = time.perf_counter(), _cpu()
    while landed < len(parcels):
        room = WINDOW - flight.aloft
        batch, waiting = waiting[:room], waiting[room:]
        if batch:
            flight.send(list(enumerate(batch)))
        found = flight.landed(10)
        if any(result.status != 200 for _key, result in found):
            raise RuntimeError("a bare post failed")
        landed += len(found)
    spent = time.perf_counter() - began
    return {"per_second": len(parcels) / spent, "cpu_ms": (_cpu() - cpu) / len(parcels) * 1000}


def trip() -> None:
    """Send an empty task and wait for its answer."""
    current_app.send_task(TASK, queue=QUEUE, retry=False, ignore_result=True)
    if redis().blpop(REPLIES, timeout=20) is None:
        raise RuntimeError("the empty task did not come back")


def flood(count: int) -> float:
    """Empty tasks a second when nobody waits for each."""
    began = time.perf_counter()
    for _ in range(count):
        current_app.send_task(TASK, queue=QUEUE, retry=False, ignore_result=True)
    for _ in range(count):
        if redis().blpop(REPLIES, timeout=20) is None:
            raise RuntimeError("an empty task did not come back")
    return count / (time.perf_counter() - began)


def timed(act: Callable[[], Any], count: int) -> dict[str, float]:
    """Milliseconds of one after the other, after a warm-up that is not counted."""
    for _ in range(WARM):
        act()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return percentiles(taken)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Posts first, then tasks."""
    asked = json.loads(sys.stdin.readline())
    ports = asked["ports"]
    made = [parcel(ports[number % len(ports)]) for number in range(asked["posts"])]
    single = parcel(ports[0])
    one_by_one = timed(lambda: post_many([single]), asked["singles"])
    side_by_side = posts(made)
    round_trip = timed(trip, asked["trips"])
    told = {"post": one_by_one, "posts": side_by_side, "trip": round_trip, "tasks_per_second": flood(asked["tasks"])}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
