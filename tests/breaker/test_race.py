from __future__ import annotations
import threading, time
import pytest
from datetime import timedelta
from accounts.models import Hold, Order
from accounts.services.answers import order_answer
from accounts.services import holds as hs
from accounts.services.holds import holds_expire, hold_lift
from antifraud import db
from banks.selectors.institutions import system_user
from cases.models import Case
from tests.accounts.answering import *
from tests.accounts.factories import *
from tests.accounts.test_order_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def slow(monkeypatch):
    """The scheduler comes to the case long after it has taken the hold."""
    real = hs.hold_expire

    def late(hold, *, by):
        time.sleep(1)
        return real(hold, by=by)

    monkeypatch.setattr(hs, "hold_expire", late)


def test_expiry_and_late_extension(world, move_clock, monkeypatch):
    hold = held(world)
    ext = follow(world, hold, "stop_extend")
    at = db.app_now() + timedelta(minutes=1)
    move_clock(timedelta(hours=48, minutes=1))
    said = say(ext, effective_from=at)
    slow(monkeypatch)
    out = at_once(
        (world.risk_a, lambda: order_answer(by=world.risk_a, order_id=ext.id, answer=said, source="logged_in")),
        (system_user(), lambda: holds_expire(by=system_user())),
    )
    assert out == ["done", "done"]
    h = Hold.objects.get(pk=hold.pk)
    assert h.status == "extended"
    assert counters(h) == (0, 1, 500_000)


def test_expiry_and_freeze(world, move_clock, monkeypatch):
    case = new_case(world.analyst_a, filed=True)
    stop = held(world, case=case)
    row = Involvement.objects.select_related("account", "case").get(case=case)
    fr = arrived(issue(world, row, "freeze"))
    at = db.app_now()
    move_clock(timedelta(hours=48, minutes=1))
    said = say(fr, effective_from=at)
    slow(monkeypatch)
    out = at_once(
        (world.risk_a, lambda: order_answer(by=world.risk_a, order_id=fr.id, answer=said, source="logged_in")),
        (system_user(), lambda: holds_expire(by=system_user())),
    )
    assert out == ["done", "done"]
    assert counters(stop) == (0, 1, 500_000)
    assert Hold.objects.get(pk=stop.pk).status == "converted"


def test_two_units_stops_answered_at_once(world, monkeypatch):
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    one = arrived(issue(world, row))
    with db.unit_of_work(world.centre_analyst):
        two = orders_draft(by=world.centre_analyst, case=case, kind="stop", lines=[line(row)], terms=terms(world.centre_second))[0]
    two = arrived(approve(submit(two), world.centre_approver))
    a, b = say(one), say(two)
    out = at_once(
        (world.risk_a, lambda: order_answer(by=world.risk_a, order_id=one.id, answer=a, source="logged_in")),
        (world.risk_supervisor_a, lambda: order_answer(by=world.risk_supervisor_a, order_id=two.id, answer=b, source="logged_in")),
    )
    assert out == ["already_stopped", "done"]
    assert counters(case_order(case)) == (1, 1, 500_000)


def case_order(case):
    return Order.objects.filter(case=case).first()
