"""A waiting hold comes first in line: only now it has an effective time, an end and an amount."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold
from accounts.selectors.holds import in_force
from accounts.services.holds import hold_activate
from antifraud import db
from antifraud.errors import Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from tests.accounts.answering import answer, bank_order, counters, frozen_behind, held, nothing_answered, prior
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_it_runs_from_the_banks_moment(world: World, act: Act, move_clock: Any) -> None:
    waiting = frozen_behind(world)
    move_clock(timedelta(days=3))
    at = db.app_now() - timedelta(minutes=2)
    with act(world.risk_a):
        hold_activate(by=world.risk_a, hold_id=waiting.id, effective_at=at, amount_minor=400_000)
    hold = Hold.objects.get()
    assert (hold.status, hold.rank, hold.effective_from, hold.amount_minor) == ("active", None, at, 400_000)
    assert hold.legal_expires_at is not None
    assert timedelta(days=180) < hold.legal_expires_at - at < timedelta(days=185)
    assert list(in_force(Hold.objects.all())) == [hold]
    assert counters(hold) == (0, 1, 400_000)
    assert OutboxMessage.objects.filter(topic="hold.activated", subject_id=hold.id).count() == 1


def test_it_takes_the_place_of_the_cases_stop(world: World, act: Act) -> None:
    stop = held(world)
    order = bank_order(world, "freeze", case=stop.case, number=stop.account.number.open())
    answer(order, world.risk_a, waiting_rank=1, effective_from=None, executed_minor=None, prior_freezes=(prior(),))
    waiting = Hold.objects.get(kind="freeze")
    stop.refresh_from_db()
    assert stop.status == "active"
    with act(world.risk_a) as work:
        hold_activate(by=world.risk_a, hold_id=waiting.id, effective_at=work.now, amount_minor=500_000)
    stop.refresh_from_db()
    assert (stop.status, stop.converted_to_id, stop.ended_at) == ("converted", waiting.id, work.now)
    assert counters(stop) == (0, 1, 500_000)


def test_bad_values_name_their_field(world: World, act: Act) -> None:
    waiting = frozen_behind(world)
    now = db.app_now()
    for at, amount, field in (
        (now + timedelta(minutes=6), 400_000, "effective_from"),
        (now - timedelta(days=1), 400_000, "effective_from"),
        (now, None, "amount_minor"),
        (now, 0, "amount_minor"),
        (now, 500_001, "amount_minor"),
    ):
        with nothing_answered(), pytest.raises(Invalid) as refused, act(world.risk_a):
            hold_activate(by=world.risk_a, hold_id=waiting.id, effective_at=at, amount_minor=amount)
        assert list(refused.value.fields) == [field]


def test_only_what_waits(world: World, act: Act) -> None:
    hold = held(world, "freeze")
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a) as work:
        hold_activate(by=world.risk_a, hold_id=hold.id, effective_at=work.now, amount_minor=500_000)


def test_a_stale_page_is_told(world: World, act: Act) -> None:
    hold = frozen_behind(world)
    with nothing_answered(), pytest.raises(Superseded), act(world.risk_a) as work:
        hold_activate(
            by=world.risk_a, hold_id=hold.id, effective_at=work.now, amount_minor=1, expected_version=hold.version + 1
        )


def test_others_may_not(world: World, act: Act) -> None:
    hold = frozen_behind(world)
    strangers = [("risk_b", NotFound), ("risk_branch", NotFound), ("analyst_b", NotFound), ("overseer", NotFound)]
    for name, error in [*strangers, ("analyst_a", Forbidden), ("approver_a", Forbidden)]:
        by = getattr(world, name)
        with nothing_answered(), pytest.raises(error), act(by) as work:
            hold_activate(by=by, hold_id=hold.id, effective_at=work.now, amount_minor=1)
