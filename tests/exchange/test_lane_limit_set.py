"""A supervisor of the centre sets a lane's cap and rate: within bounds, audited, told, and in force at the next claim."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound
from banks.models import Delivery, Lane, Notification
from banks.rules.paths import lane_path
from banks.services.lanes import lane_limit
from banks.services.pushes import pushes_claim
from tests.banks.lanes import make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, lane_passes

WHY = "their core system is slow tonight"


def _set(world: World, by: Any = None, **changes: Any) -> Lane:
    by = by or world.centre_supervisor
    wanted: dict[str, Any] = {"in_flight_cap": 2, "rate_per_second": 3, "why": WHY} | changes
    with db.unit_of_work(by):
        return lane_limit(by=by, institution_id=world.bank_a.id, **wanted)


def _values(world: World) -> tuple[int, int, int]:
    lane = Lane.objects.get(institution=world.bank_a)
    return lane.in_flight_cap, lane.rate_per_second, lane.burst


def test_the_next_claim_keeps_them(world: World, street: Street) -> None:
    choose_webhook(world, world.bank_a, street.bank(), in_flight_cap=32)
    make_ready(world.bank_a, 12)
    _set(world)

    def claimed() -> int:
        with db.unit_of_work(world.centre_supervisor):
            return len(pushes_claim([world.bank_a.id], 100).pushes)

    assert claimed() == 2
    assert claimed() == 0
    Delivery.objects.update(state="transported", lease_until=None)
    make_ready(world.bank_a, 12)
    _set(world, in_flight_cap=32)
    lane_passes(3600, world.bank_a)
    assert claimed() == 3  # one second's worth, however long the lane was idle


def test_it_is_audited_with_what_was_before_and_told(world: World) -> None:
    _set(world)
    assert _values(world) == (2, 3, 3)
    entry = AuditEntry.objects.get(verb="lane.limit")
    assert (entry.actor_id, entry.purpose) == (world.centre_supervisor.id, WHY)
    assert detail_of(entry) == {"institution": "bank_a", "from": [4, 200], "to": [2, 3]}
    told = Notification.objects.get(code="lane.limited", user=world.risk_a)
    assert (told.params, told.url) == ({"institution": "bank_a", "count": 2, "rate": 3}, lane_path(world.bank_a.id))
    _set(world)
    assert AuditEntry.objects.filter(verb="lane.limit").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"in_flight_cap": 0}, "in_flight_cap"),
        ({"in_flight_cap": 33}, "in_flight_cap"),
        ({"rate_per_second": 0}, "rate_per_second"),
        ({"rate_per_second": 1001}, "rate_per_second"),
        ({"why": " x "}, "why"),
        ({"why": "x" * 201}, "why"),
    ],
)
def test_outside_of_its_bounds_nothing_changes(world: World, log_in: Any, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _set(world, **changes)
    assert list(refused.value.fields) == [field]
    form = {"in_flight_cap": 2, "rate_per_second": 3, "why": WHY} | changes
    answer = log_in(world.centre_supervisor).post(f"{lane_path(world.bank_a.id)}limits/", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="#limits_{field}"' in page
    assert {"in_flight_cap": "from 1 to 32.", "rate_per_second": "from 1 to 1000.", "why": "200 characters"}[
        field
    ] in page
    assert _values(world) == (4, 200, 200)
    assert not AuditEntry.objects.filter(verb="lane.limit").exists()
    assert not Notification.objects.filter(code="lane.limited").exists()


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("risk_supervisor_a", Forbidden, 403),
        ("supervisor_a", Forbidden, 403),
        ("centre_approver", Forbidden, 403),
        ("overseer", Forbidden, 403),
        ("risk_supervisor_b", NotFound, 404),
        ("admin", NotFound, 404),
    ],
)
def test_nobody_else_sets_them(world: World, log_in: Any, name: str, error: type[Exception], status: int) -> None:
    person = getattr(world, name)
    with pytest.raises(error):
        _set(world, by=person)
    client, path = log_in(person), lane_path(world.bank_a.id)
    form = {"in_flight_cap": 2, "rate_per_second": 3, "why": WHY}
    assert client.post(f"{path}limits/", form).status_code == status
    assert "limits_in_flight_cap" not in client.get(path).content.decode()
    assert _values(world) == (4, 200, 200)


def test_by_the_page(world: World, log_in: Any) -> None:
    client, path = log_in(world.centre_supervisor), lane_path(world.bank_a.id)
    page = client.get(path).content.decode()
    assert 'name="in_flight_cap" value="4"' in page
    assert 'min="1" max="32"' in page
    done = client.post(f"{path}limits/", {"in_flight_cap": 8, "rate_per_second": 50, "why": WHY}, follow=True)
    assert "The lane&#x27;s limits are set." in done.content.decode()
    assert 'name="in_flight_cap" value="8"' in done.content.decode()
    assert _values(world) == (8, 50, 50)
    assert client.post(f"{path}limits/", {"in_flight_cap": "many", "why": WHY}).status_code == 422
    assert _values(world) == (8, 50, 50)
