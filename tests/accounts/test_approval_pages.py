"""What waits for a decision, its full content, and the decision bound to what was shown."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Order
from accounts.services.accounts import name_learn
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import draft, involve, issue_emergency, new_case, submit
from tests.accounts.pages import unchanged
from tests.cast import World

LIST = "accounts:approvals"


@pytest.fixture
def waiting(world: World) -> Order:
    """A stop of unit A that was submitted."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row, reason="money is moving"))


@pytest.fixture
def emergency(world: World) -> Order:
    """An emergency stop that waits for its second officer."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row), emergency=True)


def review(*orders: Order) -> str:
    """The page on which they are read."""
    return reverse("accounts:approval_review") + "?" + "&".join(f"order={order.id}" for order in orders)


def decide(order: Order, verb: str) -> str:
    """Where a decision is sent."""
    return reverse("accounts:approval_decide", args=[order.id, verb])


def shown(order: Order) -> dict[str, str]:
    """The hash as the page carries it."""
    return {f"sha256-{order.id}": bytes(order.payload_sha256 or b"").hex()}


# -- the lists -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("approver_a", True), ("supervisor_a", True), ("bureau_approver", True), ("centre_approver", True), ("analyst_a", False),
        ("second_a", False), ("duty_a", False), ("approver_b", False),
    ],
)  # fmt: skip
def test_who_sees_an_order_waiting(world: World, log_in: Any, waiting: Order, name: str, sees: bool) -> None:
    answer = log_in(getattr(world, name)).get(reverse(LIST))
    assert answer.status_code == 200
    assert (waiting.number in answer.content.decode()) is sees


def test_an_emergency_waits_for_its_second_officer_only(world: World, log_in: Any, emergency: Order) -> None:
    assert emergency.number in log_in(world.second_a).get(reverse(LIST)).content.decode()
    for name in ("analyst_a", "approver_a", "duty_a"):
        assert emergency.number not in log_in(getattr(world, name)).get(reverse(LIST)).content.decode(), name


def test_a_confirmed_emergency_shows_its_hour(world: World, log_in: Any, move_clock: Any) -> None:
    issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    client = log_in(world.approver_a)
    text = client.get(reverse(LIST)).content.decode()
    assert 'id="to-ratify"' in text
    assert re.search(r">(59:\d\d|1:00:00)<", text)
    move_clock(timedelta(minutes=61))
    assert 'data-state="over"' in client.get(reverse(LIST)).content.decode()


def test_the_live_part_keeps_the_ticks(world: World, log_in: Any, waiting: Order) -> None:
    assert 'hx-trigger="sse-approval from:body' in log_in(world.approver_a).get(reverse(LIST)).content.decode()
    answer = log_in(world.approver_a).get(reverse(LIST), {"order": str(waiting.id)}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text
    assert " checked" in text.split(f'id="pick-{waiting.id}"')[1].split(">")[0]


def test_the_list_costs_the_same_for_many(world: World, log_in: Any, counted: Any, waiting: Order) -> None:
    client = log_in(world.approver_a)
    client.get(reverse(LIST))
    with counted(10) as one:
        client.get(reverse(LIST))
    case = new_case(world.analyst_a)
    for _number in range(12):
        submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_b)))
    with counted(len(one)):
        assert client.get(reverse(LIST)).content.decode().count("data-row") == 13


@pytest.mark.parametrize("name", ["risk_a", "admin", "auditor"])
def test_who_has_no_such_page(world: World, log_in: Any, waiting: Order, name: str) -> None:
    client = log_in(getattr(world, name))
    with unchanged():
        assert client.get(reverse(LIST)).status_code == 403
        assert client.get(review(waiting)).status_code == 403


# -- the content -----------------------------------------------------------------------------------


def test_the_content_is_shown_exactly_as_hashed(world: World, log_in: Any, waiting: Order) -> None:
    text = log_in(world.approver_a).get(review(waiting)).content.decode()
    stored = waiting.payload.open()
    assert hashlib.sha256(stored.encode()).hexdigest() in text
    exact = text.split('<pre class="ui-mono ui-exact">')[1].split("</pre>")[0]
    assert exact.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&") == stored
    for value in (waiting.account.number.open(), "张三", "money is moving", "5,000.00", "Second A", "100101"):
        assert value in text, value


def test_each_reading_is_in_the_diary(world: World, log_in: Any, waiting: Order) -> None:
    log_in(world.approver_a).get(review(waiting))
    entry = AuditEntry.objects.get(verb="order.reveal")
    assert (entry.object_id, entry.actor_id) == (waiting.id, world.approver_a.id)


@pytest.mark.parametrize("name", ["analyst_a", "second_a", "approver_b", "duty_a"])
def test_nobody_else_reads_it(world: World, log_in: Any, waiting: Order, name: str) -> None:
    text = log_in(getattr(world, name)).get(review(waiting)).content.decode()
    assert waiting.account.number.open() not in text
    assert waiting.number not in text
    assert not AuditEntry.objects.filter(verb="order.reveal").exists()


# -- the decision ----------------------------------------------------------------------------------


def test_approve(world: World, log_in: Any, waiting: Order) -> None:
    answer = log_in(world.approver_a).post(decide(waiting, "approve"), shown(waiting))
    assert (answer.status_code, answer.url) == (303, reverse(LIST))
    assert Order.objects.get().status == "issued"


def test_the_next_one_follows(world: World, log_in: Any, waiting: Order) -> None:
    other = submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, waiting.case, world.bank_b)))
    sent = shown(waiting) | {"order": [str(waiting.id), str(other.id)]}
    assert log_in(world.approver_a).post(decide(waiting, "approve"), sent).url == review(other)


def test_another_hash_than_the_stored_one(world: World, log_in: Any, waiting: Order) -> None:
    client = log_in(world.approver_a)
    for sent in ({f"sha256-{waiting.id}": "00" * 32}, {f"sha256-{waiting.id}": "nonsense"}, {}):
        with unchanged():
            answer = client.post(decide(waiting, "approve"), sent)
        assert answer.status_code == 409
        assert "changed after it was submitted" in answer.content.decode()


def test_facts_that_changed_since(world: World, log_in: Any, waiting: Order) -> None:
    with db.unit_of_work(world.analyst_a):
        name_learn(account=waiting.account, name="张珊", source="correction")
    with unchanged():
        assert log_in(world.approver_a).post(decide(waiting, "approve"), shown(waiting)).status_code == 409


def test_approving_twice(world: World, log_in: Any, waiting: Order) -> None:
    client = log_in(world.approver_a)
    client.post(decide(waiting, "approve"), shown(waiting))
    with unchanged():
        assert client.post(decide(waiting, "approve"), shown(waiting)).status_code == 409


def test_reject_needs_its_reason(world: World, log_in: Any, waiting: Order) -> None:
    client = log_in(world.approver_a)
    with unchanged():
        answer = client.post(decide(waiting, "reject"), shown(waiting) | {"reason": "no"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "data-open" in text.split(f'id="dlg-{waiting.id}"')[1].split(">")[0]
    assert ">\nno</textarea>" in text
    client.post(decide(waiting, "reject"), shown(waiting) | {"reason": "wrong account"})
    order = Order.objects.get()
    assert (order.status, order.ended_reason) == ("rejected", "wrong account")


def test_many_at_once_each_with_its_own_hash(world: World, log_in: Any, waiting: Order) -> None:
    others = [
        submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, waiting.case, world.bank_b)))
        for _ in range(2)
    ]
    sent: dict[str, Any] = {"order": [str(order.id) for order in (waiting, *others)]}
    for order in (waiting, *others):
        sent |= shown(order) | {f"number-{order.id}": order.number}
    sent[f"sha256-{others[1].id}"] = "00" * 32
    client = log_in(world.approver_a)
    answer = client.post(reverse("accounts:approval_bulk"), sent, follow=True)
    states = dict(Order.objects.values_list("pk", "status"))
    assert states == {waiting.id: "issued", others[0].id: "issued", others[1].id: "awaiting_approval"}
    text = answer.content.decode()
    assert "2 orders were approved and issued." in text
    assert f"{others[1].number}: The order changed after it was submitted" in text


def test_confirm_and_ratify(world: World, log_in: Any, emergency: Order) -> None:
    log_in(world.second_a).post(decide(emergency, "confirm"), shown(emergency))
    order = Order.objects.get()
    assert (order.status, order.approved_at) == ("issued", None)
    log_in(world.supervisor_a).post(decide(emergency, "ratify"), shown(emergency))
    assert Order.objects.get().approver_id == world.supervisor_a.id


def test_overrule(world: World, log_in: Any) -> None:
    order = issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    log_in(world.approver_a).post(decide(order, "overrule"), shown(order) | {"reason": "wrong person"})
    assert Order.objects.get().status == "cancelled"


@pytest.mark.parametrize(
    ("verb", "name", "status"),
    [
        ("approve", "analyst_a", 403), ("approve", "second_a", 403), ("approve", "duty_a", 403), ("approve", "approver_b", 404),
        ("approve", "risk_a", 404), ("reject", "duty_a", 403), ("reject", "approver_b", 404), ("ratify", "approver_b", 404),
        ("approve", "admin", 404), ("nonsense", "approver_a", 404),
    ],
)  # fmt: skip
def test_who_may_not_decide(world: World, log_in: Any, waiting: Order, verb: str, name: str, status: int) -> None:
    with unchanged():
        answer = log_in(getattr(world, name)).post(decide(waiting, verb), shown(waiting) | {"reason": "a good reason"})
    assert answer.status_code == status


@pytest.mark.parametrize("name", ["approver_a", "duty_a", "analyst_a"])
def test_only_the_named_second_officer_confirms(world: World, log_in: Any, emergency: Order, name: str) -> None:
    with unchanged():
        assert log_in(getattr(world, name)).post(decide(emergency, "confirm"), shown(emergency)).status_code == 403


def test_a_supervisor_who_operates_does_not_approve(world: World, log_in: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.supervisor_a, world.second_a, row))
    client = log_in(world.supervisor_a)
    assert order.number not in client.get(reverse(LIST)).content.decode()
    with unchanged():
        assert client.post(decide(order, "approve"), shown(order)).status_code == 403
        bulk = client.post(reverse("accounts:approval_bulk"), shown(order) | {"order": [str(order.id)]})
    assert bulk.status_code == 303
    assert AuditEntry.objects.filter(verb="access.deny").count() == 2
