"""A fact is put on its way once, in the caller's transaction, and the lane is rung after commit."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction

from antifraud import db
from antifraud.outbox import bell
from banks.models import Delivery
from banks.services.deliveries import delivery_enqueue
from tests.cast import World


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    heard: list[tuple[str, ...]] = []
    monkeypatch.setattr(bell, "ring", lambda *words: heard.append(words))
    return heard


def _enqueue(institution: Any, subject: uuid.UUID, **more: Any) -> Delivery:
    wanted: dict[str, Any] = {"topic": "order.issued", "case_id": None, "priority": 2, **more}
    return delivery_enqueue(institution=institution, subject_id=subject, **wanted)


def test_it_is_queued_and_the_lane_is_rung_once(
    world: World, act: Any, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    case = uuid.uuid4()
    with django_capture_on_commit_callbacks(execute=True), act(world.approver_a):
        first = _enqueue(world.bank_a, uuid.uuid4(), case_id=case)
        _enqueue(world.bank_a, uuid.uuid4())
        assert rings == []
    assert rings == [("antifraud.lane_push", str(world.bank_a.id))]
    stored = Delivery.objects.get(pk=first.pk)
    assert (stored.state, stored.attempt, stored.priority, stored.case_id) == ("queued", 0, 2, case)
    assert (stored.available_at, stored.lease_token, stored.transported_at) == (None, None, None)


def test_the_same_fact_travels_once(world: World, act: Any) -> None:
    subject = uuid.uuid4()
    with act(world.approver_a):
        first = _enqueue(world.bank_a, subject)
        again = _enqueue(world.bank_a, subject, priority=9)
        elsewhere = _enqueue(world.branch_a, subject)
        cancelled = _enqueue(world.bank_a, subject, topic="order.cancelled")
    assert (again.id, again.priority) == (first.id, 2)
    assert len({first.id, elsewhere.id, cancelled.id}) == 3
    assert Delivery.objects.filter(subject_id=subject).count() == 3


def test_it_is_one_statement(world: World, act: Any, counted: Any) -> None:
    bank = world.bank_a
    with act(world.approver_a), counted(1):
        _enqueue(bank, uuid.uuid4())


def test_a_rolled_back_order_leaves_no_delivery_and_no_ring(
    world: World, act: Any, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), act(world.approver_a):
        _enqueue(world.bank_a, uuid.uuid4())
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0
    assert rings == []


def test_outside_of_a_unit_of_work_it_is_refused(world: World) -> None:
    with pytest.raises(db.NoUnitOfWork):
        _enqueue(world.bank_a, uuid.uuid4())
    assert Delivery.objects.count() == 0
