"""A machine client: its secret is told once and kept as a hash; it acts as a machine user of its own institution."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid
from banks.models import MachineClient
from banks.oauth import is_live
from banks.services.clients import client_create
from tests.banks.refused import nothing_happens
from tests.cast import World


def test_it_can_ask_for_tokens_and_nothing_else(world: World, act: Any) -> None:
    with act(world.admin):
        client, secret = client_create(by=world.admin, institution=world.bank_a, name="Core system")
    stored = MachineClient.objects.get(pk=client.pk)
    assert secret not in stored.client_secret
    assert check_password(secret, stored.client_secret)
    assert stored.authorization_grant_type == "client-credentials"
    assert is_live(stored)
    assert (stored.user.role, stored.user.institution, stored.user.has_usable_password()) == (
        "machine",
        world.bank_a,
        False,
    )
    entries = AuditEntry.objects.filter(object_id=stored.user.id)
    assert set(entries.values_list("verb", flat=True)) == {"user.create", "client.create"}
    assert all(secret.encode() not in bytes(entry.payload) for entry in entries)


def test_two_clients_have_two_users(world: World, act: Any) -> None:
    with act(world.admin):
        made = [client_create(by=world.admin, institution=world.bank_a, name="Core")[0] for _time in range(2)]
    assert made[0].user_id != made[1].user_id
    assert made[0].client_id != made[1].client_id


@pytest.mark.parametrize(
    ("place", "name", "field"),
    [("unit_a", "Core", "institution"), ("bank_a", " ", "name"), ("bank_a", "n" * 81, "name")],
)
def test_wrong_input_is_named(world: World, act: Any, place: str, name: str, field: str) -> None:
    with pytest.raises(Invalid) as refused, nothing_happens(), act(world.admin):
        client_create(by=world.admin, institution=getattr(world, place), name=name)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("name", ["risk_supervisor_a", "machine_a", "supervisor_a", "auditor"])
def test_nobody_else_may(world: World, act: Any, name: str) -> None:
    by = getattr(world, name)
    with pytest.raises(Forbidden), nothing_happens(), act(by):
        client_create(by=by, institution=world.bank_a, name="Core")
