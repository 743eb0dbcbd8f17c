"""Poison: only a message that the bank refuses three times leaves the lane; two persons send it again, the same one (R13)."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import AppError, Conflict, Forbidden, NotFound, WrongState
from antifraud.lanes import lane_push
from banks.models import Delivery, Notification
from banks.selectors.lanes import dead_letters, lanes_list
from banks.services.dead_letters import redrive_decide, redrive_request
from banks.services.deliveries import deliveries_withdraw, delivery_enqueue, delivery_transported_by_inbox
from tests.banks.lanes import make_ready, outcomes
from tests.cast import World
from tests.exchange.fake_bank import FakeBank, Street
from tests.exchange.webhooks import choose_webhook, post, push_passes


def _die(world: World, bank: FakeBank, count: int = 1) -> list[Delivery]:
    """`count` messages that bank A refused three times."""
    choose_webhook(world, world.bank_a, bank)
    made = make_ready(world.bank_a, count)
    for _try in range(3):
        push_passes(100)
        post(world.bank_a)
    for delivery in made:
        delivery.refresh_from_db()
    return made


def _ask(by: Any, delivery: Delivery) -> None:
    with db.unit_of_work(by):
        redrive_request(by=by, delivery_id=delivery.id)


def _decide(by: Any, delivery: Delivery, *, approve: bool = True) -> None:
    with db.unit_of_work(by):
        redrive_decide(by=by, delivery_id=delivery.id, approve=approve)


@pytest.mark.parametrize("mode", ["400", "422"])
def test_the_third_refusal_of_the_message_is_the_last(world: World, street: Street, mode: str) -> None:
    bank = street.bank(mode)
    (delivery,) = _die(world, bank)
    assert (delivery.state, delivery.error, delivery.push_failures) == ("dead_lettered", f"poison_{mode}", 3)
    assert outcomes(delivery) == [(1, "webhook", "poison"), (2, "webhook", "poison"), (3, "webhook", "dead_lettered")]
    assert Notification.objects.filter(code="lane.dead_letter", user=world.risk_a).count() == 1
    assert AuditEntry.objects.filter(verb="delivery.dead_letter", object_id=delivery.id).count() == 1
    push_passes(1000)
    post(world.bank_a)
    assert len(bank.requests) == 3


@pytest.mark.parametrize("mode", ["500", "404", "redirect", "reset"])
def test_no_other_failure_ever_makes_a_dead_letter(world: World, street: Street, mode: str) -> None:
    choose_webhook(world, world.bank_a, street.bank(mode))
    (delivery,) = make_ready(world.bank_a)
    for _try in range(9):
        push_passes(100)
        type(world.bank_a.lane).objects.update(circuit="closed", failures=0)
        post(world.bank_a)
    delivery.refresh_from_db()
    assert delivery.state == "ready"
    assert delivery.push_failures == 0


def test_it_still_counts_and_is_seen(world: World, street: Street) -> None:
    _die(world, street.bank("422"), 2)
    lane: Any = lanes_list(user=world.risk_a).get()
    assert (lane.ready, lane.dead) == (0, 2)
    assert len(dead_letters(lane)) == 2


def test_two_persons_send_the_same_message_again(world: World, street: Street) -> None:
    bank = street.bank("422")
    (delivery,) = _die(world, bank)
    bank.mode = "ok"
    _ask(world.risk_a, delivery)
    assert post(world.bank_a) == 0
    _decide(world.risk_supervisor_a, delivery)
    assert post(world.bank_a) == 1
    event = bank.requests[-1].event
    assert (event["delivery_id"], event["subject_id"]) == (str(delivery.id), str(delivery.subject_id))
    assert (event["attempt"], event["possible_duplicate"]) == (4, True)
    assert outcomes(delivery)[-2:] == [(3, "people", "redriven"), (4, "webhook", "transported")]
    for verb in ("delivery.redrive_request", "delivery.redrive"):
        assert AuditEntry.objects.filter(verb=verb, object_id=delivery.id).count() == 1


def test_one_person_is_not_enough(world: World, street: Street) -> None:
    (delivery,) = _die(world, street.bank("422"))
    with pytest.raises(Conflict) as refused:
        _decide(world.risk_supervisor_a, delivery)
    assert refused.value.code == "approval_missing"
    _ask(world.risk_a, delivery)
    with pytest.raises(Forbidden):
        _decide(world.risk_a, delivery)
    delivery.refresh_from_db()
    assert delivery.state == "dead_lettered"


def test_the_second_person_may_refuse(world: World, street: Street) -> None:
    (delivery,) = _die(world, street.bank("422"))
    _ask(world.risk_a, delivery)
    _decide(world.centre_supervisor, delivery, approve=False)
    delivery.refresh_from_db()
    assert delivery.state == "dead_lettered"
    assert AuditEntry.objects.filter(verb="delivery.redrive_refuse").count() == 1


@pytest.mark.parametrize("name", ["risk_b", "supervisor_a", "machine_a", "overseer", "admin"])
def test_strangers_cannot_even_ask(world: World, street: Street, name: str) -> None:
    (delivery,) = _die(world, street.bank("422"))
    with pytest.raises(NotFound):
        _ask(getattr(world, name), delivery)


def test_only_dead_letters_are_sent_again(world: World, street: Street) -> None:
    (delivery,) = make_ready(world.bank_a)
    with pytest.raises(WrongState):
        _ask(world.risk_a, delivery)
    with db.unit_of_work(world.admin):
        deliveries_withdraw(institution_id=world.bank_a.id, subject_id=delivery.subject_id, reason="routed_anew")
    with pytest.raises(WrongState):
        _ask(world.risk_a, delivery)


def test_enqueueing_again_does_not_go_round_the_two_persons(world: World, street: Street) -> None:
    (delivery,) = _die(world, street.bank("422"))
    with db.unit_of_work(world.admin):
        again = delivery_enqueue(
            institution=world.bank_a, topic=delivery.topic, subject_id=delivery.subject_id, case_id=None, priority=1
        )
    assert (again.id, again.state) == (delivery.id, "dead_lettered")
    with pytest.raises(AppError):
        _decide(world.risk_supervisor_a, delivery)
    assert lane_push(world.bank_a.id) == 0


def test_a_person_who_opens_the_order_has_it(world: World, street: Street) -> None:
    (delivery,) = _die(world, street.bank("422"))
    with db.unit_of_work(world.risk_a):
        assert delivery_transported_by_inbox(
            by=world.risk_a, institution_id=world.bank_a.id, topic=delivery.topic, subject_id=delivery.subject_id
        )
    delivery.refresh_from_db()
    assert (delivery.state, delivery.door) == ("transported", "inbox")
