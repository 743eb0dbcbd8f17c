"""Ended leases of dead clients: the state says so again, with evidence; living ones are left alone."""

from __future__ import annotations

from typing import Any

from antifraud import db
from banks.models import Delivery
from banks.selectors.institutions import system_user
from banks.services.queue import leases_reap, queue_receive
from tests.banks.lanes import let_pass, make_ready, outcomes
from tests.cast import World


def _reap(limit: int = 500) -> int:
    with db.unit_of_work(system_user()):
        return leases_reap(limit)


def test_only_ended_leases_are_freed(world: World, act: Any) -> None:
    dead, alive = make_ready(world.bank_a, 2)
    with act(world.machine_a):
        queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30)
    let_pass(31, id=dead.id)
    assert _reap() == 1
    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.state, dead.lease_token, dead.attempt) == ("ready", None, 1)
    assert alive.state == "leased"
    assert outcomes(dead) == [(1, "pull", "handed_over"), (1, "pull", "lease_ended")]
    assert _reap() == 0


def test_a_limit_is_kept(world: World, act: Any) -> None:
    make_ready(world.bank_a, 3)
    with act(world.machine_a):
        queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30)
    let_pass(31)
    assert _reap(2) == 2
    assert Delivery.objects.filter(state="leased").count() == 1
