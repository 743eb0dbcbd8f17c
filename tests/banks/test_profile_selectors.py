"""Clocks of a profile, the agreement of the day, and how long an answer may take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from antifraud import db
from banks.models import Agreement, LegalProfile
from banks.rules.legal_profile import ProfileError
from banks.selectors.profiles import answer_minutes, clocks_of, current_agreement, latest_profile, profile_of
from tests.cast import World


def _agree(institution: Any, version: int, minutes: int | None, **days: int) -> Agreement:
    today = db.app_now().date()
    overrides = {"answer_minutes": {"freeze": {"urgent": minutes}}} if minutes else {}
    return Agreement.objects.create(
        institution=institution,
        version=version,
        title="Fast freeze",
        overrides=overrides,
        effective_from=today + timedelta(days=days.get("starts", -1)),
        ended_on=today + timedelta(days=days["ends"]) if "ends" in days else None,
    )


def test_the_clocks_are_the_profiles(world: World, counted: Any) -> None:
    profile = latest_profile()
    assert (clocks_of(profile).stop_hours, clocks_of(profile).freeze_months) == (48, 6)
    with counted(0):
        assert profile_of(profile).announce.stop_hours == (24, 6, 2)


def test_a_broken_profile_is_refused(world: World) -> None:
    broken = LegalProfile(code="XX", version=1, data={"code": "XX"})
    with pytest.raises(ProfileError):
        clocks_of(broken)


def test_the_newest_version_in_force_is_taken(world: World) -> None:
    old = latest_profile()
    today = db.app_now().date()
    for version, day in ((2, today), (3, today + timedelta(days=30))):
        data = {**old.data, "version": version}
        LegalProfile.objects.create(code="CN", version=version, title="CN", data=data, effective_from=day)
    assert latest_profile().version == 2
    with pytest.raises(LegalProfile.DoesNotExist):
        latest_profile("ZZ")


def test_the_agreement_of_the_day(world: World) -> None:
    assert current_agreement(world.bank_a) is None
    _agree(world.bank_a, 1, 60, starts=-10, ends=0)
    assert current_agreement(world.bank_a) is None
    second = _agree(world.bank_a, 2, 60, starts=-5)
    third = _agree(world.bank_a, 3, 45, starts=0)
    _agree(world.bank_a, 4, 30, starts=2)
    assert current_agreement(world.bank_a) == third
    third.delete()
    assert current_agreement(world.bank_a) == second
    assert current_agreement(world.bank_b) is None


def test_the_agreement_goes_before_the_profile_for_what_it_names(world: World, counted: Any) -> None:
    profile = latest_profile()
    assert answer_minutes(world.bank_a, profile, "stop", "02") == 15
    assert answer_minutes(world.bank_a, profile, "stop", "01") == 30
    assert answer_minutes(world.bank_a, profile, "freeze", "urgent") == 120
    agreement = _agree(world.bank_a, 1, 20)
    assert answer_minutes(world.bank_a, profile, "freeze", "02") == 20
    assert answer_minutes(world.bank_a, profile, "freeze", "01") == 120
    assert answer_minutes(world.bank_b, profile, "freeze", "02") == 120
    with counted(0):
        assert answer_minutes(world.bank_b, profile, "freeze", "02", agreement=agreement) == 20
    with pytest.raises(ValueError, match="unknown"):
        answer_minutes(world.bank_b, profile, "massage", "02")
