"""Choices that several forms of this floor offer, in the reader's language; whether one is legal is a service's business."""

from __future__ import annotations

import functools
from zoneinfo import available_timezones

from django import forms
from django.conf import settings

from banks.models import Institution, User
from banks.rules.roles import NOBODYS_LOGIN

Choices = list[tuple[str, str]]


@functools.cache
def time_zones() -> tuple[str, ...]:
    """Names of the time zone database that name a place; offered by a data list, for a select of 400 lines is slow."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def zone_input() -> forms.TextInput:
    """A text field that offers the names in the data list of `banks/zones.html`."""
    return forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "data-width": "sm"})


def languages() -> Choices:
    """The languages of the product."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def institution_kinds() -> Choices:
    """Kinds of institutions that can be created (never the platform itself)."""
    return [(kind.value, str(kind.label)) for kind in Institution.Kind if kind != Institution.Kind.PLATFORM]


def person_roles() -> Choices:
    """Roles of people who log in."""
    return [(role.value, str(role.label)) for role in User.Role if role not in NOBODYS_LOGIN]
