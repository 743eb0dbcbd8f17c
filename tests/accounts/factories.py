"""Cases, accounts and orders for the tests of this floor, made by the services themselves, each in its own unit of work."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from accounts.models import AccountGrant, Hold, InvolvedAccount, Involvement, Order, OrderGrant, Transfer
from accounts.services.accounts import involved_account_add
from accounts.services.orders.approve import order_approve, order_confirm
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.orders.submit import order_submit
from accounts.services.transfers import transfer_record
from accounts.states import hold_flow
from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.errors import Invalid
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery, Institution, User
from cases.models import Case
from cases.services.cases import CaseInput, case_file
from cases.services.steps import case_step
from cases.services.victims import VictimInput
from tests.cast import World

FRAUD_20, PROCEDURE_144 = "Anti-Telecom-Fraud Law art. 20", "Criminal Procedure Law art. 144"
PROCEDURE_145 = "Criminal Procedure Law art. 145"
BASES = {
    "freeze": PROCEDURE_144, "freeze_extend": PROCEDURE_144, "freeze_release": PROCEDURE_145,
    "suspend_number": "Anti-Telecom-Fraud Law art. 11", "restore_number": "Anti-Telecom-Fraud Law art. 11",
}  # fmt: skip
# Several processes make scenes on one database: the same number would join their cases.
_serial = itertools.count(os.getpid() * 10**6 + 1)


def card(prefix: str = "622202") -> str:
    """A card number of 19 digits that no other test has used."""
    return f"{prefix}{next(_serial):013d}"


def new_case(by: User, *, filed: bool = False, incident: str = "110-20261101-0001", **extra: Any) -> Case:
    """A reported case of the officer's unit; `filed` also records the case filing that a freeze needs."""
    with db.unit_of_work(by) as work:
        data = CaseInput(
            reported_at=work.now - timedelta(minutes=10), fraud_type="rebate", incident_number=incident,
            victims=(VictimInput(name="王小明", phone="13800138000"),), **extra,
        )  # fmt: skip
        case = case_file(by=by, data=data)
        if filed:
            case_step(by=by, case_id=case.id, verb="docket", on=work.now.date(), document_number="L-1")
    return Case.objects.get(pk=case.pk)


def involve(
    by: User,
    case: Case,
    institution: Institution | None,
    *,
    number: str = "",
    level: int = 1,
    name: str = "张三",
    **extra: Any,
) -> Involvement:
    """An account of the case; level 0 is the victim's own."""
    with db.unit_of_work(by):
        return involved_account_add(
            by=by, case=case, number=number or card(), institution=institution, holder_name=name, level=level,
            role="victim" if level == 0 else "involved", **extra,
        )  # fmt: skip


def pay(
    by: User,
    case: Case,
    to: InvolvedAccount,
    *,
    amount: int = 500_000,
    payer: InvolvedAccount | None = None,
    ago: int = 30,
) -> Transfer:
    """A transfer into `to`, `ago` minutes before now."""
    with db.unit_of_work(by) as work:
        return transfer_record(
            by=by,
            case=case,
            to_account=to,
            amount_minor=amount,
            at=work.now - timedelta(minutes=ago),
            from_account=payer,
        )


def terms(second: User, kind: str = "stop", **changes: Any) -> OrderTerms:
    """Terms that pass for the kind."""
    wanted: dict[str, Any] = {"legal_basis": BASES.get(kind, FRAUD_20), "second_officer": second}
    if kind in {"stop", "freeze"}:
        wanted["mode"] = "limited"
    if kind.startswith("freeze"):
        wanted |= {
            "instrument_type": "Notice to assist freezing", "instrument_number": "F-2026-1", "instrument_issued_on": date(2026, 1, 2),
        }  # fmt: skip
    if kind == "query_transactions":
        wanted |= {"period_from": date(2026, 1, 1), "period_to": date(2026, 1, 31)}
    return OrderTerms(**(wanted | changes))


def line(row: Involvement | Hold, kind: str = "stop", **changes: Any) -> OrderLine:
    """A line that passes for the kind."""
    wanted: dict[str, Any] = {"involvement_id": row.id} if isinstance(row, Involvement) else {"hold_id": row.id}
    if kind in {"stop", "freeze", "suspend_number"} and kind != "suspend_number":
        wanted["amount_minor"] = 500_000
    return OrderLine(**(wanted | changes))


def draft(by: User, second: User, row: Involvement | Hold, kind: str = "stop", **changes: Any) -> Order:
    """One draft of the officer's unit."""
    with db.unit_of_work(by):
        return orders_draft(
            by=by, case=row.case, kind=kind, lines=[line(row, kind)], terms=terms(second, kind, **changes)
        )[0]


def submit(order: Order, *, emergency: bool = False) -> Order:
    """Submitted by its operator."""
    with db.unit_of_work(order.operator):
        return order_submit(by=order.operator, order_id=order.id, emergency=emergency)


def approve(order: Order, by: User) -> Order:
    """Approved as it is stored."""
    with db.unit_of_work(by):
        return order_approve(by=by, order_id=order.id, payload_sha256=bytes(order.payload_sha256 or b""))


def issue(world: World, row: Involvement | Hold, kind: str = "stop", **changes: Any) -> Order:
    """Drafted, submitted and approved in unit A."""
    return approve(submit(draft(world.analyst_a, world.second_a, row, kind, **changes)), world.approver_a)


def issue_emergency(world: World, row: Involvement) -> Order:
    """An emergency stop that the second officer has confirmed."""
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=True)
    with db.unit_of_work(world.second_a):
        return order_confirm(by=world.second_a, order_id=order.id, payload_sha256=bytes(order.payload_sha256 or b""))


def answered(order: Order, by: User, outcome: str = "executed", **columns: Any) -> Order:
    """The state after an answer, without its effects (those are tested with the answers)."""
    from accounts.states import order_flow

    with db.unit_of_work(by) as work:
        found = Order.objects.get(pk=order.pk)
        order_flow.apply(found, "answer", by=by, changes={"outcome": outcome, "answered_at": work.now, **columns})
    return found


def hold_of(order: Order, by: User, *, kind: str = "stop", hours: int = 48, **columns: Any) -> Hold:
    """A hold in force that an executed order brought about."""
    from accounts.models import Answer

    with db.unit_of_work(by) as work:
        answer = Answer.objects.create(
            order=order, case_id=order.case_id, seq=order.answers.count() + 1, outcome="executed", handler_name="Zhao",
            source="logged_in", answered_by=by, received_at=work.now, effective_at=work.now,
        )  # fmt: skip
        wanted: dict[str, Any] = {
            "order": order, "answer": answer, "case": order.case, "account": order.account, "institution": order.institution,
            "unit": order.unit, "kind": kind, "mode": order.mode, "amount_minor": order.amount_minor, "effective_from": work.now,
            "legal_expires_at": work.now + timedelta(hours=hours), "legal_profile": order.legal_profile, "created_at": work.now,
        }  # fmt: skip
        status = columns.pop("status", "active")
        return hold_flow.begin(Hold(**(wanted | columns)), by=by, verb="open", status=status)


def facts() -> dict[str, int]:
    """How many rows of each table that an act on an order may write."""
    tables = (
        Order, OrderGrant, AccountGrant, Involvement, InvolvedAccount, Transfer, Hold, ApprovalRequest, AuditEntry, OutboxMessage, Delivery,
    )  # fmt: skip
    return counts(tables)


def counts(tables: Sequence[type[Model]]) -> dict[str, int]:
    """Rows of each table, in one statement."""
    parts = " UNION ALL ".join(f"SELECT '{table.__name__}', count(*) FROM {table._meta.db_table}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(parts)
        return dict(cursor.fetchall())


@contextmanager
def nothing_happens() -> Iterator[None]:
    """A refused act leaves no row, no audit of success, nothing to carry; states and counts stay."""

    def states() -> list[Any]:
        orders = list(Order.objects.order_by("pk").values_list("pk", "status", "version"))
        stops = list(Involvement.objects.order_by("pk").values_list("pk", "stop_count", "state", "account"))
        return [orders, stops, list(Case.objects.order_by("pk").values_list("pk", "open_orders", "accounts_total"))]

    before = (facts(), states())
    yield
    assert (facts(), states()) == before


def draft_problems(by: User, case: Case, kind: str, lines: list[OrderLine], wanted: OrderTerms) -> list[str]:
    """The names of the fields for which a draft is refused; nothing may have happened."""
    with nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(by):
        orders_draft(by=by, case=case, kind=kind, lines=lines, terms=wanted)
    assert all(texts for texts in refused.value.fields.values())
    return sorted(refused.value.fields)
