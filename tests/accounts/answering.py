"""Orders that have reached their institution, answers that pass, and what must stay as it is when an answer is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Answer, Hold, HolderRecord, Involvement, NextHop, Order, PriorFreeze
from accounts.rules.order_kinds import order_kind
from accounts.services.answer_input import AnswerInput, HolderInput, NextHopInput, PriorFreezeInput
from accounts.services.answers import order_acknowledge, order_answer
from antifraud import db
from antifraud.deliveries import lane_push
from banks.models import User
from cases.models import Attachment, Case
from tests.accounts.factories import counts, involve, issue, new_case, nothing_happens
from tests.cast import World

PHONE = "13800138000"


def arrived(order: Order) -> Order:
    """The order after its lane was pushed, as the institution sees it."""
    for institution in (order.institution, order.routed_to):
        if institution is not None:
            lane_push(institution.id)
    return Order.objects.get(pk=order.pk)


def bank_order(world: World, kind: str = "stop", *, case: Case | None = None, number: str = "", **terms: Any) -> Order:
    """An order of unit A that bank A (for numbers: the operator) has in its queue."""
    case = case or new_case(world.analyst_a, filed=True)
    institution = world.telecom if order_kind(kind).target == "phone" else world.bank_a
    target = involve(
        world.analyst_a, case, institution, number=number or (PHONE if institution == world.telecom else "")
    )
    return arrived(issue(world, target, kind, **terms))


def acknowledged_order(world: World, **terms: Any) -> Order:
    """An order that bank A has acknowledged: only such a one has a clock that can be stopped."""
    order = bank_order(world, **terms)
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    return Order.objects.get(pk=order.pk)


def follow(world: World, hold: Hold, kind: str, **terms: Any) -> Order:
    """An order of unit A about this hold, in the bank's queue."""
    return arrived(issue(world, Hold.objects.select_related("case").get(pk=hold.pk), kind, **terms))


def csv_file(name: str = "statement.csv") -> SimpleUploadedFile:
    """A small file that passes as transaction details."""
    return SimpleUploadedFile(name, "交易时间,交易金额\n20261101120000,5000.00\n".encode(), content_type="text/csv")


def pdf_file(name: str = "scan.pdf") -> SimpleUploadedFile:
    """A small file that passes as a scan."""
    return SimpleUploadedFile(
        name, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", content_type="application/pdf"
    )


def hop(**changes: Any) -> NextHopInput:
    """A next hop that passes, five minutes ago."""
    wanted: dict[str, Any] = {
        "number": "6217000000000000017", "institution_text": "Somewhere Bank", "name": "李四", "amount_minor": 120_000,
        "at": db.app_now() - timedelta(minutes=5),
    }  # fmt: skip
    return NextHopInput(**(wanted | changes))


def prior(**changes: Any) -> PriorFreezeInput:
    """A freeze of another body that ranks first."""
    wanted: dict[str, Any] = {"rank": 1, "body": "City Court", "amount_minor": 1_000_000}
    return PriorFreezeInput(**(wanted | changes))


def say(order: Order, outcome: str = "executed", **changes: Any) -> AnswerInput:
    """An answer that passes for the order."""
    row = order_kind(order.kind)
    wanted: dict[str, Any] = {"outcome": outcome, "handled_by": "Zhao Liu", "currency": order.currency}
    if outcome in {"executed", "partial"}:
        if "effective_from" in row.answer_fields:
            wanted["effective_from"] = db.app_now()
        if "executed_minor" in row.answer_fields:
            wanted["executed_minor"] = order.amount_minor if outcome == "executed" else (order.amount_minor or 0) // 2
        if order.kind == "query_transactions":
            wanted["statement"] = csv_file()
        if order.kind == "query_holder":
            wanted["holder"] = HolderInput(name="张三", id_number="11010519491231002X")
    if outcome == "partial":
        wanted["reason"] = "insufficient_balance" if row.creates_hold else "other"
        wanted["reason_text"] = "" if row.creates_hold else "part of the period"
    if outcome == "refused":
        wanted["reason"] = "no_such_account"
    if outcome == "mismatch":
        wanted["mismatch_field"] = "number"
    return AnswerInput(**(wanted | changes))


def answer(order: Order, by: User, outcome: str = "executed", *, source: str = "logged_in", **changes: Any) -> Answer:
    """The order answered by a person of its institution, in a unit of work of that person."""
    with db.unit_of_work(by):
        return order_answer(by=by, order_id=order.id, answer=say(order, outcome, **changes), source=source)


def held(world: World, kind: str = "stop", *, case: Case | None = None, by: User | None = None, **terms: Any) -> Hold:
    """A hold of bank A (or the operator) that an executed order brought about."""
    order = bank_order(world, kind, case=case, **terms)
    answered = answer(order, by or (world.risk_telecom if kind == "suspend_number" else world.risk_a))
    return Hold.objects.select_related("case", "order").get(answer=answered)


def frozen_behind(world: World, *, rank: int = 2, case: Case | None = None) -> Hold:
    """A freeze that waits behind others."""
    order = bank_order(world, "freeze", case=case)
    waiting = replace(say(order, executed_minor=None), effective_from=None, waiting_rank=rank, prior_freezes=(prior(),))
    with db.unit_of_work(world.risk_a):
        found = order_answer(by=world.risk_a, order_id=order.id, answer=waiting, source="logged_in")
    return Hold.objects.select_related("case", "order").get(answer=found)


def counters(order: Order | Hold) -> tuple[int, int, int]:
    """(open orders, open holds, held amount) of the case now."""
    case = Case.objects.get(pk=order.case_id)
    return case.open_orders, case.open_holds, case.held_minor


@contextmanager
def nothing_answered() -> Iterator[None]:
    """`nothing_happens`, and no row of an answer, no file, no change of a hold or counter."""

    def seen() -> list[Any]:
        parts = (Answer, PriorFreeze, NextHop, HolderRecord, Attachment)
        holds = list(
            Hold.objects.order_by("pk").values_list("pk", "status", "version", "legal_expires_at", "lifted_at")
        )
        cases = list(Case.objects.order_by("pk").values_list("pk", "open_orders", "open_holds", "held_minor"))
        return [holds, cases, counts(parts)]

    before = seen()
    with nothing_happens():
        yield
    assert seen() == before


def involved(order: Order, number: str) -> Involvement:
    """The part in the order's case that the account with this number has."""
    rows = Involvement.objects.select_related("account").filter(case=order.case_id)
    return next(row for row in rows if row.account.number.open() == number)
