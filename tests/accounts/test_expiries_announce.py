"""Ends of holds are announced to both sides: stop 24/6/2 h, freeze 30/15/7/3 days ahead, once each (domain.md §4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold
from accounts.services.holds import hold_extend
from accounts.services.reminders import expiries_announce
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts.factories import answered, hold_of, involve, issue, new_case
from tests.cast import World


def _announce(limit: int = 200) -> int:
    with db.unit_of_work(system_user()):
        return expiries_announce(by=system_user(), limit=limit)


def _held(world: World, kind: str = "stop", hours: int = 48) -> Hold:
    case = new_case(world.analyst_a, filed=True)
    order = issue(world, involve(world.analyst_a, case, world.bank_a), kind)
    return hold_of(answered(order, world.risk_a), world.risk_a, kind=kind, hours=hours)


def _told(user: Any) -> list[tuple[str, int]]:
    rows = Notification.objects.filter(user=user).order_by("created_at", "id")
    return [(row.code, row.params["count"]) for row in rows]


@pytest.mark.parametrize(
    ("kind", "hours", "code", "marks"),
    [
        ("stop", 48, "hold.expiring_hours", [(24, 24), (6, 6), (2, 2)]),
        ("freeze", 24 * 180, "hold.expiring_days", [(30 * 24, 30), (15 * 24, 15), (7 * 24, 7), (3 * 24, 3)]),
    ],
)
def test_each_distance_is_announced_once_to_both_sides(
    world: World, move_clock: Any, kind: str, hours: int, code: str, marks: list[tuple[int, int]]
) -> None:
    hold = _held(world, kind, hours)
    assert _announce() == 0
    left, expected = float(hours), []
    for ahead, count in marks:
        move_clock(timedelta(hours=left - ahead) - timedelta(minutes=5))
        assert _announce() == 0, "five minutes too early"
        move_clock(timedelta(minutes=10))
        left = ahead - 5 / 60
        assert _announce() == 1
        assert _announce() == 0
        expected.append((code, count))
    for person in (world.analyst_a, world.risk_a, world.risk_supervisor_a):
        assert _told(person) == expected
    for stranger in (world.analyst_b, world.risk_b, world.machine_a, world.overseer):
        assert _told(stranger) == []
    assert set(Notification.objects.filter(user=world.analyst_a).values_list("url", flat=True)) == {
        f"/orders/{hold.order_id}/"
    }
    assert set(Notification.objects.filter(user=world.risk_a).values_list("url", flat=True)) == {
        f"/queue/{hold.order_id}/"
    }
    assert AuditEntry.objects.filter(object_id=hold.id, verb="hold.announce").count() == len(marks)


def test_after_a_long_silence_only_the_nearest_distance_is_announced(world: World, move_clock: Any) -> None:
    _held(world)
    move_clock(timedelta(hours=47))
    assert _announce() == 1
    assert _told(world.analyst_a) == [("hold.expiring_hours", 2)]


def test_an_ended_hold_is_not_announced(world: World, move_clock: Any) -> None:
    _held(world)
    move_clock(timedelta(hours=49))
    assert _announce() == 0


def test_an_extension_makes_a_new_end_that_is_announced_again(world: World, move_clock: Any) -> None:
    hold = _held(world)
    move_clock(timedelta(hours=30))
    assert _announce() == 1
    hold = Hold.objects.get(pk=hold.pk)
    with db.unit_of_work(world.risk_a):
        hold_extend(by=world.risk_a, hold=hold, order=hold.order)
    assert _announce() == 0
    move_clock(timedelta(hours=48))
    assert _announce() == 1
    assert _told(world.analyst_a) == [("hold.expiring_hours", 24)] * 2


def test_a_limit_is_kept_over_all_distances(world: World, move_clock: Any) -> None:
    _held(world)
    _held(world)
    move_clock(timedelta(hours=30))
    assert (_announce(1), _announce(1), _announce(1)) == (1, 1, 0)
