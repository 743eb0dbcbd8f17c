"""Legal profiles, agreements and calendars as the typed rules that clocks are computed with."""

from __future__ import annotations

import functools
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from antifraud import db
from banks.models import Agreement, Institution, LegalProfile, WorkCalendar
from banks.rules import legal_profile as rules
from banks.rules.working_days import Calendar

_WORDS = {code: word for word, code in rules.URGENCIES.items()}
_kept: dict[tuple[str, int], rules.LegalProfile] = {}


def profile_of(profile: LegalProfile) -> rules.LegalProfile:
    """The typed profile. Kept in the process by code and version: a published version never changes.

    Raises rules.ProfileError where the stored data is not a profile.
    """
    key = (profile.code, profile.version)
    if key not in _kept:
        _kept[key] = rules.parse_profile(profile.data)
    return _kept[key]


def clocks_of(profile: LegalProfile) -> rules.Clocks:
    """The profile's terms."""
    return profile_of(profile).clocks


def latest_profile(code: str = "CN") -> LegalProfile:
    """The newest version in force today; raises LegalProfile.DoesNotExist for an unknown code."""
    today = db.app_now().date()
    return LegalProfile.objects.filter(code=code, effective_from__lte=today).order_by("-version")[:1].get()


def legal_profiles() -> QuerySet[LegalProfile]:
    """All versions of all profiles, to choose from."""
    return LegalProfile.objects.order_by("code", "-version")


def work_calendars() -> QuerySet[WorkCalendar]:
    """All working calendars, to choose from."""
    return WorkCalendar.objects.order_by("code")


def current_agreement(institution: Institution) -> Agreement | None:
    """The agreement in force today by the institution's own calendar day; the newest version where several are."""
    today = db.app_now().astimezone(ZoneInfo(institution.time_zone)).date()
    return (
        Agreement.objects.filter(institution=institution, effective_from__lte=today)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=today))
        .order_by("-version")
        .first()
    )


def answer_minutes(
    institution: Institution, profile: LegalProfile, kind: str, urgency: str, *, agreement: Agreement | None = None
) -> int:
    """Minutes that the institution has to answer an order; its agreement's number before the profile's.

    `urgency` is the order's code ("01", "02") or the profile's word. `agreement` saves the question where the
    caller has it already. Raises ValueError for an unknown kind or urgency.
    """
    found = agreement or current_agreement(institution)
    overrides: dict[str, Any] | None = found.overrides if found is not None else None
    return rules.effective_answer_minutes(profile_of(profile), overrides, kind, _WORDS.get(urgency, urgency))


@functools.lru_cache(maxsize=64)
def _calendar(weekend: tuple[int, ...], days: tuple[tuple[Any, bool], ...]) -> Calendar:
    return Calendar(weekend=frozenset(day - 1 for day in weekend), overrides=dict(days))


def working_calendar(calendar: WorkCalendar) -> Calendar:
    """The stored calendar (ISO weekdays) as the rule that counts working days. One statement."""
    days = tuple(calendar.days.order_by("on").values_list("on", "is_working"))
    return _calendar(tuple(calendar.weekend), days)
