"""The bank confirms that an ended hold is off its books; until then the lift is unconfirmed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold
from accounts.selectors.holds import lifts_due
from accounts.services.answers import answer_confirm
from accounts.services.holds import hold_lift, holds_expire
from antifraud import db
from antifraud.errors import Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.selectors.institutions import system_user
from tests.accounts.answering import counters, held, nothing_answered
from tests.accounts.test_answer_record import paper_order, record
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def ended(world: World, move_clock: Any) -> Hold:
    """A stop of bank A that ran out an hour ago."""
    hold = held(world)
    move_clock(timedelta(hours=49))
    by = system_user()
    with db.unit_of_work(by):
        holds_expire(by=by)
    return Hold.objects.get(pk=hold.pk)


def test_the_lift_is_confirmed(world: World, act: Act, move_clock: Any) -> None:
    hold = ended(world, move_clock)
    assert [each.id for each in lifts_due(Hold.objects.all())] == [hold.id]
    at = db.app_now() - timedelta(minutes=5)
    with act(world.risk_a):
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=at)
    hold.refresh_from_db()
    assert (hold.status, hold.lifted_at, hold.ended_at) == ("lift_confirmed", at, hold.legal_expires_at)
    assert counters(hold) == (0, 0, 0)
    assert not lifts_due(Hold.objects.all()).exists()
    assert OutboxMessage.objects.filter(topic="hold.lifted", subject_id=hold.id).count() == 1


def test_not_twice(world: World, act: Act, move_clock: Any) -> None:
    hold = ended(world, move_clock)
    with act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now)
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now)


def test_not_while_it_runs(world: World, act: Act) -> None:
    hold = held(world)
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now)


def test_past_its_end_it_can_be_confirmed_before_the_sweep(world: World, act: Act, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    with nothing_answered(), pytest.raises(Superseded), act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now, expected_version=hold.version + 1)
    with act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now, expected_version=hold.version)
    hold.refresh_from_db()
    assert (hold.status, hold.end_cause, hold.ended_at) == ("lift_confirmed", "expired", hold.legal_expires_at)
    assert counters(hold) == (0, 0, 0)


def test_the_time_must_be_possible(world: World, act: Act, move_clock: Any) -> None:
    hold = ended(world, move_clock)
    assert hold.effective_from is not None
    for at in (db.app_now() + timedelta(minutes=6), hold.effective_from - timedelta(seconds=1)):
        with nothing_answered(), pytest.raises(Invalid) as refused, act(world.risk_a):
            hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=at)
        assert list(refused.value.fields) == ["lifted_at"]


def test_a_stale_page_is_told(world: World, act: Act, move_clock: Any) -> None:
    hold = ended(world, move_clock)
    with nothing_answered(), pytest.raises(Superseded), act(world.risk_a) as work:
        hold_lift(by=world.risk_a, hold_id=hold.id, lifted_at=work.now, expected_version=hold.version - 1)


def test_the_police_record_it_for_a_bank_on_paper(world: World, act: Act, move_clock: Any) -> None:
    saved = record(world, paper_order(world))
    with act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=saved.id)
    move_clock(timedelta(hours=49))
    by = system_user()
    with act(by):
        holds_expire(by=by)
    hold = Hold.objects.get()
    with act(world.analyst_a) as work:
        assert hold_lift(by=world.analyst_a, hold_id=hold.id, lifted_at=work.now).status == "lift_confirmed"


def test_others_may_not(world: World, act: Act, move_clock: Any) -> None:
    hold = ended(world, move_clock)
    strangers = [("risk_b", NotFound), ("risk_branch", NotFound), ("analyst_b", NotFound), ("overseer", NotFound)]
    for name, error in [*strangers, ("analyst_a", Forbidden), ("approver_a", Forbidden)]:
        by = getattr(world, name)
        with nothing_answered(), pytest.raises(error), act(by) as work:
            hold_lift(by=by, hold_id=hold.id, lifted_at=work.now)
