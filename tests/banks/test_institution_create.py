"""A new institution comes with its group and, where it executes orders, with its lane; administrators alone make it."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid
from banks.models import Institution, Lane
from banks.selectors.institutions import system_user
from banks.services.institutions import institution_create
from tests.banks.refused import nothing_happens
from tests.cast import World


def _create(by: Any, **changes: Any) -> Institution:
    wanted: dict[str, Any] = {"kind": "bank", "code": "new_bank", "name": "New Bank", "name_zh": "新银行"} | changes
    return institution_create(by=by, **wanted)


@pytest.mark.parametrize("kind", ["bank", "payment", "telecom"])
def test_who_executes_orders_has_a_lane(world: World, act: Any, kind: str) -> None:
    with act(world.admin):
        made = _create(world.admin, kind=kind)
    stored = Institution.objects.get(pk=made.pk)
    assert (stored.kind, stored.code, stored.connected, stored.is_active) == (kind, "new_bank", True, True)
    assert (stored.legal_profile.code, stored.calendar.code) == ("CN", "CN")
    assert (stored.lane.in_flight_cap, stored.lane.paused) == (4, False)
    assert stored.group_id == stored.group.pk
    assert AuditEntry.objects.get(object_id=made.id).verb == "institution.create"


@pytest.mark.parametrize("kind", ["police", "centre", "oversight"])
def test_others_have_none(world: World, act: Any, kind: str) -> None:
    with act(world.admin):
        made = _create(world.admin, kind=kind)
    assert not Lane.objects.filter(institution=made).exists()


def test_the_platform_itself_may_create(world: World, act: Any) -> None:
    with act(system_user()):
        assert _create(system_user(), code="  Other-Bank ").code == "other-bank"


def test_a_branch_stands_below_a_body_of_its_kind(world: World, act: Any) -> None:
    with act(world.admin):
        assert _create(world.admin, parent=world.bank_a).parent == world.bank_a
    with pytest.raises(Invalid) as refused, nothing_happens(), act(world.admin):
        _create(world.admin, code="odd", parent=world.unit_a)
    assert set(refused.value.fields) == {"parent"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "platform"}, "kind"),
        ({"kind": "church"}, "kind"),
        ({"code": "bank_a"}, "code"),
        ({"code": "x"}, "code"),
        ({"code": "with space"}, "code"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 161}, "name"),
        ({"time_zone": "Asia/Atlantis"}, "time_zone"),
        ({"time_zone": "Asia"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"phone": "1" * 41}, "phone"),
    ],
)
def test_wrong_input_is_named(world: World, act: Any, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens(), act(world.admin):
        _create(world.admin, **changes)
    assert set(refused.value.fields) == {field}
    assert all(str(text) for text in refused.value.fields[field])


@pytest.mark.parametrize("name", ["analyst_a", "supervisor_a", "centre_supervisor", "risk_a", "machine_a", "auditor"])
def test_nobody_else_may(world: World, act: Any, name: str) -> None:
    by = getattr(world, name)
    with pytest.raises(Forbidden), nothing_happens(), act(by):
        _create(by)
