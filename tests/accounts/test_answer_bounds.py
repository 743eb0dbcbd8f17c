"""Numbers beyond what the platform can hold and stale versions, sent to the machines' door: refused by field, never an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Answer, Order
from antifraud import db
from tests.accounts.answering import bank_order, frozen_behind, nothing_answered
from tests.cast import World

pytestmark = pytest.mark.django_db
LogIn = Callable[[Any], Client]
HUGE = str(10**30)  # as text: the parser refuses such a number itself


def _send(client: Client, order: Order, extra: dict[str, Any], **headers: str) -> Any:
    body = {
        "outcome": "executed", "handled_by": "Zhao", "executed_minor": 500_000, "effective_from": db.app_now().isoformat(),
    } | extra  # fmt: skip
    url = f"/api/v1/orders/{order.id}/answer/"
    return client.post(url, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("balance_minor", HUGE), ("free_minor", HUGE), ("previously_frozen_minor", HUGE), ("executed_minor", HUGE),
        ("prior_freezes", [{"rank": 1, "body": "Court", "amount_minor": HUGE}]),
        ("next_hops", [{"number": "6217000000000000017", "institution_text": "X", "amount_minor": HUGE, "at": "2026-01-01T01:00:00Z"}]),
    ],
)  # fmt: skip
def test_an_amount_beyond_every_bank(world: World, log_in: LogIn, field: str, value: Any) -> None:
    order, client = bank_order(world), log_in(world.risk_a)
    with nothing_answered():
        refused = _send(client, order, {field: value})
    assert refused.status_code == 422
    assert field in {each["name"] for each in refused.json()["fields"]}


def test_a_rank_beyond_every_list(world: World, log_in: LogIn) -> None:
    order, client = bank_order(world, "freeze"), log_in(world.risk_a)
    waiting = {"executed_minor": None, "effective_from": None, "prior_freezes": [{"rank": 1, "body": "Court"}]}
    with nothing_answered():
        refused = _send(client, order, waiting | {"waiting_rank": 40_000})
    assert refused.status_code == 422
    assert [each["name"] for each in refused.json()["fields"]] == ["waiting_rank"]


def test_an_activation_beyond_every_bank(world: World, log_in: LogIn) -> None:
    hold = frozen_behind(world)
    hold.mode = "full"
    hold.save(update_fields=["mode"])
    body = {"effective_from": db.app_now().isoformat(), "amount_minor": HUGE}
    with nothing_answered():
        refused = log_in(world.risk_a).post(f"/api/v1/holds/{hold.id}/activate/", body, content_type="application/json")
    assert refused.status_code == 422
    assert [each["name"] for each in refused.json()["fields"]] == ["amount_minor"]


def test_a_stale_version_is_not_passed_over(world: World, log_in: LogIn) -> None:
    order, client = bank_order(world), log_in(world.risk_a)
    with nothing_answered():
        assert _send(client, order, {}, **{"If-Match": '"999"'}).status_code == 409
    assert _send(client, order, {}, **{"If-Match": f'"{order.version}"'}).status_code == 200
    assert Answer.objects.filter(order=order).count() == 1
