"""Measure B with a stopped clock: the term moves by consented time alone, and what elapsed stays in sight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.clock_pauses import clock_pause_consent, clock_pause_refuse, clock_pause_request
from antifraud import db
from oversight.selectors.measures import Window
from oversight.selectors.rows import figure_rows
from tests.accounts.answering import acknowledged_order, answer

pytestmark = pytest.mark.django_db


def ask(world: Any, order: Order, *, consent: bool) -> None:
    with db.unit_of_work(world.risk_a):
        shown = clock_pause_request(by=world.risk_a, order_id=order.id, reason="our core system is down", minutes=20).pk
    with db.unit_of_work(world.supervisor_a):
        if consent:
            clock_pause_consent(by=world.supervisor_a, order_id=order.id, pause=shown, minutes=20)
        else:
            reason = "the money is moving"
            clock_pause_refuse(by=world.supervisor_a, order_id=order.id, pause=shown, reason=reason)


@pytest.mark.parametrize(("consent", "verdict", "stopped"), [(True, "in_time", 20), (False, "late", 0)])
def test_only_consent_makes_an_answer_timely_and_nothing_is_hidden(
    world: Any, log_in: Any, move_clock: Callable[[timedelta], None], consent: bool, verdict: str, stopped: int
) -> None:
    order = acknowledged_order(world)
    move_clock(timedelta(minutes=10))
    ask(world, order, consent=consent)
    move_clock(timedelta(minutes=30))
    answer(Order.objects.get(pk=order.pk), world.risk_a)
    move_clock(timedelta(minutes=20))  # past the moved term as well: only then it counts
    now = db.app_now()
    seen = Window(now - timedelta(days=1), now + timedelta(days=1), now)
    found = figure_rows(user=world.overseer, window=seen, by="institution", key="b")
    row = next(one for one in found.rows if one.obj.pk == order.pk)
    assert row.verdict == verdict
    assert row.obj.stopped == timedelta(minutes=stopped)
    elapsed = row.says.path.answered_at - row.says.path.available_at
    assert timedelta(minutes=40) <= elapsed < timedelta(minutes=41)
    page = log_in(world.overseer).get("/assessment/rows/?measure=b").content.decode()
    assert "Clock stopped" in page
    assert "Elapsed" in page
