"""What every installation needs before its first user: profile, calendar, powers, the platform and its own actor."""

from __future__ import annotations

from django.contrib.auth.models import Group

from antifraud import db
from antifraud.audit import diary
from banks.models import CalendarDay, Institution, IssuePower, LegalProfile, User, WorkCalendar
from banks.rules import calendar_cn
from banks.rules.issue_powers import POWERS
from banks.rules.legal_profile import CN_PROFILE_V1, parse_profile

PLATFORM_CODE = "platform"
SYSTEM_USERNAME = "system"


def foundation_lay() -> User:
    """Make what is missing and leave what is there (a published profile version never changes); idempotent.

    Run after every migration, by commands only: nobody can be asked for permission yet. Returns the system user.
    """
    db.require_unit_of_work()
    profile = _profile()
    calendar = _calendar()
    _powers()
    return _system_user(_platform(profile, calendar))


def _profile() -> LegalProfile:
    known = parse_profile(CN_PROFILE_V1)
    profile, _made = LegalProfile.objects.get_or_create(
        code=known.code,
        version=known.version,
        defaults={
            "title": "China, as configured",
            "data": CN_PROFILE_V1,
            "effective_from": calendar_cn.DAYS[0].on,
        },
    )
    return profile


def _calendar() -> WorkCalendar:
    calendar, _made = WorkCalendar.objects.get_or_create(
        code=calendar_cn.CODE, defaults={"title": calendar_cn.TITLE, "weekend": list(calendar_cn.WEEKEND)}
    )
    CalendarDay.objects.bulk_create(
        [CalendarDay(calendar=calendar, **day._asdict()) for day in calendar_cn.DAYS], ignore_conflicts=True
    )
    return calendar


def _powers() -> None:
    IssuePower.objects.bulk_create([IssuePower(**power._asdict()) for power in POWERS], ignore_conflicts=True)


def _platform(profile: LegalProfile, calendar: WorkCalendar) -> Institution:
    found = Institution.objects.filter(code=PLATFORM_CODE).first()
    if found is not None:
        return found
    group = Group.objects.create(name=PLATFORM_CODE)
    return Institution.objects.create(
        kind=Institution.Kind.PLATFORM,
        code=PLATFORM_CODE,
        name="Platform",
        name_zh="平台",
        group=group,
        legal_profile=profile,
        calendar=calendar,
    )


def _system_user(platform: Institution) -> User:
    found = User.objects.filter(role=User.Role.SYSTEM).order_by("date_joined").first()
    if found is not None:
        return found
    user = User(
        username=SYSTEM_USERNAME,
        full_name="Platform",
        role=User.Role.SYSTEM,
        institution=platform,
        language="en",
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    diary.record("foundation.lay", by=user, obj=platform)
    return user
