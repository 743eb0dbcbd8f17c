"""In reconciling mode nothing is handed over, by no door; afterwards everything goes out once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Order
from antifraud import db
from antifraud.deliveries import lane_push
from antifraud.doors.relay import Relay
from banks.models import Delivery, PlatformState
from banks.selectors.institutions import system_user
from banks.selectors.platform import forget
from banks.services.platform import epoch_bump, platform_observe, platform_resume

pytestmark = pytest.mark.django_db
REASON = "restored from last night's backup"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    forget()
    yield
    forget()


def receive(client: Any) -> Any:
    return client.post("/api/v1/queue/receive/", json.dumps({}), content_type="application/json")


def bump() -> None:
    by = system_user()
    with db.unit_of_work(by):
        epoch_bump(by=by, reason=REASON)


def resume(world: Any) -> None:
    with db.unit_of_work(world.admin):
        platform_resume(by=world.admin, reason=REASON, epoch=PlatformState.objects.get().epoch)


def test_nothing_is_pushed_until_resumed(world: Any, issued: Callable[..., Order]) -> None:
    order = issued()
    bump()
    assert lane_push(world.bank_a.id) == 0
    found = Delivery.objects.get(subject_id=order.id)
    assert (found.state, found.attempt) == ("queued", 0)
    assert Order.objects.get(pk=order.pk).available_at is None, "no term runs"
    resume(world)
    assert lane_push(world.bank_a.id) == 1
    assert lane_push(world.bank_a.id) == 0


def test_nothing_is_received_until_resumed(world: Any, issued: Callable[..., Order], log_in: Any) -> None:
    order = issued()
    lane_push(world.bank_a.id)
    bump()
    client = log_in(world.machine_a)
    refused = receive(client)
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (503, "reconciling", "60")
    assert refused.json()["epoch"] == 2
    assert Delivery.objects.get(subject_id=order.id).state == "ready"
    resume(world)
    items = receive(client).json()["items"]
    assert [item["message"]["order_id"] for item in items] == [str(order.id)]


def test_another_database_is_noticed_by_the_next_push_and_noted_by_the_relay(
    world: Any, issued: Callable[..., Order], log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = system_user()
    with db.unit_of_work(by):
        platform_observe(by=by)
    order = issued()
    PlatformState.objects.update(timeline=9)
    assert lane_push(world.bank_a.id) == 0
    assert receive(log_in(world.machine_a)).status_code == 503
    Relay(lambda: False).turn()
    row = PlatformState.objects.get()
    assert (row.epoch, row.mode) == (2, "reconciling")
    assert Delivery.objects.get(subject_id=order.id).state == "queued"


def test_banks_can_compare_meanwhile(world: Any, log_in: Any) -> None:
    bump()
    found = log_in(world.machine_a).get("/api/v1/sync/digest/", {"scope": "open_holds"})
    assert (found.status_code, found.json()["epoch"]) == (200, 2)
