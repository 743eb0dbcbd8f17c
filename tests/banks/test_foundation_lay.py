"""`lay_foundation`: what every installation needs, made once and never twice."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.management import call_command

from antifraud.db import NoUnitOfWork
from banks.models import CalendarDay, Institution, IssuePower, LegalProfile, User, WorkCalendar
from banks.rules.legal_profile import CN_PROFILE_V1, ORDER_KINDS
from banks.selectors.institutions import system_user
from banks.selectors.profiles import working_calendar
from banks.services.foundation import foundation_lay


def _counts() -> dict[str, int]:
    models = (Institution, User, LegalProfile, WorkCalendar, CalendarDay, IssuePower)
    return {model.__name__: model._base_manager.count() for model in models}


def test_a_second_time_changes_nothing(db: None) -> None:
    before = _counts()
    out = io.StringIO()
    call_command("lay_foundation", stdout=out)
    assert _counts() == before
    assert "user system" in out.getvalue()


def test_what_was_lost_is_made_again_and_what_is_there_stays(db: None) -> None:
    before = _counts()
    IssuePower.objects.filter(order_kind="freeze").delete()
    CalendarDay.objects.filter(on=date(2026, 10, 1)).update(title="changed here")
    call_command("lay_foundation", stdout=io.StringIO())
    assert _counts() == before
    assert CalendarDay.objects.get(on=date(2026, 10, 1)).title == "changed here"


def test_the_platform_acts_by_a_user_that_nobody_can_be(db: None) -> None:
    user = system_user()
    assert (user.role, user.institution.kind, user.institution.code) == ("system", "platform", "platform")
    assert not user.has_usable_password()


def test_the_profile_is_the_configured_one(db: None) -> None:
    assert LegalProfile.objects.get(code="CN", version=1).data == CN_PROFILE_V1


def test_police_and_centre_have_a_basis_for_every_kind_of_order(db: None) -> None:
    for kind in ("police", "centre"):
        found = set(IssuePower.objects.filter(institution_kind=kind).values_list("order_kind", flat=True))
        assert found == set(ORDER_KINDS)
    assert not IssuePower.objects.exclude(institution_kind__in=["police", "centre"]).exists()
    freeze = IssuePower.objects.get(institution_kind="police", order_kind="freeze")
    assert (freeze.legal_basis, freeze.instrument_required) == ("Criminal Procedure Law art. 144", True)


def test_the_calendar_knows_holidays_and_make_up_days(db: None) -> None:
    calendar = working_calendar(WorkCalendar.objects.get(code="CN"))
    assert not calendar.is_working_day(date(2026, 10, 1))  # a Thursday, National Day
    assert calendar.is_working_day(date(2026, 10, 10))  # a Saturday that is worked
    assert not calendar.is_working_day(date(2026, 11, 22))  # a plain Sunday
    assert calendar.is_working_day(date(2026, 11, 23))


def test_a_unit_of_work_is_required() -> None:
    with pytest.raises(NoUnitOfWork):
        foundation_lay()
