"""A paper answer of an institution that is not connected: one person enters it with its scan, another confirms it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Answer, Hold, Order
from accounts.selectors.timeline import order_timeline
from accounts.services.answers import answer_confirm, answer_discard, answer_record
from accounts.services.orders.cancel import order_cancel
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.models import Delivery
from cases.models import Attachment
from tests.accounts.answering import bank_order, counters, csv_file, hop, nothing_answered, pdf_file, prior, say
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def paper_order(world: World, kind: str = "stop") -> Order:
    """An issued order of unit A to the bank that is not connected."""
    case = new_case(world.analyst_a, filed=True)
    order = issue(world, involve(world.analyst_a, case, world.bank_paper), kind)
    assert not Delivery.objects.filter(subject_id=order.id).exists()
    return order


def record(world: World, order: Order, outcome: str = "executed", **changes: Any) -> Answer:
    """Entered by the analyst of unit A."""
    with db.unit_of_work(world.analyst_a):
        return answer_record(
            by=world.analyst_a, order_id=order.id, answer=say(order, outcome, **changes), scan=pdf_file()
        )


def test_the_first_person_enters_and_nothing_happens_yet(world: World) -> None:
    order = paper_order(world)
    saved = record(world, order)
    order.refresh_from_db()
    assert (order.status, order.outcome, saved.source, saved.confirmed_by) == ("issued", "", "recorded", None)
    assert saved.scan is not None
    assert (saved.scan.purpose, saved.scan.case_id) == ("scan", order.case_id)
    assert not Hold.objects.exists()
    assert counters(order) == (1, 0, 0)
    assert AuditEntry.objects.filter(verb="order.record", object_id=order.id, actor_id=world.analyst_a.id).exists()


def test_the_second_person_makes_it_count(world: World, act: Act) -> None:
    order = paper_order(world, "freeze")
    saved = record(world, order, next_hops=(hop(),))
    with act(world.second_a) as work:
        answer_confirm(by=world.second_a, answer_id=saved.id)
    order.refresh_from_db()
    saved.refresh_from_db()
    assert (order.status, order.outcome, order.answered_at) == ("answered", "executed", work.now)
    assert (saved.answered_by, saved.confirmed_by, saved.source) == (world.analyst_a, world.second_a, "recorded")
    # The bank saw the paper, nobody knows when: no acknowledgement is made up.
    assert (order.acknowledged_at, order.available_at) == (None, None)
    hold = Hold.objects.get()
    assert (hold.kind, hold.effective_from, hold.institution) == ("freeze", saved.effective_at, world.bank_paper)
    assert order.case.involvements.filter(state="proposed").count() == 1
    assert counters(order) == (0, 1, 500_000)


def test_not_the_same_person_twice(world: World, act: Act) -> None:
    saved = record(world, paper_order(world))
    with nothing_answered(), pytest.raises(Forbidden) as refused, act(world.analyst_a):
        answer_confirm(by=world.analyst_a, answer_id=saved.id)
    assert refused.value.code == "same_person"
    assert not Hold.objects.exists()


def test_confirmed_once(world: World, act: Act) -> None:
    saved = record(world, paper_order(world))
    with act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=saved.id)
    with nothing_answered(), pytest.raises(WrongState), act(world.approver_a):
        answer_confirm(by=world.approver_a, answer_id=saved.id)


def test_one_waits_at_a_time(world: World) -> None:
    order = paper_order(world)
    record(world, order)
    with nothing_answered(), pytest.raises(Conflict) as refused:
        record(world, order, "refused")
    assert refused.value.code == "record_waits"


def test_a_wrong_entry_is_thrown_away_and_entered_again(world: World, act: Act) -> None:
    order = paper_order(world, "freeze")
    wrong = record(world, order, next_hops=(hop(),), prior_freezes=(prior(),))
    scan = wrong.scan_id
    assert scan is not None
    with act(world.second_a):
        answer_discard(by=world.second_a, answer_id=wrong.id, reason="the amount was misread")
    assert not Answer.objects.exists()
    assert Attachment.objects.filter(pk=scan).exists()
    assert AuditEntry.objects.filter(verb="order.discard_record", object_id=order.id).count() == 1
    right = record(world, order, "partial", executed_minor=100)
    with act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=right.id)
    assert Hold.objects.get().amount_minor == 100


def test_why_it_was_thrown_away_stands_in_the_orders_history_for_the_police_only(
    world: World, act: Act, log_in: Any
) -> None:
    order = paper_order(world)
    saved = record(world, order)
    with act(world.second_a):
        answer_discard(by=world.second_a, answer_id=saved.id, reason="the amount was misread")
    page = log_in(world.analyst_a).get(reverse("accounts:order", args=[order.id]))
    assert "the amount was misread" in page.content.decode()
    acts = order_timeline(user=world.risk_paper, order=order)
    assert [each for each in acts if "discard" in each.verb or "why" in each.detail] == []


def test_a_reason_is_needed_to_throw_it_away(world: World, act: Act) -> None:
    saved = record(world, paper_order(world))
    with nothing_answered(), pytest.raises(Invalid) as refused, act(world.second_a):
        answer_discard(by=world.second_a, answer_id=saved.id, reason=" no ")
    assert list(refused.value.fields) == ["reason"]


def test_a_confirmed_one_stays(world: World, act: Act) -> None:
    saved = record(world, paper_order(world))
    with act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=saved.id)
    with nothing_answered(), pytest.raises(WrongState), act(world.analyst_a):
        answer_discard(by=world.analyst_a, answer_id=saved.id, reason="misread it all")


def test_a_connected_bank_answers_by_itself(world: World) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(Conflict) as refused:
        record(world, order)
    assert refused.value.code == "answers_itself"


def test_an_execution_on_paper_that_crossed_the_cancellation(world: World, act: Act) -> None:
    order = paper_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    saved = record(world, order)
    with act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=saved.id)
    order.refresh_from_db()
    assert (order.status, order.outcome) == ("cancelled", "executed")
    assert Order.objects.get(kind="stop_release").trigger == "crossed"


def test_an_order_cancelled_between_the_two_persons_takes_no_refusal(world: World, act: Act) -> None:
    order = paper_order(world)
    saved = record(world, order, "refused")
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    with nothing_answered(), pytest.raises(WrongState), act(world.second_a):
        answer_confirm(by=world.second_a, answer_id=saved.id)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"executed_minor": 500_001}, "executed_minor"),
        ({"effective_from": None}, "effective_from"),
        ({"mode": "full"}, "mode"),
    ],
)
def test_paper_is_checked_like_every_answer(world: World, wrong: dict[str, Any], field: str) -> None:
    order = paper_order(world)
    with nothing_answered(), pytest.raises(Invalid) as refused:
        record(world, order, **wrong)
    assert list(refused.value.fields) == [field]


def test_an_end_of_its_own_has_no_place_on_paper(world: World) -> None:
    order = paper_order(world)
    with nothing_answered(), pytest.raises(Invalid) as refused:
        record(world, order, expires_at=db.app_now() + timedelta(hours=3))
    assert list(refused.value.fields) == ["expires_at"]


def test_the_scan_must_be_a_scan(world: World, act: Act) -> None:
    order = paper_order(world)
    with nothing_answered(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        answer_record(by=world.analyst_a, order_id=order.id, answer=say(order), scan=csv_file("scan.pdf"))
    assert list(refused.value.fields) == ["scan"]


def test_banks_and_strangers_may_not(world: World, act: Act) -> None:
    order = paper_order(world)
    saved = record(world, order)
    for name, error in (
        ("risk_paper", Forbidden),
        ("risk_a", NotFound),
        ("analyst_b", NotFound),
        ("overseer", NotFound),
    ):
        by = getattr(world, name)
        with nothing_answered(), pytest.raises(error), act(by):
            answer_record(by=by, order_id=order.id, answer=say(order), scan=pdf_file())
        with nothing_answered(), pytest.raises(error), act(by):
            answer_confirm(by=by, answer_id=saved.id)
        with nothing_answered(), pytest.raises(error), act(by):
            answer_discard(by=by, answer_id=saved.id, reason="not ours to say")
