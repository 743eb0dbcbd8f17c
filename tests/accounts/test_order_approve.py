"""Approving issues: three persons, one content, one transaction with all its effects, and nothing at all on refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import InvolvedAccount, Order
from accounts.services.identity import account_correct
from accounts.services.orders.approve import order_approve
from accounts.services.orders.submit import order_submit
from antifraud import policy
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery
from cases.models import Case
from cases.services.steps import case_step
from tests.accounts.factories import approve, draft, hold_of, involve, issue, new_case, nothing_happens, pay, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def hash_of(order: Order) -> bytes:
    """What the approver was shown."""
    return bytes(order.payload_sha256 or b"")


@pytest.fixture
def waiting(world: World) -> Order:
    """A stop of unit A at bank A that waits for an approver."""
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row))


def refused(
    world: World, act: Act, order: Order, name: str, error: type[Exception], sha256: bytes | None = None
) -> Any:
    """The refusal of an approval that leaves nothing behind."""
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error) as caught, act(by):
        order_approve(by=by, order_id=order.id, payload_sha256=hash_of(order) if sha256 is None else sha256)
    return caught.value


@pytest.mark.parametrize(
    "name", ["approver_a", "supervisor_a", "bureau_approver", "centre_approver", "centre_supervisor"]
)
def test_it_may_come_from_the_unit_above_it_or_a_centre(world: World, waiting: Order, name: str) -> None:
    by = getattr(world, name)
    order = approve(waiting, by)
    assert (order.status, order.approver_id, order.issued_at) == ("issued", by.id, order.approved_at)
    stored = Order.objects.get()
    assert (stored.status, stored.approver_id, stored.issued_at) == ("issued", by.id, order.issued_at)


def test_everything_stands_in_one_transaction(world: World, waiting: Order) -> None:
    order = approve(waiting, world.approver_a)
    delivery = Delivery.objects.get()
    assert (delivery.institution_id, delivery.topic, delivery.subject_id, delivery.case_id, delivery.state, delivery.priority) == (
        world.bank_a.id, "order.issued", order.id, order.case_id, "queued", 10
    )  # fmt: skip
    assert OutboxMessage.objects.filter(topic="order.issued", subject_id=order.id).count() == 1
    assert Case.objects.get(pk=order.case_id).open_orders == 1
    entry = AuditEntry.objects.get(verb="order.approve")
    assert (entry.actor_id, entry.object_id, entry.case_id) == (world.approver_a.id, order.id, order.case_id)
    assert detail_of(entry)["payload_sha256"] == hash_of(waiting).hex()
    request = ApprovalRequest.objects.get()
    assert (request.outcome, request.checker_id) == ("approved", world.approver_a.id)
    assert order.available_at is None
    assert order.answer_due_at is None


def test_the_bank_sees_order_and_account_from_now_on(world: World, waiting: Order) -> None:
    account = InvolvedAccount.objects.get()
    assert not policy.can(world.risk_a, "order.view", waiting)
    order = approve(waiting, world.approver_a)
    for seer in (world.risk_a, world.risk_supervisor_a, world.machine_a):
        assert policy.can(seer, "order.view", order)
        assert policy.can(seer, "account.view", account)
    for stranger in (world.risk_b, world.machine_b, world.risk_branch, world.analyst_b, world.overseer):
        assert not policy.can(stranger, "order.view", order)
        assert not policy.can(stranger, "account.view", account)


def test_the_grant_says_why_and_sorts_by_issue(world: World, waiting: Order) -> None:
    order = approve(waiting, world.approver_a)
    grant = order.grants.get(group=world.bank_a.group_id)
    assert (grant.purpose, grant.legal_basis, grant.sort_at) == ("order stop", order.legal_basis, order.issued_at)
    assert grant.granted_by_id == world.approver_a.id
    assert grant.expires_at is None
    assert order.grants.get(group=world.unit_a.group_id).sort_at == order.created_at


def test_an_institution_off_the_platform_gets_paper(world: World) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_paper)
    order = issue(world, row)
    assert order.status == "issued"
    assert not Delivery.objects.exists()


def test_the_stop_is_counted_at_issue(world: World, waiting: Order) -> None:
    involvement = waiting.case.involvements.get()
    assert involvement.stop_count == 0
    approve(waiting, world.approver_a)
    involvement.refresh_from_db()
    assert involvement.stop_count == 1


def test_a_query_is_not_counted(world: World) -> None:
    case = new_case(world.analyst_a, filed=True)
    issue(world, involve(world.analyst_a, case, world.bank_a), "query_holder")
    assert case.involvements.get().stop_count == 0


def test_an_extension_counts_as_a_stop_and_the_third_is_refused(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    hold = hold_of(issue(world, row), world.risk_a)
    issue(world, hold, "stop_extend")
    row.refresh_from_db()
    assert row.stop_count == 2
    with connection.cursor() as cursor, transaction.atomic(), pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("UPDATE accounts_involvement SET stop_count = 3")


def test_two_waiting_stops_cannot_both_take_the_last_count(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    hold = hold_of(order, world.risk_a)
    extension = submit(draft(world.analyst_a, world.second_a, hold, "stop_extend"))
    row.refresh_from_db()
    row.stop_count = 2
    row.save()
    assert refused(world, act, extension, "approver_a", Conflict).code == "stop_count_exceeded"


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("analyst_a", Forbidden, "forbidden"),
        ("second_a", Forbidden, "forbidden"),
        ("duty_a", Forbidden, "forbidden"),
        ("approver_b", NotFound, "not_found"),
        ("risk_a", NotFound, "not_found"),
        ("overseer", NotFound, "not_found"),
        ("admin", NotFound, "not_found"),
    ],
)
def test_others_may_not(world: World, act: Act, waiting: Order, name: str, error: type[Exception], code: str) -> None:
    assert refused(world, act, waiting, name, error).code == code


def test_operator_and_second_officer_cannot_approve(world: World, act: Act) -> None:
    row = involve(world.supervisor_a, new_case(world.supervisor_a), world.bank_a)
    order = submit(draft(world.supervisor_a, world.approver_a, row))
    for name in ("supervisor_a", "approver_a"):
        assert refused(world, act, order, name, Forbidden).code == "same_person"


def test_the_database_refuses_an_approver_who_is_an_officer(world: World, waiting: Order) -> None:
    with connection.cursor() as cursor, transaction.atomic(), pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("UPDATE accounts_order SET approver_id = operator_id")


def test_a_unit_that_only_sees_the_case_cannot_approve(world: World, act: Act, waiting: Order) -> None:
    with act(world.duty_a):
        policy.grant(
            [world.unit_b.group_id], waiting, by=world.duty_a, purpose="test", legal_basis="test", sort_at=waiting.created_at
        )  # fmt: skip
    assert refused(world, act, waiting, "approver_b", Forbidden).code == "forbidden"


def test_another_hash_is_refused(world: World, act: Act, waiting: Order) -> None:
    wrong = hashlib.sha256(b"something else").digest()
    assert refused(world, act, waiting, "approver_a", Superseded, wrong).code == "payload_changed"
    assert refused(world, act, waiting, "approver_a", Superseded, b"").code == "payload_changed"


def test_stored_content_that_was_changed_is_refused(world: World, act: Act, waiting: Order) -> None:
    waiting.payload = waiting.payload.open().replace("500000", "900000")
    waiting.save(update_fields=["payload"])
    assert refused(world, act, waiting, "approver_a", Superseded).code == "payload_changed"


@pytest.mark.parametrize("column", ["amount_minor", "urgency", "instrument_number"])
def test_columns_that_were_changed_are_refused(world: World, act: Act, waiting: Order, column: str) -> None:
    Order.objects.update(**{column: {"amount_minor": 900_000, "urgency": "02", "instrument_number": "F-9"}[column]})
    assert refused(world, act, waiting, "approver_a", Superseded).code == "payload_changed"


def test_facts_that_changed_are_refused(world: World, act: Act, waiting: Order) -> None:
    pay(world.analyst_a, waiting.case, InvolvedAccount.objects.get())
    assert refused(world, act, waiting, "approver_a", Superseded).code == "payload_changed"


def test_an_account_that_was_corrected_meanwhile_is_not_stopped_at_the_wrong_bank(
    world: World, act: Act, waiting: Order
) -> None:
    with act(world.analyst_a):
        account_correct(
            by=world.analyst_a, account_id=waiting.account_id, institution=world.bank_b, reason="card prefix"
        )
    assert refused(world, act, waiting, "approver_a", Superseded).code == "payload_changed"


def test_a_lapsed_request_is_refused(world: World, act: Act, waiting: Order, move_clock: Any) -> None:
    move_clock(timedelta(minutes=30))
    assert refused(world, act, waiting, "approver_a", Conflict).code == "approval_lapsed"


def test_in_the_last_minute_it_still_counts(world: World, waiting: Order, move_clock: Any) -> None:
    move_clock(timedelta(minutes=29))
    assert approve(waiting, world.approver_a).status == "issued"


def test_once_only(world: World, act: Act, waiting: Order) -> None:
    approve(waiting, world.approver_a)
    refused(world, act, waiting, "supervisor_a", WrongState)
    assert Delivery.objects.count() == 1


def test_an_emergency_cannot_be_approved_before_its_confirmation(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=True)
    assert refused(world, act, order, "approver_a", Conflict).code == "approval_missing"


def test_the_case_must_still_carry_it(world: World, act: Act, waiting: Order) -> None:
    with act(world.duty_a):
        case_step(by=world.duty_a, case_id=waiting.case_id, verb="clear", on=date(2026, 1, 2), document_number="C-1")
    refused(world, act, waiting, "approver_a", WrongState)


def test_a_hold_that_ended_meanwhile_is_not_extended(world: World, act: Act, move_clock: Any) -> None:
    hold = hold_of(issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)), world.risk_a)
    move_clock(timedelta(hours=47, minutes=50))
    extension = submit(draft(world.analyst_a, world.second_a, hold, "stop_extend"))
    move_clock(timedelta(minutes=20))
    assert refused(world, act, extension, "approver_a", Conflict).code == "hold_ended"


# -- cost ------------------------------------------------------------------------------------------


def test_statements_do_not_grow_with_other_rows(world: World, act: Act) -> None:
    """Create with push: at most 20 statements from BEGIN to COMMIT of the issuing unit, whatever else there is."""
    case = new_case(world.analyst_a, filed=True)

    def cost() -> tuple[int, int]:
        row = involve(world.analyst_a, case, world.bank_a)
        pay(world.analyst_a, case, row.account)
        order = draft(world.analyst_a, world.second_a, row)
        operator, approver = order.operator, world.approver_a
        with CaptureQueriesContext(connection) as submitting, act(operator):
            order = order_submit(by=operator, order_id=order.id)
        with CaptureQueriesContext(connection) as approving, act(approver):
            order_approve(by=approver, order_id=order.id, payload_sha256=hash_of(order))
        return len(submitting), len(approving)

    cost()  # data keys and permission ids are read once per process
    alone = cost()
    for _ in range(12):
        row = involve(world.analyst_a, case, world.bank_a)
        pay(world.analyst_a, case, row.account)
        issue(world, row, "freeze")
    assert cost() == alone
    assert alone[0] <= 16
    assert alone[1] <= 18
