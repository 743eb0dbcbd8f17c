"""Who waits at the queue gets what comes into the lane at once, by the hint; where hints are lost, a moment later."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import connection

from accounts.api import queue
from antifraud import hints
from antifraud.lanes import lane_push
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
LATER = 0.7


def _wait(world: World, client: Any, seconds: int) -> tuple[list[Any], float]:
    """Ask with a long poll while, after `LATER` seconds, an order comes into the lane; what came, and how long it took."""
    case = new_case(world.analyst_a)
    issue(world, involve(world.analyst_a, case, world.bank_a), "stop")

    def come() -> None:
        time.sleep(LATER)
        lane_push(world.bank_a.id)
        connection.close()

    coming = threading.Thread(target=come)
    body = json.dumps({"wait": seconds})
    started = time.monotonic()
    coming.start()
    answer = client.post("/api/v1/queue/receive/", body, content_type="application/json")
    spent = time.monotonic() - started
    coming.join(20)
    return answer.json()["items"], spent


def test_the_hint_ends_the_waiting(world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "POLL_SECONDS", 15.0)
    items, spent = _wait(world, log_in(world.risk_a), 15)
    assert len(items) == 1
    assert LATER <= spent < 10


def test_a_lost_hint_costs_a_moment(world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "publish", lambda *_words: None)
    items, spent = _wait(world, log_in(world.risk_a), 15)
    assert len(items) == 1
    assert LATER <= spent < 10


def test_nothing_comes_and_the_time_is_up(world: World, log_in: Any) -> None:
    started = time.monotonic()
    answer = log_in(world.risk_a).post("/api/v1/queue/receive/", '{"wait": 1}', content_type="application/json")
    assert answer.json() == {"items": []}
    assert 1 <= time.monotonic() - started < 5
