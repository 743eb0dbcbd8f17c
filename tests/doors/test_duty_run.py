"""Periodic duties: one at a time over all schedulers, with a heartbeat only where they succeeded (R15)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Hold
from antifraud import db
from antifraud.outbox.models import Heartbeat
from antifraud.schedule import DUTIES, Duty, duty_run
from banks.selectors.institutions import system_user
from cases.services.cases import case_count
from tests.accounts.factories import answered, hold_of, involve, issue, new_case
from tests.cast import World


def _duty(name: str) -> Duty:
    return next(duty for duty in DUTIES if duty.name == name)


def test_names_are_unique_and_periods_positive() -> None:
    assert len({duty.name for duty in DUTIES}) == len(DUTIES)
    assert all(duty.period_seconds > 0 for duty in DUTIES)


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: str(duty.name))
def test_with_nothing_to_do_it_beats(world: World, duty: Duty) -> None:
    assert duty_run(duty, system_user()) == 0
    assert Heartbeat.objects.get().name == f"duty:{duty.name}"
    assert Heartbeat.objects.get().period_seconds == duty.period_seconds


def test_a_failed_duty_does_not_beat(world: World) -> None:
    def broken(_by: Any, _limit: int) -> int:
        raise LookupError

    with pytest.raises(LookupError):
        duty_run(Duty("broken", 5, broken), system_user())
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_duty_that_another_scheduler_is_at_is_left_alone(world: World) -> None:
    inside, leave = threading.Event(), threading.Event()

    def long(_by: Any, _limit: int) -> int:
        inside.set()
        return int(leave.wait(10))

    by = system_user()

    def first() -> None:
        try:
            duty_run(Duty("long", 5, long), by)
        finally:
            connection.close()

    other = threading.Thread(target=first)
    other.start()
    assert inside.wait(10)
    assert duty_run(Duty("long", 5, long), by) is None
    assert duty_run(Duty("short", 5, lambda _by, _limit: 3), by) == 3
    leave.set()
    other.join(10)
    assert duty_run(Duty("long", 5, long), by) == 1


def test_holds_expire_by_the_databases_clock(world: World, move_clock: Any) -> None:
    case = new_case(world.analyst_a)
    order = answered(issue(world, involve(world.analyst_a, case, world.bank_a)), world.risk_a)
    hold = hold_of(order, world.risk_a, hours=48)
    with db.unit_of_work(system_user()):
        case_count(case.id, open_holds=1, held_minor=hold.amount_minor or 0, currency=hold.currency)
    move_clock(timedelta(hours=47, minutes=59))
    assert duty_run(_duty("holds_expire"), system_user()) == 0
    assert Hold.objects.get().status == "active"
    move_clock(timedelta(minutes=2))
    assert duty_run(_duty("holds_expire"), system_user()) == 1
    ended = Hold.objects.get()
    assert (ended.status, ended.ended_at) == ("expired", ended.legal_expires_at)
