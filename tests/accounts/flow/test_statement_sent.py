"""The bank officer's page of an answered query: which file could not be read and why, and another one sent from there."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Order, StatementFile
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.statement_doors import statement_announce, statement_upload, statement_upload_ahead
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import Fact, order_answered
from banks.selectors.institutions import system_user
from tests.accounts.answering import bank_order
from tests.accounts.factories import card
from tests.accounts.flow.files import csv_bytes, fresh, receive, row, work
from tests.cast import World

pytestmark = pytest.mark.django_db
UNREADABLE = csv_bytes([])  # headings without rows


def answered(world: World, content: bytes, outcome: str = "executed") -> Order:
    """A query that bank A has answered with this file; the platform has received and read it."""
    order = bank_order(world, "query_transactions")
    file = SimpleUploadedFile("reply.csv", content)
    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome=outcome, handled_by="Wang", statement=file)
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    by = system_user()
    with db.unit_of_work(by):
        order_answered(Fact("order.answered", order.id, by))
    work()
    return Order.objects.get(pk=order.pk)


def page(client: Any, order: Order) -> str:
    text: str = client.get(reverse("accounts:order_answer", args=[order.pk])).content.decode()
    return text


def send(client: Any, order: Order, content: bytes, name: str = "again.csv", **headers: str) -> Any:
    url = reverse("accounts:order_statement", args=[order.pk])
    return client.post(url, {"content": SimpleUploadedFile(name, content)}, headers=headers)


def good(order: Order) -> bytes:
    return csv_bytes([row(order.account.number.open(), card(), "in", 50_000)])


def test_the_bank_reads_the_refusal_and_sends_another_file(world: World, log_in: Any) -> None:
    client, order = log_in(world.risk_a), answered(world, UNREADABLE)
    assert StatementFile.objects.get().status == "refused"
    shown = page(client, order)
    assert "A file that you sent could not be read" in shown
    assert "holds headings but no row" in shown
    sent = send(client, order, good(order))
    assert (sent.status_code, sent.url) == (303, reverse("accounts:order_answer", args=[order.pk]))
    file = StatementFile.objects.exclude(status="refused").get()
    assert (file.source, file.institution, file.case_id) == ("answer", world.bank_a, order.case_id)
    assert file.answer == order.answers.get()
    assert AuditEntry.objects.filter(verb="statement.upload", object_id=order.pk).count() == 1
    work()
    assert fresh(file).status == "preview"
    assert page(client, order).count("could not be read") == 1
    assert send(client, order, good(order)).status_code in {303, 422}


def test_a_file_that_can_be_read_says_nothing_of_what_the_police_do(world: World, log_in: Any) -> None:
    order = answered(world, good(bank_order(world, "query_transactions")))
    shown = page(log_in(world.risk_a), order)
    assert "could not be read" not in shown
    assert "Send the file" in shown, "a wrong or partial file can be followed by another"
    assert "preview" not in shown
    assert "Ready to be checked" not in shown


def test_bytes_that_the_case_has_from_elsewhere_are_thanked_for_like_any_other(world: World, log_in: Any) -> None:
    client, order = log_in(world.risk_a), answered(world, UNREADABLE)
    content = good(order)
    receive(world.analyst_a, order.case, SimpleUploadedFile("police.csv", content))
    before = page(client, order)
    assert send(client, order, content).status_code == 303
    assert StatementFile.objects.count() == 2
    assert page(client, order).count("could not be read") == before.count("could not be read") == 1


def test_a_wrong_kind_of_file_stays_on_the_page(world: World, log_in: Any) -> None:
    client, order = log_in(world.risk_a), answered(world, UNREADABLE)
    refused = send(client, order, b"PK\x03\x04" + bytes(80))
    assert refused.status_code == 422
    assert "Rename it to end in .xlsx" in refused.content.decode()
    part = send(client, order, b"PK\x03\x04" + bytes(80), **{"HX-Request": "true"})
    assert part.status_code == 422
    assert "<html" not in part.content.decode()
    assert 'id="statement"' in part.content.decode()
    assert StatementFile.objects.count() == 1


def test_nobody_else_sees_or_sends_it(world: World, log_in: Any) -> None:
    order = answered(world, UNREADABLE)
    for who in (world.risk_b, world.analyst_a, world.overseer):
        assert send(log_in(who), order, good(order)).status_code in {403, 404}
    assert StatementFile.objects.count() == 1


def test_other_answers_offer_no_file(world: World, log_in: Any) -> None:
    stop = bank_order(world)
    assert "Send the file" not in page(log_in(world.risk_a), stop)
    assert send(log_in(world.risk_a), stop, UNREADABLE).status_code == 422
    query = bank_order(world, "query_transactions")
    assert "Send the file" not in page(log_in(world.risk_a), query), "before the answer its own form takes the file"
    assert StatementFile.objects.count() == 0


def test_a_file_that_came_by_the_systems_door_before_the_answer_is_told_too(world: World, log_in: Any) -> None:
    order, other = bank_order(world, "query_transactions"), bank_order(world, "query_transactions")
    with db.unit_of_work(world.machine_a):
        statement_announce(by=world.machine_a, order_id=order.id, sha256=b"x" * 32, size=len(UNREADABLE))
    file = SimpleUploadedFile("reply.csv", UNREADABLE)
    with (
        statement_upload_ahead(by=world.machine_a, order_id=order.id, file=file) as stored,
        db.unit_of_work(world.machine_a),
    ):
        statement_upload(by=world.machine_a, order_id=order.id, stored=stored)
    work()
    refused = StatementFile.objects.get()
    assert (refused.status, refused.answer) == ("refused", None)
    client = log_in(world.risk_a)
    shown = page(client, order)
    assert "A file that you sent could not be read" in shown
    assert "holds headings but no row" in shown
    assert "Send the file" not in shown, "the file goes with the answer"
    assert "could not be read" not in page(client, other)
    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome="executed", handled_by="Wang", statement=SimpleUploadedFile("r.csv", good(order)))
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    shown = page(client, order)
    assert "A file that you sent could not be read" in shown
    assert "Send the file" in shown
