"""A claim takes as many rows as it says, whatever plan PostgreSQL finds.

`UPDATE … WHERE id IN (SELECT … LIMIT n FOR UPDATE SKIP LOCKED)` does not: as the inner side of a nested loop the
sub-select is run again for each row, skips what it has just changed, and every row gets through.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from antifraud import db
from antifraud.outbox import post
from banks.selectors.institutions import system_user
from banks.services.deliveries import deliveries_claim
from banks.services.queue import leases_reap, queue_receive
from tests.banks.lanes import enqueue, let_pass, make_ready
from tests.cast import World

SWITCHES = (
    "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_material", "enable_sort", "enable_indexscan",
    "enable_bitmapscan",
)  # fmt: skip


@pytest.fixture
def nested_loops(world: World) -> None:
    """The plan that shows the fault, for the rest of this test's transaction."""
    with connection.cursor() as cursor:
        for switch in SWITCHES:
            cursor.execute(f"SET LOCAL {switch} = off")


def test_the_plan_shows_the_fault_of_the_plain_statement(world: World, nested_loops: None) -> None:
    """If this fails, PostgreSQL has changed and the tests below prove nothing.

    The further conditions make the planner expect one row only, however many pages other tests have left behind.
    """
    make_ready(world.bank_a, 5)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banks_delivery SET state = 'leased' WHERE id IN (SELECT id FROM banks_delivery "
            "WHERE state = 'ready' ORDER BY next_at LIMIT 2 FOR UPDATE SKIP LOCKED) "
            "AND institution_id = %s AND state = 'ready' AND attempt = 0 AND error = '' AND lease_token IS NULL",
            [world.bank_a.id],
        )
        assert cursor.rowcount > 2


def test_receiving_keeps_the_limit(world: World, act: Any, nested_loops: None) -> None:
    make_ready(world.bank_a, 5)
    with act(world.machine_a):
        assert len(queue_receive(by=world.machine_a, max_count=2, visibility_seconds=60)) == 2


def test_reaping_keeps_the_limit(world: World, act: Any, nested_loops: None) -> None:
    make_ready(world.bank_a, 5)
    with act(world.machine_a):
        queue_receive(by=world.machine_a, max_count=5, visibility_seconds=60)
    let_pass(61)
    with db.unit_of_work(system_user()):
        assert leases_reap(2) == 2


def test_claiming_from_a_lane_keeps_the_limit_and_the_cap(world: World, nested_loops: None) -> None:
    enqueue(world.bank_a, 8)
    with db.unit_of_work(system_user()):
        assert len(deliveries_claim(world.bank_a.id, 2)) == 2
        assert len(deliveries_claim(world.bank_a.id, 100)) == 2


def test_claiming_from_the_outbox_keeps_the_limit(world: World, nested_loops: None) -> None:
    with db.unit_of_work(system_user()):
        for _number in range(5):
            post.enqueue("case.filed", uuid.uuid4())
        assert len(post.claim(2)) == 2
