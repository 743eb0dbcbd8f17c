"""The pages of a lane and of its doors: who sees them, what they show, what their buttons do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from banks.models import Delivery, Lane, WebhookEndpoint
from banks.rules.paths import endpoint_path, lane_path
from tests.banks.lanes import enqueue, make_ready
from tests.cast import World
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook, post, push_passes

URL = "https://hook.example.com/events"


def test_the_paths_of_notifications_exist(world: World, log_in: Any) -> None:
    client = log_in(world.risk_a)
    assert client.get(lane_path(world.bank_a.id)).status_code == 200
    assert client.get(endpoint_path(world.bank_a.id)).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("risk_a", 200),
        ("supervisor_a", 200),
        ("centre_supervisor", 200),
        ("overseer", 200),
        ("auditor", 200),
        ("risk_b", 404),
    ],
)
def test_who_sees_a_lane(world: World, log_in: Any, name: str, status: int) -> None:
    assert log_in(getattr(world, name)).get(lane_path(world.bank_a.id)).status_code == status


def test_it_shows_depth_attempts_circuit_and_dead_letters(world: World, street: Street, log_in: Any) -> None:
    choose_webhook(world, world.bank_a, street.bank("422"))
    make_ready(world.bank_a, priority=10)
    for _try in range(3):
        push_passes(100)
        post(world.bank_a)
    enqueue(world.bank_a, 2, priority=20)
    Lane.objects.filter(institution=world.bank_a).update(circuit="open", failures=6, opened_at="2026-01-01T00:00Z")
    page = log_in(world.risk_a).get(lane_path(world.bank_a.id)).content.decode()
    for text in ("Resting after failures", "poison_422", "Message refused", "Not deliverable", "Ask to send again"):
        assert text in page
    assert "Pause the lane" not in page
    listed = log_in(world.supervisor_a).get("/lanes/").content.decode()
    assert lane_path(world.bank_a.id) in listed
    assert "Its system is called" in listed


def test_the_page_costs_the_same_for_many_rows(world: World, log_in: Any, counted: Any) -> None:
    make_ready(world.bank_a, 1)
    client = log_in(world.risk_a)
    client.get(lane_path(world.bank_a.id))
    make_ready(world.bank_a, 20)
    with counted(12):
        assert client.get(lane_path(world.bank_a.id)).status_code == 200


def test_the_page_costs_the_same_for_many_dead_letters(world: World, log_in: Any, counted: Any) -> None:
    client, address = log_in(world.risk_a), lane_path(world.bank_a.id)

    def sent() -> int:
        Delivery.objects.update(state="dead_lettered", error="poison_400")
        client.get(address)
        with counted(20) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    make_ready(world.bank_a, 1)
    few = sent()
    make_ready(world.bank_a, 9)
    assert sent() == few


def test_pausing_needs_a_reason_and_resuming_opens(world: World, log_in: Any) -> None:
    client = log_in(world.centre_supervisor)
    path = lane_path(world.bank_a.id)
    assert client.post(f"{path}pause/", {"why": ""}).status_code == 422
    refused = client.post(f"{path}pause/", {"why": "x"})
    assert refused.status_code == 422
    (opened,) = re.findall(r'<dialog [^>]*id="([^"]+)"[^>]* data-open>', refused.content.decode())
    assert opened == "dlg-pause", "the entry comes back where it was made"
    assert "data-open>" not in client.get(path).content.decode().split('id="dlg-pause"')[1][:80]
    assert not Lane.objects.get(institution=world.bank_a).paused
    assert client.post(f"{path}pause/", {"why": "their data centre burns"}).status_code == 302
    assert "their data centre burns" in client.get(path).content.decode()
    assert client.post(f"{path}pause/", {"why": "their data centre burns"}).status_code == 409
    assert client.post(f"{path}resume/").status_code == 302
    assert not Lane.objects.get(institution=world.bank_a).paused


@pytest.mark.parametrize("name", ["risk_supervisor_a", "supervisor_a", "overseer"])
def test_others_cannot_pause(world: World, log_in: Any, name: str) -> None:
    path = lane_path(world.bank_a.id)
    assert log_in(getattr(world, name)).post(f"{path}pause/", {"why": "because I can"}).status_code == 403
    assert not Lane.objects.get(institution=world.bank_a).paused


def test_proposing_approving_and_choosing_by_the_pages(world: World, log_in: Any) -> None:
    path = endpoint_path(world.bank_a.id)
    officer, supervisor = log_in(world.risk_a), log_in(world.risk_supervisor_a)
    refused = officer.post(path, {"url": "https://10.0.0.1/", "timeout_seconds": 10, "ca": ""})
    assert refused.status_code == 422
    assert "public domain" in refused.content.decode()
    assert officer.post(path, {"url": URL, "timeout_seconds": 5, "ca": ""}).status_code == 302
    endpoint = WebhookEndpoint.objects.get()
    assert officer.post(f"/endpoints/{endpoint.pk}/decide/", {"verb": "approve"}).status_code == 403
    assert officer.post(f"{lane_path(world.bank_a.id)}door/", {"door": "webhook"}).status_code == 422
    assert URL in supervisor.get(path).content.decode()
    assert supervisor.post(f"/endpoints/{endpoint.pk}/decide/", {"verb": "approve"}).status_code == 302
    assert officer.post(f"{lane_path(world.bank_a.id)}door/", {"door": "webhook"}).status_code == 302
    assert Lane.objects.get(institution=world.bank_a).door == "webhook"
    assert supervisor.post(f"/endpoints/{endpoint.pk}/withdraw/").status_code == 302
    assert Lane.objects.get(institution=world.bank_a).door == "pull"


@pytest.mark.parametrize(
    ("name", "status"), [("risk_b", 404), ("supervisor_a", 403), ("overseer", 403), ("centre_supervisor", 200)]
)
def test_who_sees_the_doors(world: World, log_in: Any, name: str, status: int) -> None:
    assert log_in(getattr(world, name)).get(endpoint_path(world.bank_a.id)).status_code == status


def test_a_dead_letter_is_sent_again_by_two_persons_on_the_page(world: World, street: Street, log_in: Any) -> None:
    bank = street.bank("400")
    choose_webhook(world, world.bank_a, bank)
    make_ready(world.bank_a)
    for _try in range(3):
        push_passes(100)
        post(world.bank_a)
    letter = Delivery.objects.get()
    officer, supervisor = log_in(world.risk_a), log_in(world.risk_supervisor_a)
    assert officer.post(f"/dead-letters/{letter.pk}/redrive/").status_code == 302
    assert officer.post(f"/dead-letters/{letter.pk}/decide/", {"verb": "approve"}).status_code == 403
    assert "Agree" in supervisor.get(lane_path(world.bank_a.id)).content.decode()
    assert supervisor.post(f"/dead-letters/{letter.pk}/decide/", {"verb": "approve"}).status_code == 302
    letter.refresh_from_db()
    assert letter.state == "ready"


def test_a_pause_that_came_second_is_told_with_what_was_typed(world: World, log_in: Any) -> None:
    client, url = log_in(world.centre_supervisor), f"{lane_path(world.bank_a.id)}pause/"
    assert client.post(url, {"why": "the bank asked for it"}).status_code == 302
    answer = client.post(url, {"why": "a fraud at the bank"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The lane is paused already." in page
    assert "a fraud at the bank" in page
    assert "data-open" not in page
    assert Lane.objects.get(institution=world.bank_a).paused_why == "the bank asked for it"
