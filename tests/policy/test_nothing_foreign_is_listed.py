"""Lists, searches and exports: for every role of another institution nothing in them names what is not its own."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Alert, Order
from tests.policy.routes import OTHERS, routes

CLOSED = {403, 404, 405}


@pytest.mark.parametrize("role", OTHERS)
def test_lists_searches_and_exports_hold_nothing_foreign(
    world: Any, own: dict[str, Any], log_in: Any, role: str
) -> None:
    client = log_in(getattr(world, role))
    order = Order.objects.select_related("case", "account").get(pk=own["order_id"])
    number = order.account.number.open()
    alert = Alert.objects.get(pk=own["alert_id"])
    marks = [
        order.number,
        order.case.number,
        str(order.id),
        str(order.case_id),
        str(order.account_id),
        number,
        alert.number,
        alert.title,
        str(own["notice_id"]),
        alert.lines.get().number.masked(),
        # The masked form as every page and answer writes it; four bare digits also occur in tokens and ids.
        f"**** {number[-4:]}",
    ]
    queries = [
        "",
        f"?q={order.number}",
        f"?q={order.case.number}",
        f"?number={order.number}",
        f"?q={alert.number}",
        "?status=answered",
        "?state=in_force",
    ]
    found: list[tuple[str, ...]] = []
    for route in routes():
        if route.keys:
            continue
        for query in queries:
            answer = client.get(f"{route.url({})}{query}")
            assert answer.status_code < 500 or route.name == "readyz", (route.name, query)
            if answer.status_code in CLOSED and not query:
                break  # refused before the question is read
            body = b"".join(answer) if answer.streaming else answer.content
            if answer.status_code == 200:
                shown = body.replace(query[3:].encode(), b"") if query else body
                found += [(route.name, query, mark) for mark in marks if mark.encode() in shown]
    for text in (order.number, order.case.number, number, alert.number):
        answer = client.post("/search/", {"q": text})
        if answer.status_code == 200:
            shown = answer.content.replace(text.encode(), b"")
            found += [
                ("search", text, mark)
                for mark in (
                    str(order.id),
                    str(order.case_id),
                    str(order.account_id),
                    str(alert.id),
                    str(own["notice_id"]),
                )
                if mark.encode() in shown
            ]
    assert found == []
