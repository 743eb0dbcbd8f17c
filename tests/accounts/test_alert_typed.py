"""What was typed about an alert is on the page again where something else came between; a second click is no error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Alert
from accounts.services.alerts.decide import alert_submit
from accounts.services.alerts.notices import notice_acknowledge, notice_report_back
from accounts.services.alerts.send import alert_close
from antifraud import db
from banks.models import Lane
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.factories import FRAUD_20, card
from tests.banks.lanes import enqueue
from tests.cast import World

TYPED = "My own long text about the ring of the night."


def form(**changes: Any) -> dict[str, Any]:
    """The draft page as sent, to all institutions."""
    return {
        "kind": "card_seller", "title": "Sellers at the station", "content": TYPED, "legal_basis": FRAUD_20,
        "purpose": "find further accounts", "audience": "keepers", "accounts": f"{card('622202')}\t张三",
        "expires_at": (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S"),
    } | changes  # fmt: skip


def test_a_full_lane_keeps_the_typed_draft(world: World, log_in: Any) -> None:
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=1)
    enqueue(world.bank_a, 1)
    before = alerting.facts()
    answer = log_in(world.analyst_a).post("/alerts/new/", form())
    text = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert TYPED in text
    assert "No room for alerts now" in text
    assert alerting.facts() == before


def test_a_colleagues_submitting_keeps_the_typed_changes(world: World, log_in: Any) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    client = log_in(world.second_a)
    client.get(f"/alerts/{alert.id}/edit/")
    alerting.submit(alert)
    before = alerting.facts()
    answer = client.post(f"/alerts/{alert.id}/edit/", form(version=alert.version))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert TYPED in text
    assert "The alert is no draft any more" in text
    assert alerting.facts() == before
    assert client.get(f"/alerts/{alert.id}/edit/").status_code == 409


@pytest.mark.parametrize(
    ("who", "status"), [("analyst_b", 404), ("risk_a", 404), ("approver_a", 403), ("centre_analyst", 403)]
)
def test_others_save_no_draft(world: World, log_in: Any, who: str, status: int) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    before = alerting.facts()
    answer = log_in(getattr(world, who)).post(f"/alerts/{alert.id}/edit/", form(version=alert.version))
    assert (answer.status_code, alerting.facts()) == (status, before)


@pytest.mark.parametrize("meanwhile", ["closed", "reported_back", "not_acknowledged"])
def test_a_report_that_comes_too_late_is_shown_again(world: World, log_in: Any, meanwhile: str) -> None:
    alert = alerting.delivered(world, line(world.bank_a))
    notice, colleague = alerting.notice_of(alert, world.bank_a), world.risk_supervisor_a
    if meanwhile != "not_acknowledged":
        with db.unit_of_work(world.risk_a):
            notice = notice_acknowledge(by=world.risk_a, notice_id=notice.id)
    if meanwhile == "closed":
        with db.unit_of_work(world.analyst_a):
            alert_close(by=world.analyst_a, alert_id=alert.id, reason="enough was found")
    elif meanwhile == "reported_back":
        with db.unit_of_work(colleague):
            notice_report_back(by=colleague, notice_id=notice.id, finding="nothing_found")
    client = log_in(world.risk_a)
    here = f"/alerts/notices/{notice.id}/"
    answer = client.post(f"{here}report/", {"finding": "found", "report": TYPED, "version": notice.version})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert TYPED in text
    assert "This report was not sent." in text
    assert "Send the report" not in text
    assert f"{here}report/" not in client.get(here).content.decode()
    notice.refresh_from_db()
    assert notice.report is None


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_second_click_leads_to_the_alert(world: World, log_in: Any, verb: str) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    desk, here = log_in(world.approver_a), f"/alerts/{alert.id}/"
    sent = {f"sha256-{alert.id}": bytes(alert.payload_sha256 or b"").hex(), "verb": verb, "reason": "too broad"}
    assert desk.post(f"{here}decide/", sent).status_code == 303
    before = alerting.facts()
    again = desk.post(f"{here}decide/", sent)
    assert (again.status_code, again["Location"]) == (303, here)
    assert (desk.get(f"{here}decide/")["Location"], alerting.facts()) == (here, before)
    assert "does not await a decision any more" in desk.get(here).content.decode()


def test_a_hash_that_is_not_the_one_shown_stays_on_the_page(world: World, log_in: Any) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    with db.unit_of_work(world.second_a):
        alert_submit(by=world.second_a, alert_id=alert.id)
    answer = log_in(world.approver_a).post(f"/alerts/{alert.id}/decide/", {f"sha256-{alert.id}": "00" * 32})
    assert (answer.status_code, Alert.objects.get().status) == (409, "awaiting_approval")
