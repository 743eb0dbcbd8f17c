"""A message that cannot be opened: the others come, acks hold, it is tried again later, and supervisors see why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.lanes import lane_push
from banks.models import Attempt, Delivery, Lane
from banks.selectors.lanes import lane_attempts
from tests.accounts import alerting
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

pytestmark = pytest.mark.django_db
SPOIL = (
    "UPDATE {table} SET payload = set_byte(payload, length(payload) - 1, get_byte(payload, length(payload) - 1) # 1)"
)


def receive(client: Any, **body: Any) -> Any:
    return client.post("/api/v1/queue/receive/", json.dumps(body), content_type="application/json")


def spoil(table: str, key: Any) -> None:
    """One bit of the sealed payload."""
    with connection.cursor() as cursor:
        cursor.execute(SPOIL.format(table=table) + " WHERE id = %s", [key])
        assert cursor.rowcount == 1


@pytest.fixture
def orders(world: World) -> list[Any]:
    """Three in the lane of bank A, the most urgent first."""
    case = new_case(world.analyst_a)
    found = [issue(world, involve(world.analyst_a, case, world.bank_a), "stop") for _ in range(3)]
    lane_push(world.bank_a.id)
    return found


def names(answer: Any) -> list[str]:
    return [item["message"]["order_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize("wait", [0, 1])
def test_the_others_come_and_acks_hold(
    world: World, log_in: Any, orders: list[Any], wait: int, caplog: pytest.LogCaptureFixture
) -> None:
    first, bad, good = orders
    client = log_in(world.risk_a)
    taken = receive(client, max=1).json()["items"]
    spoil("accounts_order", bad.id)
    answer = receive(client, acks=[taken[0]["receipt"]], wait=wait)
    assert answer.status_code == 200, answer.content
    assert names(answer) == [str(good.id)]
    assert answer.json()["acked"] == [{"receipt": taken[0]["receipt"]}]
    states = dict(Delivery.objects.values_list("subject_id", "state"))
    assert states == {first.id: "transported", bad.id: "ready", good.id: "leased"}
    assert "delivery cannot be opened" in caplog.text
    assert bad.account.number.open() not in caplog.text
    assert set(AuditEntry.objects.filter(verb="order.receive").values_list("object_id", flat=True)) == {
        first.id,
        good.id,
    }


def test_it_is_counted_shown_and_tried_again_after_a_growing_pause(
    world: World, log_in: Any, orders: list[Any]
) -> None:
    bad = orders[0]
    spoil("accounts_order", bad.id)
    client = log_in(world.risk_a)
    delivery = Delivery.objects.get(subject_id=bad.id)
    for number in (1, 2):
        Delivery.objects.filter(pk=delivery.pk).update(next_at=delivery.available_at)
        assert str(bad.id) not in names(receive(client))
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempt, delivery.error) == ("ready", number, "DecryptError")
        assert delivery.lease_token is None
    assert delivery.next_at > Attempt.objects.filter(delivery=delivery).latest("pk").at, "not at once any more"
    shown = [tried for tried in lane_attempts(Lane.objects.get(pk=world.bank_a.id)) if tried.delivery_id == delivery.pk]
    assert (shown[0].outcome, shown[0].detail, shown[0].door) == ("failed", "DecryptError", "pull")
    page = log_in(world.centre_supervisor).get(f"/lanes/{world.bank_a.id}/").content.decode()
    assert "DecryptError" in page
    entry = AuditEntry.objects.filter(verb="cell.decrypt").latest("at")
    assert (entry.outcome, entry.object_id, detail_of(entry)["place"].split("|")[0]) == (
        "failed", delivery.id, "accounts_order",
    )  # fmt: skip


def test_what_can_be_opened_again_is_handed_over(world: World, log_in: Any, orders: list[Any]) -> None:
    bad = orders[1]
    client = log_in(world.risk_a)
    spoil("accounts_order", bad.id)
    assert str(bad.id) not in names(receive(client))
    spoil("accounts_order", bad.id)  # the same bit again: as it was
    Delivery.objects.filter(subject_id=bad.id).update(next_at=bad.issued_at)
    (item,) = receive(client).json()["items"]
    assert (item["message"]["order_id"], item["message"]["possible_duplicate"]) == (str(bad.id), True)


def test_a_notice_that_cannot_be_opened_was_not_received(world: World, log_in: Any) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    spoil("accounts_alertnotice", notice.id)
    assert receive(log_in(world.risk_a)).json()["items"] == []
    assert not AuditEntry.objects.filter(verb="notice.receive").exists()
    assert Delivery.objects.get(subject_id=notice.id).error == "DecryptError"
