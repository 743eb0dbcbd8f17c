"""A bank's pages of returns: the list with its clock, payees masked, the report with what was typed kept; nothing of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Hold, Refund
from accounts.services.refunds.draft import refund_draft
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.flow import refunding as make
from tests.accounts.pages import pdf

CN = ZoneInfo("Asia/Shanghai")


def told(share: Any, **changes: str) -> dict[str, str]:
    """One line of the report as a browser sends it."""
    wanted = {
        "outcome": "paid",
        "transfer_id": "T-1",
        "paid_at": db.app_now().astimezone(CN).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    return {f"share-{share.id}-{name}": value for name, value in (wanted | changes).items()}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_list_and_the_decision(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    listed = text_of(client.get("/refunds/payouts/"))
    assert refund.number in listed
    assert f'data-due="{refund.payout_due_at.isoformat()}"' in listed
    page = text_of(client.get(f"/refunds/payouts/{refund.id}/"))
    assert "3,000.00" in page
    assert make.PAYEE not in page
    assert share.payee_account.masked() in page
    assert AuditEntry.objects.filter(verb="refund.reveal", object_id=refund.id, actor_id=world.risk_a.id).exists()


def test_nothing_of_losses_nor_of_the_worksheet_is_shown(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world, 412_300, 812_300))
    move_clock(timedelta(days=31))
    make.decided(world, refund)
    client = log_in(world.risk_a)
    pages = text_of(client.get("/refunds/payouts/")) + text_of(client.get(f"/refunds/payouts/{refund.id}/"))
    assert "4,123.00" not in pages
    assert "8,123.00" not in pages
    for path in (f"/refunds/{refund.id}/", f"/refunds/{refund.id}/decide/", f"/cases/{refund.case_id}/refunds/"):
        assert client.get(path).status_code in {403, 404}


def test_a_payee_in_clear_for_the_bank_that_pays(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    url = f"/refunds/{refund.id}/shares/{share.id}/payee_account/reveal/"
    assert make.PAYEE in text_of(log_in(world.risk_a).post(url, {"purpose": "make the payment"}))
    with make.nothing_happens():
        assert log_in(world.risk_b).post(url, {"purpose": "make the payment"}).status_code == 404


def test_a_victim_who_gets_nothing_stays_unknown_to_the_bank(world: Any, log_in: Any, move_clock: Any) -> None:
    """The second victim has everything back already: no share, no line, no reveal."""
    hold = make.frozen(world)
    first, second = make.victims(hold.case)[0], make.another_victim(world, hold.case)
    claims = (make.claim(first, 300_000), make.claim(second, 200_000, elsewhere_minor=200_000))
    with db.unit_of_work(world.analyst_a):
        refund = refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(*claims))
    make.notice(world, refund)
    move_clock(timedelta(days=31))
    make.decided(world, refund)
    nothing = next(share for share in make.shares(refund) if share.share_minor == 0)
    client = log_in(world.risk_a)
    assert str(nothing.id) not in text_of(client.get(f"/refunds/payouts/{refund.id}/"))
    url = f"/refunds/{refund.id}/shares/{nothing.id}/payee_name/reveal/"
    assert client.post(url, {"purpose": "make the payment"}).status_code == 404


def test_a_report_with_its_proof(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    data = told(share) | {"version": str(refund.version), "proof": pdf()}
    assert client.post(f"/refunds/payouts/{refund.id}/", data).status_code == 303
    (kept,) = make.shares(refund)
    assert (Refund.objects.get().status, kept.transfer_id, kept.proof_id is not None) == ("paid", "T-1", True)
    proof = log_in(world.analyst_a).get(f"/refunds/{refund.id}/shares/{share.id}/proof/")
    assert b"".join(proof.streaming_content).startswith(b"%PDF")
    assert log_in(world.analyst_b).get(f"/refunds/{refund.id}/shares/{share.id}/proof/").status_code == 404


def test_a_proof_that_comes_later(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client, url = log_in(world.risk_a), f"/refunds/payouts/{refund.id}/"
    assert client.post(url, told(share)).status_code == 303
    assert 'name="proof"' in text_of(client.get(url))
    assert client.post(url, {"proof": pdf()}).status_code == 303
    assert make.shares(refund)[0].proof_id is not None
    assert 'name="proof"' not in text_of(client.get(url))


def test_a_refusal_keeps_what_was_typed(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    before = make.facts() | {"audit": None}
    answer = client.post(f"/refunds/payouts/{refund.id}/", told(share, paid_at="", transfer_id="KEEP-ME"))
    assert answer.status_code == 422
    assert 'value="KEEP-ME"' in text_of(answer)
    assert "Enter when the transfer was made." in text_of(answer)
    assert client.post(f"/refunds/payouts/{refund.id}/", {}).status_code == 422
    assert make.facts() | {"audit": None} == before


def test_a_second_click_with_another_transfer_changes_nothing(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    assert client.post(f"/refunds/payouts/{refund.id}/", told(share)).status_code == 303
    client.post(f"/refunds/payouts/{refund.id}/", told(share, transfer_id="T-2"))
    (kept,) = make.shares(refund)
    assert (kept.transfer_id, kept.tries) == ("T-1", 1)


@pytest.mark.parametrize("who", ["risk_b", "risk_branch", "analyst_a", "overseer", "admin"])
def test_the_pages_do_not_exist_for_others(world: Any, log_in: Any, who: str) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(getattr(world, who))
    with make.nothing_happens():
        assert client.get(f"/refunds/payouts/{refund.id}/").status_code == 404
        assert client.post(f"/refunds/payouts/{refund.id}/", told(share)).status_code == 404


def test_an_officer_records_for_an_institution_outside(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    Hold.objects.filter(pk=hold.pk).update(institution=world.bank_paper)
    refund = make.decided(world, make.draft(world, hold, 300_000, is_stated_single=True), push=False)
    (share,) = make.shares(refund)
    assert f"/refunds/{refund.id}/record/" not in text_of(log_in(world.analyst_a).get(f"/refunds/{refund.id}/"))
    client = log_in(world.supervisor_a)
    assert f"/refunds/{refund.id}/record/" in text_of(client.get(f"/refunds/{refund.id}/"))
    assert client.get(f"/refunds/{refund.id}/record/").status_code == 200
    with make.nothing_happens():
        assert client.post(f"/refunds/{refund.id}/record/", told(share, transfer_id="")).status_code == 422
    with make.nothing_happens():
        assert client.post(f"/refunds/{refund.id}/record/", told(share)).status_code == 422
    assert client.post(f"/refunds/{refund.id}/record/", told(share) | {"proof": pdf()}).status_code == 303
    assert Refund.objects.get().status == "paid"


def test_no_officer_records_for_a_connected_one(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    with make.nothing_happens():
        assert log_in(world.analyst_a).post(f"/refunds/{refund.id}/record/", told(share)).status_code == 403
