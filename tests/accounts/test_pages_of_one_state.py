"""A page's hidden version is that of the content beside it: nobody sends what he has not seen, and what is shown can be sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db.models import F

from accounts.models import Alert, CaseLedger, LedgerFeature, LedgerFeatureRun, Order, Refund, RefundShare
from accounts.services.alerts.draft import alert_update
from accounts.services.features import features_compute
from antifraud import db
from banks.selectors.institutions import system_user
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.between import between
from tests.accounts.factories import draft, involve, new_case
from tests.accounts.flow import refunding as make
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.pages import unchanged
from tests.cast import World

CHANGED = "The ledger has changed since"


def version_in(page: str, form: str = "") -> int:
    """The hidden version of the form whose ids begin so."""
    found = re.search(rf'name="version" value="(\d+)"(?: id="{form}version")?', page) if not form else None
    found = found or re.search(rf'name="version" value="(\d+)" id="{form}version"', page)
    assert found is not None
    return int(found[1])


# -- a poll that renews a part of the page ---------------------------------------------------------


def test_a_poll_that_brings_a_new_version_brings_the_content_of_it(world: World, log_in: Any) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    client, htmx = log_in(world.analyst_a), {"HX-Request": "true"}
    page = client.get(f"/alerts/{alert.id}/").content.decode()
    assert 'id="alert-content"' in page
    poll = re.search(r'hx-get="(/alerts/[^"]+)"', page)
    assert poll is not None
    same = client.get(poll[1], headers=htmx).content.decode()
    assert 'id="alert-content"' not in same, "values that were opened stay open"
    assert version_in(same, "submit_") == alert.version
    with db.unit_of_work(world.second_a):
        alert_update(by=world.second_a, alert_id=alert.id, data=alerting.alert_input(line(world.bank_b)))
    later = client.get(poll[1], headers=htmx).content.decode()
    assert version_in(later, "submit_") == alert.version + 1
    assert 'id="alert-content"' in later
    assert "#alert-content" in re.findall(r'hx-select-oob="([^"]+)"', page)[0].split(",")


# -- a refusal that shows the object anew ----------------------------------------------------------


def test_an_order_shown_anew_can_be_submitted(world: World, log_in: Any) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    client, url = log_in(world.analyst_a), f"/orders/{order.id}/step/submit/"
    with unchanged():
        refused = client.post(url, {"version": order.version - 1})
    assert refused.status_code == 409
    assert client.post(url, {"version": version_in(refused.content.decode())}).status_code == 303
    assert Order.objects.get().status == "awaiting_approval"


def test_an_alert_shown_anew_can_be_submitted(world: World, log_in: Any) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    client, url = log_in(world.analyst_a), f"/alerts/{alert.id}/step/submit/"
    refused = client.post(url, {"version": alert.version - 1})
    assert (refused.status_code, Alert.objects.get().status) == (409, "draft")
    assert client.post(url, {"version": version_in(refused.content.decode(), "submit_")}).status_code == 303
    assert Alert.objects.get().status == "awaiting_approval"


def test_a_notice_shown_anew_can_be_reported_on(world: World, log_in: Any) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    client, here = log_in(world.risk_a), f"/alerts/notices/{notice.id}/"
    assert client.post(f"{here}acknowledge/", {"version": notice.version}).status_code == 303
    told = {"finding": "found", "report": "Two cards."}
    refused = client.post(f"{here}report/", told | {"version": notice.version})
    assert refused.status_code == 409
    sent = told | {"version": version_in(refused.content.decode())}
    assert client.post(f"{here}report/", sent).status_code == 303


def test_a_payout_shown_anew_can_be_reported_on(world: World, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client, url = log_in(world.risk_a), f"/refunds/payouts/{refund.id}/"
    told = {f"share-{share.id}-outcome": "failed", f"share-{share.id}-reason": "the account is closed"}
    refused = client.post(url, told | {"version": refund.version - 1})
    assert refused.status_code == 409
    assert client.post(url, told | {"version": version_in(refused.content.decode())}).status_code == 303
    assert make.shares(refund)[0].outcome == "failed"


# -- two reads of one page -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_version_of_a_decision_is_not_newer_than_its_payees(world: World, log_in: Any) -> None:
    refund = make.submit(world, make.direct(world))
    client = log_in(world.approver_a)

    def changed() -> None:
        Refund.objects.filter(pk=refund.pk).update(version=F("version") + 1)

    with between((RefundShare,), 1, changed):
        page = client.get(f"/refunds/{refund.id}/decide/").content.decode()
    assert version_in(page) == refund.version
    sent = {f"sha256-{refund.id}": make.sha_of(refund).hex(), "version": version_in(page), "verb": "approve"}
    assert client.post(f"/refunds/{refund.id}/decide/", sent).status_code == 409
    assert Refund.objects.get().decided_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["list", "account"])
def test_features_of_an_older_ledger_never_stand_as_current(world: World, log_in: Any, door: str) -> None:
    case, by = new_case(world.analyst_a), system_user()
    made = ledger(world.analyst_a, case, [("a", "mule", 0, 100)], covered=("mule",))
    with db.unit_of_work(by):
        features_compute(by=by, case_id=case.id)
    CaseLedger.objects.filter(pk=case.pk).update(version=F("version") + 1)
    paths = {"list": f"/cases/{case.id}/features/", "account": f"/ledger/{made.account['mule'].pk}/features/"}
    client = log_in(world.analyst_a)
    assert CHANGED in client.get(paths[door]).content.decode()

    def computed() -> None:
        LedgerFeatureRun.objects.update(ledger_version=F("ledger_version") + 1)

    with between((LedgerFeature,), 1, computed):
        page = client.get(paths[door]).content.decode()
    assert CHANGED in page
    assert CHANGED not in client.get(paths[door]).content.decode()
