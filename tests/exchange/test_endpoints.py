"""A webhook's address under two persons, the bank's choice of its door, and changing it with orders underway (R33, R38)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.courier import Courier
from antifraud.errors import AppError, Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.models import Delivery, Lane, Notification, WebhookEndpoint
from banks.selectors.institutions import system_user
from banks.services.endpoints import endpoint_approve, endpoint_propose, endpoint_reject
from banks.services.lanes import lane_choose_door, lane_pause, lane_push_resume, lane_resume
from banks.services.pushes import pushes_claim
from banks.services.queue import queue_ack, queue_receive
from tests.banks.lanes import enqueue, make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, fly, post, push_passes, wait_for

URL = "https://hook.bank-a.example.com/events"


def _propose(world: World, url: str = URL, **more: Any) -> WebhookEndpoint:
    with db.unit_of_work(world.risk_a):
        return endpoint_propose(by=world.risk_a, institution_id=world.bank_a.id, url=url, **more)


def _approve(by: Any, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with db.unit_of_work(by):
        return endpoint_approve(by=by, endpoint_id=endpoint.id)


def _door(by: Any, institution: Any, door: str) -> Lane:
    with db.unit_of_work(by):
        return lane_choose_door(by=by, institution_id=institution.id, door=door)


def test_two_persons_stand_behind_an_address(world: World) -> None:
    endpoint = _propose(world)
    assert Notification.objects.filter(code="endpoint.proposed", user=world.risk_supervisor_a).count() == 1
    with pytest.raises(Invalid):
        _door(world.risk_a, world.bank_a, "webhook")
    approved = _approve(world.risk_supervisor_a, endpoint)
    assert (approved.proposed_by, approved.approved_by) == (world.risk_a, world.risk_supervisor_a)
    assert _door(world.risk_a, world.bank_a, "webhook").door == "webhook"
    verbs = AuditEntry.objects.filter(institution_id=world.bank_a.id).values_list("verb", flat=True)
    assert {"endpoint.propose", "endpoint.approve", "lane.choose_door"} <= set(verbs)


def test_the_same_person_cannot_approve_not_even_in_sql(world: World) -> None:
    with db.unit_of_work(world.risk_supervisor_a):
        endpoint = endpoint_propose(by=world.risk_supervisor_a, institution_id=world.bank_a.id, url=URL)
    with pytest.raises(Forbidden) as refused:
        _approve(world.risk_supervisor_a, endpoint)
    assert refused.value.code == "same_person"
    assert WebhookEndpoint.objects.get().approved_at is None
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookEndpoint.objects.update(approved_by=world.risk_supervisor_a, approved_at=endpoint.proposed_at)


@pytest.mark.parametrize(
    ("name", "error"),
    [("risk_a", Forbidden), ("risk_supervisor_b", NotFound), ("supervisor_a", NotFound), ("machine_a", NotFound)],
)
def test_who_cannot_approve(world: World, name: str, error: type[AppError]) -> None:
    endpoint = _propose(world)
    with pytest.raises(error):
        _approve(getattr(world, name), endpoint)
    assert WebhookEndpoint.objects.get().approved_at is None


def test_a_changed_or_old_proposal_is_not_approved(world: World, move_clock: Any) -> None:
    endpoint = _propose(world)
    WebhookEndpoint.objects.update(url="https://other.example.com/")
    with pytest.raises(Conflict) as refused:
        _approve(world.risk_supervisor_a, endpoint)
    assert refused.value.code == "payload_changed"
    WebhookEndpoint.objects.update(url=URL)
    move_clock(timedelta(hours=25))
    with pytest.raises(Conflict) as refused:
        _approve(world.risk_supervisor_a, endpoint)
    assert refused.value.code == "approval_lapsed"
    assert WebhookEndpoint.objects.get().approved_at is None


def test_a_new_address_replaces_the_old_one_and_a_new_proposal_the_pending_one(world: World) -> None:
    first = _approve(world.risk_supervisor_a, _propose(world))
    Lane.objects.filter(institution=world.bank_a).update(circuit="open", failures=9, push_paused_at=db.app_now())
    forgotten = _propose(world, "https://two.example.com/")
    second = _propose(world, "https://three.example.com:8443/x")
    with pytest.raises(WrongState):
        _approve(world.risk_supervisor_a, forgotten)
    _approve(world.centre_supervisor, second)
    live = WebhookEndpoint.objects.get(approved_at__isnull=False, ended_at=None)
    assert (live.pk, live.url) == (second.pk, "https://three.example.com:8443/x")
    first.refresh_from_db()
    assert first.ended_why == "replaced"
    lane = Lane.objects.get(institution=world.bank_a)
    assert (lane.circuit, lane.failures, lane.push_paused_at) == ("closed", 0, None)


def test_a_rejected_address_is_not_called(world: World) -> None:
    endpoint = _propose(world)
    with db.unit_of_work(world.risk_supervisor_a):
        endpoint_reject(by=world.risk_supervisor_a, endpoint_id=endpoint.id)
    with pytest.raises(WrongState):
        _approve(world.centre_supervisor, endpoint)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"url": "http://hook.example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://hook.example.com:22/"}, "url"),
        ({"url": "https://a:b@hook.example.com/"}, "url"),
        ({"url": "http://127.0.0.1:9/"}, "url"),
        ({"timeout_seconds": 11}, "timeout_seconds"),
        ({"ca": "no certificate"}, "ca"),
    ],
)
@override_settings(EGRESS_ALLOW_LOOPBACK=False)
def test_bad_addresses_name_their_field(world: World, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _propose(world, **more)
    assert list(refused.value.fields) == [field]
    assert not WebhookEndpoint.objects.exists()


def test_the_address_has_one_spelling(world: World) -> None:
    assert _propose(world, " https://Hook.Example.COM:443?a=1 ").url == "https://hook.example.com/?a=1"


@pytest.mark.parametrize("name", ["risk_b", "supervisor_a", "centre_supervisor", "machine_a", "admin"])
def test_only_the_institutions_people_choose_its_door(world: World, name: str) -> None:
    with pytest.raises((NotFound, Forbidden)):
        _door(getattr(world, name), world.bank_a, "inbox")
    assert Lane.objects.get(institution=world.bank_a).door == "pull"


def test_changing_to_the_webhook_takes_what_waits_along(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    Lane.objects.filter(institution=world.bank_a).update(door="pull")
    make_ready(world.bank_a, 5)
    with db.unit_of_work(world.machine_a):
        (held, receipt), *_rest = queue_receive(by=world.machine_a, max_count=1, visibility_seconds=60)
    _door(world.risk_a, world.bank_a, "webhook")
    assert post(world.bank_a) == 4
    assert str(held.subject_id) not in {subject for subject, _topic in bank.effects}
    with db.unit_of_work(world.machine_a):
        queue_ack(by=world.machine_a, receipt=receipt)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"transported"}


def test_changing_away_while_posts_hang_loses_and_doubles_nothing(world: World, street: Street) -> None:
    bank = street.bank("slow")
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a, 6)
    courier = Courier()
    courier.wake(world.bank_a.id)
    courier.turn()
    wait_for(lambda: len(bank.requests) == 4)
    _door(world.risk_a, world.bank_a, "pull")
    assert fly(courier) == 4
    with db.unit_of_work(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)
    assert [delivery.attempt for delivery, _receipt in taken] == [1, 1]
    pulled = {str(delivery.subject_id) for delivery, _receipt in taken}
    assert pulled.isdisjoint(subject for subject, _topic in bank.effects)


def test_a_push_that_died_is_pulled_as_a_possible_duplicate(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank())
    make_ready(world.bank_a)
    with db.unit_of_work(system_user()):
        assert len(pushes_claim([world.bank_a.id], 10).pushes) == 1
    _door(world.risk_a, world.bank_a, "pull")
    push_passes(31)
    with db.unit_of_work(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)
    assert [delivery.attempt for delivery, _receipt in taken] == [2]


def test_a_paused_lane_is_quiet_and_says_why(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    by = world.centre_supervisor
    with db.unit_of_work(by):
        lane = lane_pause(by=by, institution_id=world.bank_a.id, why="system change at the bank")
    assert (lane.paused, lane.paused_by_id) == (True, by.id)
    assert post(world.bank_a) == 0
    assert Notification.objects.filter(code="lane.paused", user=world.risk_a).count() == 1
    with db.unit_of_work(by), pytest.raises(WrongState):
        lane_pause(by=by, institution_id=world.bank_a.id, why="once more")
    with db.unit_of_work(by):
        lane_resume(by=by, institution_id=world.bank_a.id)
    assert post(world.bank_a) == 1
    assert set(AuditEntry.objects.filter(verb__startswith="lane.").values_list("verb", flat=True)) == {
        "lane.pause",
        "lane.resume",
    }


@pytest.mark.parametrize("name", ["risk_supervisor_a", "supervisor_a", "overseer", "auditor", "risk_b", "admin"])
def test_nobody_else_pauses_a_lane(world: World, name: str) -> None:
    by = getattr(world, name)
    with db.unit_of_work(by), pytest.raises((Forbidden, NotFound)):
        lane_pause(by=by, institution_id=world.bank_a.id, why="because I can")
    assert not Lane.objects.get(institution=world.bank_a).paused


def test_after_410_the_bank_turns_its_push_on_again(world: World, street: Street) -> None:
    bank = street.bank("410")
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    post(world.bank_a)
    bank.mode = "ok"
    by = world.risk_supervisor_a
    with db.unit_of_work(by):
        lane_push_resume(by=by, institution_id=world.bank_a.id)
    push_passes(100)
    assert post(world.bank_a) == 1
    with db.unit_of_work(by), pytest.raises(WrongState):
        lane_push_resume(by=by, institution_id=world.bank_a.id)


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_are_one(world: World) -> None:
    endpoint = _propose(world)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def approve(by: Any) -> None:
        try:
            start.wait(10)
            _approve(by, endpoint)
            outcomes.append("approved")
        except AppError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    people = (world.risk_supervisor_a, world.centre_supervisor)
    threads = [threading.Thread(target=approve, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["approved", "wrong_state"]


def test_a_lane_of_another_institution_is_not_touched_by_a_pause(world: World) -> None:
    by = world.centre_supervisor
    enqueue(world.bank_b)
    with db.unit_of_work(by):
        lane_pause(by=by, institution_id=world.bank_a.id, why="system change")
    assert not Lane.objects.get(institution=world.bank_b).paused
