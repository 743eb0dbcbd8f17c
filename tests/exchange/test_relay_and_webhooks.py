"""Which lanes the relay has posted, and which it rings for; where alerts have no room (R2, R12, R14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from antifraud import db
from antifraud.doors import posting, tasks
from antifraud.doors.relay import Relay
from antifraud.outbox import bell
from banks.models import Delivery, Lane
from banks.selectors.institutions import system_user
from banks.selectors.lanes import lanes_to_post, lanes_too_full
from banks.services.pushes import pushes_claim
from tests.banks.lanes import enqueue, make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, lane_passes, push_passes


@pytest.fixture
def called(world: World, street: Street) -> World:
    """Bank A wants to be called."""
    choose_webhook(world, world.bank_a, street.bank())
    return world


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(posting, "wake", found.append)
    return found


def _lanes() -> list[Any]:
    return [lane.institution_id for lane in lanes_to_post()]


def test_only_lanes_of_webhooks_with_something_due(called: World) -> None:
    assert _lanes() == []
    make_ready(called.bank_b)
    enqueue(called.bank_a)
    assert _lanes() == []
    make_ready(called.bank_a, 2)
    assert _lanes() == [called.bank_a.id]
    push_passes(-30)
    assert _lanes() == []


@pytest.mark.parametrize("off", [{"paused": True}, {"push_paused_at": "2026-01-01T00:00Z"}, {"door": "pull"}])
def test_a_stopped_lane_is_not_asked_for(called: World, off: dict[str, Any]) -> None:
    make_ready(called.bank_a)
    Lane.objects.filter(institution=called.bank_a).update(**off)
    assert _lanes() == []


def test_a_resting_circuit_is_asked_for_when_its_probe_is_due(called: World) -> None:
    make_ready(called.bank_a)
    Lane.objects.filter(institution=called.bank_a).update(circuit="open", probe_at=db.app_now() + timedelta(seconds=30))
    assert _lanes() == []
    lane_passes(31, called.bank_a)
    assert _lanes() == [called.bank_a.id]


def test_what_is_in_hand_is_left_until_its_lease_ends(called: World) -> None:
    make_ready(called.bank_a)
    with db.unit_of_work(system_user()):
        assert pushes_claim([called.bank_a.id], 9).pushes
    assert _lanes() == []
    push_passes(31)
    assert _lanes() == [called.bank_a.id]


@pytest.mark.parametrize(("age", "alive", "rung", "own"), [(0, True, 1, 0), (1, True, 0, 1), (0, False, 0, 1)])
def test_a_young_one_is_rung_for_and_an_old_one_is_posted_by_the_relay_itself(
    called: World, woken: list[Any], monkeypatch: pytest.MonkeyPatch, age: int, alive: bool, rung: int, own: int
) -> None:
    make_ready(called.bank_a)
    push_passes(age)
    heard: list[Any] = []

    def ring(*words: str) -> bool:
        heard.append(words)
        return alive

    monkeypatch.setattr(bell, "ring", ring)
    Relay(lambda: False).turn()
    rings = [words for words in heard if words == ("antifraud.lane_push", str(called.bank_a.id))]
    assert len(rings) == (rung if alive else 1)
    assert woken == [called.bank_a.id] * own


def test_a_rung_worker_wakes_its_courier_for_webhooks_alone(called: World, woken: list[Any]) -> None:
    tasks.lane_push_task(str(called.bank_a.id))
    tasks.lane_push_task(str(called.bank_b.id))
    assert woken == [called.bank_a.id]


def test_a_lane_beyond_its_limits_has_no_room_for_alerts(world: World) -> None:
    banks = [world.bank_a.id, world.bank_b.id, world.payment.id]
    make_ready(world.bank_a, 3)
    make_ready(world.bank_b, 3)
    assert lanes_too_full(banks) == set()
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=3)
    assert lanes_too_full(banks) == {world.bank_a.id}
    Delivery.objects.filter(institution=world.bank_b).update(created_at=db.app_now() - timedelta(hours=2))
    assert lanes_too_full(banks) == {world.bank_a.id, world.bank_b.id}
