"""A file that answers a query but is about another account or other days: said as facts, to the police and to its bank."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Order, StatementFile
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.identity import alias_add
from antifraud import db
from antifraud.deliveries import Fact, order_answered
from banks.selectors.institutions import system_user
from tests.accounts.answering import bank_order
from tests.accounts.factories import card
from tests.accounts.flow.files import START, ZONE, address, csv_bytes, preview, row, work
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
DAY = START.astimezone(ZONE).date()
NEXT_DAY, TWO_ROWS = 86_400, 2


def answered(world: World, order: Order, *rows: dict[str, Any]) -> StatementFile:
    """Bank A has answered with a file of these rows; the platform has read it."""
    file = SimpleUploadedFile("reply.csv", csv_bytes(rows))
    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome="executed", handled_by="Wang", statement=file)
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    by = system_user()
    with db.unit_of_work(by):
        order_answered(Fact("order.answered", order.id, by))
    work()
    return StatementFile.objects.get(answer__order=order)


def query(world: World, first: date = DAY, last: date = DAY) -> Order:
    return bank_order(world, "query_transactions", period_from=first, period_to=last)


def pages(world: World, file: StatementFile, order: Order, log_in: Any) -> tuple[str, str]:
    """The police's page of the file, the bank's page of the order."""
    police = log_in(world.analyst_a).get(address("statement", file)).content.decode()
    bank = log_in(world.risk_a).get(reverse("accounts:order_answer", args=[order.pk])).content.decode()
    return police, bank


def test_another_account_and_other_days_are_told_to_both(world: World, log_in: Any) -> None:
    order = query(world)
    other = card()
    file = answered(world, order, row(other, card(), "in", 100), row(other, card(), "in", 200, second=NEXT_DAY))
    assert (file.status, file.rows_good) == ("preview", TWO_ROWS)
    masked = order.account.number.masked()
    for shown in pages(world, file, order, log_in):
        assert f"No row names the account that was asked about, {masked}." in shown
        assert f"1 of 2 rows is outside of the asked days. Asked: {DAY} – {DAY}" in " ".join(shown.split())
        assert order.account.number.open() not in shown.split("No row names")[1][:200]
    police, bank = pages(world, file, order, log_in)
    assert "The file is not about all that the order asks" in police
    assert "without a doubt" not in police
    assert "A file that you sent is not about all that the order asks" in bank
    assert "Ready to be checked" not in bank


def test_what_was_asked_raises_no_doubt(world: World, log_in: Any) -> None:
    order = query(world)
    number = order.account.number.open()
    file = answered(world, order, row(number, card(), "in", 100), row(number, card(), "out", 50, second=60))
    for shown in pages(world, file, order, log_in):
        assert "not about all that the order asks" not in shown


def test_a_second_number_of_the_asked_account_is_the_account(world: World, log_in: Any) -> None:
    order, second = query(world), card()
    with db.unit_of_work(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=order.account_id, number=second, reason="the account behind the card")
    file = answered(world, order, row(second, card(), "in", 100))
    for shown in pages(world, file, order, log_in):
        assert "not about all that the order asks" not in shown


def test_a_file_that_answers_nothing_is_not_compared(world: World, log_in: Any) -> None:
    order = query(world)
    file = preview(world, order.case, row(card(), card(), "in", 100, second=NEXT_DAY))
    for shown in pages(world, file, order, log_in):
        assert "not about all that the order asks" not in shown
