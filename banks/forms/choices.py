"""Choices that several forms of this floor offer, in the reader's language; whether one is legal is a service's business."""

from __future__ import annotations

import functools
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _

from banks.models import Institution, User
from banks.rules.roles import NOBODYS_LOGIN

Choices = list[tuple[str, str]]


@functools.cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def time_zones() -> Choices:
    """Names of the time zone database that name a place."""
    return [(name, name.replace("_", " ")) for name in _zones()]


def languages() -> Choices:
    """The languages of the product."""
    return [(code, _(name)) for code, name in settings.LANGUAGES]


def institution_kinds() -> Choices:
    """Kinds of institutions that can be created (never the platform itself)."""
    return [(kind.value, str(kind.label)) for kind in Institution.Kind if kind != Institution.Kind.PLATFORM]


def person_roles() -> Choices:
    """Roles of people who log in."""
    return [(role.value, str(role.label)) for role in User.Role if role not in NOBODYS_LOGIN]
