"""Alerts by API: police draft, submit, approve, follow; a bank's system lists, reads, acknowledges and reports on its own."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Alert, AlertNotice
from antifraud import db
from banks.models import Lane
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.factories import FRAUD_20, card
from tests.banks.lanes import enqueue
from tests.cast import World

URL = "/api/v1/alerts/"
MINE = "/api/v1/alerts/notices/"


def body(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "kind": "likely_victim", "title": "Callers to the elderly", "content": alerting.CONTENT, "legal_basis": FRAUD_20,
        "purpose": "warn the customers", "expires_at": (db.app_now() + timedelta(days=7)).isoformat(), "audience": "keepers",
        "lines": list(lines),
    } | changes  # fmt: skip


def post(client: Any, path: str, data: Any = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(path, json.dumps(data or {}), content_type="application/json", headers=headers)


def test_from_draft_to_issue(world: World, log_in: Any) -> None:
    one = card()
    client, desk = log_in(world.analyst_a), log_in(world.approver_a)
    made = post(
        client, URL, body({"number": one, "institution": str(world.bank_a.id), "name": "张三"}), key="draft-0001"
    )
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    assert post(client, URL, body(), key="draft-0001").json()["code"] == "idempotency_key_reused"
    here = f"{URL}{made.json()['id']}/"
    sent = post(client, f"{here}submit/").json()
    assert (sent["status"], sent["lines"][0]["number"]) == ("awaiting_approval", f"{one[:4]} **** {one[-4:]}")
    done = post(desk, f"{here}approve/", {"payload_sha256": sent["payload_sha256"]})
    assert (done.status_code, done.json()["status"]) == (200, "issued")
    assert [each["institution"] for each in done.json()["notices"]] == [str(world.bank_a.id)]
    assert one not in client.get(here).content.decode()
    assert [each["id"] for each in client.get(f"{URL}?status=issued").json()["items"]] == [made.json()["id"]]


def test_problems_name_their_lines(world: World, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    answer = post(client, URL, body({"number": "12", "institution": str(world.bank_a.id)}, {"number": card()}))
    assert answer.status_code == 422
    assert [each["name"] for each in answer.json()["fields"]] == ["lines.0", "lines.1"]
    unknown = post(client, URL, body({"number": card(), "institution": str(world.unit_b.id)}))
    assert (unknown.json()["code"], unknown.json()["fields"][0]["name"]) == ("unknown_reference", "lines.0.institution")
    nested = post(client, URL, body({"number": card(), "to_all": "perhaps"}))
    assert nested.json()["fields"][0]["name"] == "lines.0.to_all"
    assert not Alert.objects.exists()


def test_a_crowded_lane_answers_429_with_retry_after(world: World, log_in: Any) -> None:
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=1)
    enqueue(world.bank_a, 1, topic="alert.issued")
    answer = post(log_in(world.analyst_a), URL, body({"number": card(), "institution": str(world.bank_a.id)}))
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "rate_limited", "60")
    assert not Alert.objects.exists()


def test_a_message_says_when_the_notice_came_into_the_lane(world: World, log_in: Any) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    (item,) = post(log_in(world.machine_a), "/api/v1/queue/receive/").json()["items"]
    assert item["message"]["notice_id"] == str(notice.id)
    assert datetime.fromisoformat(item["message"]["available_at"]) == notice.available_at is not None


def test_a_banks_system_works_on_its_own_notice(world: World, log_in: Any) -> None:
    alert = alerting.delivered(world)
    notice = alerting.notice_of(alert, world.bank_a)
    client, here = log_in(world.machine_a), f"{MINE}{notice.id}/"
    (shown,) = client.get(MINE).json()["items"]
    assert (shown["id"], shown["alert_number"], shown["status"]) == (str(notice.id), alert.number, "issued")
    read = client.get(here).json()
    assert read["content"]["content"] == alerting.CONTENT
    assert len(read["content"]["lines"]) == 1
    first, again = (post(client, f"{here}acknowledge/", key="seen-0001") for _ in range(2))
    assert (first.status_code, first.json()["status"], again.content) == (200, "acknowledged", first.content)
    assert again["Idempotent-Replayed"] == "true"
    done = post(client, f"{here}report_back/", {"finding": "nothing_found"}, key="told-0001")
    assert (done.status_code, done.json()["finding"]) == (200, "nothing_found")
    assert AlertNotice.objects.get(pk=notice.pk).reported_by == world.machine_a


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [("report_back/", {"finding": "found", "report": "Two cards."}, 409), ("report_back/", {"finding": "gold"}, 422),
     ("report_back/", {}, 422), ("approve/", {}, 404)],
)  # fmt: skip
def test_bad_requests_change_nothing(world: World, log_in: Any, path: str, data: Any, status: int) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    before = alerting.facts()
    assert post(log_in(world.machine_a), f"{MINE}{notice.id}/{path}", data, key="bad-00001").status_code == status
    assert alerting.facts() == before


def test_the_two_sides_have_their_own_lists(world: World, log_in: Any) -> None:
    alert = alerting.delivered(world, line(world.bank_a))
    assert log_in(world.risk_a).get(URL).status_code == 403
    assert log_in(world.analyst_a).get(MINE).status_code == 403
    assert log_in(world.risk_b).get(MINE).json()["items"] == []
    assert log_in(world.analyst_b).get(URL).json()["items"] == []
    assert len(log_in(world.centre_analyst).get(URL).json()["items"]) == 1
    assert log_in(world.risk_a).get(f"{URL}{alert.id}/").status_code in {403, 404}
