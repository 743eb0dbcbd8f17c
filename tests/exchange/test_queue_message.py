"""GET queue/<delivery>/message/: what a thin event is about, for its own institution only, audited."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.lanes import lane_push
from banks.models import Delivery
from banks.services.queue import queue_receive
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World


@pytest.fixture
def delivery(world: World) -> Delivery:
    case = new_case(world.analyst_a)
    order = issue(world, involve(world.analyst_a, case, world.bank_a), "stop")
    return Delivery.objects.get(subject_id=order.id)


def _path(delivery: Delivery) -> str:
    return f"/api/v1/queue/{delivery.id}/message/"


def test_it_is_the_message_that_the_pull_door_gives(world: World, delivery: Delivery, log_in: Any) -> None:
    lane_push(world.bank_a.id)
    client = log_in(world.risk_a)
    got = client.get(_path(delivery))
    assert got.status_code == 200
    message = got.json()
    assert message["delivery_id"] == str(delivery.id)
    assert (message["epoch"], message["seq"], message["attempt"]) == (1, 1, 0)
    assert message["payload_sha256"]
    heard = AuditEntry.objects.get(verb="order.receive")
    assert heard.actor_id == world.risk_a.id
    pulled = client.post("/api/v1/queue/receive/", "{}", content_type="application/json").json()["items"][0]["message"]
    assert pulled | {"attempt": 0} == message


def test_before_it_is_in_the_lane_it_is_not_there(world: World, delivery: Delivery, log_in: Any) -> None:
    assert log_in(world.risk_a).get(_path(delivery)).status_code == 404
    assert not AuditEntry.objects.filter(verb="order.receive").exists()


@pytest.mark.parametrize("name", ["risk_b", "analyst_a", "supervisor_a", "overseer", "admin"])
def test_nobody_else_gets_it(world: World, delivery: Delivery, log_in: Any, name: str) -> None:
    lane_push(world.bank_a.id)
    assert log_in(getattr(world, name)).get(_path(delivery)).status_code in {403, 404}
    assert not AuditEntry.objects.filter(verb="order.receive").exists()


def test_reading_it_takes_no_lease(world: World, delivery: Delivery, log_in: Any) -> None:
    lane_push(world.bank_a.id)
    log_in(world.risk_a).get(_path(delivery))
    with db.unit_of_work(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=1, visibility_seconds=60)) == 1
