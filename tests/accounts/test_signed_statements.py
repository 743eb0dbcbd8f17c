"""What a bank signs about alerts, payouts and the comparison of books is kept as its answers to orders are (R24)."""

from __future__ import annotations

import base64
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import SyncRun
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.crypto import signing
from antifraud.crypto.signature_errors import SignatureRefused
from banks.models import SignedMessage
from banks.services.queue import queue_ack, queue_receive
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.answering import bank_order
from tests.accounts.factories import new_case
from tests.accounts.flow import refunding
from tests.accounts.signed import said
from tests.banks.signing import Bank, text
from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(world: World) -> Bank:
    return Bank(world).with_key()


def _holds(bank: Bank, row: SignedMessage, body: bytes) -> None:
    """The kept bytes are the sent ones, their signature holds over them, and over no others."""
    stored = base64.b64decode(row.body.open())
    assert stored == body
    raw = bank.private.public_key().public_bytes_raw()
    terms: dict[str, Any] = {
        "method": row.method, "target_uri": row.target_uri, "headers": row.headers, "recipient": "platform",
        "keys": [signing.PublicKey("core-1", raw, row.key.not_before)], "now": int(row.signed_at.timestamp()),
    }  # fmt: skip
    assert signing.verify_request(body=stored, **terms).message_id == row.message_id
    entries = AuditEntry.objects.filter(verb="message.keep", object_id=row.subject_id)
    assert row.headers in [detail_of(entry)["headers"] for entry in entries]
    with pytest.raises(SignatureRefused):
        signing.verify_request(body=stored + b" ", **terms)


def _kept() -> list[SignedMessage]:
    return list(SignedMessage.objects.order_by("received_at"))


@pytest.mark.parametrize("of_a_case", [True, False])
def test_what_is_said_on_an_alert_is_kept_with_the_notice(world: World, bank: Bank, of_a_case: bool) -> None:
    case = new_case(world.analyst_a) if of_a_case else None
    alert = alerting.delivered(world, line(world.bank_a), case=case)
    notice = alerting.notice_of(alert, world.bank_a)
    path = f"/api/v1/alerts/notices/{notice.id}/"
    seen, found = b' { "any" : "bytes" } ', text({"finding": "found", "report": "two cards, both closed"})
    assert bank.send(f"{path}acknowledge/", seen).status_code == 200
    assert bank.send(f"{path}report_back/", found).status_code == 200
    first, second = _kept()
    assert [(row.action, row.subject_id) for row in (first, second)] == [
        ("notice.acknowledge", notice.id),
        ("notice.report_back", notice.id),
    ]
    scope = ("case", case.id) if case else ("institution", world.bank_a.id)
    assert {row.encryption_scope() for row in (first, second)} == {scope}
    _holds(bank, first, seen)
    _holds(bank, second, found)


def test_a_refused_word_on_an_alert_leaves_nothing(world: World, bank: Bank) -> None:
    notice = alerting.notice_of(alerting.delivered(world, line(world.bank_a)), world.bank_a)
    refused = bank.send(
        f"/api/v1/alerts/notices/{notice.id}/report_back/", text({"finding": "found", "report": "found"})
    )
    assert said(refused) == (409, "wrong_state")
    assert _kept() == []


def test_the_banks_list_is_kept_with_the_comparison_and_the_repair_with_the_bank(world: World, bank: Bank) -> None:
    order = bank_order(world)
    with db.unit_of_work(world.machine_a):
        for _delivery, receipt in queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60):
            queue_ack(by=world.machine_a, receipt=receipt)
    listed = text({"scope": "orders", "day": db.app_now().date().isoformat(), "items": []})
    wanted = text({"ids": [str(order.id)]})
    assert bank.send("/api/v1/sync/compare/", listed).json()["missing_at_bank"] == [str(order.id)]
    assert bank.send("/api/v1/sync/repair/", wanted).json()["redelivered"] == [str(order.id)]
    first, second = _kept()
    assert (first.action, first.subject_id) == ("sync.compare", SyncRun.objects.get().pk)
    assert (second.action, second.subject_id) == ("sync.repair", world.bank_a.id)
    _holds(bank, first, listed)
    _holds(bank, second, wanted)
    out = StringIO()
    call_command("signed_messages", str(first.subject_id), "--purpose", "court order 7", stdout=out, stderr=StringIO())
    (shown,) = map(json.loads, out.getvalue().splitlines())
    assert (base64.b64decode(shown["body_base64"]), shown["signature_holds"]) == (listed, True)


def test_a_list_that_cannot_be_read_leaves_nothing(bank: Bank) -> None:
    answer = bank.send("/api/v1/sync/compare/", text({"scope": "open_holds", "items": ["nonsense"]}))
    assert said(answer) == (422, "invalid")
    assert (_kept(), SyncRun.objects.count()) == ([], 0)


def test_a_signed_payout_report_is_kept_with_the_return(world: World, bank: Bank) -> None:
    refund = refunding.decided(world)
    share = refunding.shares(refund)[0]
    told = text({"results": [{"share": str(share.id), "outcome": "failed", "reason": "the payee's account is closed"}]})
    unsigned = bank.send(f"/api/v1/refunds/{refund.id}/report/", told, headers={})
    assert (said(unsigned), _kept()) == ((401, "signature_missing"), [])
    answer = bank.send(f"/api/v1/refunds/{refund.id}/report/", told)
    assert answer.status_code == 200, answer.content
    (row,) = _kept()
    assert (row.action, row.subject_id, row.case_id) == ("refund.report", refund.id, refund.case_id)
    _holds(bank, row, told)


def test_an_unsigned_word_leaves_no_evidence(world: World) -> None:
    notice = alerting.notice_of(alerting.delivered(world, line(world.bank_a)), world.bank_a)
    assert Bank(world).send(f"/api/v1/alerts/notices/{notice.id}/acknowledge/").status_code == 200
    assert _kept() == []
