"""Too many wrong passwords lock a person out; the administrator lets them in again."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client

from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden
from banks.services.users import user_unlock
from tests.cast import PASSWORD, World


def _try(password: str) -> int:
    words = {"login": "analyst_a", "password": password}
    return Client().post("/me/login/", words).status_code


def test_a_locked_out_person_can_log_in_after_unlocking(world: World, act: Any) -> None:
    assert [_try("wrong") for _time in range(5)][-1] == 429
    assert _try(PASSWORD) == 429
    with act(world.admin):
        assert user_unlock(by=world.admin, user_id=world.analyst_a.id) >= 1
    assert not AccessAttempt.objects.filter(username="analyst_a").exists()
    assert AuditEntry.objects.filter(object_id=world.analyst_a.id, verb="user.unlock").count() == 1
    assert _try(PASSWORD) == 302


def test_nobody_else_may(world: World, act: Any) -> None:
    for _time in range(2):
        _try("wrong")
    with pytest.raises(Forbidden), act(world.supervisor_a):
        user_unlock(by=world.supervisor_a, user_id=world.analyst_a.id)
    assert AccessAttempt.objects.filter(username="analyst_a").exists()
    assert not AuditEntry.objects.filter(verb="user.unlock").exists()
