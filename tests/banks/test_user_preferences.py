"""Everybody chooses their own language and time zone."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.errors import Invalid
from banks.models import User
from banks.services.users import user_preferences
from tests.cast import World


def test_they_are_ones_own(world: World, act: Any) -> None:
    with act(world.risk_a):
        user_preferences(by=world.risk_a, language="zh-hans", time_zone="Europe/Berlin")
    stored = User.objects.get(username="risk_a")
    assert (stored.language, stored.zone_name) == ("zh-hans", "Europe/Berlin")
    with act(stored):
        user_preferences(by=stored, language="en", time_zone="")
    assert User.objects.get(username="risk_a").zone_name == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("language", "zone", "field"),
    [("xx", "", "language"), ("en", "Moon/Base", "time_zone"), ("en", "/etc", "time_zone")],
)
def test_wrong_input_is_named(world: World, act: Any, language: str, zone: str, field: str) -> None:
    with pytest.raises(Invalid) as refused, act(world.risk_a):
        user_preferences(by=world.risk_a, language=language, time_zone=zone)
    assert set(refused.value.fields) == {field}
    stored = User.objects.get(username="risk_a")
    assert (stored.language, stored.time_zone) == ("en", "")
