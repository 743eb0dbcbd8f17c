"""Changing an institution: never its kind and code; rings in the tree and the end of the platform are refused."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid
from banks.models import Institution
from banks.services.institutions import institution_update
from tests.banks.refused import nothing_happens
from tests.cast import World


def _update(act: Any, by: Any, institution: Institution, **changes: Any) -> Institution:
    with act(by):
        return institution_update(by=by, institution_id=institution.id, changes=changes)


def test_changes_are_kept_and_told_by_field_name_only(world: World, act: Any) -> None:
    _update(act, world.admin, world.bank_a, phone="95588", connected=False, name=world.bank_a.name)
    stored = Institution.objects.get(code="bank_a")
    assert (stored.phone, stored.connected) == ("95588", False)
    assert detail_of(AuditEntry.objects.get(object_id=stored.id)) == {"fields": ["connected", "phone"]}


def test_no_change_leaves_no_trace(world: World, act: Any) -> None:
    with nothing_happens():
        _update(act, world.admin, world.bank_a, name=world.bank_a.name)


@pytest.mark.parametrize("field", ["kind", "code", "group", "id"])
def test_what_it_is_never_changes(world: World, act: Any, field: str) -> None:
    with pytest.raises(ValueError, match="not editable"), nothing_happens():
        _update(act, world.admin, world.bank_a, **{field: "x"})


def test_a_tree_has_no_rings(world: World, act: Any) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens():
        _update(act, world.admin, world.bureau, parent=world.unit_a)
    assert set(refused.value.fields) == {"parent"}
    with pytest.raises(Invalid), nothing_happens():
        _update(act, world.admin, world.unit_a, parent=world.unit_a)


def test_the_platform_stays_on(world: World, act: Any) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens():
        _update(act, world.admin, world.platform, is_active=False)
    assert set(refused.value.fields) == {"is_active"}


@pytest.mark.parametrize("name", ["supervisor_a", "risk_supervisor_a", "auditor"])
def test_others_see_it_but_may_not(world: World, act: Any, name: str) -> None:
    with pytest.raises(Forbidden), nothing_happens():
        _update(act, getattr(world, name), world.bank_a, phone="1")
