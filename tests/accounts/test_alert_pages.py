"""The police's pages of alerts: draft, edit, look over, submit, decide, follow, reveal, export; the bank's notice page."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from accounts.models import Alert
from antifraud.audit.models import AuditEntry
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.factories import FRAUD_20, card, new_case
from tests.cast import World


def form(*numbers: str, **changes: Any) -> dict[str, Any]:
    """The draft page as sent."""
    return {
        "kind": "card_seller", "title": "Sellers at the station", "content": alerting.CONTENT, "case_number": "", "legal_basis": FRAUD_20,
        "purpose": "find further accounts", "expires_at": (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S"),
        "audience": "keepers", "accounts": "\n".join(f"{number}\t张三" for number in numbers),
    } | changes  # fmt: skip


def test_a_pasted_draft_finds_its_banks_and_is_saved(world: World, log_in: Any) -> None:
    case, client = new_case(world.analyst_a), log_in(world.analyst_a)
    one, two = card("622202"), card("621700")
    answer = client.post("/alerts/new/", form(one, two, case_number=case.number) | {f"all-{two}-2": "on"})
    alert = Alert.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/alerts/{alert.id}/")
    assert alert.case == case
    kept = [(each.institution.code, each.to_all) for each in alert.lines.order_by("position")]
    assert kept == [("bank_a", False), ("bank_b", True)]
    page = client.get(answer["Location"]).content.decode()
    assert alert.number in page
    assert one not in page
    assert f"**** {one[-4:]}" in page


def test_the_officers_choice_of_a_bank_wins(world: World, log_in: Any) -> None:
    number = card("622202")
    log_in(world.analyst_a).post("/alerts/new/", form(number) | {f"bank-{number}-1": str(world.bank_b.id)})
    assert Alert.objects.get().lines.get().institution == world.bank_b


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "required"),
        ({"accounts": "张三 李四"}, "1 line needs your attention"),
        ({"case_number": "A2026-9999999"}, "There is no case of this number"),
        ({"accounts": "9999000000000000017"}, "No addressee would see this line", ),
        ({"audience": "chosen"}, "at least one connected institution"),
    ],
)  # fmt: skip
def test_a_refused_draft_comes_back_with_what_was_typed(
    world: World, log_in: Any, changes: dict[str, Any], said: str
) -> None:
    answer = log_in(world.analyst_a).post("/alerts/new/", form(card(), **changes))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert alerting.CONTENT in text
    assert not Alert.objects.exists()


def test_a_draft_is_opened_again_as_it_was(world: World, log_in: Any) -> None:
    one, two = line(world.bank_b, name="ACME 3 Ltd"), line(world.bank_a, to_all=True)
    alert = alerting.draft(world.analyst_a, one, two)
    client = log_in(world.second_a)
    page = client.get(f"/alerts/{alert.id}/edit/").content.decode()
    assert f"{one.number}\tACME 3 Ltd" in page
    assert AuditEntry.objects.filter(object_id=alert.id, verb="alert.reveal", actor_id=world.second_a.id).exists()
    text = f"Account number\tAccount name\n{one.number}\tACME 3 Ltd\n{two.number}\t张三"
    sent = form(accounts=text, version=alert.version) | {
        f"bank-{one.number}-2": str(world.bank_b.id), f"bank-{two.number}-3": str(world.bank_a.id), f"all-{two.number}-3": "on",
    }  # fmt: skip
    assert client.post(f"/alerts/{alert.id}/edit/", sent).status_code == 303
    kept = [(each.institution, each.to_all, each.name.open()) for each in alert.lines.order_by("position")]
    assert kept == [(world.bank_b, False, "ACME 3 Ltd"), (world.bank_a, True, "张三")]
    assert client.post(f"/alerts/{alert.id}/edit/", sent).status_code == 409


def test_submit_decide_and_issue_by_page(world: World, log_in: Any) -> None:
    one = line(world.bank_a)
    alert = alerting.draft(world.analyst_a, one)
    client, desk = log_in(world.analyst_a), log_in(world.approver_a)
    assert client.post(f"/alerts/{alert.id}/step/submit/", {"version": alert.version}).status_code == 303
    assert client.get(f"/alerts/{alert.id}/decide/").status_code == 403
    page = desk.get(f"/alerts/{alert.id}/decide/").content.decode()
    assert one.number in page
    assert alerting.CONTENT in page
    sha = bytes(Alert.objects.get().payload_sha256 or b"").hex()
    assert sha in page
    wrong = desk.post(f"/alerts/{alert.id}/decide/", {f"sha256-{alert.id}": "00" * 32, "verb": "approve"})
    assert (wrong.status_code, Alert.objects.get().status) == (409, "awaiting_approval")
    done = desk.post(f"/alerts/{alert.id}/decide/", {f"sha256-{alert.id}": sha, "verb": "approve"})
    assert (done.status_code, Alert.objects.get().status) == (303, "issued")


def test_a_rejection_needs_its_reason(world: World, log_in: Any) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    desk = log_in(world.approver_a)
    assert desk.post(f"/alerts/{alert.id}/decide/", {"verb": "reject", "reason": ""}).status_code == 422
    assert Alert.objects.get().status == "awaiting_approval"
    assert desk.post(f"/alerts/{alert.id}/decide/", {"verb": "reject", "reason": "too broad"}).status_code == 303
    assert Alert.objects.get().ended_reason == "too broad"


def test_values_in_clear_leave_an_audit_row_and_need_a_reason(world: World, log_in: Any) -> None:
    one = line(world.bank_a)
    alert = alerting.draft(world.analyst_a, one)
    client, kept = log_in(world.analyst_a), alert.lines.get()
    address = f"/alerts/{alert.id}/lines/{kept.id}/number/reveal/"
    assert client.post(address, {"purpose": ""}).status_code == 422
    assert client.post(address, {"purpose": "compare with the file"}).content.decode() == one.number
    assert client.post(f"/alerts/{alert.id}/reveal/", {"purpose": "read it"}).content.decode() == alerting.CONTENT
    assert client.post(f"/alerts/{alert.id}/lines/{kept.id}/alert/reveal/", {"purpose": "try it"}).status_code == 422
    assert AuditEntry.objects.filter(verb__in=["alertline.reveal", "alert.reveal"]).count() == 2


def test_a_line_of_another_alert_is_not_shown(world: World, log_in: Any) -> None:
    alert, other = (alerting.draft(world.analyst_a, line(world.bank_a)) for _ in range(2))
    address = f"/alerts/{alert.id}/lines/{other.lines.get().id}/number/reveal/"
    assert log_in(world.analyst_a).post(address, {"purpose": "compare"}).status_code == 404


def test_the_export_lists_every_notice_masked(world: World, log_in: Any) -> None:
    alert = alerting.delivered(world)
    answer = log_in(world.analyst_a).post(f"/alerts/{alert.id}/export/")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].values)
    assert [row[1] for row in rows[1:]] == [world.bank_a.title, world.bank_b.title]
    assert {row[0] for row in rows[1:]} == {alert.number}
    text = "".join(str(cell) for row in rows for cell in row)
    assert all(each.number.open() not in text for each in alert.lines.all())
    assert AuditEntry.objects.filter(verb="alert.export", object_id=alert.id).count() == 1


def test_the_list_can_be_narrowed(world: World, log_in: Any) -> None:
    one = alerting.issue(world, title="Ring of the night")
    two = alerting.draft(world.analyst_a, line(world.bank_b), kind="account_pattern")
    client = log_in(world.analyst_a)

    def shown(query: str) -> set[str]:
        text = client.get(f"/alerts/?{query}").content.decode()
        return {alert.number for alert in (one, two) if alert.number in text.replace(query, "")}

    assert shown("") == {one.number, two.number}
    assert shown("status=draft") == {two.number}
    assert shown("kind=account_pattern") == {two.number}
    assert shown(f"institution={world.bank_a.id}") == {one.number}
    assert shown("q=of+the+night") == {one.number}
    assert shown("overdue=on") == set()


def test_the_notice_page_from_reading_to_report(world: World, log_in: Any) -> None:
    alert = alerting.delivered(world)
    notice = alerting.notice_of(alert, world.bank_a)
    client = log_in(world.risk_a)
    assert "New" in client.get("/alerts/notices/").content.decode()
    page = client.get(f"/alerts/notices/{notice.id}/").content.decode()
    number = alert.lines.get(institution=world.bank_a).number.open()
    assert alerting.CONTENT in page
    assert (number in page, f"**** {number[-4:]}" in page) == (False, True)
    here = f"/alerts/notices/{notice.id}/"
    assert client.post(f"{here}report/", {"finding": "found", "report": "Two cards."}).status_code == 409
    assert client.post(f"{here}acknowledge/", {"version": notice.version}).status_code == 303
    refused = client.post(f"{here}report/", {"finding": "found", "report": ""})
    assert (refused.status_code, "at least four characters" in refused.content.decode()) == (422, True)
    assert client.post(f"{here}report/", {"finding": "found", "report": "Two cards."}).status_code == 303
    notice.refresh_from_db()
    assert (notice.status, notice.report.open()) == ("reported_back", "Two cards.")


def test_a_refused_closing_opens_its_dialog_again(world: World, log_in: Any) -> None:
    alert = alerting.issue(world)
    answer = log_in(world.analyst_a).post(f"/alerts/{alert.id}/step/close/", {"reason": ""})
    assert answer.status_code == 422
    assert 'id="dlg-close" aria-labelledby="dlg-close-title" data-open' in answer.content.decode()
    assert Alert.objects.get().status == "issued"


@pytest.mark.parametrize("who", ["risk_a", "overseer", "approver_a", "auditor", "admin"])
def test_who_may_not_draft_gets_no_page(world: World, log_in: Any, who: str) -> None:
    client = log_in(getattr(world, who))
    assert client.get("/alerts/new/").status_code == 403
    assert client.get("/alerts/new/import/template/").status_code == 403
    assert client.post("/alerts/new/preview/", {"accounts": card()}).status_code == 403


def test_police_have_no_notices_of_their_own(world: World, log_in: Any) -> None:
    assert log_in(world.analyst_a).get("/alerts/notices/").status_code == 404


@pytest.mark.parametrize(
    ("who", "there"), [("analyst_a", True), ("risk_a", True), ("risk_b", False), ("analyst_b", False)]
)
def test_the_palette_finds_an_alert_for_those_who_may_see_it(
    world: World, log_in: Any, who: str, *, there: bool
) -> None:
    alert = alerting.delivered(world, line(world.bank_a))
    pages = {
        "analyst_a": f"/alerts/{alert.id}/",
        "risk_a": f"/alerts/notices/{alerting.notice_of(alert, world.bank_a).id}/",
    }
    text = log_in(getattr(world, who)).post("/search/", {"q": alert.number}).content.decode()
    assert any(path in text for path in pages.values()) is there
    assert not there or pages[who] in text
