"""A refused act leaves no trace on floor 1: no row, no audit of success, nothing to carry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group

from antifraud.audit.models import AuditEntry
from antifraud.outbox.models import OutboxMessage
from banks.models import BankName, CardPrefix, Institution, Lane, MachineClient, User


@contextmanager
def nothing_happens() -> Iterator[None]:
    """The tables of floor 1 are the same before and after, row by row."""

    def facts() -> list[Any]:
        counted = (Group, Lane, MachineClient, AuditEntry, OutboxMessage, CardPrefix, BankName)
        rows = [list(model._base_manager.order_by("pk").values()) for model in (Institution, User)]
        return [*rows, *(model._base_manager.count() for model in counted)]

    before = facts()
    yield
    assert facts() == before
