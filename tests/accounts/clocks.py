"""Stopped clocks: ask, consent, refuse and end as the people of the cast, and what a refused request must leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from accounts.models import ClockPause, Order
from accounts.services.clock_pauses import (
    clock_pause_consent,
    clock_pause_end,
    clock_pause_refuse,
    clock_pause_request,
)
from antifraud import db
from antifraud.audit.models import AuditEntry

REASON = "our core system is down for maintenance"


def ask(world: Any, order: Order, minutes: int = 20, *, by: Any = None, reason: str = REASON) -> ClockPause:
    who = by or world.risk_a
    with db.unit_of_work(who):
        return clock_pause_request(by=who, order_id=order.id, reason=reason, minutes=minutes)


def waiting(order: Order) -> UUID:
    """The request that a page would show, or one that never was."""
    found = ClockPause.objects.filter(order=order, decision="").first()
    return uuid4() if found is None else found.pk


def consent(
    world: Any, order: Order, *, by: Any = None, minutes: int | None = None, pause: UUID | None = None
) -> ClockPause:
    who, shown = by or world.supervisor_a, pause or waiting(order)
    asked = ClockPause.objects.filter(pk=shown).values_list("asked_minutes", flat=True).first() or 20
    wanted = asked if minutes is None else minutes
    with db.unit_of_work(who):
        return clock_pause_consent(by=who, order_id=order.id, pause=shown, minutes=wanted)


def refuse(world: Any, order: Order, *, reason: str, by: Any = None, pause: UUID | None = None) -> ClockPause:
    who, shown = by or world.supervisor_a, pause or waiting(order)
    with db.unit_of_work(who):
        return clock_pause_refuse(by=who, order_id=order.id, pause=shown, reason=reason)


def end(by: Any, order: Order) -> ClockPause:
    with db.unit_of_work(by):
        return clock_pause_end(by=by, order_id=order.id)


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def due(order: Order) -> Any:
    found = fresh(order).answer_due_at
    assert found is not None
    return found


def kept(order: Order) -> tuple[Any, ...]:
    """All that a refused request must leave as it is."""
    return due(order), ClockPause.objects.count(), AuditEntry.objects.filter(verb__startswith="order.clock").count()
