"""Facts are carried once although they come at least once; a bad one waits and stops nobody (R1, R2)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from accounts.services.answers import order_acknowledge
from accounts.services.orders.approve import order_confirm, order_reject
from accounts.services.orders.ratify import order_ratify
from antifraud import db, deliveries
from antifraud.deliveries import TOPICS, lane_push, outbox_handle
from antifraud.outbox import post
from antifraud.outbox.models import OutboxMessage
from banks.models import Notification
from banks.selectors.institutions import system_user
from banks.services.notifications import TEXTS, notify
from tests.accounts.factories import draft, involve, issue_emergency, new_case, submit
from tests.cast import World


def _told(user: Any) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("created_at").values_list("code", flat=True))


def _drain() -> int:
    done = 0
    while step := outbox_handle():
        done += step
    return done


def _fact(topic: str, subject: uuid.UUID | None = None) -> OutboxMessage:
    with db.unit_of_work(system_user()):
        return post.enqueue(topic, subject or uuid.uuid4())


def _due_again(message: OutboxMessage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE af_outbox_outboxmessage SET next_at = clock_timestamp() WHERE id = %s", [message.id])


def test_all_due_facts_are_carried_and_none_twice(world: World, issued: Any) -> None:
    issued()
    waiting = OutboxMessage.objects.filter(done_at__isnull=True).count()
    assert waiting >= 3  # filed, submitted, issued
    assert _drain() == waiting
    told = Notification.objects.count()
    assert (outbox_handle(), Notification.objects.count()) == (0, told)


def test_a_submitted_order_asks_the_approvers_of_unit_bureau_and_centre(world: World) -> None:
    case = new_case(world.analyst_a)
    order = submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a)))
    _drain()
    asked = {"approver_a", "supervisor_a", "bureau_approver", "centre_approver", "centre_supervisor"}
    rows = Notification.objects.filter(code="order.submitted")
    assert set(rows.values_list("user__username", flat=True)) == asked
    assert {row.url for row in rows} == {f"/orders/{order.id}/"}
    assert {tuple(row.params.items()) for row in rows} == {(("number", order.number),)}


def test_an_emergency_asks_the_second_officer_then_the_approvers(world: World) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=True)
    _drain()
    assert _told(world.second_a) == ["order.to_confirm"]
    assert _told(world.approver_a) == []
    with db.unit_of_work(world.second_a):
        shown = bytes(order.payload_sha256 or b"")

        order_confirm(by=world.second_a, order_id=order.id, payload_sha256=shown)
    _drain()
    assert _told(world.approver_a) == ["order.approval_due"]
    assert _told(world.analyst_b) == []


def test_a_ratified_emergency_asks_nobody_any_more(world: World) -> None:
    case = new_case(world.analyst_a)
    order = issue_emergency(world, involve(world.analyst_a, case, world.bank_a))
    with db.unit_of_work(world.approver_a):
        order_ratify(by=world.approver_a, order_id=order.id, payload_sha256=bytes(order.payload_sha256 or b""))
    _drain()
    assert "order.approval_due" not in _told(world.approver_a)


def test_the_operator_hears_of_acknowledgement_and_rejection(world: World, issued: Any, heard: list[Any]) -> None:
    order = issued()
    lane_push(world.bank_a.id)
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    case = new_case(world.analyst_a)
    other = submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_b)))
    with db.unit_of_work(world.approver_a):
        order_reject(by=world.approver_a, order_id=other.id, reason="not enough")
    heard.clear()
    _drain()
    assert sorted(_told(world.analyst_a)) == ["order.acknowledged", "order.rejected"]
    assert _told(world.risk_a) == _told(world.second_a) == []
    assert (f"inst:{world.unit_a.id}", "order") in heard
    assert (f"inst:{world.bank_a.id}", "queue") in heard
    assert not [hint for hint in heard if hint[0] == f"inst:{world.unit_b.id}"]


def test_an_unknown_topic_waits_and_stops_nobody(world: World, issued: Any) -> None:
    bad = _fact("order.unheard_of")
    issued()
    assert _drain() >= 3
    bad.refresh_from_db()
    assert (bad.done_at, bad.error, bad.attempt) == (None, "KeyError", 1)
    assert outbox_handle() == 0
    _due_again(bad)
    outbox_handle()
    bad.refresh_from_db()
    assert (bad.done_at, bad.attempt) == (None, 2)


def test_what_a_failed_handler_wrote_is_rolled_back_and_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch, heard: list[Any]
) -> None:
    failing = [True]

    def fragile(fact: deliveries.Fact) -> list[tuple[uuid.UUID, str]]:
        notify(users=[world.analyst_a], code="order.rejected", params={"number": "1"}, url="/")
        if failing:
            raise LookupError
        return [(world.unit_a.id, "order"), (world.unit_a.id, "order")]

    monkeypatch.setitem(TOPICS, "order.rejected", fragile)
    message = _fact("order.rejected")
    assert outbox_handle() == 0
    assert (_told(world.analyst_a), heard) == ([], [])
    failing.clear()
    _due_again(message)
    assert outbox_handle() == 1
    assert _told(world.analyst_a) == ["order.rejected"]
    assert heard == [(f"inst:{world.unit_a.id}", "order")]


def test_a_stale_owner_undoes_what_it_did(world: World, monkeypatch: pytest.MonkeyPatch, heard: list[Any]) -> None:
    def slow(fact: deliveries.Fact) -> list[tuple[uuid.UUID, str]]:
        notify(users=[world.analyst_a], code="order.rejected", params={"number": "1"}, url="/")
        OutboxMessage.objects.update(lease_token=uuid.uuid4())
        return [(world.unit_a.id, "order")]

    monkeypatch.setitem(TOPICS, "order.rejected", slow)
    message = _fact("order.rejected")
    assert outbox_handle() == 0
    message.refresh_from_db()
    assert (message.done_at, message.error, _told(world.analyst_a), heard) == (None, "", [], [])


def test_a_leased_fact_is_left_to_its_owner(world: World) -> None:
    _fact("case.filed")
    with db.unit_of_work(system_user()):
        assert len(post.claim()) == 1
    assert outbox_handle() == 0


def test_every_text_and_topic_fit_each_other() -> None:
    """The operator is told by the topic's own name."""
    told = {topic for topic, handler in TOPICS.items() if handler is deliveries.order_told}
    assert told | {"hold.expired", "hold.lifted"} <= set(TEXTS)
