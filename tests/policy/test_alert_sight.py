"""Recipients of one alert never see each other: no list, page, search, message or export of one tells of another (domain.md §8)."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest

from accounts.models import Alert
from accounts.services.messages import delivery_message
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import NotFound
from banks.models import Delivery
from banks.services.queue import queue_receive
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.policy.routes import Route, routes, settled

MEANINGS = {"alert_id", "notice_id", "line_id"}
OTHERS = [
    "risk_b",
    "machine_b",
    "risk_branch",
    "analyst_b",
    "approver_b",
    "supervisor_b",
    "auditor",
    "overseer",
    "admin",
]
REFUSED = {403, 404, 405, 409, 422}
BANK_PAGES = ["/alerts/notices/", "/alerts/notices/?q=ring", "/api/v1/alerts/notices/", "/notifications/"]


@pytest.fixture
def alert(world: Any) -> Alert:
    """One alert to both banks, one line for each, in both lanes."""
    return alerting.delivered(world, line(world.bank_a), line(world.bank_b, name="李四"))


def ids_of(alert: Alert, bank: Any) -> dict[str, Any]:
    first = alert.lines.get(institution=bank)
    return {"alert_id": alert.id, "notice_id": alerting.notice_of(alert, bank).id, "line_id": first.id}


def about_alerts() -> list[Route]:
    found = [route for route in routes() if route.meanings & MEANINGS]
    assert len(found) > 18
    return found


@pytest.mark.parametrize("role", OTHERS)
def test_a_foreign_notice_looks_like_an_absent_one(world: Any, alert: Alert, log_in: Any, role: str) -> None:
    """Also for the other recipient of the same alert."""
    import uuid

    client, own = log_in(getattr(world, role)), ids_of(alert, world.bank_a)
    nowhere = {name: uuid.uuid4() for name in own}
    before = alerting.facts()
    different = []
    for route in about_alerts():
        for method in ("get", "post"):
            api = method == "post" and "/api/" in f"/{route.pattern}"
            extra = {"data": b"{}", "content_type": "application/json"} if api else {}
            send = getattr(client, method)
            here, there = send(route.url(own), **extra), send(route.url(nowhere), **extra)
            same = here.status_code == there.status_code and settled(here.content) == settled(there.content)
            if not same or here.status_code not in REFUSED:
                different.append((route.name, method, here.status_code, there.status_code))
    assert different == []
    assert alerting.facts() == before


def marks_of_the_other(world: Any, alert: Alert) -> list[str]:
    """What bank A must not meet anywhere: the other recipient, its notice, its line, the alert itself, the counts."""
    foreign = alert.lines.get(institution=world.bank_b)
    other = alerting.notice_of(alert, world.bank_b)
    return [
        str(other.id), str(alert.id), str(foreign.id), foreign.number.open(), f"**** {foreign.number.open()[-4:]}", "李四",
        world.bank_b.name, world.bank_b.code, str(world.bank_b.id), "addressees", "audience", "to_all",
    ]  # fmt: skip


@pytest.mark.parametrize("username", ["risk_a", "risk_supervisor_a", "machine_a"])
def test_a_recipients_own_pages_hold_nothing_of_the_other(world: Any, alert: Alert, log_in: Any, username: str) -> None:
    client = log_in(getattr(world, username))
    notice = alerting.notice_of(alert, world.bank_a)
    marks = marks_of_the_other(world, alert)
    found = []
    for path in [*BANK_PAGES, f"/alerts/notices/{notice.id}/", f"/api/v1/alerts/notices/{notice.id}/"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        found += [(path, mark) for mark in marks if mark in answer.content.decode()]
    for text in (alert.number, alert.lines.get(institution=world.bank_b).number.open()):
        shown = client.post("/search/", {"q": text}).content.decode().replace(text, "")
        found += [("search", mark) for mark in marks if mark in shown]
    assert found == []


def test_the_message_and_the_workbook_hold_own_lines_only(world: Any, alert: Alert, log_in: Any) -> None:
    mine = alert.lines.get(institution=world.bank_a).number.open()
    marks = marks_of_the_other(world, alert)
    with db.unit_of_work(world.machine_a):
        ((delivery, _receipt),) = queue_receive(by=world.machine_a, max_count=5, visibility_seconds=60)
        message = delivery_message(by=world.machine_a, delivery=delivery)
    text = json.dumps(message, ensure_ascii=False)
    assert mine in text
    assert [mark for mark in marks if mark in text] == []
    notice = alerting.notice_of(alert, world.bank_a)
    answer = log_in(world.risk_a).post(f"/alerts/notices/{notice.id}/lines/")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].values)
    assert [row[0] for row in rows[1:]] == [mine]
    assert AuditEntry.objects.filter(verb="alertnotice.reveal", object_id=notice.id, actor_id=world.risk_a.id).exists()


def test_a_foreign_delivery_gives_no_message(world: Any, alert: Alert) -> None:
    """Even where a delivery row of another bank is at hand, its content is not."""
    foreign = Delivery.objects.get(institution=world.bank_b, topic="alert.issued")
    with db.unit_of_work(world.machine_a):
        message = delivery_message(by=world.machine_a, delivery=foreign)
    assert (message["status"], "payload" in message) == ("expired", False)


def test_lines_of_a_notice_are_numbered_without_gaps(world: Any, log_in: Any) -> None:
    lines = [line(world.bank_b), line(world.bank_a), line(world.bank_b), line(world.bank_a)]
    alert = alerting.delivered(world, *lines)
    notice = alerting.notice_of(alert, world.bank_a)
    client = log_in(world.risk_a)
    for at, each in ((1, lines[1]), (2, lines[3])):
        answer = client.post(f"/alerts/notices/{notice.id}/lines/{at}/number/reveal/", {"purpose": "look it up"})
        assert answer.content.decode() == each.number
    assert (
        client.post(f"/alerts/notices/{notice.id}/lines/3/number/reveal/", {"purpose": "look it up"}).status_code == 404
    )


def test_after_its_end_an_alert_is_gone_for_the_bank_and_its_delivery_says_so(
    world: Any, alert: Alert, move_clock: Any, log_in: Any
) -> None:
    from datetime import timedelta

    from accounts.services.alerts.notices import notice_open

    move_clock(timedelta(days=31))
    notice = alerting.notice_of(alert, world.bank_a)
    with pytest.raises(NotFound), db.unit_of_work(world.risk_a):
        notice_open(by=world.risk_a, notice_id=notice.id)
    with db.unit_of_work(world.machine_a):
        ((delivery, _receipt),) = queue_receive(by=world.machine_a, max_count=5, visibility_seconds=60)
        message = delivery_message(by=world.machine_a, delivery=delivery)
    assert (message["status"], "payload" in message) == ("expired", False)
    assert log_in(world.analyst_a).get(f"/alerts/{alert.id}/").status_code == 200
