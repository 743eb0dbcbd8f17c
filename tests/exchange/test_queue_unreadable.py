"""A message that cannot be opened: the others come, acks hold, it is tried again later, and supervisors see why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.crypto.envelope import key_id_of
from antifraud.crypto.models import DataKey
from antifraud.lanes import lane_push
from banks.models import Attempt, Delivery, Lane, Notification
from banks.selectors.institutions import system_user
from banks.selectors.lanes import lane_attempts
from tests.accounts import alerting
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World
from tests.crypto.cells import be_another_process

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


def poll(client: Any, delivery: Delivery, times: int, acks: Any = (), beside: Any = ()) -> list[str]:
    """Ask as often for what is due at once, what fails `beside` it too; the state after each."""
    states = []
    for _ in range(times):
        Delivery.objects.filter(pk__in=[delivery.pk, *beside]).update(next_at=delivery.available_at)
        receive(client, acks=list(acks))
        states.append(Delivery.objects.get(pk=delivery.pk).state)
    return states


@pytest.fixture
def broken(orders: list[Any], monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """The most urgent one cannot be opened; three times in a row are enough."""
    monkeypatch.setattr("banks.services.unreadable.MOST_WITHHELD", 3)
    spoil("accounts_order", orders[0].id)
    return Delivery.objects.get(subject_id=orders[0].id)


def receipt_of_another(client: Any) -> list[str]:
    return [item["receipt"] for item in receive(client, max=2).json()["items"]]


def told(code: str) -> dict[str, str]:
    return dict(Notification.objects.filter(code=code).values_list("user__username", "url"))


def test_it_ends_as_a_dead_letter_that_people_hear_of(world: World, log_in: Any, broken: Delivery) -> None:
    client = log_in(world.risk_a)
    other = receipt_of_another(client)
    assert poll(client, broken, 3, other) == ["ready", "dead_lettered", "dead_lettered"]
    broken.refresh_from_db()
    assert broken.error == "poison_DecryptError"
    tried = Attempt.objects.filter(delivery=broken).order_by("-pk")
    assert (tried[0].outcome, tried[0].door, tried.count()) == ("dead_lettered", "pull", 6), "nobody tries it any more"
    entry = AuditEntry.objects.get(verb="delivery.dead_letter")
    assert (entry.object_id, detail_of(entry)["reason"]) == (broken.id, "DecryptError")
    assert entry.actor_id == system_user().id, "ours, not the bank's act"
    people = told("lane.unreadable")
    assert people[world.admin.username] == "/notifications/"
    assert people[world.centre_supervisor.username] == people[world.risk_a.username] == f"/lanes/{world.bank_a.id}/"
    page = log_in(world.centre_supervisor).get(f"/lanes/{world.bank_a.id}/").content.decode()
    assert "poison_DecryptError" in page
    assert "Message refused" not in page, "nobody refused it"
    Attempt.objects.create(
        delivery=broken, institution=world.bank_a, number=3, door="people", outcome="redriven", by_id=world.risk_a.id
    )
    Delivery.objects.filter(pk=broken.pk).update(state="ready")
    assert poll(client, broken, 2) == ["ready", "ready"], "sent again by people, it has all its tries again"


@pytest.mark.parametrize("why", ["keys", "nothing else"])
def test_it_is_not_given_up_where_more_than_it_fails(
    world: World, log_in: Any, broken: Delivery, orders: list[Any], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    client, beside = log_in(world.risk_a), [Delivery.objects.get(subject_id=orders[1].id).pk]
    spoil("accounts_order", orders[1].id)
    other = receipt_of_another(client)
    if why == "keys":
        monkeypatch.setattr("antifraud.crypto.keyring.fault", lambda: "KeyRefused")
    assert set(poll(client, broken, 6, other if why == "keys" else (), beside)) == {"ready"}
    assert not AuditEntry.objects.filter(verb="delivery.dead_letter").exists()
    assert told("lane.unopened").keys() >= {world.admin.username, world.risk_a.username}
    mine = Notification.objects.filter(user=world.risk_a, code__in=["lane.unopened", "lane.unreadable"])
    assert mine.count() == 1, "once in an hour"
    monkeypatch.setattr("antifraud.crypto.keyring.fault", str)
    assert poll(client, broken, 1, other, beside) == ["ready"], "what is acked now was opened before it began to fail"
    Delivery.objects.filter(subject_id=orders[2].id).update(lease_until=broken.available_at)
    later = receipt_of_another(client)
    assert poll(client, broken, 1, later) == ["dead_lettered"]


def test_alone_in_its_lane_it_ends_too(world: World, log_in: Any, broken: Delivery) -> None:
    """Nothing else gets across there: its own key opened, so that it is not the ring."""
    client = log_in(world.risk_a)
    receipt_of_another(client)
    assert poll(client, broken, 3) == ["ready", "dead_lettered", "dead_lettered"]
    assert told("lane.unreadable").keys() >= {world.admin.username, world.risk_a.username}
    assert AuditEntry.objects.filter(verb="delivery.dead_letter", object_id=broken.id).count() == 1


def test_one_whose_key_is_away_waits_for_it(world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only message of its lane, and the ring lacks the key that wraps its key: not the row's fault."""
    monkeypatch.setattr("banks.services.unreadable.MOST_WITHHELD", 3)
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a), "stop")
    lane_push(world.bank_a.id)
    only, client = Delivery.objects.get(subject_id=order.id), log_in(world.risk_a)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM accounts_order WHERE id = %s", [order.id])
        key = DataKey.objects.get(pk=key_id_of(bytes(cursor.fetchone()[0])))
    DataKey.objects.filter(pk=key.pk).update(kek_id="kek-that-is-away")
    be_another_process()
    assert set(poll(client, only, 6)) == {"ready"}
    assert told("lane.unopened").keys() >= {world.admin.username, world.risk_a.username}
    assert not AuditEntry.objects.filter(verb="delivery.dead_letter").exists()
    DataKey.objects.filter(pk=key.pk).update(kek_id=key.kek_id)
    be_another_process()
    assert poll(client, only, 1) == ["leased"]


def test_only_failures_in_a_row_count(world: World, log_in: Any, broken: Delivery) -> None:
    client = log_in(world.risk_a)
    other = receipt_of_another(client)
    assert poll(client, broken, 1, other) == ["ready"]
    spoil("accounts_order", broken.subject_id)  # as it was
    assert poll(client, broken, 1) == ["leased"]
    Delivery.objects.filter(pk=broken.pk).update(lease_until=broken.available_at)
    spoil("accounts_order", broken.subject_id)
    assert poll(client, broken, 2) == ["ready", "ready"], "one before, two after it was opened"


def test_many_that_fail_are_told_once(world: World, log_in: Any, broken: Delivery, orders: list[Any]) -> None:
    client = log_in(world.risk_a)
    second = Delivery.objects.get(subject_id=orders[1].id)
    spoil("accounts_order", orders[1].id)
    other = [item["receipt"] for item in receive(client).json()["items"]]
    assert poll(client, broken, 2, other)[-1] == "dead_lettered"
    assert poll(client, second, 2)[-1] == "dead_lettered"
    assert Notification.objects.filter(user=world.admin, code="lane.unreadable").count() == 1


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
