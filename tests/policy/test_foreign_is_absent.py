"""Foreign and absent: the same status and the same bytes on every route with an id, for every role of another institution."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Alert, Answer, Hold, Order
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import Delivery, Notification, WebhookEndpoint
from cases.models import Attachment, Case, Lead, Victim
from tests.accounts import alerting, factories
from tests.accounts.flow.refunding import refund_ids
from tests.accounts.flow.serial_cases import joined
from tests.policy.flow_ids import flow_ids
from tests.policy.routes import PUBLIC_KEYS, Route, absent, routes, settled
from tests.policy.statement_ids import statement_ids

ROLES = [
    "risk_b", "risk_supervisor_b", "machine_b", "risk_branch", "risk_telecom", "analyst_b", "approver_b", "supervisor_b", "auditor",
    "overseer", "admin",
]  # fmt: skip
REFUSED = {403, 404, 405, 409, 422}


@pytest.fixture
def own(world: Any, answered_stop: Any) -> dict[str, Any]:
    """Ids of unit A's objects, executed by bank A."""
    order: Order = answered_stop
    case: Case = order.case
    with db.unit_of_work(world.analyst_a) as work:
        lead = Lead(case=case, kind="phone", value="13900000000", value_index=b"x" * 16, created_at=work.now)
        lead.save()
        note = Notification.objects.create(user=world.analyst_a, code="order.answered", url="/", created_at=work.now)
        file = Attachment(
            case=case, purpose="other", title="paper", storage_name="00/none", media_kind="pdf", size=1, sha256=b"x" * 32,
            uploaded_by=world.analyst_a, uploaded_at=work.now,
        )  # fmt: skip
        file.save()
        endpoint = WebhookEndpoint.objects.create(
            institution=world.bank_a, url="https://hook.example.com/", proposed_by=world.risk_a, proposed_at=work.now
        )
    delivery = Delivery.objects.get(subject_id=order.id)
    decision = joined(world.analyst_a, case, factories.new_case(world.analyst_a))
    account = order.account
    other = factories.involve(world.analyst_a, case, world.bank_a)
    alert = alerting.delivered(world, alerting.line(world.bank_a), case=case, title="Ring of the night")
    return {
        "case_id": case.id, "order_id": order.id, "account_id": account.id, "hold_id": Hold.objects.get(order=order).id,
        "answer_id": Answer.objects.get(order=order).id, "victim_id": Victim.objects.filter(case=case).values_list("id", flat=True)[0],
        "lead_id": lead.id, "attachment_id": file.id, "involvement_id": other.id, "notification_id": note.id, "change_id": case.id,
        "part_id": order.id, "alert_id": alert.id, "notice_id": alerting.notice_of(alert, world.bank_a).id,
        "line_id": alert.lines.get().id, "series_id": decision.series_id, "decision_id": decision.id,
        "endpoint_id": endpoint.id, "delivery_id": delivery.id, "queue_id": delivery.id,
        "institution_id": world.bank_a.id, "user_id": world.analyst_a.id,
        **statement_ids(world.analyst_a, case, file),
        **refund_ids(world),
        **flow_ids(world.analyst_a, case),
    }  # fmt: skip


def with_ids() -> list[Route]:
    return [route for route in routes() if route.meanings - PUBLIC_KEYS]


def test_every_route_with_an_id_has_an_address(own: dict[str, Any]) -> None:
    """A new route whose capture nobody described fails here with a KeyError."""
    assert len(with_ids()) > 30
    for route in with_ids():
        assert route.url(own)


@pytest.mark.parametrize("role", ROLES)
def test_foreign_looks_like_absent(world: Any, own: dict[str, Any], log_in: Any, role: str) -> None:
    client = log_in(getattr(world, role))
    nowhere = absent(own)
    written = AuditEntry.objects.filter(outcome="ok").count()
    different = []
    for route in with_ids():
        for method in ("get", "post"):
            send = getattr(client, method)
            extra = (
                {"data": b"{}", "content_type": "application/json"}
                if method == "post" and "/api/" in f"/{route.pattern}"
                else {}
            )
            here, there = send(route.url(own), **extra), send(route.url(nowhere), **extra)
            same = here.status_code == there.status_code and settled(here.content) == settled(there.content)
            if not same or here.status_code not in REFUSED:
                different.append((route.name, method, here.status_code, there.status_code))
    assert different == []
    assert AuditEntry.objects.filter(outcome="ok").count() == written, "a refused request left an audit row of success"


@pytest.mark.parametrize("role", ROLES)
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
            body = b"".join(answer) if answer.streaming else answer.content
            if answer.status_code == 200 and query == "":
                found += [(route.name, mark) for mark in marks if mark.encode() in body]
            elif answer.status_code == 200:
                found += [
                    (route.name, query, mark)
                    for mark in marks
                    if mark.encode() in body.replace(query[3:].encode(), b"")
                ]
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
