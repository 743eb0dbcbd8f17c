"""Who waits at the queue gets what comes into the lane at once, by the hint; where hints are lost, a moment later."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest
from django.db import connection

from accounts.api import queue
from antifraud import hints
from antifraud.api import waiting
from antifraud.lanes import lane_push
from banks.models import Delivery
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
    assert answer.json() == {"items": [], "acked": []}
    assert 1 <= time.monotonic() - started < 5


def _receive(client: Any, **body: Any) -> Any:
    return client.post("/api/v1/queue/receive/", json.dumps(body), content_type="application/json").json()


def test_acks_travel_with_the_next_call(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    issue(world, involve(world.analyst_a, case, world.bank_a), "stop")
    lane_push(world.bank_a.id)
    client = log_in(world.risk_a)
    (item,) = _receive(client)["items"]
    told = _receive(client, acks=[item["receipt"], "nothing"])
    assert told == {"items": [], "acked": [{"receipt": item["receipt"]}, {"receipt": "nothing", "code": "not_found"}]}
    assert Delivery.objects.get().state == "transported"


def test_too_many_acks_are_refused_and_none_is_taken(world: World, log_in: Any) -> None:
    told = _receive(log_in(world.risk_a), acks=["x"] * 51)
    assert (told["status"], [field["name"] for field in told["fields"]]) == (422, ["acks"])


def test_without_a_place_the_call_does_not_wait(world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(waiting, "_places", lambda: places)
    client = log_in(world.risk_a)
    with places:
        started = time.monotonic()
        assert _receive(client, wait=15) == {"items": [], "acked": [], "ask_again_after": queue.ASK_AGAIN_SECONDS}
        assert time.monotonic() - started < 5
    assert "ask_again_after" not in _receive(client, wait=1)


def test_who_has_left_leases_nothing(world: World, log_in: Any) -> None:
    ours, theirs = socket.socketpair()
    client = log_in(world.risk_a)
    client.defaults["gunicorn.socket"] = ours
    with ours:
        assert _receive(client, wait=1)["items"] == []  # still there: the time runs out
        theirs.close()
        items, spent = _wait(world, client, 15)
    assert items == []
    assert spent < 10
    lane_push(world.bank_a.id)
    assert Delivery.objects.get().state == "ready"
