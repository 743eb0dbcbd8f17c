"""Reviewed numbers: how many statements each main request sends, session and user included; the same for 1 and for 100 rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Order
from tests.accounts import factories

LIST, DETAIL, PUSH = 10, 8, 20
LISTS = {
    "analyst_a": [
        "/cases/",
        "/orders/",
        "/accounts/",
        "/api/v1/cases/",
        "/api/v1/orders/",
        "/api/v1/accounts/",
        "/api/v1/holds/",
    ],
    "risk_a": [
        "/queue/",
        "/queue/rows/",
        "/holds/",
        "/accounts/",
        "/api/v1/orders/",
        "/api/v1/accounts/",
        "/api/v1/holds/",
    ],
}


def more_orders(world: Any, count: int) -> None:
    for _ in range(count):
        case = factories.new_case(world.analyst_a)
        row = factories.involve(world.analyst_a, case, world.bank_a)
        factories.pay(world.analyst_a, case, row.account)
        order = factories.approve(
            factories.submit(factories.draft(world.analyst_a, world.second_a, row)), world.approver_a
        )
        Order.objects.filter(pk=order.pk).update(available_at=order.issued_at, answer_due_at=order.issued_at)


def count(client: Any, path: str, counted: Any, most: int) -> int:
    client.get(path)  # fills the caches of the process
    with counted(most) as seen:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return len(seen)


def test_a_list_costs_the_same_for_one_row_and_for_a_hundred(
    world: Any, answered_stop: Order, log_in: Any, counted: Any
) -> None:
    def sent() -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for username, paths in LISTS.items():
            client = log_in(getattr(world, username))
            found |= {(username, path): count(client, path, counted, LIST) for path in paths}
        return found

    more_orders(world, 1)
    few = sent()
    more_orders(world, 98)
    assert Order.objects.count() == 100
    assert sent() == few


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("analyst_a", "/cases/{case}/"),
        ("analyst_a", "/cases/{case}/timeline/"),
        ("analyst_a", "/orders/{order}/"),
        ("analyst_a", "/accounts/{account}/"),
        ("analyst_a", "/api/v1/cases/{case}/"),
        ("analyst_a", "/api/v1/orders/{order}/"),
        ("risk_a", "/queue/{order}/"),
        ("risk_a", "/api/v1/orders/{order}/"),
        ("risk_a", "/api/v1/accounts/{account}/"),
    ],
)
def test_a_detail_stays_within_its_number(
    world: Any, answered_stop: Order, log_in: Any, counted: Any, username: str, path: str
) -> None:
    """The page's own statements; session and user are two more."""
    order = answered_stop
    address = path.format(case=order.case_id, order=order.id, account=order.account_id)
    count(log_in(getattr(world, username)), address, counted, DETAIL + 2)


def test_issuing_with_its_push_stays_within_its_number(world: Any, log_in: Any, counted: Any) -> None:
    client = log_in(world.approver_a)
    client.get("/api/v1/orders/")
    case = factories.new_case(world.analyst_a)
    row = factories.involve(world.analyst_a, case, world.bank_a)
    factories.pay(world.analyst_a, case, row.account)
    order = factories.submit(factories.draft(world.analyst_a, world.second_a, row))
    body = json.dumps({"payload_sha256": bytes(order.payload_sha256 or b"").hex()})
    with counted(PUSH) as seen:
        answer = client.post(f"/api/v1/orders/{order.id}/approve/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert len(seen) > 10
    assert Order.objects.get(pk=order.pk).status == "issued"
