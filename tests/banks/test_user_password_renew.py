"""A forgotten password: the administrator hands over a new one, shown once; bank systems have none."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, NotFound
from banks.models import User
from banks.services.users import user_password_renew
from tests.banks.refused import nothing_happens
from tests.cast import PASSWORD, World


def test_the_new_one_opens_and_the_old_one_does_not(world: World, act: Any) -> None:
    with act(world.admin):
        _user, password = user_password_renew(by=world.admin, user_id=world.analyst_a.id)
    stored = User.objects.get(username="analyst_a")
    assert stored.check_password(password)
    assert not stored.check_password(PASSWORD)
    assert password.encode() not in bytes(AuditEntry.objects.get(object_id=stored.id).payload)


def test_a_bank_system_has_no_password(world: World, act: Any) -> None:
    with pytest.raises(Conflict) as refused, nothing_happens(), act(world.admin):
        user_password_renew(by=world.admin, user_id=world.machine_a.id)
    assert refused.value.code == "no_password"


def test_nobody_else_may(world: World, act: Any) -> None:
    for by, error in ((world.supervisor_a, Forbidden), (world.supervisor_b, NotFound), (world.risk_a, NotFound)):
        with pytest.raises(error), nothing_happens(), act(by):
            user_password_renew(by=by, user_id=world.analyst_a.id)
