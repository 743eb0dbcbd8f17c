"""People: one institution, a role that its kind has, a password that is not weak; administrators alone make them."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid
from banks.models import Institution, User
from banks.rules.roles import is_allowed
from banks.selectors.institutions import system_user
from banks.services.users import password_generate, user_create
from tests.banks.refused import nothing_happens
from tests.cast import World


def _create(by: Any, institution: Institution, **changes: Any) -> User:
    wanted: dict[str, Any] = {"username": "new.officer", "full_name": "Li Lei", "role": "analyst"} | changes
    return user_create(by=by, institution=institution, **wanted)


def test_a_person_with_a_password_can_be_recognised(world: World, act: Any) -> None:
    with act(world.admin):
        made = _create(world.admin, world.unit_a, password="green paper boat 7", badge_number=" 110021 ")
    stored = User.objects.get(pk=made.pk)
    assert stored.check_password("green paper boat 7")
    assert (stored.institution, stored.badge_number, stored.language) == (world.unit_a, "110021", "zh-hans")
    entry = AuditEntry.objects.get(object_id=made.id)
    assert (entry.verb, entry.actor_id) == ("user.create", world.admin.id)
    assert b"green" not in bytes(entry.payload)


def test_without_a_password_nobody_can_be_them(world: World, act: Any) -> None:
    with act(system_user()):
        assert not _create(system_user(), world.unit_a).has_usable_password()


def test_a_made_password_is_strong_and_never_the_same(world: World, act: Any) -> None:
    made = {password_generate() for _time in range(50)}
    assert len(made) == 50
    with act(world.admin):
        assert _create(world.admin, world.unit_a, password=made.pop()).has_usable_password()


def test_a_seconded_officer_names_the_home_institution(world: World, act: Any) -> None:
    with act(world.admin):
        assert _create(world.admin, world.centre, home_institution=world.unit_a).home_institution == world.unit_a


@pytest.mark.parametrize(
    ("place", "changes", "field"),
    [
        ("unit_a", {"username": "ANALYST_A"}, "username"),
        ("unit_a", {"username": "x"}, "username"),
        ("unit_a", {"username": "li lei"}, "username"),
        ("unit_a", {"full_name": " "}, "full_name"),
        ("unit_a", {"full_name": "n" * 81}, "full_name"),
        ("unit_a", {"role": "risk_officer"}, "role"),
        ("unit_a", {"role": "administrator"}, "role"),
        ("unit_a", {"role": "machine"}, "role"),
        ("unit_a", {"role": "king"}, "role"),
        ("bank_a", {"role": "analyst"}, "role"),
        ("platform", {"role": "system"}, "role"),
        ("unit_a", {"language": "fr"}, "language"),
        ("unit_a", {"password": "123456789012"}, "password"),
        ("unit_a", {"password": "short"}, "password"),
    ],
)
def test_wrong_input_is_named(world: World, act: Any, place: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens(), act(world.admin):
        _create(world.admin, getattr(world, place), **changes)
    assert set(refused.value.fields) == {field}


def test_ones_own_institution_is_no_home_institution(world: World, act: Any) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens(), act(world.admin):
        _create(world.admin, world.centre, home_institution=world.centre)
    assert set(refused.value.fields) == {"home_institution"}


@pytest.mark.parametrize("name", ["analyst_a", "supervisor_a", "risk_supervisor_a", "machine_a", "auditor"])
def test_nobody_else_may(world: World, act: Any, name: str) -> None:
    by = getattr(world, name)
    with pytest.raises(Forbidden), nothing_happens(), act(by):
        _create(by, by.institution, role=by.role)


def test_every_role_belongs_to_some_kind_and_every_kind_has_people() -> None:
    kinds = Institution.Kind.values
    for role in User.Role.values:
        assert any(is_allowed(role, kind) for kind in kinds), role
    for kind in kinds:
        assert any(is_allowed(role, kind) for role in User.Role.values if role not in {"machine", "system"}), kind
