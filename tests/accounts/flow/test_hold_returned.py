"""What was paid back out of a hold comes off it: on the hold and its case, for both sides, in the frontier, before a new stop."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.forms.refunds import RefundForm
from accounts.models import Hold, Refund
from accounts.selectors.duplicates import order_duplicates
from accounts.selectors.held import held_or_asked
from accounts.selectors.refunds import returnable_holds
from accounts.services.holds import hold_expire
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict
from banks.selectors.institutions import system_user
from cases.models import Case
from oversight.selectors.measures import FOLLOWED
from tests.accounts import answering, factories
from tests.accounts.flow import refunding as make
from tests.accounts.flow.runs import scene
from tests.accounts.flow.test_frontier_cover import held as held_on_second
from tests.accounts.flow.test_frontier_cover import row
from tests.databases import entered


def paid_back(world: Any, hold: Hold, amount: int, mark: str = "T-1") -> Refund:
    refund = make.decided(world, make.draft(world, hold, amount, is_stated_single=True))
    (share,) = make.shares(refund)
    return make.report(world, refund, make.paid(share, mark))


def figures(hold: Hold) -> tuple[int, int | None, int]:
    """(returned, left, held by the case's count) now."""
    found = Hold.objects.get(pk=hold.pk)
    return found.returned_minor, found.left_minor, Case.objects.get(pk=hold.case_id).held_minor


def test_what_is_paid_comes_off_and_what_is_decided_does_not(world: Any) -> None:
    hold = make.frozen(world)
    refund = make.decided(world, make.draft(world, hold, 300_000, is_stated_single=True))
    assert figures(hold) == (0, 500_000, 500_000)
    (share,) = make.shares(refund)
    make.report(world, refund, make.failed(share))
    assert figures(hold) == (0, 500_000, 500_000)
    make.report(world, refund, make.paid(share))
    assert figures(hold) == (300_000, 200_000, 200_000)
    make.report(world, refund, make.paid(share))  # the same words again
    assert figures(hold) == (300_000, 200_000, 200_000)


def test_the_end_of_the_hold_takes_off_only_what_was_left(world: Any, move_clock: Any) -> None:
    hold = make.frozen(world)
    paid_back(world, hold, 300_000)
    move_clock(timedelta(days=400))
    with db.unit_of_work(system_user()):
        hold_expire(Hold.objects.select_related("legal_profile").get(pk=hold.pk), by=system_user())
    assert figures(hold) == (300_000, 200_000, 0)


@pytest.mark.parametrize("side", ["analyst_a", "risk_a"])
def test_both_pages_name_the_return(world: Any, client: Any, side: str) -> None:
    hold = make.frozen(world)
    refund = paid_back(world, hold, 300_000)
    client.force_login(getattr(world, side))
    text = client.get(f"/holds/{hold.pk}/").content.decode()
    assert ("2,000.00" in text, "3,000.00" in text) == (True, True)
    assert f"by return {refund.number}" in text
    entry = AuditEntry.objects.get(verb="hold.return")
    assert (entry.object_id, entry.case_id) == (hold.pk, hold.case_id)


def test_lists_and_notices_tell_what_is_left(world: Any, client: Any) -> None:
    hold = make.frozen(world)
    paid_back(world, hold, 300_000)
    (notice,) = order_duplicates(user=world.analyst_a, account_ids=[hold.account_id], kind="stop")
    assert notice.amount_minor == 200_000
    holds = returnable_holds(user=world.analyst_a, case=hold.case)
    choices: Any = RefundForm(holds=holds).fields["hold"]
    assert "2,000.00" in choices.label_from_instance(holds.get())
    client.force_login(world.analyst_a)
    for address in (
        "/holds/",
        f"/orders/{hold.order_id}/",
        f"/accounts/{hold.account_id}/",
        f"/cases/{hold.case_id}/accounts/",
    ):
        text = client.get(address).content.decode()
        held = text[text.index('id="holds"') :] if 'id="holds"' in text else text
        assert ("2,000.00" in held, "5,000.00" in held.split("</table>")[0]) == (True, False), address


def test_the_frontier_asks_again_for_what_nothing_holds(world: Any) -> None:
    """200.00 rest on the account by what its bank said since; all that a stop held there went back: nothing covers them,
    and nothing draws it as held. What no statement shows yet is in `test_frontier_paid_back`."""
    case = scene(world)
    hold = held_on_second(world, case.case, 200_00)
    assert (row(world, case).held, row(world, case).advice) == (200_00, "done")
    Hold.objects.filter(pk=hold.pk).update(returned_minor=150_00)
    assert row(world, case).held == 50_00
    Hold.objects.filter(pk=hold.pk).update(returned_minor=200_00)
    found = row(world, case)
    assert (found.held, found.missing, found.advice) == (0, 200_00, "stop")
    taken = held_or_asked(user=world.analyst_a, rows=[found.flow.row])[found.node]
    assert [(each.state, each.amount_minor) for each in taken] == [("active", 0)]


def test_a_stop_that_was_paid_back_makes_room_for_a_new_one(world: Any) -> None:
    hold = make.frozen(world, kind="stop")
    paid_back(world, hold, 500_000)
    assert figures(hold) == (500_000, 0, 0)
    order = answering.bank_order(world, "stop", case=hold.case, number=hold.account.number.open())
    answering.answer(order, world.risk_a)
    found = Hold.objects.get(pk=hold.pk)
    assert (found.status, found.end_cause) == ("released", "returned")
    assert found.lift_due_at is not None
    assert Case.objects.get(pk=hold.case_id).held_minor == 500_000


def test_a_stop_with_money_left_keeps_its_place(world: Any) -> None:
    hold = make.frozen(world, kind="stop")
    paid_back(world, hold, 499_999)
    order = answering.bank_order(world, "stop", case=hold.case, number=hold.account.number.open())
    with answering.nothing_answered(), pytest.raises(Conflict) as refused:
        answering.answer(order, world.risk_a)
    assert refused.value.code == "already_stopped"


def frozen_after(world: Any, stop: Hold, **said: Any) -> Hold:
    involved = factories.involve(world.analyst_a, stop.case, world.bank_a, number=stop.account.number.open())
    order = answering.arrived(factories.issue(world, involved, "freeze"))
    return Hold.objects.get(answer=answering.answer(order, world.risk_a, **said))


def test_a_payment_after_the_freeze_goes_out_of_the_freeze(world: Any) -> None:
    stop = make.frozen(world, kind="stop")
    refund = make.decided(world, make.draft(world, stop, 300_000, is_stated_single=True))
    freeze = frozen_after(world, stop)
    (share,) = make.shares(refund)
    make.report(world, refund, make.paid(share))
    assert figures(stop)[0] == 0
    assert figures(freeze) == (300_000, 200_000, 200_000)


def test_a_freeze_told_after_the_payment_takes_it_over(world: Any, move_clock: Any) -> None:
    """The freeze took effect, then the bank paid, then it answered the freeze order with the sum of that first moment."""
    stop = make.frozen(world, kind="stop")
    refund = make.decided(world, make.draft(world, stop, 300_000, is_stated_single=True))
    involved = factories.involve(world.analyst_a, stop.case, world.bank_a, number=stop.account.number.open())
    order = answering.arrived(factories.issue(world, involved, "freeze"))
    at = db.app_now()
    move_clock(timedelta(minutes=10))
    (share,) = make.shares(refund)
    make.report(world, refund, make.paid(share, paid_at=db.app_now()))
    assert figures(stop) == (300_000, 200_000, 200_000)
    freeze = Hold.objects.get(answer=answering.answer(order, world.risk_a, effective_from=at))
    assert figures(stop)[0] == 0
    assert figures(freeze) == (300_000, 200_000, 200_000)


@pytest.mark.django_db(transaction=True)
def test_the_upgrade_counts_what_was_paid_before_it(world: Any) -> None:
    hold = make.frozen(world)
    paid_back(world, hold, 300_000)
    with entered(os.environ["ANTIFRAUD_TEST_DATABASE"], owner=True), transaction.atomic():
        MigrationExecutor(connection).migrate([("accounts", "0018_act_reasons")])
        with connection.cursor() as cursor:
            cursor.execute("SELECT held_minor FROM cases_case WHERE id = %s", [hold.case_id])
            assert cursor.fetchone() == (500_000,)
        MigrationExecutor(connection).migrate([("accounts", "0019_hold_returned")])
        assert figures(hold) == (300_000, 200_000, 200_000)
        transaction.set_rollback(True)


def test_the_release_before_writes_holds_without_the_column(world: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns WHERE table_name = 'accounts_hold' AND column_name = 'returned_minor'"
        )
        assert cursor.fetchone() == ("0",)


@pytest.mark.parametrize(("cause", "counts"), [("returned", True), ("released", False)])
def test_a_stop_that_ended_because_all_went_back_was_followed_up(cause: str, counts: bool) -> None:
    """Measure F asks for a reason; that the money is with the victims is one."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    stop = FOLLOWED.says("stop", "released", cause, at, at, has_reason=False)
    assert stop.has_reason is counts
