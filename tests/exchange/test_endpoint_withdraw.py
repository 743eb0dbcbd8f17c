"""An address is withdrawn: calls stop, the door falls back, people hear of it; and in which order rows are locked (R33)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from banks.models import Lane, Notification, WebhookEndpoint
from banks.services.endpoints import endpoint_approve, endpoint_propose, endpoint_reject, endpoint_withdraw
from tests.banks.lanes import make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, post


def proposed(world: World, url: str = "https://hook.bank-a.example.com/events") -> WebhookEndpoint:
    with db.unit_of_work(world.risk_a):
        return endpoint_propose(by=world.risk_a, institution_id=world.bank_a.id, url=url)


def approved(world: World) -> WebhookEndpoint:
    endpoint = proposed(world)
    with db.unit_of_work(world.risk_supervisor_a):
        return endpoint_approve(by=world.risk_supervisor_a, endpoint_id=endpoint.id)


def test_withdrawing_stops_calls_and_the_door_falls_back(world: World, street: Street) -> None:
    bank = street.bank()
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    with db.unit_of_work(world.risk_supervisor_a):
        endpoint_withdraw(by=world.risk_supervisor_a, endpoint_id=WebhookEndpoint.objects.get().pk)
    assert Lane.objects.get(institution=world.bank_a).door == "pull"
    assert post(world.bank_a) == 0
    assert bank.requests == []
    row = AuditEntry.objects.get(verb="lane.choose_door")
    assert (row.actor_id, detail_of(row)) == (world.risk_supervisor_a.id, {"from": "webhook", "to": "pull"})
    told = Notification.objects.filter(code="endpoint.withdrawn")
    assert {world.risk_a.id, world.centre_supervisor.id} <= set(told.values_list("user_id", flat=True))
    assert not told.filter(user=world.risk_supervisor_a).exists()


def test_withdrawing_beside_another_door_changes_none(world: World) -> None:
    endpoint = approved(world)
    proposal = proposed(world, "https://two.example.com/")
    for one in (proposal, endpoint):
        assert not Notification.objects.filter(code="endpoint.withdrawn").exists()
        with db.unit_of_work(world.risk_supervisor_a):
            endpoint_withdraw(by=world.risk_supervisor_a, endpoint_id=one.id)
    assert Notification.objects.filter(code="endpoint.withdrawn", user=world.risk_a).count() == 1
    assert not AuditEntry.objects.filter(verb="lane.choose_door").exists()


@pytest.mark.parametrize("act", [endpoint_approve, endpoint_reject, endpoint_withdraw])
def test_the_lane_is_locked_before_the_address(world: World, act: Any) -> None:
    """As a proposal does: in the other order two people at one address could wait for each other."""
    endpoint = proposed(world)
    with db.unit_of_work(world.risk_supervisor_a), CaptureQueriesContext(connection) as asked:
        act(by=world.risk_supervisor_a, endpoint_id=endpoint.id)
    locks = [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]]
    assert 'FROM "banks_lane"' in locks[0]
    assert 'FROM "banks_webhookendpoint"' in locks[1]
