"""Foreign and absent: the same status and the same bytes on every route with an id, for every role of another institution."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud.audit.models import AuditEntry
from tests.policy.routes import OTHERS, PUBLIC_KEYS, Route, absent, routes, settled

REFUSED = {403, 404, 405, 409, 422}


def with_ids() -> list[Route]:
    return [route for route in routes() if route.meanings - PUBLIC_KEYS]


def test_every_route_with_an_id_has_an_address(own: dict[str, Any]) -> None:
    """A new route whose capture nobody described fails here with a KeyError."""
    assert len(with_ids()) > 30
    for route in with_ids():
        assert route.url(own)


@pytest.mark.parametrize("role", OTHERS)
def test_foreign_looks_like_absent(world: Any, own: dict[str, Any], log_in: Any, role: str) -> None:
    client = log_in(getattr(world, role))
    nowhere = absent(own)
    written = AuditEntry.objects.filter(outcome="ok").count()
    different = []
    for route in with_ids():
        for method in ("get", "post"):
            send = getattr(client, method)
            extra = (
                {"data": b"{}", "content_type": "application/json"}
                if method == "post" and "/api/" in f"/{route.pattern}"
                else {}
            )
            here, there = send(route.url(own), **extra), send(route.url(nowhere), **extra)
            same = here.status_code == there.status_code and settled(here.content) == settled(there.content)
            if not same or here.status_code not in REFUSED:
                different.append((route.name, method, here.status_code, there.status_code))
    assert different == []
    assert AuditEntry.objects.filter(outcome="ok").count() == written, "a refused request left an audit row of success"
