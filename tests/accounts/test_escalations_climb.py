"""Delays climb: each step once, at its share of the order's own term, to the right people of both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from accounts.models import Escalation, Hold, Order
from accounts.selectors.timeline import order_timeline
from accounts.services.answers import order_acknowledge
from accounts.services.escalation import escalations_climb
from accounts.services.holds import holds_expire
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.outbox.models import OutboxMessage
from banks.models import Notification
from banks.selectors.institutions import system_user
from banks.selectors.platform import epoch
from banks.services.platform import epoch_bump, platform_resume
from cases.selectors.cases import case_timeline
from tests.accounts.answering import answer, bank_order, held
from tests.accounts.factories import involve, issue, issue_emergency, new_case

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


def climb(limit: int = 200) -> int:
    by = system_user()
    with db.unit_of_work(by):
        return escalations_climb(by=by, limit=limit)


def steps(order: Order, reason: str = "unacknowledged") -> list[str]:
    return list(
        Escalation.objects.filter(order=order, reason=reason).order_by("at", "id").values_list("step", flat=True)
    )


def told(code: str) -> set[str]:
    return set(Notification.objects.filter(code=code).values_list("user__username", flat=True))


def test_an_urgent_order_climbs_at_its_shares(world: Any, move_clock: Move) -> None:
    """Stop of 15 minutes: 2, 3.75, 7.5 and 11.25 minutes without acknowledgement; each second before, nothing."""
    order = bank_order(world, urgency="02")
    assert order.answer_minutes == 15
    gone = 0.0
    for minute, step in ((2, "banner"), (3.75, "mail"), (7.5, "duty_officer"), (11.25, "supervisor")):
        move_clock(timedelta(minutes=minute - gone, seconds=-2))
        climb()
        assert step not in steps(order)
        move_clock(timedelta(seconds=3))
        climb()
        assert step in steps(order)
        gone = minute + 1 / 60
        assert climb() == 0, "each step once"
    assert set(steps(order)) == {"banner", "mail", "duty_officer", "supervisor"}


def test_a_normal_order_waits_longer(world: Any, move_clock: Move) -> None:
    order = bank_order(world)
    move_clock(timedelta(minutes=7))
    assert climb() == 0
    move_clock(timedelta(minutes=1))
    assert climb() == 1
    assert steps(order) == ["banner"]


def test_an_acknowledged_order_climbs_only_for_its_answer(world: Any, move_clock: Move) -> None:
    order = bank_order(world)
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    move_clock(timedelta(minutes=31))
    assert climb() == 3
    assert steps(order) == []
    assert set(steps(order, "unanswered")) == {"banner", "mail", "duty_officer"}
    move_clock(timedelta(minutes=7))
    assert climb() == 1
    assert told("order.unanswered") >= {"supervisor_a", "centre_supervisor", "risk_supervisor_a"}


def test_an_answered_or_unavailable_order_never_climbs(world: Any, move_clock: Move) -> None:
    answer(bank_order(world), world.risk_a)
    issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))  # still on its way
    issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_paper))
    move_clock(timedelta(days=2))
    assert climb() == 0
    assert not Notification.objects.filter(code__in=["order.unacknowledged", "order.unanswered"]).exists()


def test_an_emergency_stop_is_urgent_whatever_its_urgency(world: Any, move_clock: Move) -> None:
    from tests.accounts.answering import arrived

    order = arrived(issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)))
    Order.objects.filter(pk=order.pk).update(urgency="01")
    move_clock(timedelta(minutes=2, seconds=5))
    assert climb() == 1


def test_people_of_both_sides_are_told_step_by_step(world: Any, move_clock: Move) -> None:
    order = bank_order(world)
    move_clock(timedelta(minutes=16))
    climb()
    assert told("order.unacknowledged") == {"risk_a", "risk_supervisor_a"}
    move_clock(timedelta(minutes=7))
    climb()
    assert told("order.unacknowledged") == {"risk_a", "risk_supervisor_a", "duty_a", "analyst_a"}
    move_clock(timedelta(minutes=8))
    climb()
    everybody = {"risk_a", "risk_supervisor_a", "duty_a", "analyst_a", "supervisor_a", "centre_supervisor"}
    assert told("order.unacknowledged") == everybody
    urls = dict(Notification.objects.filter(code="order.unacknowledged").values_list("user__username", "url"))
    assert (urls["risk_a"], urls["supervisor_a"]) == (f"/queue/{order.id}/", f"/orders/{order.id}/")
    assert (
        OutboxMessage.objects.filter(topic="escalation.climbed").count()
        == Escalation.objects.exclude(step="banner").count()
    )


def test_each_step_stands_in_both_timelines(world: Any, move_clock: Move) -> None:
    order = bank_order(world)
    move_clock(timedelta(minutes=16))
    climb()
    wanted = {"order.unacknowledged_banner", "order.unacknowledged_mail"}
    for who in (world.analyst_a, world.risk_a):
        assert wanted <= {act.verb for act in order_timeline(user=who, order=order)}
    found = case_timeline(user=world.analyst_a, case=order.case)
    assert wanted <= set(found.values_list("verb", flat=True))
    from cases.views.words import VERB_LABELS

    climbed = AuditEntry.objects.filter(verb__contains="unacknowledged_").values_list("verb", flat=True)
    assert set(climbed) <= set(VERB_LABELS)


def test_a_lift_that_nobody_confirms_climbs_too(world: Any, move_clock: Move) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    by = system_user()
    with db.unit_of_work(by):
        holds_expire(by=by)
    ended = Hold.objects.get(pk=hold.pk)
    assert ended.lift_due_at is not None
    move_clock(timedelta(hours=2))
    climb()
    lifts = Escalation.objects.filter(reason="lift_unconfirmed", hold=hold).values_list("step", flat=True)
    assert set(lifts) >= {"banner", "mail", "duty_officer"}
    assert "risk_a" in told("hold.lift_unconfirmed")


def test_the_limit_leaves_the_rest_for_the_next_round(world: Any, move_clock: Move) -> None:
    bank_order(world)
    move_clock(timedelta(minutes=60))
    total = climb(3)
    assert total == 3
    while more := climb(3):
        total += more
    assert total == Escalation.objects.count() == 8


def test_nothing_climbs_while_reconciling(world: Any, move_clock: Move) -> None:
    bank_order(world)
    move_clock(timedelta(minutes=60))
    by = system_user()
    with db.unit_of_work(by):
        epoch_bump(by=by, reason="restored from a backup")
    assert climb() == 0
    assert not Escalation.objects.exists()


def test_the_ladder_starts_anew_when_reconciling_ends(world: Any, move_clock: Move) -> None:
    order, by = bank_order(world), system_user()
    move_clock(timedelta(minutes=8))
    assert climb() == 1
    with db.unit_of_work(by):
        epoch_bump(by=by, reason="restored from a backup")
    move_clock(timedelta(hours=5))
    with db.unit_of_work(world.admin):
        platform_resume(by=world.admin, reason="all institutions compared", epoch=epoch())
    assert climb() == 0
    move_clock(timedelta(minutes=14))
    assert climb() == 0
    move_clock(timedelta(minutes=2))
    assert climb() == 1
    assert set(steps(order)) == {"banner", "mail"}, "half of the term since the platform hands over again"
    assert Order.objects.get(pk=order.pk).answer_due_at == order.answer_due_at
    young = bank_order(world)
    move_clock(timedelta(minutes=8))
    climb()
    assert steps(young) == ["banner"], "a term that began later is counted from its own start"


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_take_each_step_once(world: Any, move_clock: Move) -> None:
    orders = [bank_order(world) for _ in range(3)]
    move_clock(timedelta(minutes=23))
    barrier = threading.Barrier(3)
    counts: list[int] = []

    def run() -> None:
        try:
            barrier.wait(10)
            counts.append(climb())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(counts) == Escalation.objects.count() == 12
    assert len(counts) == 3
    for order in orders:
        assert sorted(steps(order)) == ["banner", "duty_officer", "mail"]
        rows = AuditEntry.objects.filter(object_id=order.id, verb__startswith="order.una")
        assert rows.count() == Escalation.objects.filter(order=order).count()
    assert Notification.objects.filter(code="order.unacknowledged", user=world.duty_a).count() == 3
