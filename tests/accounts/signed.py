"""Steps of an order as a bank's system sends them, and what a refusal must leave as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from accounts.models import Order
from antifraud.audit.models import AuditEntry
from banks.models import SignedMessage
from tests.banks.signing import text


def step(order: Order, verb: str = "acknowledge") -> str:
    return f"/api/v1/orders/{order.id}/{verb}/"


def executed() -> bytes:
    start = timezone.now().isoformat()
    return text({"outcome": "executed", "handled_by": "王芳", "executed_minor": 500_000, "effective_from": start})


@contextmanager
def refused(order: Order) -> Iterator[None]:
    """Nothing but marks of refusal is left: the order is as it was, no evidence, no audit row of success."""

    def facts() -> list[Any]:
        done = AuditEntry.objects.filter(outcome="ok").count()
        return [
            *Order.objects.filter(pk=order.pk).values_list("status", "version"),
            SignedMessage.objects.count(),
            done,
        ]

    before = facts()
    yield
    assert facts() == before


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
