"""Requests and decisions on a stopped clock that are refused, and what of their texts is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ClockPause, Escalation, Order
from accounts.services.escalation import escalations_climb
from antifraud import db
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, WrongState
from banks.selectors.institutions import system_user
from tests.accounts.answering import acknowledged_order, bank_order
from tests.accounts.clocks import ask, consent, due, kept, refuse
from tests.accounts.factories import nothing_happens

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


def test_consent_after_the_end_of_the_term_undoes_no_breach(world: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    ask(world, order, 1440)
    move_clock(timedelta(minutes=31))
    before = kept(order)
    with nothing_happens(), pytest.raises(Conflict) as refused:
        consent(world, order)
    assert (refused.value.code, kept(order)) == ("term_over", before)
    assert ClockPause.objects.get().decision == ""
    refuse(world, order, reason="the term is over")
    assert due(order) == before[0]


def test_a_decision_is_about_the_request_that_was_shown(world: Any) -> None:
    order = acknowledged_order(world)
    shown = ask(world, order, 10).pk
    refuse(world, order, by=world.centre_supervisor, reason="the money is moving")
    later = ask(world, order, 1440, reason="something else altogether").pk
    before = kept(order)
    with nothing_happens(), pytest.raises(Superseded):
        consent(world, order, pause=shown, minutes=10)
    with nothing_happens(), pytest.raises(Superseded):
        refuse(world, order, pause=shown, reason="the money is moving")
    assert (kept(order), ClockPause.objects.get(pk=later).decision) == (before, "")
    assert consent(world, order, pause=later, minutes=10).consented_time == timedelta(minutes=10)


@pytest.mark.parametrize("party", ["asking", "addressed", "routed_to"])
def test_a_supervisor_seconded_from_a_party_does_not_decide(world: Any, party: str) -> None:
    order = acknowledged_order(world)
    ask(world, order)
    if party == "asking":
        ClockPause.objects.update(institution=world.bank_b)
    if party == "routed_to":
        Order.objects.filter(pk=order.pk).update(routed_to=world.bank_b)
    judge = world.centre_supervisor
    judge.home_institution = world.bank_a if party == "addressed" else world.bank_b
    judge.save()
    before = kept(order)
    with nothing_happens(), pytest.raises(Forbidden):
        consent(world, order, by=judge)
    with nothing_happens(), pytest.raises(Forbidden):
        refuse(world, order, by=judge, reason="the money is moving")
    assert (kept(order), ClockPause.objects.get().decision) == (before, "")
    judge.home_institution = world.payment
    judge.save()
    assert consent(world, order, by=judge).decision == "consented"


def test_what_is_kept_in_clear_names_nobody_and_holds_no_secret(world: Any) -> None:
    order = acknowledged_order(world)
    for secret in ("the victim gave us the password: hunter2x", "victim says 密码 123456 was used"):
        with nothing_happens(), pytest.raises(Invalid) as refused:
            ask(world, order, reason=secret)
        assert set(refused.value.fields) == {"reason"}
    assert not ClockPause.objects.exists()
    pause = ask(world, order, reason="we wait for account 6222 0212 3456 7890 123 to load")
    assert ClockPause.objects.get(pk=pause.pk).reason == "we wait for account «number» to load"
    with nothing_happens(), pytest.raises(Invalid) as refused:
        refuse(world, order, reason="密码 123456 is known")
    assert (set(refused.value.fields), ClockPause.objects.get().decision) == ({"reason"}, "")
    refuse(world, order, reason="13800138000 is moving money")
    assert ClockPause.objects.get(pk=pause.pk).refusal == "«number» is moving money"


def test_a_pause_cannot_hide_that_nobody_acknowledged(world: Any, move_clock: Move) -> None:
    order = bank_order(world, urgency="02")
    with nothing_happens(), pytest.raises(WrongState):
        ask(world, order)
    assert not ClockPause.objects.exists()
    move_clock(timedelta(minutes=3))
    by = system_user()
    with db.unit_of_work(by):
        escalations_climb(by=by)
    assert list(Escalation.objects.filter(order=order).values_list("reason", "step")) == [("unacknowledged", "banner")]
