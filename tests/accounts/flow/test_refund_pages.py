"""The police pages of returns: drafting with what was typed kept, the worksheet in words, acts, decision, exports, print."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from accounts.models import Objection, Refund, RefundRound
from accounts.rules.refunds import is_recomputable
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import FRAUD_20
from tests.accounts.flow import refunding as make


def typed(hold: Any, *losses: str, **changes: Any) -> dict[str, Any]:
    """The draft page as a browser sends it: every victim of the case, ticked."""
    data: dict[str, Any] = {"hold": str(hold.id), "legal_basis": FRAUD_20}
    for victim, loss in zip(make.victims(hold.case), losses, strict=False):
        data |= {
            f"claim-{victim.id}-{name}": value
            for name, value in {
                "picked": "on", "loss": loss, "payee_name": "王小明", "payee_account": make.PAYEE,
                "payee_bank": "Construction Bank", "reported_at": "2026-11-01T08:00:00",
            }.items()
        }  # fmt: skip
    return data | changes


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_the_tab_of_the_case_to_the_worksheet(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    make.another_victim(world, hold.case)
    client = log_in(world.analyst_a)
    tab = text_of(client.get(f"/cases/{hold.case_id}/refunds/"))
    assert f"/cases/{hold.case_id}/refunds/new/?hold={hold.id}" in tab
    page = client.get(f"/cases/{hold.case_id}/refunds/new/?hold={hold.id}")
    assert page.status_code == 200
    answer = client.post(f"/cases/{hold.case_id}/refunds/new/", typed(hold, "4,000.00", "8000"))
    refund = Refund.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/refunds/{refund.id}/")
    page = text_of(client.get(f"/refunds/{refund.id}/"))
    assert "Several victims claim the money on this account." in page
    assert "1,666.67" in page
    assert "3,333.33" in page
    assert "one cent by rounding" in page
    assert make.PAYEE not in page
    assert "王小明" not in page
    assert refund.number in text_of(client.get(f"/cases/{hold.case_id}/refunds/"))


def test_a_refusal_keeps_what_was_typed(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    (person,) = make.victims(hold.case)
    client = log_in(world.analyst_a)
    wrong = typed(hold, "4,000.00") | {f"claim-{person.id}-payee_bank": "", f"claim-{person.id}-loss": "0"}
    with make.nothing_happens():
        answer = client.post(f"/cases/{hold.case_id}/refunds/new/", wrong)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Enter the victim&#x27;s loss" in page
    assert "Name the bank of the account that is paid." in page
    assert f'value="{make.PAYEE}"' in page


def test_an_amount_that_cannot_be_read_is_named(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    with make.nothing_happens():
        answer = log_in(world.analyst_a).post(f"/cases/{hold.case_id}/refunds/new/", typed(hold, "many"))
    assert answer.status_code == 422
    assert 'value="many"' in text_of(answer)


def test_a_case_without_holds_offers_nothing(world: Any, log_in: Any) -> None:
    from tests.accounts.factories import new_case

    case = new_case(world.analyst_a, filed=True)
    page = text_of(log_in(world.analyst_a).get(f"/cases/{case.id}/refunds/new/"))
    assert "Nothing can be returned now" in page


def test_a_further_round_keeps_payees_that_are_left_empty(world: Any, log_in: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    client = log_in(world.analyst_a)
    page = text_of(client.get(f"/refunds/{refund.id}/renew/"))
    assert make.PAYEE not in page
    prefix = f"claim-{share.victim_id}-"
    data = {
        "legal_basis": FRAUD_20, "cause": "changed", "reason": "the loss was corrected", "version": refund.version,
        f"{prefix}picked": "on", f"{prefix}loss": "1,000.00",
    }  # fmt: skip
    assert client.post(f"/refunds/{refund.id}/renew/", data).status_code == 303
    (again,) = make.shares(refund)
    assert (again.loss_minor, again.payee_account.open(), again.round.number) == (100_000, make.PAYEE, 2)


def test_notice_objection_and_decision_by_the_pages(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = make.shared(world)
    client = log_in(world.analyst_a)
    page = text_of(client.get(f"/refunds/{refund.id}/"))
    assert "Publish the notice" in page
    assert client.post(f"/refunds/{refund.id}/step/notice/", {"text": make.NOTICE}).status_code == 303
    given = {"party": "victim", "lodged_by": "赵六", "text": "I paid too.", "lodged_at": "2026-01-01T00:00:00"}
    with make.nothing_happens():
        refused = client.post(f"/refunds/{refund.id}/objections/", given)
    assert refused.status_code == 422
    assert "I paid too." in text_of(refused)
    make.object_to(world, refund)
    objection = Objection.objects.get()
    boss = log_in(world.supervisor_a)
    with make.nothing_happens():
        empty = boss.post(f"/refunds/objections/{objection.id}/decide/", {"decision": "rejected", "reasons": " "})
    assert empty.status_code == 422
    answer = boss.post(f"/refunds/objections/{objection.id}/decide/", {"decision": "rejected", "reasons": "not so"})
    assert answer.status_code == 303
    move_clock(timedelta(days=31))
    second = {"second_officer": str(world.second_a.id), "version": Refund.objects.get().version}
    assert client.post(f"/refunds/{refund.id}/step/submit/", second).status_code == 303
    approver = log_in(world.approver_a)
    page = text_of(approver.get(f"/refunds/{refund.id}/decide/"))
    assert make.PAYEE in page
    sha = hashlib.sha256(json_text(page).encode()).hexdigest()
    assert sha == make.sha_of(refund).hex()
    found = Refund.objects.get()
    data = {f"sha256-{refund.id}": sha, "version": found.version, "verb": "approve"}
    assert approver.post(f"/refunds/{refund.id}/decide/", data).status_code == 303
    assert Refund.objects.get().status == "decided"


def json_text(page: str) -> str:
    """The exact text as the decision page shows it."""
    from html import unescape

    found = re.search(r'<pre class="ui-mono ui-exact">(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_a_stale_decision_page_is_refused(world: Any, log_in: Any) -> None:
    refund = make.submit(world, make.direct(world))
    approver = log_in(world.approver_a)
    data = {f"sha256-{refund.id}": make.sha_of(refund).hex(), "version": refund.version - 1, "verb": "approve"}
    before = make.facts() | {"audit": None}
    assert approver.post(f"/refunds/{refund.id}/decide/", data).status_code == 409
    assert make.facts() | {"audit": None} == before


def test_it_is_sent_back_by_the_page(world: Any, log_in: Any) -> None:
    refund = make.submit(world, make.direct(world))
    approver = log_in(world.approver_a)
    assert approver.post(f"/refunds/{refund.id}/decide/", {"verb": "reject", "reason": ""}).status_code == 422
    assert (
        approver.post(f"/refunds/{refund.id}/decide/", {"verb": "reject", "reason": "wrong payee"}).status_code == 303
    )
    assert "wrong payee" in text_of(log_in(world.analyst_a).get(f"/refunds/{refund.id}/"))
    assert approver.get(f"/refunds/{refund.id}/decide/").status_code == 303


def test_values_in_clear_leave_an_audit_row(world: Any, log_in: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    client = log_in(world.analyst_a)
    url = f"/refunds/{refund.id}/shares/{share.id}/payee_account/reveal/"
    assert client.post(url, {"purpose": ""}).status_code == 422
    assert make.PAYEE in text_of(client.post(url, {"purpose": "check the payee"}))
    assert AuditEntry.objects.filter(verb="refundshare.reveal", object_id=share.id).count() == 1


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_exports_hold_the_worksheet_and_no_name(world: Any, log_in: Any, form: str) -> None:
    refund = make.shared(world)
    current = RefundRound.objects.get(refund=refund)
    answer = log_in(world.analyst_a).post(f"/refunds/{refund.id}/rounds/1/export/{form}/")
    body = answer.content
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{refund.number}-1.{form}"'
    assert AuditEntry.objects.filter(verb="refund.export", object_id=refund.id).count() == 1
    assert make.PAYEE.encode() not in body
    if form == "json":
        assert hashlib.sha256(body).digest() == bytes(current.sha256)
        assert is_recomputable(json.loads(body))
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        assert [row[10] for row in rows[1:3]] == ["1666.67", "3333.33"]
        assert all(cell.startswith("'") or not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    else:
        sheet = load_workbook(io.BytesIO(body)).worksheets[0]
        assert [sheet.cell(row, 11).value for row in (2, 3, 4)] == [1666.67, 3333.33, 5000]
        assert sheet.cell(2, 14).data_type == "s"


def test_no_export_of_a_round_that_is_not_there_or_another_form(world: Any, log_in: Any) -> None:
    refund = make.shared(world)
    client = log_in(world.analyst_a)
    with make.nothing_happens():
        assert client.post(f"/refunds/{refund.id}/rounds/2/export/json/").status_code == 404
        assert client.post(f"/refunds/{refund.id}/rounds/1/export/html/").status_code == 404
        assert client.get(f"/refunds/{refund.id}/rounds/1/export/json/").status_code == 405


def test_the_printed_notice_speaks_both_languages(world: Any, log_in: Any) -> None:
    refund = make.notice(world, make.shared(world))
    client = log_in(world.analyst_a)
    for language in ("en", "zh-hans"):
        page = text_of(client.get(f"/refunds/{refund.id}/rounds/1/notice/?language={language}"))
        assert make.NOTICE in page
        assert f'lang="{language}"' in page
        assert make.PAYEE not in page


def test_what_is_still_missing_falls_when_it_is_paid(world: Any, log_in: Any) -> None:
    refund = make.decided(world, make.direct(world, loss=800_000))
    client = log_in(world.analyst_a)

    def missing() -> str:
        page = text_of(client.get(f"/refunds/{refund.id}/"))
        found = re.search(r"Still missing to the victims</dt><dd>(.*?)</dd>", page, re.DOTALL)
        assert found is not None
        return re.sub(r"<[^>]+>", "", found[1])

    assert "8,000.00" in missing()
    make.report(world, refund, make.paid(make.shares(refund)[0]))
    assert "3,000.00" in missing()
    body = client.post(f"/refunds/{refund.id}/rounds/1/export/csv/").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    assert [row[11] for row in rows[:3]] == ["Missing afterwards", "3000.00", "3000.00"]


def test_the_list_with_its_filters(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = make.decided(world)
    client = log_in(world.supervisor_a)
    assert refund.number in text_of(client.get("/refunds/"))
    assert refund.number not in text_of(client.get("/refunds/?state=overdue"))
    move_clock(timedelta(days=20))
    late = text_of(client.get("/refunds/?state=overdue"))
    assert refund.number in late
    assert 'data-state="over"' in late
    assert refund.number not in text_of(log_in(world.supervisor_b).get("/refunds/"))


@pytest.mark.parametrize("verb", ["notice", "submit", "recall", "withdraw", "close"])
def test_an_act_in_the_wrong_state_or_without_its_word(world: Any, log_in: Any, verb: str) -> None:
    refund = make.decided(world)
    client = log_in(world.analyst_a)
    data = {"text": make.NOTICE, "second_officer": str(world.second_a.id), "reason": "a good reason"}
    with make.nothing_happens():
        assert client.post(f"/refunds/{refund.id}/step/{verb}/", data).status_code == 409
        assert client.post(f"/refunds/{refund.id}/step/nothing/", data).status_code == 404


def test_a_list_and_a_page_cost_the_same_for_one_and_for_many(world: Any, log_in: Any, counted: Any) -> None:
    """Budgets of the lists (10 statements) and of a page; the same whatever the number of rows."""
    first = make.shared(world, 100_000)
    client = log_in(world.analyst_a)
    sizes = []
    for refund in (first, make.shared(world, *[100_000 + at for at in range(12)])):
        client.get("/refunds/")
        with counted(10) as listed:
            assert client.get("/refunds/").status_code == 200
        with counted(14) as page:
            assert client.get(f"/refunds/{refund.id}/").status_code == 200
        sizes.append((len(listed), len(page)))
    assert sizes[0] == sizes[1]
    make.decided(world)
    bank = log_in(world.risk_a)
    bank.get("/refunds/payouts/")
    with counted(10):
        assert bank.get("/refunds/payouts/").status_code == 200


def test_a_second_click_leads_to_the_return_of_the_first(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    client, data = log_in(world.analyst_a), typed(hold, "3000", is_stated_single="on")
    url = f"/cases/{hold.case_id}/refunds/new/"
    first = client.post(url, data)
    with make.nothing_happens():
        second = client.post(url, data)
    assert (second.status_code, second["Location"]) == (303, first["Location"])
    assert log_in(world.duty_a).post(url, data).status_code == 422


def test_a_problem_of_a_line_names_its_victim(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    make.another_victim(world, hold.case)
    _first, second = make.victims(hold.case)
    page = text_of(log_in(world.analyst_a).post(
        f"/cases/{hold.case_id}/refunds/new/", typed(hold, "3000", "4000") | {f"claim-{second.id}-payee_bank": ""}
    ))  # fmt: skip
    assert f"Victim 2 ({second.name.masked()}) · Bank: Name the bank" in page
    assert "Victim 1 (" not in page
