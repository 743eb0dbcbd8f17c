"""Institutions: create and change; each comes with its auth group and, where it executes orders, with its lane."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import Group
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto import data_keys
from antifraud.errors import Invalid
from banks.models import Institution, Lane, LegalProfile, User, WorkCalendar
from banks.policy import Action
from banks.rules import calendar_cn
from banks.selectors.institutions import superiors
from banks.selectors.profiles import latest_profile

EDITABLE = frozenset({
    "name", "name_zh", "bank_code", "parent", "legal_profile", "calendar", "time_zone", "phone", "connected", "is_active",
})  # fmt: skip
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
LONGEST = {"name": 160, "name_zh": 160, "bank_code": 20, "phone": 40}
Problems = dict[str, list[Any]]


def institution_create(
    *,
    by: User,
    kind: str,
    code: str,
    name: str,
    name_zh: str = "",
    parent: Institution | None = None,
    legal_profile: LegalProfile | None = None,
    calendar: WorkCalendar | None = None,
    connected: bool = True,
    bank_code: str = "",
    time_zone: str = "Asia/Shanghai",
    phone: str = "",
) -> Institution:
    """A new body with its group and, for banks, payment institutions and telecom operators, its lane.

    `code` is its short name for ever; `parent` is of the same kind. Raises Forbidden, Invalid naming each field.
    """
    policy.require(by, Action.INSTITUTION_CREATE)
    db.require_unit_of_work()
    institution = Institution(
        kind=kind, code=code.strip().lower(), name=name.strip(), name_zh=name_zh.strip(), parent=parent, connected=connected,
        bank_code=bank_code.strip().upper(), time_zone=time_zone, phone=phone.strip(),
    )  # fmt: skip
    if problems := _problems(institution) | _identity_problems(institution):
        raise Invalid(fields=problems)
    institution.legal_profile = legal_profile or latest_profile()
    institution.calendar = calendar or WorkCalendar.objects.get(code=calendar_cn.CODE)
    institution.group = Group.objects.create(name=f"institution:{institution.code}")
    institution.save(force_insert=True)
    # Its key is made here: two units of work that make the first keys of the same institutions could deadlock.
    data_keys.encryption_key(("institution", institution.id))
    if institution.is_executing:
        Lane.objects.create(institution=institution)
    diary.record("institution.create", by=by, obj=institution, detail={"kind": kind, "code": institution.code})
    return institution


def institution_update(*, by: User, institution_id: UUID, changes: Mapping[str, Any]) -> Institution:
    """Change what may change (never kind and code). An inactive institution's people are out at their next request.

    Raises NotFound, Forbidden, Invalid; ValueError for a column that cannot be edited.
    """
    institution = policy.get(by, Action.INSTITUTION_UPDATE, Institution.objects.all(), institution_id, lock=True)
    if unknown := set(changes) - EDITABLE:
        raise ValueError(f"not editable: {sorted(unknown)}")
    changed = sorted(name for name, value in changes.items() if getattr(institution, name) != value)
    for name in changed:
        setattr(institution, name, changes[name])
    problems = _problems(institution)
    if institution.kind == Institution.Kind.PLATFORM and not institution.is_active:
        problems["is_active"] = [_("The platform itself cannot be switched off.")]
    if problems:
        raise Invalid(fields=problems)
    if changed:
        institution.save(update_fields=changed)
        diary.record("institution.update", by=by, obj=institution, detail={"fields": changed})
    return institution


def _identity_problems(institution: Institution) -> Problems:
    """What is decided once for ever."""
    found: Problems = {}
    if institution.kind not in Institution.Kind.values or institution.kind == Institution.Kind.PLATFORM:
        found["kind"] = [_("Choose one of the kinds in the list.")]
    if not _CODE.fullmatch(institution.code):
        found["code"] = [_("A code has 2 to 40 small letters, digits, hyphens or underscores. Correct it.")]
    elif Institution.objects.filter(code=institution.code).exists():
        found["code"] = [_("This code is taken. Choose another one.")]
    return found


def _problems(institution: Institution) -> Problems:
    found: Problems = {}
    if not institution.name:
        found["name"] = [_("Enter the name of the institution.")]
    found |= too_long(institution, LONGEST)
    if not is_time_zone(institution.time_zone):
        found["time_zone"] = [_("This is not a time zone. Use a name like Asia/Shanghai.")]
    if institution.parent is not None:
        found |= _parent_problems(institution, institution.parent)
    return found


def _parent_problems(institution: Institution, parent: Institution) -> Problems:
    if parent.kind != institution.kind:
        return {"parent": [_("The body above must be of the same kind. Choose another one.")]}
    if institution.pk in superiors(parent):
        return {"parent": [_("The body above stands below this one already. Choose another one.")]}
    return {}


def too_long(obj: Model, longest: Mapping[str, int]) -> Problems:
    """A problem for each field whose text is longer than its column."""
    return {
        field: [_("This is longer than {most} characters. Shorten it.").format(most=most)]
        for field, most in longest.items()
        if len(getattr(obj, field)) > most
    }


def is_time_zone(name: str) -> bool:
    """Whether `name` is in the time zone database."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True
