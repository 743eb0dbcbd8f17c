"""T17 for orders: whatever is missing or altered on either side is detected, named by its id, and repaired once."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Order, SyncFinding, SyncRun
from accounts.services.answers import order_acknowledge
from accounts.services.orders.cancel import order_cancel
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import Delivery, Notification
from banks.services.queue import queue_ack, queue_receive
from tests.accounts.answering import answer, arrived, bank_order
from tests.accounts.syncing import Books, orders_of_bank_a, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(world: Any, log_in: Any) -> Books:
    return Books(log_in(world.machine_a))


def fetch_all(world: Any) -> None:
    """The bank's system takes everything out of its lane."""
    while True:
        with db.unit_of_work(world.machine_a):
            taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)
            for _delivery, receipt in taken:
                queue_ack(by=world.machine_a, receipt=receipt)
        if not taken:
            return


def message_again(world: Any) -> list[dict[str, Any]]:
    """What the pull door gives now."""
    with db.unit_of_work(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)
        return [{"id": str(d.subject_id), "topic": d.topic, "attempt": d.attempt, "delivery": d.id} for d, _r in taken]


def test_equal_books_have_equal_digests(world: Any, books: Books) -> None:
    one, two, three = orders_of_bank_a(world, 3)
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=two.id)
    answer(three, world.risk_a)
    books.write(one)
    books.write(two, "acknowledged")
    books.write(three, "answered", 1)
    found = books.get(day=today())
    assert set(found) == {"scope", "day", "epoch", "key", "count", "digest"}
    assert (found["scope"], found["day"], found["epoch"], found["count"]) == ("orders", today(), 1, 3)
    assert books.agrees(day=today())
    assert books.get(day=today())["key"] != found["key"]
    assert books.compare(scope="orders", day=today()) == {
        "missing_at_bank": [], "unknown_to_platform": [], "different": [], "proposals": [],
    }  # fmt: skip
    run = SyncRun.objects.get()
    assert (run.outcome, run.platform_count, run.bank_count, run.times) == ("matched", 3, 3, 4)


def test_other_banks_orders_are_in_nobody_elses_books(world: Any, books: Books, log_in: Any) -> None:
    orders_of_bank_a(world, 1)
    assert Books(log_in(world.machine_b)).agrees(day=today())
    assert not books.agrees(day=today())


@pytest.mark.parametrize("victim", range(4))
def test_a_row_lost_at_the_bank_is_named_and_brought_again_once(world: Any, books: Books, victim: int) -> None:
    orders = orders_of_bank_a(world, 4)
    fetch_all(world)
    for order in orders:
        books.write(order)
    assert books.agrees(day=today())
    lost = orders[victim]
    del books.items[str(lost.id)]
    assert not books.agrees(day=today())
    found = books.compare(scope="orders", day=today())
    assert found["missing_at_bank"] == [str(lost.id)]
    assert (found["unknown_to_platform"], found["different"]) == ([], [])
    assert found["proposals"] == [{"id": str(lost.id), "proposal": "redeliver"}]

    before = Delivery.objects.get(subject_id=lost.id)
    assert books.repair(lost.id) == {"redelivered": [str(lost.id)], "unchanged": []}
    assert books.repair(lost.id)["redelivered"] == []
    books.compare(scope="orders", day=today())
    assert books.repair(lost.id) == {"redelivered": [], "unchanged": [{"id": str(lost.id), "reason": "in_lane"}]}
    assert message_again(world) == [
        {"id": str(lost.id), "topic": "order.issued", "attempt": before.attempt + 1, "delivery": before.id}
    ]
    assert message_again(world) == []
    assert Order.objects.get(pk=lost.pk).available_at == lost.available_at, "the term does not start anew"
    assert AuditEntry.objects.filter(verb="order.redeliver", object_id=lost.id).count() == 1
    books.write(lost)
    assert books.agrees(day=today())
    books.compare(scope="orders", day=today())
    assert not SyncFinding.objects.filter(resolved_at__isnull=True).exists()


def test_a_row_altered_at_the_bank_is_named_with_both_items(world: Any, books: Books) -> None:
    ahead, behind = orders_of_bank_a(world, 2)
    answer(behind, world.risk_a)
    books.write(ahead, "answered", 1)
    books.write(behind)
    found = books.compare(scope="orders", day=today())
    assert {one["id"]: (one["platform"], one["bank"]) for one in found["different"]} == {
        str(ahead.id): (f"{ahead.id}|issued|0", f"{ahead.id}|answered|1"),
        str(behind.id): (f"{behind.id}|answered|1", f"{behind.id}|issued|0"),
    }
    assert {one["id"]: one["proposal"] for one in found["proposals"]} == {
        str(ahead.id): "send_answer",
        str(behind.id): "redeliver",
    }


def test_a_row_lost_or_altered_on_the_platform_is_named(world: Any, books: Books) -> None:
    kept, altered, lost = orders_of_bank_a(world, 3)
    for order in (kept, altered, lost):
        books.write(order)
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=altered.id)
    books.write(altered, "acknowledged")
    assert books.agrees(day=today())
    # As an older backup has them: the one not yet acknowledged, the other not yet there.
    Order.objects.filter(pk=altered.pk).update(acknowledged_at=None, status="issued")
    Order.objects.filter(pk=lost.pk).update(available_at=None, answer_due_at=None)
    assert not books.agrees(day=today())
    found = books.compare(scope="orders", day=today())
    assert found["unknown_to_platform"] == [str(lost.id)]
    assert [one["id"] for one in found["different"]] == [str(altered.id)]
    assert {one["id"]: one["proposal"] for one in found["proposals"]}[str(lost.id)] == "check_hold"
    assert books.repair(lost.id)["unchanged"] == [{"id": str(lost.id), "reason": "not_proposed"}]


def test_a_cancellation_counts_from_when_it_has_arrived(world: Any, books: Books) -> None:
    order = bank_order(world)
    fetch_all(world)
    books.write(order)
    with db.unit_of_work(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong amount")
    assert books.agrees(day=today()), "the bank cannot know yet"
    arrived(Order.objects.get(pk=order.pk))
    assert not books.agrees(day=today())
    books.write(order, "cancelled")
    assert books.agrees(day=today())
    fetch_all(world)
    books.items.clear()
    books.compare(scope="orders", day=today())
    books.repair(order.id)
    assert [found["topic"] for found in message_again(world)] == ["order.cancelled"], "nobody may execute it any more"


@pytest.mark.parametrize("state", ["acknowledged", "cancelled", "superseded"])
def test_what_is_further_at_the_bank_after_a_restore_is_not_brought_again(world: Any, books: Books, state: str) -> None:
    order = bank_order(world)
    fetch_all(world)
    books.write(order, state)
    found = books.compare(scope="orders", day=today())
    assert found["proposals"] == [{"id": str(order.id), "proposal": "check_order"}]
    assert SyncFinding.objects.get().get_proposal_display() == "Both sides check the order"
    assert books.repair(order.id)["unchanged"] == [{"id": str(order.id), "reason": "not_proposed"}]
    assert message_again(world) == []


def test_an_order_of_another_day_is_not_unknown(world: Any, books: Books) -> None:
    order = bank_order(world)
    books.write(order)
    found = books.compare(scope="orders", day="2026-01-01")
    assert (found["unknown_to_platform"], found["different"]) == ([], [])
    books.write(order, "answered", 1)
    assert [one["id"] for one in books.compare(scope="orders", day="2026-01-01")["different"]] == [str(order.id)]


def test_foreign_and_absent_ids_look_alike(world: Any, log_in: Any) -> None:
    order = bank_order(world)
    other = Books(log_in(world.machine_b))
    other.items = {str(order.id): f"{order.id}|issued|0"}
    absent = uuid4()
    theirs = other.compare(scope="orders", day=today())
    other.items = {str(absent): f"{absent}|issued|0"}
    nobodys = other.compare(scope="orders", day=today())
    assert json.dumps(theirs).replace(str(order.id), "") == json.dumps(nobodys).replace(str(absent), "")
    assert other.repair(order.id, absent)["unchanged"] == [
        {"id": str(order.id), "reason": "not_proposed"},
        {"id": str(absent), "reason": "not_proposed"},
    ]
    assert Delivery.objects.get(subject_id=order.id).state == "ready"
    assert not SyncFinding.objects.filter(order__isnull=False).exists()


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("compare", {"scope": "orders", "day": "2026-01-01", "items": ["x"]}, "items.0"),
        ("compare", {"scope": "orders", "items": []}, "day"),
        ("compare", {"scope": "orders", "day": "2999-01-01", "items": []}, "day"),
        ("compare", {"scope": "all", "day": "2026-01-01", "items": []}, "scope"),
        ("compare", {"scope": "orders", "day": "2026-01-01", "items": [7]}, None),
        ("compare", {"scope": "orders", "day": "2026-01-01", "items": "x"}, "items"),
        ("compare", {"scope": "orders", "day": "2026-01-01"}, "items"),
        ("compare", {"scope": "orders", "day": "yesterday", "items": []}, "day"),
        ("repair", {"ids": []}, "ids"),
        ("repair", {"ids": ["x"]}, "ids.0"),
        ("repair", {}, "ids"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    books: Books, verb: str, body: dict[str, Any], field: str | None
) -> None:
    answered = books.post(verb, body)
    assert answered.status_code == 422, answered.content
    if field is not None:
        assert field in [one["name"] for one in answered.json()["fields"]]
    assert not SyncRun.objects.exists()


def test_an_id_twice_in_one_list_is_refused(books: Books) -> None:
    key = uuid4()
    body = {"scope": "orders", "day": "2026-01-01", "items": [f"{key}|issued|0", f"{key}|answered|1"]}
    assert books.post("compare", body).status_code == 422


@pytest.mark.parametrize("query", [{"day": "tomorrow"}, {"day": "2999-01-01"}, {}, {"scope": "x", "day": "2026-01-01"}])
def test_a_digest_of_nothing_in_particular_is_refused(world: Any, log_in: Any, query: dict[str, str]) -> None:
    assert log_in(world.machine_a).get("/api/v1/sync/digest/", query).status_code == 422
    assert log_in(world.machine_a).get("/api/v1/sync/digest/", {"limit": "1"}).status_code == 400


@pytest.mark.parametrize("role", ["analyst_a", "supervisor_a", "overseer", "auditor", "admin"])
def test_only_institutions_compare(world: Any, log_in: Any, role: str) -> None:
    client = Books(log_in(getattr(world, role)))
    assert client.client.get("/api/v1/sync/digest/", {"day": today()}).status_code == 403
    assert client.post("compare", {"scope": "orders", "day": today(), "items": []}).status_code == 403
    assert not SyncRun.objects.exists()


def test_new_differences_are_told_once(world: Any, books: Books) -> None:
    orders_of_bank_a(world, 1)
    for _ in range(3):
        books.compare(scope="orders", day=today())
    told = Notification.objects.filter(code="sync.differs").values_list("user__username", flat=True)
    assert sorted(told) == ["centre_supervisor", "risk_a", "risk_supervisor_a"]


def test_a_dead_letter_is_not_brought_again_by_one_person(world: Any, books: Books) -> None:
    order = bank_order(world)
    Delivery.objects.filter(subject_id=order.id).update(state="dead_lettered", error="poison")
    books.compare(scope="orders", day=today())
    assert books.repair(order.id) == {
        "redelivered": [],
        "unchanged": [{"id": str(order.id), "reason": "dead_lettered"}],
    }
    assert Delivery.objects.get(subject_id=order.id).state == "dead_lettered"
    assert SyncFinding.objects.get().resolved_at is None


def test_a_delivery_that_the_platform_lost_sets_out_anew(world: Any, books: Books) -> None:
    order = bank_order(world)
    Delivery.objects.filter(subject_id=order.id).delete()
    books.compare(scope="orders", day=today())
    assert books.repair(order.id)["redelivered"] == [str(order.id)]
    assert books.repair(order.id)["redelivered"] == []
    assert Delivery.objects.get(subject_id=order.id).state == "queued"
    arrived(order)
    assert [found["id"] for found in message_again(world)] == [str(order.id)]
    assert Order.objects.get(pk=order.pk).available_at == order.available_at
