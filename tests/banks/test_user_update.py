"""Changing people: role within the institution's kind, never the institution; nobody shuts themselves out."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from banks.models import User
from banks.selectors.institutions import system_user
from banks.services.users import user_update
from tests.banks.refused import nothing_happens
from tests.cast import World


def _update(act: Any, by: Any, user: User, **changes: Any) -> User:
    with act(by):
        return user_update(by=by, user_id=user.id, changes=changes)


def test_changes_are_kept_and_told_by_field_name_only(world: World, act: Any) -> None:
    _update(act, world.admin, world.analyst_a, role="approver", full_name="Han Meimei", badge_number="")
    stored = User.objects.get(username="analyst_a")
    assert (stored.role, stored.full_name) == ("approver", "Han Meimei")
    entry = AuditEntry.objects.get(object_id=stored.id)
    assert detail_of(entry) == {"fields": ["full_name", "role"]}


def test_a_deactivated_person_is_off(world: World, act: Any) -> None:
    assert not _update(act, world.admin, world.analyst_a, is_active=False).is_active


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "analyst"}])
def test_an_administrator_cannot_shut_themselves_out(world: World, act: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as refused, nothing_happens():
        _update(act, world.admin, world.admin, **changes)
    assert refused.value.code == "own_account"


@pytest.mark.parametrize("field", ["institution", "username", "password"])
def test_what_a_person_is_never_changes(world: World, act: Any, field: str) -> None:
    with pytest.raises(ValueError, match="not editable"), nothing_happens():
        _update(act, world.admin, world.analyst_a, **{field: "x"})


@pytest.mark.parametrize(
    ("name", "role"), [("risk_a", "machine"), ("machine_a", "risk_officer"), ("risk_a", "analyst")]
)
def test_roles_do_not_cross(world: World, act: Any, name: str, role: str) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens():
        _update(act, world.admin, getattr(world, name), role=role)
    assert set(refused.value.fields) == {"role"}


def test_the_platforms_own_user_is_nobody_to_change(world: World, act: Any) -> None:
    with pytest.raises(Forbidden), nothing_happens():
        _update(act, world.admin, system_user(), is_active=False)


def test_colleagues_see_but_may_not_strangers_find_nothing(world: World, act: Any) -> None:
    with pytest.raises(Forbidden), nothing_happens():
        _update(act, world.supervisor_a, world.analyst_a, full_name="X")
    for stranger in (world.supervisor_b, world.risk_a, world.auditor):
        with pytest.raises(NotFound), nothing_happens():
            _update(act, stranger, world.analyst_a, full_name="X")
