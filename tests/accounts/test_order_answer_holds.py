"""What an answer does to holds: opened with the legal end, waiting, converted, extended, released, undone when crossed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Hold, Order
from accounts.selectors.holds import in_force
from accounts.services.holds import holds_expire
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_retract
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Invalid
from antifraud.outbox.models import OutboxMessage
from banks.selectors.institutions import system_user
from cases.services.cases import case_update
from tests.accounts.answering import (
    answer,
    arrived,
    bank_order,
    counters,
    follow,
    frozen_behind,
    held,
    hop,
    nothing_answered,
)
from tests.accounts.factories import issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]
HOURS_48, HALF = timedelta(hours=48), timedelta(minutes=30)


def months_later(at: datetime, months: int) -> datetime:
    """The same day and time months later; good for days that every month has."""
    years, month0 = divmod(at.month - 1 + months, 12)
    return at.replace(year=at.year + years, month=month0 + 1)


def _expire() -> int:
    by = system_user()
    with db.unit_of_work(by):
        return holds_expire(by=by)


def _cancel(act: Act, world: World, order: Order) -> None:
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")


# -- opening ---------------------------------------------------------------------------------------


def test_another_currency_is_not_added_to_the_case(
    world: World, act: Act, move_clock: Callable[[timedelta], None]
) -> None:
    case = new_case(world.analyst_a)
    held(world, case=case)
    dollars = held(world, case=case, currency="USD")
    assert dollars.currency == "USD"
    assert counters(dollars) == (0, 2, 500_000)
    with act(world.analyst_a), pytest.raises(Invalid) as refused:
        case_update(by=world.analyst_a, case_id=case.id, expected_version=case.version, changes={"currency": "USD"})
    assert set(refused.value.fields) == {"currency"}
    move_clock(HOURS_48)
    assert _expire() == 2
    assert counters(dollars)[2] == 0


def test_a_stop_ends_48_hours_after_the_banks_moment(world: World, move_clock: Any) -> None:
    order = bank_order(world)
    move_clock(HALF)
    at = db.app_now() - timedelta(minutes=20)
    answer(order, world.risk_a, effective_from=at)
    hold = Hold.objects.get()
    assert (hold.kind, hold.status, hold.mode, hold.amount_minor) == ("stop", "active", "limited", 500_000)
    assert (hold.effective_from, hold.legal_expires_at) == (at, at + HOURS_48)
    assert (hold.order_id, hold.account_id, hold.institution_id, hold.unit_id) == (
        order.id, order.account_id, world.bank_a.id, world.unit_a.id,
    )  # fmt: skip
    assert hold.legal_profile_id == order.legal_profile_id
    assert counters(order) == (0, 1, 500_000)
    assert OutboxMessage.objects.filter(topic="hold.opened", subject_id=hold.id).exists()
    assert AuditEntry.objects.filter(verb="hold.open", object_id=hold.id, actor_id=world.risk_a.id).exists()


def test_a_freeze_lasts_six_months_by_the_banks_calendar(world: World) -> None:
    order = bank_order(world, "freeze")
    at = (order.issued_at or order.created_at).replace(microsecond=0)
    answer(order, world.risk_a, effective_from=at)
    hold = Hold.objects.get()
    end = hold.legal_expires_at
    assert end is not None
    assert timedelta(days=180) < end - at < timedelta(days=185)
    if at.day <= 28:
        assert end == months_later(at, 6)


def test_the_end_that_was_asked_for_cuts_the_term(world: World) -> None:
    wanted = db.app_now() + timedelta(days=10)
    order = bank_order(world, "freeze", asked_expires_at=wanted)
    answer(order, world.risk_a)
    assert Hold.objects.get().legal_expires_at == wanted


def test_an_earlier_end_of_the_bank_counts(world: World) -> None:
    order = bank_order(world)
    end = db.app_now() + timedelta(hours=20)
    answer(order, world.risk_a, expires_at=end)
    assert Hold.objects.get().legal_expires_at == end


def test_what_the_bank_really_holds(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a, mode="full")
    assert Hold.objects.get().mode == "full"


def test_executed_after_the_asked_end_is_refused(world: World, move_clock: Any) -> None:
    order = bank_order(world, "freeze", asked_expires_at=db.app_now() + timedelta(hours=3))
    move_clock(timedelta(hours=5))
    with nothing_answered(), pytest.raises(Invalid) as refused:
        answer(order, world.risk_a)
    assert list(refused.value.fields) == ["effective_from"]


def test_a_part_holds_the_part(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a, "partial", executed_minor=120_000)
    hold = Hold.objects.get()
    assert (hold.amount_minor, hold.asked_minor) == (120_000, 500_000)
    assert counters(order) == (0, 1, 120_000)


def test_a_number_is_suspended_without_an_end(world: World) -> None:
    hold = held(world, "suspend_number")
    assert (hold.kind, hold.status, hold.legal_expires_at, hold.institution_id) == (
        "suspend", "active", None, world.telecom.id,
    )  # fmt: skip
    assert list(in_force(Hold.objects.all())) == [hold]


def test_one_stop_at_a_time(world: World) -> None:
    first = held(world)
    number = first.account.number.open()
    second = bank_order(world, case=first.case, number=number)
    with nothing_answered(), pytest.raises(Conflict) as refused:
        answer(second, world.risk_a)
    assert refused.value.code == "already_stopped"
    answer(second, world.risk_a, "refused", reason="already_stopped")
    assert Hold.objects.count() == 1


def test_the_second_stop_begins_after_the_first_ended(world: World, move_clock: Any) -> None:
    first = held(world)
    move_clock(timedelta(hours=49))
    second = bank_order(world, case=first.case, number=first.account.number.open())
    answer(second, world.risk_a)
    first.refresh_from_db()
    assert (first.status, first.ended_at) == ("expired", first.legal_expires_at)
    assert AuditEntry.objects.get(verb="hold.expire", object_id=first.id).actor_id == system_user().id
    assert counters(first) == (0, 2, 500_000)


def test_another_case_may_hold_the_same_account(world: World) -> None:
    first = held(world)
    other = new_case(world.analyst_a, filed=True)
    second = bank_order(world, case=other, number=first.account.number.open())
    answer(second, world.risk_a)
    assert {hold.case_id for hold in in_force(Hold.objects.all())} == {first.case_id, other.id}


# -- a freeze takes over ---------------------------------------------------------------------------


def test_a_freeze_converts_the_stop_without_a_gap(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=40))
    freeze = bank_order(world, "freeze", case=stop.case, number=stop.account.number.open())
    answer(freeze, world.risk_a)
    stop.refresh_from_db()
    hold = Hold.objects.get(kind="freeze")
    assert (stop.status, stop.converted_to, stop.ended_at) == ("converted", hold, hold.effective_from)
    assert stop.ended_at < stop.legal_expires_at
    assert (stop.end_cause, stop.lift_due_at) == ("converted", None)
    assert counters(stop) == (0, 1, 500_000)
    assert list(in_force(Hold.objects.all())) == [hold]


def test_a_freeze_that_is_told_late_still_converts(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=47))
    freeze = bank_order(world, "freeze", case=stop.case, number=stop.account.number.open())
    at = db.app_now()
    move_clock(timedelta(hours=2))
    assert _expire() == 1
    answer(freeze, world.risk_a, effective_from=at)
    stop.refresh_from_db()
    assert (stop.status, stop.ended_at, stop.lift_due_at) == ("converted", at, None)
    assert counters(stop) == (0, 1, 500_000)


def test_a_freeze_after_the_stops_end_converts_nothing(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=49))
    freeze = bank_order(world, "freeze", case=stop.case, number=stop.account.number.open())
    answer(freeze, world.risk_a)
    stop.refresh_from_db()
    assert (stop.status, stop.converted_to) == ("active", None)
    assert [hold.kind for hold in in_force(Hold.objects.all())] == ["freeze"]


def test_other_cases_stops_stay(world: World) -> None:
    stop = held(world)
    freeze = bank_order(world, "freeze", case=new_case(world.analyst_a, filed=True), number=stop.account.number.open())
    answer(freeze, world.risk_a)
    stop.refresh_from_db()
    assert stop.status == "active"


def test_a_waiting_freeze_has_a_rank_and_no_times(world: World) -> None:
    hold = frozen_behind(world, rank=3)
    assert (hold.status, hold.rank, hold.effective_from, hold.legal_expires_at, hold.amount_minor) == (
        "waiting", 3, None, None, None,
    )  # fmt: skip
    assert counters(hold) == (0, 1, 0)
    assert not in_force(Hold.objects.all()).exists()
    assert hold.order.status == "answered"


# -- extension -------------------------------------------------------------------------------------


def test_an_extension_counts_from_the_present_end(world: World, move_clock: Any) -> None:
    stop = held(world)
    end = stop.legal_expires_at
    assert end is not None
    move_clock(timedelta(hours=24))
    order = follow(world, stop, "stop_extend")
    answer(order, world.risk_a)
    stop.refresh_from_db()
    assert (stop.status, stop.legal_expires_at, stop.extensions) == ("extended", end + HOURS_48, 1)
    assert counters(stop) == (0, 1, 500_000)
    assert Hold.objects.count() == 1
    assert detail_of(AuditEntry.objects.get(verb="hold.extend"))["order"] == order.number


def test_an_extension_uses_up_a_stop(world: World) -> None:
    stop = held(world)
    answer(follow(world, stop, "stop_extend"), world.risk_a)
    involvement = stop.case.involvements.get(account=stop.account_id)
    assert (involvement.stop_count, involvement.stop_limit) == (2, 2)
    with pytest.raises(Conflict) as refused:
        follow(world, stop, "stop_extend")
    assert refused.value.code == "stop_count_exceeded"


def test_a_freeze_is_extended_by_months(world: World, move_clock: Any) -> None:
    freeze = held(world, "freeze")
    end = freeze.legal_expires_at
    assert end is not None
    move_clock(timedelta(days=170))
    answer(follow(world, freeze, "freeze_extend"), world.risk_a)
    freeze.refresh_from_db()
    assert freeze.legal_expires_at is not None
    assert timedelta(days=179) < freeze.legal_expires_at - end < timedelta(days=186)


def test_the_end_asked_for_cuts_the_extension(world: World) -> None:
    freeze = held(world, "freeze")
    assert freeze.legal_expires_at is not None
    wanted = freeze.legal_expires_at + timedelta(days=5)
    answer(follow(world, freeze, "freeze_extend", asked_expires_at=wanted), world.risk_a)
    freeze.refresh_from_db()
    assert freeze.legal_expires_at == wanted


def test_extended_in_time_but_told_late(world: World, move_clock: Any) -> None:
    stop = held(world)
    end = stop.legal_expires_at
    assert end is not None
    move_clock(timedelta(hours=47, minutes=30))
    order = follow(world, stop, "stop_extend")
    at = db.app_now()
    move_clock(timedelta(hours=1))
    assert _expire() == 1
    assert counters(stop) == (1, 1, 0)
    answer(order, world.risk_a, effective_from=at)
    stop.refresh_from_db()
    assert (stop.status, stop.legal_expires_at) == ("extended", end + HOURS_48)
    assert (stop.ended_at, stop.end_cause, stop.lift_due_at) == (None, "", None)
    assert counters(stop) == (0, 1, 500_000)


def test_extended_too_late_is_refused(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=47))
    order = follow(world, stop, "stop_extend")
    move_clock(timedelta(hours=2))
    with nothing_answered(), pytest.raises(Invalid) as refused:
        answer(order, world.risk_a)
    assert list(refused.value.fields) == ["effective_from"]
    with nothing_answered(), pytest.raises(Invalid) as untrue:
        answer(order, world.risk_a, "refused", reason="extension_after_expiry")
    assert list(untrue.value.fields) == ["reason"]
    answer(order, world.risk_a, "refused", reason="bank_failed")


# -- release ---------------------------------------------------------------------------------------


def test_an_executed_release_ends_the_hold_and_confirms_the_lift(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=1))
    order = follow(world, stop, "stop_release")
    at = db.app_now()
    answer(order, world.risk_a, effective_from=at)
    stop.refresh_from_db()
    assert (stop.status, stop.ended_at, stop.lifted_at, stop.end_cause) == ("lift_confirmed", at, at, "released")
    assert stop.trigger_at == order.issued_at
    assert counters(stop) == (0, 0, 0)
    assert list(AuditEntry.objects.filter(object_id=stop.id).order_by("at", "id").values_list("verb", flat=True)) == [
        "hold.open", "hold.release", "hold.lift",
    ]  # fmt: skip


def test_a_waiting_freeze_can_be_released(world: World) -> None:
    waiting = frozen_behind(world)
    answer(follow(world, waiting, "freeze_release"), world.risk_a)
    waiting.refresh_from_db()
    assert waiting.status == "lift_confirmed"
    assert counters(waiting) == (0, 0, 0)


def test_a_release_after_the_end_only_confirms_the_lift(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=47, minutes=50))
    order = follow(world, stop, "stop_release")
    move_clock(timedelta(hours=1))
    answer(order, world.risk_a)
    stop.refresh_from_db()
    assert (stop.status, stop.end_cause, stop.ended_at) == ("lift_confirmed", "expired", stop.legal_expires_at)
    assert counters(stop) == (0, 0, 0)


def test_released_before_the_end_but_told_after_it(world: World, move_clock: Any) -> None:
    stop = held(world)
    move_clock(timedelta(hours=47, minutes=50))
    order = follow(world, stop, "stop_release")
    at = db.app_now()
    move_clock(timedelta(hours=1))
    assert _expire() == 1
    answer(order, world.risk_a, effective_from=at)
    stop.refresh_from_db()
    assert (stop.status, stop.end_cause, stop.ended_at, stop.lifted_at) == ("lift_confirmed", "released", at, at)
    assert counters(stop) == (0, 0, 0)


def test_a_refused_release_changes_nothing(world: World) -> None:
    stop = held(world)
    answer(follow(world, stop, "stop_release"), world.risk_a, "refused", reason="bank_internal")
    stop.refresh_from_db()
    assert (stop.status, counters(stop)) == ("active", (0, 1, 500_000))


def test_a_release_of_what_became_a_freeze_is_refused(world: World) -> None:
    stop = held(world)
    release = follow(world, stop, "stop_release")
    answer(bank_order(world, "freeze", case=stop.case, number=stop.account.number.open()), world.risk_a)
    with nothing_answered(), pytest.raises(Conflict) as refused:
        answer(release, world.risk_a)
    assert refused.value.code == "hold_ended"
    answer(release, world.risk_a, "refused", reason="already_processed")


def test_a_number_is_restored(world: World) -> None:
    hold = held(world, "suspend_number")
    answer(follow(world, hold, "restore_number"), world.risk_telecom)
    hold.refresh_from_db()
    assert (hold.status, counters(hold)) == ("lift_confirmed", (0, 0, 0))


def test_released_before_it_began_is_refused(world: World) -> None:
    stop = held(world)
    assert stop.effective_from is not None
    order = follow(world, stop, "stop_release")
    with nothing_answered(), pytest.raises(Invalid) as refused:
        answer(order, world.risk_a, effective_from=stop.effective_from - timedelta(minutes=4))
    assert list(refused.value.fields) == ["effective_from"]


# -- crossed and wrong orders ----------------------------------------------------------------------


def test_an_execution_that_crossed_the_cancellation_drafts_a_release(world: World, act: Act) -> None:
    order = bank_order(world)
    _cancel(act, world, order)
    assert counters(order) == (0, 0, 0)
    saved = answer(order, world.risk_a)
    order.refresh_from_db()
    assert (order.status, order.outcome, order.answered_at) == ("cancelled", "executed", saved.received_at)
    hold = Hold.objects.get()
    assert hold.status == "active"
    release = Order.objects.get(kind="stop_release")
    assert (release.status, release.trigger, release.original_id) == ("draft", "crossed", order.id)
    assert release.due_at == saved.received_at + timedelta(hours=1)
    assert counters(order) == (0, 1, 500_000)
    assert AuditEntry.objects.filter(verb="order.crossed", object_id=order.id).exists()


def test_it_crosses_only_once(world: World, act: Act) -> None:
    order = bank_order(world)
    _cancel(act, world, order)
    answer(order, world.risk_a)
    with nothing_answered(), pytest.raises(Conflict):
        answer(order, world.risk_a)


def test_a_crossed_extension_runs_out_by_its_release(world: World, act: Act) -> None:
    stop = held(world)
    order = follow(world, stop, "stop_extend")
    _cancel(act, world, order)
    end = stop.legal_expires_at
    answer(order, world.risk_a)
    stop.refresh_from_db()
    assert stop.status == "extended"
    release = Order.objects.get(kind="stop_release")
    assert (release.trigger, release.due_at) == ("crossed", end)


def test_next_hops_of_a_crossed_execution_are_proposed(world: World, act: Act) -> None:
    order = bank_order(world)
    _cancel(act, world, order)
    answer(order, world.risk_a, "partial", executed_minor=100, next_hops=(hop(),))
    assert order.case.involvements.filter(state="proposed").count() == 1


def test_an_order_in_error_that_is_executed_before_it_is_cancelled_is_undone(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_retract(by=world.analyst_a, order_id=order.id, error_field="account", reason="wrong account")
    answer(order, world.risk_a)
    release = Order.objects.get(kind="stop_release")
    assert (release.trigger, release.status) == ("error", "draft")


def test_the_release_of_a_crossed_execution_goes_its_way(world: World, act: Act) -> None:
    from tests.accounts.factories import approve, submit

    order = bank_order(world)
    _cancel(act, world, order)
    answer(order, world.risk_a)
    release = arrived(approve(submit(Order.objects.get(kind="stop_release")), world.approver_a))
    answer(release, world.risk_a)
    hold = Hold.objects.get()
    assert (hold.status, hold.end_cause) == ("lift_confirmed", "crossed")
    assert counters(order) == (0, 0, 0)


def test_a_refused_stop_leaves_the_freeze_free(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a, "refused")
    freeze = issue(world, order.case.involvements.get(), "freeze")
    answer(arrived(freeze), world.risk_a)
    assert [hold.kind for hold in Hold.objects.all()] == ["freeze"]
