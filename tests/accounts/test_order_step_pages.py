"""The small acts on one order from its page: submit, recall, cancel, issued in error."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Order
from tests.accounts.factories import draft, involve, issue, issue_emergency, new_case
from tests.accounts.pages import unchanged
from tests.cast import World


@pytest.fixture
def stop(world: World) -> Order:
    """A draft stop of unit A at bank A."""
    return draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def page(order: Order) -> str:
    """The order's address."""
    return reverse("accounts:order", args=[order.id])


def step(order: Order, verb: str) -> str:
    """Where an act on it is sent."""
    return reverse("accounts:order_step", args=[order.id, verb])


def test_submit_recall_cancel(world: World, log_in: Any, stop: Order) -> None:
    client = log_in(world.analyst_a)
    sent = client.post(step(stop, "submit"), {"version": stop.version})
    assert (sent.status_code, sent.url) == (303, page(stop))
    assert Order.objects.get().status == "awaiting_approval"
    client.post(step(stop, "recall"))
    assert Order.objects.get().status == "draft"
    client.post(step(stop, "cancel"), {"reason": "entered twice"})
    order = Order.objects.get()
    assert (order.status, order.ended_reason) == ("cancelled", "entered twice")


def test_a_stale_page_submits_nothing(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(step(stop, "submit"), {"version": stop.version + 1})
    assert answer.status_code == 409
    assert "Somebody changed this before you" in answer.content.decode()


def test_submitting_twice(world: World, log_in: Any, stop: Order) -> None:
    client = log_in(world.analyst_a)
    client.post(step(stop, "submit"), {"version": stop.version})
    with unchanged():
        again = client.post(step(stop, "submit"), {"version": stop.version})
    assert again.status_code == 409


def test_a_reason_that_is_too_short_keeps_the_dialog_open(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(step(stop, "cancel"), {"reason": "xy"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "data-open" in text.split('id="dlg-cancel"')[1].split(">")[0]
    assert ">\nxy</textarea>" in text


def test_issued_in_error(world: World, log_in: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    client = log_in(world.analyst_a)
    with unchanged():
        assert client.post(step(order, "retract"), {"error_field": "", "reason": "other person"}).status_code == 422
    client.post(step(order, "retract"), {"error_field": "account", "reason": "other person"})
    found = Order.objects.get()
    assert (found.status, found.error_field) == ("cancelled", "account")
    assert "Issued in error" in client.get(page(order)).content.decode()


@pytest.mark.parametrize(
    ("verb", "name", "status"),
    [
        ("submit", "centre_analyst", 403), ("submit", "second_a", 403), ("submit", "analyst_b", 404), ("submit", "risk_a", 404),
        ("cancel", "analyst_b", 404), ("cancel", "risk_a", 404), ("recall", "centre_analyst", 403), ("retract", "analyst_b", 404),
        ("approve", "analyst_a", 404),
    ],
)  # fmt: skip
def test_who_may_not_act(world: World, log_in: Any, stop: Order, verb: str, name: str, status: int) -> None:
    sent = {"version": stop.version, "reason": "a good reason", "error_field": "account"}
    with unchanged():
        answer = log_in(getattr(world, name)).post(step(stop, verb), sent)
    assert answer.status_code == status


def test_reading_does_nothing(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        assert log_in(world.analyst_a).get(step(stop, "submit")).status_code == 405


def test_an_emergency_shows_its_clock(world: World, log_in: Any) -> None:
    order = issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    text = log_in(world.approver_a).get(page(order)).content.decode()
    assert "approval is missing" in text
    assert f"{reverse('accounts:approval_review')}?order={order.id}" in text
