"""Holds end by the database's clock: not in force from that moment on, whatever their status still says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from accounts.models import Hold
from accounts.selectors.holds import holds_list, in_force, lifts_due
from accounts.services.holds import holds_expire
from antifraud import db
from antifraud.outbox.models import OutboxMessage
from banks.models import User
from banks.selectors.institutions import system_user
from tests.accounts.answering import counters, frozen_behind, held, nothing_answered
from tests.cast import World


def expire(by: User | None = None, limit: int = 200) -> int:
    """The scheduler's call."""
    by = by or system_user()
    with db.unit_of_work(by):
        return holds_expire(by=by, limit=limit)


def test_a_stop_ends_after_48_hours(world: World, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=47, minutes=59))
    assert expire() == 0
    move_clock(timedelta(minutes=2))
    assert expire() == 1
    hold.refresh_from_db()
    end = hold.legal_expires_at
    assert end is not None
    assert (hold.status, hold.ended_at, hold.end_cause, hold.trigger_at) == ("expired", end, "expired", end)
    assert (hold.lift_due_at, hold.lifted_at) == (end + timedelta(hours=2), None)
    assert counters(hold) == (0, 1, 0)
    assert [each.id for each in lifts_due(Hold.objects.all())] == [hold.id]
    assert OutboxMessage.objects.filter(topic="hold.expired", subject_id=hold.id).count() == 1
    assert expire() == 0


def test_past_its_end_it_is_not_in_force_although_its_status_says_active(world: World, move_clock: Any) -> None:
    hold = held(world)
    assert list(in_force(Hold.objects.all())) == [hold]
    move_clock(timedelta(hours=48, seconds=1))
    hold.refresh_from_db()
    assert hold.status == "active"
    assert not in_force(Hold.objects.all()).exists()
    assert not holds_list(user=world.risk_a, state="in_force").exists()
    assert not holds_list(user=world.analyst_a, state="in_force").exists()


def test_pythons_clock_moves_nothing(world: World) -> None:
    hold = held(world)
    later = timezone.now() + timedelta(days=400)
    with mock.patch("django.utils.timezone.now", return_value=later):
        assert expire() == 0
        assert list(in_force(Hold.objects.all())) == [hold]


def test_ending_within_a_day(world: World, move_clock: Any) -> None:
    hold = held(world)
    assert not holds_list(user=world.risk_a, state="ending").exists()
    move_clock(timedelta(hours=25))
    assert [each.id for each in holds_list(user=world.risk_a, state="ending")] == [hold.id]


def test_a_freeze_ends_after_months(world: World, move_clock: Any) -> None:
    hold = held(world, "freeze")
    move_clock(timedelta(days=179))
    assert expire() == 0
    move_clock(timedelta(days=7))
    assert expire() == 1
    hold.refresh_from_db()
    assert hold.status == "expired"


def test_what_waits_or_has_no_end_stays(world: World, move_clock: Any) -> None:
    waiting, number = frozen_behind(world), held(world, "suspend_number")
    move_clock(timedelta(days=4000))
    assert expire() == 0
    for hold, status in ((waiting, "waiting"), (number, "active")):
        hold.refresh_from_db()
        assert hold.status == status


def test_batches(world: World, move_clock: Any) -> None:
    for _ in range(3):
        held(world)
    move_clock(timedelta(hours=49))
    assert [expire(limit=2), expire(limit=2), expire(limit=2)] == [2, 1, 0]


@pytest.mark.parametrize("name", ["risk_a", "analyst_a", "supervisor_a", "admin", "overseer"])
def test_nobody_else_ends_holds(world: World, move_clock: Any, name: str) -> None:
    held(world)
    move_clock(timedelta(hours=49))
    with nothing_answered():
        assert expire(getattr(world, name)) == 0
