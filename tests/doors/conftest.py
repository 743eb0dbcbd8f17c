"""Heard hints, and orders on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Order
from antifraud import hints
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The hints that were published, in order."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(hints, "publish", lambda topic, kind: said.append((topic, kind)))
    return said


@pytest.fixture
def issued(world: World) -> Callable[..., Order]:
    """An order of unit A, issued and on its way to an institution (bank A where none is named)."""

    def make(institution: Any = None, kind: str = "stop") -> Order:
        case = new_case(world.analyst_a, filed=kind.startswith("freeze"))
        return issue(world, involve(world.analyst_a, case, institution or world.bank_a), kind)

    return make
