"""What belongs to a day or a year belongs to that of the unit's own calendar, not to that of Greenwich."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from antifraud import db
from antifraud.errors import Invalid
from cases.models import CaseStep
from cases.services.steps import case_step
from tests.accounts.factories import new_case
from tests.accounts.flow.serial_cases import series_of, sharing
from tests.cast import World

Move = Callable[[timedelta], None]


def move_to(move_clock: Move, month: int, day: int, hour: int) -> datetime:
    """The next such hour in UTC, half past, by the legal clock."""
    now = db.app_now()
    years = (datetime(year, month, day, hour, 30, tzinfo=UTC) for year in (now.year, now.year + 1))
    at = next(each for each in years if each > now)
    move_clock(at - now)
    return at


def test_numbers_bear_the_year_of_the_units_calendar(world: World, move_clock: Move) -> None:
    """16:30 UTC on 31 December is half an hour after midnight in Shanghai."""
    at = move_to(move_clock, 12, 31, 16)
    one, other = sharing(world, "6222020200012345678", world.analyst_a, world.second_a)
    assert {one.number[:6], other.number[:6]} == {f"A{at.year + 1}-"}
    series = series_of(one)
    assert series is not None
    assert series.number.startswith(f"S{at.year + 1}-")


def test_before_midnight_there_it_is_the_old_year(world: World, move_clock: Move) -> None:
    at = move_to(move_clock, 12, 31, 15)
    assert new_case(world.analyst_a).number.startswith(f"A{at.year}-")


@pytest.mark.parametrize(("hour", "days"), [(2, 0), (15, 0), (16, 1), (23, 1)])
def test_a_step_is_dated_today_at_the_latest(world: World, move_clock: Move, hour: int, days: int) -> None:
    """`days`: whether Shanghai has the next day already."""
    at = move_to(move_clock, 6, 30, hour)
    case = new_case(world.analyst_a)
    today = at.date() + timedelta(days=days)
    with pytest.raises(Invalid) as refused, db.unit_of_work(world.supervisor_a):
        case_step(
            by=world.supervisor_a, case_id=case.id, verb="accept", on=today + timedelta(days=1), document_number="D-1"
        )
    assert list(refused.value.fields) == ["on"]
    assert not CaseStep.objects.exists()
    with db.unit_of_work(world.supervisor_a):
        case_step(by=world.supervisor_a, case_id=case.id, verb="accept", on=today, document_number="D-1")
    assert CaseStep.objects.get().on == today
