"""Depth and age of the lanes: for police and oversight all, for an institution its own (R14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from antifraud import db
from banks.models import Lane
from banks.selectors.institutions import system_user
from banks.selectors.lanes import lanes_list, lanes_waiting
from banks.services.deliveries import deliveries_claim
from banks.services.queue import queue_ack, queue_receive
from tests.banks.lanes import enqueue, let_pass, make_ready
from tests.cast import World


def test_each_state_is_counted_and_what_arrived_is_not(world: World, act: Any) -> None:
    make_ready(world.bank_a, 3)
    with act(world.machine_a):
        got = queue_receive(by=world.machine_a, max_count=2, visibility_seconds=60)
        queue_ack(by=world.machine_a, receipt=got[0][1])
    enqueue(world.bank_a, 2)
    rows: dict[str, Any] = {lane.institution.code: lane for lane in lanes_list(user=world.supervisor_a)}
    lane = rows["bank_a"]
    assert (lane.queued, lane.ready, lane.leased) == (2, 1, 1)
    assert timedelta(0) < lane.oldest_age < timedelta(minutes=1)
    empty = rows["bank_b"]
    assert (empty.queued, empty.ready, empty.leased, empty.oldest_age) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("supervisor_a", {"bank_a", "bank_b", "bank_paper", "branch_a", "payment", "telecom"}),
        ("overseer", {"bank_a", "bank_b", "bank_paper", "branch_a", "payment", "telecom"}),
        ("auditor", {"bank_a", "bank_b", "bank_paper", "branch_a", "payment", "telecom"}),
        ("risk_a", {"bank_a"}),
        ("risk_branch", {"branch_a"}),
        ("admin", set()),
    ],
)
def test_who_sees_which_lanes(world: World, name: str, codes: set[str]) -> None:
    assert {lane.institution.code for lane in lanes_list(user=getattr(world, name))} == codes


def test_it_is_one_statement(world: World, counted: Any) -> None:
    user = world.supervisor_a
    with counted(1):
        assert len([lane.institution.name for lane in lanes_list(user=user)]) == 6


def test_the_relay_hears_of_lanes_that_wait(world: World) -> None:
    enqueue(world.bank_a, 2)
    enqueue(world.bank_b)
    let_pass(5, institution=world.bank_b)
    found = lanes_waiting()
    assert [lane.institution_id for lane in found] == [world.bank_b.id, world.bank_a.id]
    assert 5 <= found[0].seconds < 30
    assert 0 <= found[1].seconds < 5


def test_what_is_in_hand_paused_cut_off_or_due_later_does_not_wait(world: World) -> None:
    enqueue(world.bank_a)
    with db.unit_of_work(system_user()):
        deliveries_claim(world.bank_a.id, 10)
    enqueue(world.bank_b)
    Lane.objects.filter(institution=world.bank_b).update(paused=True)
    enqueue(world.bank_paper)
    let_pass(-30, institution=enqueue(world.payment)[0].institution)
    assert lanes_waiting() == []
