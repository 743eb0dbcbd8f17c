"""Two at once: repairs, watches and decisions on a clock happen once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from accounts.models import ClockPause, Order, SyncRun
from accounts.services.clock_pauses import clock_pause_consent, clock_pause_refuse, clock_pause_request
from accounts.services.reconciliation import sync_compare, sync_repair
from accounts.services.sync_watch import syncs_watch
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict
from banks.models import Delivery, Notification
from banks.selectors.institutions import system_user
from banks.services.queue import queue_ack, queue_receive
from tests.accounts.answering import acknowledged_order, bank_order, held

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], Any]) -> list[Any]:
    """What each gave, all started at the same moment; a refusal counts as its code."""
    barrier = threading.Barrier(len(works))
    found: list[Any] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            found.append(work())
        except Conflict as refused:
            found.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == len(works)
    return found


def test_parallel_repairs_bring_an_order_once(world: Any) -> None:
    order, machine = bank_order(world), world.machine_a
    with db.unit_of_work(machine):
        for _delivery, receipt in queue_receive(by=machine, max_count=10, visibility_seconds=60):
            queue_ack(by=machine, receipt=receipt)
    with db.unit_of_work(machine):
        sync_compare(by=machine, scope="orders", day=db.app_now().date(), items=[])

    def repair() -> int:
        with db.unit_of_work(machine):
            return len(sync_repair(by=machine, ids=[order.id]).redelivered)

    assert sorted(together(repair, repair, repair)) == [0, 0, 1]
    found = Delivery.objects.get(subject_id=order.id)
    assert (found.state, found.attempts.filter(outcome="asked_again").count()) == ("ready", 1)
    assert AuditEntry.objects.filter(verb="order.redeliver").count() == 1


def test_parallel_watches_tell_once(world: Any, move_clock: Callable[[timedelta], None]) -> None:
    held(world)
    move_clock(timedelta(minutes=20))

    def watch() -> int:
        by = system_user()
        with db.unit_of_work(by):
            return syncs_watch(by=by)

    assert sorted(together(watch, watch, watch)) == [0, 0, 1]
    assert SyncRun.objects.count() == 1
    assert Notification.objects.filter(code="sync.late_holds", user=world.risk_a).count() == 1


def test_two_supervisors_make_one_decision(world: Any) -> None:
    order = acknowledged_order(world)
    before = order.answer_due_at
    assert before is not None
    with db.unit_of_work(world.risk_a):
        reason = "our core system is down"
        shown = clock_pause_request(by=world.risk_a, order_id=order.id, reason=reason, minutes=20).pk
    one, two = world.supervisor_a, world.centre_supervisor

    def consent() -> str:
        with db.unit_of_work(one):
            return clock_pause_consent(by=one, order_id=order.id, pause=shown, minutes=20).decision

    def refuse() -> str:
        with db.unit_of_work(two):
            text = "the money is moving"
            return clock_pause_refuse(by=two, order_id=order.id, pause=shown, reason=text).decision

    said = together(consent, refuse)
    decision = ClockPause.objects.get().decision
    assert sorted(said) == sorted([decision, "pause_missing"])
    moved = timedelta(minutes=20) if decision == "consented" else timedelta(0)
    assert Order.objects.get(pk=order.pk).answer_due_at == before + moved
