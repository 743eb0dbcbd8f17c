"""A stopped clock: asked with a reason, decided by a supervisor, moving the term by consented time alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import ClockPause, Escalation
from accounts.selectors.escalation import order_clock
from accounts.services.escalation import escalations_climb
from antifraud import db
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts.answering import acknowledged_order, answer
from tests.accounts.clocks import ask, consent, due, end, fresh, kept, refuse
from tests.accounts.factories import nothing_happens

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


def test_the_clock_runs_until_somebody_consents(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    before = due(order)
    move_clock(timedelta(minutes=10))
    pause = ask(world, order, 20)
    assert due(order) == before
    assert set(Notification.objects.filter(code="order.clock_request").values_list("user__username", flat=True)) == {
        "supervisor_a", "centre_supervisor",
    }  # fmt: skip
    move_clock(timedelta(minutes=5))
    consent(world, order)
    pause.refresh_from_db()
    assert due(order) == before + timedelta(minutes=20)
    assert (pause.from_at, pause.until_at) == (pause.asked_at, pause.asked_at + timedelta(minutes=20))
    assert fresh(order).version == order.version, "an answer that is being typed stays good"
    assert "risk_a" in Notification.objects.filter(code="order.clock_consent").values_list("user__username", flat=True)


def test_nothing_that_elapsed_is_hidden(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    move_clock(timedelta(minutes=10))
    ask(world, order, 20)
    consent(world, order)
    move_clock(timedelta(minutes=25))
    answer(fresh(order), world.risk_a)
    for reader in (world.risk_a, world.analyst_a):
        clock = order_clock(user=reader, order=fresh(order))
        assert clock.elapsed is not None
        assert timedelta(minutes=35) <= clock.elapsed < timedelta(minutes=36)
        assert clock.stopped == timedelta(minutes=20)
    assert fresh(order).answered_at is not None
    assert fresh(order).answered_at < due(order)


def test_a_supervisor_may_give_less(world: Any) -> None:
    order = acknowledged_order(world)
    before = due(order)
    ask(world, order, 60)
    for wrong in (61, 4, 0, -20):
        with pytest.raises(Invalid):
            consent(world, order, minutes=wrong)
    assert due(order) == before
    consent(world, order, minutes=15)
    assert due(order) == before + timedelta(minutes=15)


def test_a_refusal_leaves_the_term_as_it_is(world: Any) -> None:
    order = acknowledged_order(world)
    before = due(order)
    ask(world, order)
    with pytest.raises(Invalid):
        refuse(world, order, reason=" no ")
    refuse(world, order, reason="the money is moving")
    found = ClockPause.objects.get()
    assert (found.decision, found.refusal, found.from_at, due(order)) == (
        "refused",
        "the money is moving",
        None,
        before,
    )
    ask(world, order)


@pytest.mark.parametrize("who", ["risk_a", "supervisor_a"])
def test_either_side_lets_it_run_again(world: Any, move_clock: Move, who: str) -> None:
    order = acknowledged_order(world)
    before = due(order)
    ask(world, order, 60)
    consent(world, order)
    move_clock(timedelta(minutes=12))
    pause = end(getattr(world, who), order)
    assert pause.ended_at is not None
    assert timedelta(minutes=12) <= due(order) - before < timedelta(minutes=12, seconds=30)
    assert due(order) - before == pause.consented_time
    with pytest.raises(Conflict):
        end(getattr(world, who), order)
    ask(world, order)


def test_a_pause_that_is_over_cannot_be_ended(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    ask(world, order, 10)
    consent(world, order)
    at = due(order)
    move_clock(timedelta(minutes=11))
    with pytest.raises(Conflict) as refused:
        end(world.risk_a, order)
    assert (refused.value.code, due(order)) == ("pause_missing", at)


def test_what_is_refused_changes_nothing(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    before = kept(order)
    cases: list[tuple[type[Exception], dict[str, Any]]] = [
        (Invalid, {"reason": "short"}),
        (Invalid, {"minutes": 4}),
        (Invalid, {"minutes": 1441}),
        (NotFound, {"by": world.risk_b}),
        (NotFound, {"by": world.supervisor_b}),
        (Forbidden, {"by": world.supervisor_a}),
        (Forbidden, {"by": world.analyst_a}),
    ]
    for error, wrong in cases:
        with nothing_happens(), pytest.raises(error):
            ask(world, order, **wrong)
    assert kept(order) == before
    ask(world, order)
    with pytest.raises(Conflict) as refused:
        ask(world, order)
    assert refused.value.code == "pause_waits"
    for who in (world.risk_a, world.risk_supervisor_a, world.approver_a, world.duty_a):
        with pytest.raises(Forbidden):
            consent(world, order, by=who)
    for who in (world.supervisor_b, world.overseer, world.admin):
        with pytest.raises(NotFound):
            consent(world, order, by=who)
    assert due(order) == before[0]
    consent(world, order)
    with pytest.raises(Conflict) as refused:
        consent(world, order)
    assert refused.value.code == "pause_missing"
    with pytest.raises(Conflict) as refused:
        ask(world, order)
    assert refused.value.code == "clock_stopped"


def test_a_clock_that_ran_out_cannot_be_stopped(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    move_clock(timedelta(minutes=31))
    with pytest.raises(Conflict) as refused:
        ask(world, order)
    assert refused.value.code == "term_over"
    assert not ClockPause.objects.exists()


def test_asked_and_decided_in_time_counts_from_the_request(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    before = due(order)
    move_clock(timedelta(minutes=10))
    ask(world, order, 15)
    move_clock(timedelta(minutes=18))
    consent(world, order)
    assert due(order) == before + timedelta(minutes=15)


def test_an_order_that_ended_has_no_clock(world: Any) -> None:
    order = acknowledged_order(world)
    ask(world, order)
    answer(fresh(order), world.risk_a)
    at = due(order)
    with pytest.raises(WrongState):
        ask(world, order)
    with pytest.raises(WrongState):
        consent(world, order)
    with pytest.raises(WrongState):
        end(world.risk_a, order)
    assert due(order) == at


def test_delays_climb_by_the_moved_term(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    by = system_user()

    def climb() -> int:
        with db.unit_of_work(by):
            return escalations_climb(by=by)

    move_clock(timedelta(minutes=20))
    ask(world, order, 60)
    consent(world, order)
    move_clock(timedelta(minutes=60))
    assert climb() == 0, "twenty minutes of the term have run"
    move_clock(timedelta(minutes=3))
    assert climb() == 1
    assert Escalation.objects.get().step == "banner"


def test_the_database_refuses_half_a_decision(world: Any) -> None:
    order = acknowledged_order(world)
    pause = ask(world, order)
    wrong: list[dict[str, Any]] = [
        {"decision": "consented", "decided_by": world.supervisor_a, "decided_at": db.app_now()},
        {"decision": "refused"},
        {"decision": "refused", "decided_by": world.risk_a, "decided_at": db.app_now()},
    ]
    for columns in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            ClockPause.objects.filter(pk=pause.pk).update(**columns)
