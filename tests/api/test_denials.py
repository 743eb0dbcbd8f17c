"""A cell that cannot be opened leaves its row in the diary, although the page's own work was rolled back."""

from __future__ import annotations

from typing import Any

from django.test import RequestFactory

from antifraud.api import denials
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.crypto.envelope import DecryptError


def test_a_decrypt_failure_is_recorded(world: Any) -> None:
    request = RequestFactory().get("/cases/")
    request.user = world.analyst_a
    denials.note(request, DecryptError("tag", "cases_victim|name|1"))
    entry = AuditEntry.objects.get(verb="cell.decrypt")
    assert entry.outcome == "failed"
    assert detail_of(entry)["place"] == "cases_victim|name|1"
