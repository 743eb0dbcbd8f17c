"""People: create, change, deactivate, unlock; nobody acts except for exactly one institution."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from axes.utils import reset
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Invalid
from banks.models import Institution, User
from banks.policy import Action
from banks.rules import roles
from banks.services.institutions import Problems, is_time_zone, too_long

EDITABLE = frozenset({
    "full_name", "badge_number", "email", "role", "home_institution", "language", "time_zone", "cleared_until", "is_active",
})  # fmt: skip
LONGEST = {"full_name": 80, "badge_number": 40}
_USERNAME = re.compile(r"[\w.@+-]{2,60}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another when read aloud


def user_create(
    *,
    by: User,
    username: str,
    full_name: str,
    role: str,
    institution: Institution,
    password: str | None = None,
    badge_number: str = "",
    home_institution: Institution | None = None,
    language: str = "zh-hans",
) -> User:
    """A new user of `institution`. Without a password nobody can log in as them until one is set.

    Raises Forbidden, Invalid naming each field (a role that this kind of institution has not, a taken name, a weak
    password). The role `system` belongs to the foundation alone.
    """
    policy.require(by, Action.USER_CREATE)
    db.require_unit_of_work()
    user = User(
        username=username.strip(),
        full_name=full_name.strip(),
        role=role,
        institution=institution,
        badge_number=badge_number.strip(),
        home_institution=home_institution,
        language=language,
    )
    if problems := _problems(user) | _username_problems(user) | _password_problems(password, user):
        raise Invalid(fields=problems)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save(force_insert=True)
    diary.record("user.create", by=by, obj=user, detail={"role": role, "institution": institution.code})
    return user


def user_update(*, by: User, user_id: UUID, changes: Mapping[str, Any]) -> User:
    """Change a user; the institution never changes (a person who moves gets a new user, the old one's acts stay).

    Raises NotFound, Forbidden, Invalid, Conflict `own_account` where administrators would shut themselves out;
    ValueError for a column that cannot be edited.
    """
    user = _locked(by, user_id)
    if unknown := set(changes) - EDITABLE:
        raise ValueError(f"not editable: {sorted(unknown)}")
    changed = sorted(name for name, value in changes.items() if getattr(user, name) != value)
    if user.pk == by.pk and {"role", "is_active"} & set(changed):
        raise Conflict(_("You cannot change your own role or switch yourself off."), code="own_account")
    before = user.role
    for name in changed:
        setattr(user, name, changes[name])
    problems = _problems(user)
    if (before in roles.NOBODYS_LOGIN) != (user.role in roles.NOBODYS_LOGIN):
        problems["role"] = [_("A bank system's user stays one. Create another user.")]
    if problems:
        raise Invalid(fields=problems)
    if changed:
        user.save(update_fields=changed)
        diary.record("user.update", by=by, obj=user, detail={"fields": changed})
    return user


def user_preferences(*, by: User, language: str, time_zone: str) -> User:
    """One's own language and time zone ("" = the institution's); raises Invalid."""
    db.require_unit_of_work()
    by.language, by.time_zone = language, time_zone
    problems = {name: texts for name, texts in _problems(by).items() if name in {"language", "time_zone"}}
    if problems:
        raise Invalid(fields=problems)
    by.save(update_fields=["language", "time_zone"])
    return by


def user_password_renew(*, by: User, user_id: UUID) -> tuple[User, str]:
    """Give a person a new password, told once; it must be handed over by another way than the platform.

    Raises NotFound, Forbidden, Conflict for users who never log in.
    """
    user = _locked(by, user_id)
    if user.role in roles.NOBODYS_LOGIN:
        raise Conflict(_("This user never logs in by password."), code="no_password")
    password = password_generate()
    user.set_password(password)
    user.save(update_fields=["password"])
    diary.record("user.password_renew", by=by, obj=user)
    return user, password


def user_unlock(*, by: User, user_id: UUID) -> int:
    """Forget the failed log-ins that lock a person out; returns how many were counted."""
    user = _locked(by, user_id)
    forgotten: int = reset(username=user.username)
    diary.record("user.unlock", by=by, obj=user, detail={"failures": forgotten})
    return forgotten


def password_generate() -> str:
    """Four groups of five characters: about 99 bits, easy to read aloud."""
    return "-".join("".join(secrets.choice(_LETTERS) for _at in range(5)) for _group in range(4))


def _locked(by: User, user_id: UUID) -> User:
    rows = User.objects.exclude(role=User.Role.SYSTEM)
    return policy.get(by, Action.USER_UPDATE, rows, user_id, lock=True)


def _problems(user: User) -> Problems:
    found: Problems = {}
    if not user.full_name:
        found["full_name"] = [_("Enter the full name.")]
    found |= too_long(user, LONGEST)
    if user.role == roles.SYSTEM or not roles.is_allowed(user.role, user.institution.kind):
        found["role"] = [_("This kind of institution has no such role. Choose another role.")]
    if user.home_institution is not None and user.home_institution == user.institution:
        found["home_institution"] = [_("The home institution must be another one. Leave it empty otherwise.")]
    if user.language not in dict(settings.LANGUAGES):
        found["language"] = [_("Choose one of the languages in the list.")]
    if user.time_zone and not is_time_zone(user.time_zone):
        found["time_zone"] = [_("This is not a time zone. Use a name like Asia/Shanghai.")]
    return found


def _username_problems(user: User) -> Problems:
    if not _USERNAME.fullmatch(user.username):
        return {"username": [_("A user name has 2 to 60 letters, digits or . @ + - _. Correct it.")]}
    if User.objects.filter(username__iexact=user.username).exists():
        return {"username": [_("This user name is taken. Choose another one.")]}
    return {}


def _password_problems(password: str | None, user: User) -> Problems:
    if password is None:
        return {}
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {"password": list(error.messages)}
    return {}
