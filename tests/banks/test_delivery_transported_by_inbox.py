"""Opening an order in the browser transports its delivery, once, and leaves the evidence."""

from __future__ import annotations

from typing import Any

from banks.models import Delivery, Institution
from banks.services.deliveries import delivery_transported_by_inbox
from banks.services.queue import queue_ack, queue_receive
from tests.banks.lanes import enqueue, make_ready, outcomes
from tests.cast import World


def _open(by: Any, delivery: Delivery, institution: Institution | None = None) -> bool:
    return delivery_transported_by_inbox(
        by=by,
        institution_id=institution.id if institution else delivery.institution_id,
        topic=delivery.topic,
        subject_id=delivery.subject_id,
    )


def test_a_ready_delivery_has_arrived(world: World, act: Any) -> None:
    delivery = make_ready(world.bank_a)[0]
    with act(world.risk_a) as work:
        assert _open(world.risk_a, delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.door, delivery.transported_at) == ("transported", "inbox", work.now)
    assert list(delivery.attempts.values_list("number", "door", "outcome", "by_id")) == [
        (1, "inbox", "transported", world.risk_a.id)
    ]
    with act(world.machine_a):
        assert queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30) == []


def test_a_second_opening_changes_nothing(world: World, act: Any) -> None:
    delivery = make_ready(world.bank_a)[0]
    with act(world.risk_a):
        _open(world.risk_a, delivery)
    before = Delivery.objects.values().get()
    with act(world.risk_supervisor_a):
        assert not _open(world.risk_supervisor_a, delivery)
    assert Delivery.objects.values().get() == before
    assert len(outcomes(delivery)) == 1


def test_what_is_not_in_the_lane_yet_is_not_transported(world: World, act: Any) -> None:
    delivery = enqueue(world.bank_a)[0]
    with act(world.risk_a):
        assert not _open(world.risk_a, delivery)
    delivery.refresh_from_db()
    assert (delivery.state, outcomes(delivery)) == ("queued", [])


def test_another_institutions_delivery_stays(world: World, act: Any) -> None:
    delivery = make_ready(world.bank_a)[0]
    with act(world.risk_b):
        assert not _open(world.risk_b, delivery, world.bank_b)
    delivery.refresh_from_db()
    assert delivery.state == "ready"


def test_the_banks_system_may_still_acknowledge_what_a_person_opened(world: World, act: Any) -> None:
    delivery = make_ready(world.bank_a)[0]
    with act(world.machine_a):
        ((_leased, receipt),) = queue_receive(by=world.machine_a, max_count=1, visibility_seconds=30)
    with act(world.risk_a):
        assert _open(world.risk_a, delivery)
    with act(world.machine_a):
        assert queue_ack(by=world.machine_a, receipt=receipt).door == "inbox"
    assert [outcome for _n, _door, outcome in outcomes(delivery)] == ["handed_over", "transported"]
