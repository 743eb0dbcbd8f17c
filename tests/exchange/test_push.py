"""From the lane to the webhook: the thin signed event, what each answer does to the delivery, and the evidence."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from antifraud import courier, db
from antifraud.courier import Courier
from antifraud.crypto import keyring, signing
from banks.models import Attempt, Delivery, Lane
from banks.selectors.institutions import system_user
from banks.services.deliveries import delivery_enqueue
from banks.services.pushes import Landed, pushes_claim, pushes_finish
from banks.services.queue import leases_reap, queue_receive
from tests.banks.lanes import make_ready, outcomes, seconds_until
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, fly, post, push_passes, wait_for


def _platform_keys() -> list[signing.PublicKey]:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    return [signing.PublicKey(key_id, raw, since) for key_id, raw in keyring.current().public_keys().items()]


def _row() -> Delivery:
    return Delivery.objects.get()


def test_the_event_is_thin_signed_and_for_its_recipient(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    delivery = make_ready(world.bank_a, priority=10)[0]
    assert post(world.bank_a) == 1
    request = bank.requests[0]
    assert request.event == {
        "schema": "antifraud.event/1", "epoch": 1, "delivery_id": str(delivery.id), "topic": "order.issued",
        "subject_id": str(delivery.subject_id), "seq": 1, "attempt": 1, "possible_duplicate": False, "priority": 10,
        "available_at": delivery.available_at.isoformat(),
    }  # fmt: skip
    assert request.headers["content-type"] == "application/json"
    assert request.headers["antifraud-message-id"] == f"{delivery.id}.1"
    assert request.headers["antifraud-recipient"] == world.bank_a.code
    verified = signing.verify_request(
        method="POST", target_uri=bank.url, headers=request.headers, body=request.body, recipient=world.bank_a.code,
        keys=_platform_keys(),
    )  # fmt: skip
    assert verified.message_id == f"{delivery.id}.1"


@pytest.mark.parametrize("mode", ["ok", "ack_then_die", "huge", "bomb"])
def test_any_2xx_is_transported(world: World, street: Street, mode: str) -> None:
    choose_webhook(world, world.bank_a, street.bank(mode))
    make_ready(world.bank_a)
    assert post(world.bank_a) == 1
    row = _row()
    assert (row.state, row.door, row.error, row.lease_token) == ("transported", "webhook", "", None)
    assert row.transported_at is not None
    assert outcomes(row) == [(1, "webhook", "transported")]
    attempt = Attempt.objects.get()
    assert (attempt.institution_id, attempt.detail) == (world.bank_a.id, "200")
    assert 0 < attempt.seconds < 2


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("500", "500"),
        ("404", "404"),
        ("redirect", "301"),
        ("reset", "broken"),
        ("hang", "timeout"),
        ("drip", "timeout"),
    ],
)
def test_every_failure_leaves_it_in_the_pull_queue_and_comes_again(
    world: World, street: Street, mode: str, error: str
) -> None:
    choose_webhook(world, world.bank_a, street.bank(mode))
    make_ready(world.bank_a)
    assert post(world.bank_a) == 0
    row = _row()
    assert (row.state, row.error, row.push_attempt, row.lease_token) == (
        "ready",
        error,
        2,
        None,
    )  # the first retry is at once
    assert 1 < seconds_until(row, "push_at") <= 2
    assert seconds_until(row, "next_at") < 0  # the pull door need not wait
    with db.unit_of_work(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60)
    assert [delivery.attempt for delivery, _receipt in taken] == [3]


def test_retries_follow_the_schedule_for_ever(world: World, street: Street) -> None:
    bank = street.bank("500")
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    waits = []
    for number in range(1, 31):
        Lane.objects.update(circuit="closed", failures=0)
        with db.unit_of_work(system_user()):
            push = pushes_claim([world.bank_a.id], 10).pushes[0]
            assert push.delivery.push_attempt == number
            pushes_finish([Landed(push, 500, "", 0.1)])
        waits.append(seconds_until(_row(), "push_at"))
        push_passes(100)
    assert [round(wait) for wait in waits[:7]] == [0, 2, 5, 10, 20, 40, 60]
    assert all(47 < wait < 73 for wait in waits[7:])
    assert _row().state == "ready"
    bank.mode = "ok"
    assert post(world.bank_a) == 1


def test_what_a_busy_bank_asks_for_is_waited(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank("429"))
    make_ready(world.bank_a)
    assert post(world.bank_a) == 0
    assert 6 < seconds_until(_row(), "push_at") <= 7


def test_a_late_result_of_a_lost_lease_changes_nothing(world: World, street: Street) -> None:
    """T6: the process slept longer than its lease; somebody else has the delivery, or it has arrived."""
    choose_webhook(world, world.bank_a, street.bank())
    make_ready(world.bank_a)
    with db.unit_of_work(system_user()):
        stale = pushes_claim([world.bank_a.id], 10).pushes[0]
    push_passes(31)
    with db.unit_of_work(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=1, visibility_seconds=60)) == 1
    before = Delivery.objects.values().get()
    with db.unit_of_work(system_user()):
        for status in (200, 500, 422):
            assert pushes_finish([Landed(stale, status, "", 0.1)]) == []
    assert Delivery.objects.values().get() == before
    # but that it was posted is evidence
    told = Attempt.objects.filter(door="webhook").order_by("id").values_list("number", "outcome", "detail")
    assert list(told) == [(1, "stale", "200"), (1, "stale", "500"), (1, "stale", "422")]


def test_late_results_cost_no_further_statement(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank())
    make_ready(world.bank_a, 4)
    with db.unit_of_work(system_user()):
        first, *rest = pushes_claim([world.bank_a.id], 10).pushes
    Delivery.objects.filter(pk__in=[push.delivery.id for push in rest]).update(lease_token=uuid.uuid4())
    landed = [Landed(push, 200, "", 0.1) for push in (first, *rest)]
    with db.unit_of_work(system_user()), CaptureQueriesContext(connection) as asked:
        assert pushes_finish(landed) == landed[:1]
    assert len(asked) == 3, [query["sql"] for query in asked]
    assert sorted(Attempt.objects.values_list("outcome", flat=True)) == ["stale"] * 3 + ["transported"]


def test_one_lease_wins_between_pull_and_push(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank())
    make_ready(world.bank_a, 2)
    with db.unit_of_work(world.machine_a):
        taken = queue_receive(by=world.machine_a, max_count=1, visibility_seconds=60)
    with db.unit_of_work(system_user()):
        pushes = pushes_claim([world.bank_a.id], 10).pushes
    assert len(pushes) == 1
    assert pushes[0].delivery.id != taken[0][0].id
    with db.unit_of_work(world.machine_a):
        assert queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60) == []


@pytest.mark.parametrize("door", ["pull", "inbox"])
def test_another_door_is_never_posted_to(world: World, street: Street, door: str) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    Lane.objects.update(door=door)
    make_ready(world.bank_a)
    assert post(world.bank_a) == 0
    assert (bank.requests, _row().attempt) == ([], 0)


def test_urgent_goes_first(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank, in_flight_cap=1)
    for priority in (40, 30, 20, 10, 20, 10):
        make_ready(world.bank_a, priority=priority)
    assert post(world.bank_a) == 6
    assert [request.event["priority"] for request in bank.requests] == [10, 10, 20, 20, 30, 40]


def test_seq_counts_what_one_institution_gets_about_one_subject(world: World) -> None:
    subject = uuid.uuid4()
    with db.unit_of_work(system_user()):
        found = [
            delivery_enqueue(institution=bank, topic=topic, subject_id=subject, case_id=None, priority=10).seq
            for bank in (world.bank_a, world.bank_b)
            for topic in ("order.issued", "order.cancelled", "order.issued")
        ]
    assert found == [1, 2, 1, 1, 2, 1]


def test_the_reaper_knows_whose_lease_it_was(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank())
    make_ready(world.bank_a)
    with db.unit_of_work(system_user()):
        assert pushes_claim([world.bank_a.id], 10).pushes
    push_passes(31)
    with db.unit_of_work(system_user()):
        assert leases_reap() == 1
    assert outcomes(_row()) == [(1, "webhook", "lease_ended")]


def test_when_the_database_is_away_no_landing_is_forgotten(
    world: World, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    instance = Courier()
    instance.wake(world.bank_a.id)
    instance.turn()
    wait_for(lambda: bool(bank.requests))

    def away(*_words: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(courier, "pushes_finish", away)
        with pytest.raises(OperationalError):
            fly(instance)
    assert _row().state == "leased"
    assert instance.turn() == 1
    assert _row().state == "transported"
    assert len(bank.requests) == 1
