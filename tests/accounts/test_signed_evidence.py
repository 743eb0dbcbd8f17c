"""Signed originals are kept as evidence (R24), and every answer to a machine is signed."""

from __future__ import annotations

import base64
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Hold, Order
from accounts.selectors.timeline import order_timeline
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.checks import signatures_name_one_place
from antifraud.crypto import signing
from banks.models import InstitutionKey, SignedMessage
from banks.services.keys import key_revoke
from tests.accounts.answering import bank_order
from tests.accounts.signed import executed, refused, said, step
from tests.banks.signing import Bank, platform_keys, text
from tests.cast import World


@pytest.fixture
def order(world: World) -> Order:
    return bank_order(world)


@pytest.fixture
def bank(world: World) -> Bank:
    return Bank(world).with_key()


# -- what is kept ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_originals_of_all_steps_are_kept_and_can_be_checked_later(bank: Bank, order: Order) -> None:
    said_first, said_then = b' { "any" : "bytes" } ', executed()
    assert bank.send(step(order), said_first).status_code == 200
    assert bank.send(step(order, "answer"), said_then).status_code == 200
    hold = Hold.objects.get()
    Hold.objects.filter(pk=hold.pk).update(status="released", ended_at=timezone.now(), lift_due_at=timezone.now())
    lifted = text({"lifted_at": timezone.now().isoformat()})
    answer = bank.send(f"/api/v1/holds/{hold.pk}/lift/", lifted)
    assert answer.status_code == 200, answer.content
    kept = list(SignedMessage.objects.order_by("received_at"))
    assert [(row.action, row.subject_id, row.case_id) for row in kept] == [
        ("order.acknowledge", order.id, order.case_id),
        ("order.answer", order.id, order.case_id),
        ("hold.lift", hold.id, order.case_id),
    ]
    raw = bank.private.public_key().public_bytes_raw()
    for row, body in zip(kept, (said_first, said_then, lifted), strict=True):
        stored = base64.b64decode(row.body.open())
        assert stored == body
        verified = signing.verify_request(
            method=row.method, target_uri=row.target_uri, headers=row.headers, body=stored, recipient="platform",
            keys=[signing.PublicKey("core-1", raw, row.key.not_before)], now=int(row.signed_at.timestamp()),
        )  # fmt: skip
        assert verified.message_id == row.message_id
        entries = AuditEntry.objects.filter(verb="message.keep", object_id=row.subject_id)
        assert row.headers in [detail_of(entry)["headers"] for entry in entries]


@pytest.mark.django_db
def test_the_evidence_is_told_in_the_timeline_of_both_sides(bank: Bank, order: Order, world: World) -> None:
    assert bank.send(step(order)).status_code == 200
    for user in (world.analyst_a, world.risk_a):
        acts = order_timeline(user=user, order=Order.objects.get(pk=order.pk))
        assert [act.verb for act in acts].count("message.keep") == 1


@pytest.mark.django_db
def test_the_evidence_comes_out_checked_again_and_audited(bank: Bank, order: Order, world: World) -> None:
    body = executed()
    assert bank.send(step(order, "answer"), body).status_code == 200
    with db.unit_of_work(world.risk_supervisor_a):
        key_revoke(by=world.risk_supervisor_a, key_id=InstitutionKey.objects.get().id, reason="laptop stolen")
    out = StringIO()
    call_command("signed_messages", str(order.id), "--purpose", "court order 7", stdout=out, stderr=StringIO())
    (line,) = map(json.loads, out.getvalue().splitlines())
    assert base64.b64decode(line["body_base64"]) == body
    assert (line["signature_holds"], line["received_before_revocation"], line["institution"]) == (True, True, "bank_a")
    entry = AuditEntry.objects.get(verb="message.open")
    assert (entry.purpose, entry.case_id) == ("court order 7", order.case_id)
    with pytest.raises(CommandError):
        call_command("signed_messages", str(order.id), "--purpose", " ")


@pytest.mark.django_db
def test_evidence_is_sealed_and_cannot_be_changed(bank: Bank, order: Order) -> None:
    assert bank.send(step(order, "answer"), executed()).status_code == 200
    message = SignedMessage.objects.get()
    assert message.encryption_scope() == ("case", order.case_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM banks_signedmessage")
        assert base64.b64encode(executed()[:30]) not in bytes(cursor.fetchone()[0])
    for statement in (
        "UPDATE banks_signedmessage SET action = 'x'",
        "DELETE FROM banks_signedmessage",
        "DELETE FROM banks_institutionkey",
        "UPDATE banks_institutionkey SET public_key = '\\x00'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_a_step_that_fails_leaves_no_evidence(bank: Bank, order: Order) -> None:
    with refused(order):
        answer = bank.send(step(order, "answer"), text({"outcome": "executed"}))
    assert said(answer) == (422, "invalid")
    bank.check(answer, step(order, "answer"))


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/orders/?limit=5", 200),
        ("HEAD", "/api/v1/orders/", 200),
        ("GET", "/api/v1/orders/0f8fad5b-d9cb-469f-a165-70867728950e/", 404),
        ("GET", "/api/v1/orders/?limit=x", 400),
        ("GET", "/api/v1/cases/", 403),
        ("PUT", "/api/v1/orders/", 405),
        ("POST", "/api/v1/queue/ack/", 422),
        ("GET", "/api/v1/schema.yaml", 200),
    ],
)
def test_every_answer_to_a_machine_is_signed(world: World, method: str, path: str, status: int) -> None:
    bank = Bank(world)
    answer = bank.send(path, b"{}" if method == "POST" else b"", method=method)
    assert answer.status_code == status
    assert bank.check(answer, path, method=method) == signing.platform_signers()[0].key_id


@pytest.mark.django_db
def test_a_defect_is_answered_with_a_signature_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(world)

    def broken(**_terms: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("accounts.api.queue.queue_receive", broken)
    client = Client(raise_request_exception=False)
    answer = client.post("/api/v1/queue/receive/", "{}", "application/json", headers={"Authorization": f"Bearer {bank.token}"})  # fmt: skip
    assert answer.status_code == 500
    bank.check(answer, "/api/v1/queue/receive/")


@pytest.mark.django_db
def test_nobody_else_gets_signatures(world: World, log_in: Any) -> None:
    for answer in (
        log_in(world.risk_a).get("/api/v1/orders/"),
        Bank(world).send("/api/v1/nowhere/", method="GET"),
    ):
        assert "Signature" not in answer


@pytest.mark.django_db
def test_behind_a_proxy_the_public_address_is_signed(world: World, settings: Any, order: Order) -> None:
    settings.API_ORIGIN = "https://exchange.example"
    bank, path = Bank(world).with_key(), step(order)
    assert said(bank.send(path)) == (401, "signature_invalid")
    headers = bank.signature(path, b"{}", target_uri="https://exchange.example" + path)
    answer = bank.send(path, headers=headers)
    assert answer.status_code == 200
    assert json.loads(answer.content)["status"] == "acknowledged"
    signing.verify_response(
        status=200, headers=answer.headers, body=answer.content, recipient="bank_a", method="POST",
        target_uri="https://exchange.example" + path, keys=platform_keys(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "code", "errors"),
    [
        ("", "platform", []),
        ("https://exchange.example", "platform", []),
        ("http://127.0.0.1:8000", "platform", []),
        ("https://a.example,https://b.example", "platform", ["antifraud.E003"]),
        ("https://exchange.example/", "platform", ["antifraud.E003"]),
        ("https://Exchange.example", "the platform", ["antifraud.E003", "antifraud.E004"]),
    ],
)
def test_a_start_with_an_address_that_fails_all_signatures_is_told(
    settings: Any, origin: str, code: str, errors: list[str]
) -> None:
    settings.API_ORIGIN, settings.PLATFORM_CODE = origin, code
    assert [found.id for found in signatures_name_one_place()] == errors
