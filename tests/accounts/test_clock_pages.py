"""Stopped clocks and reminders on the pages of both sides and in the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ClockPause, Order
from accounts.services.answers import order_acknowledge
from accounts.services.escalation import escalations_climb
from antifraud import db
from banks.selectors.institutions import system_user
from tests.accounts.answering import acknowledged_order, bank_order

pytestmark = pytest.mark.django_db
REASON = "our core system is down for maintenance"
Move = Callable[[timedelta], None]


def waiting() -> str:
    """The id of the request that waits."""
    return str(ClockPause.objects.get(decision="").pk)


def climb() -> None:
    by = system_user()
    with db.unit_of_work(by):
        escalations_climb(by=by)


def test_bank_asks_and_supervisor_consents_on_their_pages(world: Any, log_in: Any) -> None:
    order = acknowledged_order(world)
    bank, police = log_in(world.risk_a), log_in(world.supervisor_a)
    queue_page, order_page = f"/queue/{order.id}/", f"/orders/{order.id}/"
    assert "Ask to stop the clock" in bank.get(queue_page).content.decode()
    assert bank.post(f"{queue_page}clock/request/", {"reason": "short", "minutes": "9999"}).status_code == 422
    assert not ClockPause.objects.exists()
    asked = bank.post(f"{queue_page}clock/request/", {"reason": REASON, "minutes": "20"})
    assert (asked.status_code, asked["Location"]) == (303, queue_page)
    page = bank.get(queue_page).content.decode()
    assert REASON in page
    assert "Ask to stop the clock" not in page
    assert bank.post(f"{queue_page}clock/request/", {"reason": REASON, "minutes": "20"}).status_code == 409
    page = police.get(order_page).content.decode()
    assert "Consent" in page
    assert page.count(f'name="pause" value="{waiting()}"') == 2
    assert "Refuse</button>" not in log_in(world.analyst_a).get(order_page).content.decode()
    before = Order.objects.get(pk=order.pk).answer_due_at
    assert police.post(f"{order_page}clock/consent/", {"minutes": "20", "pause": waiting()}).status_code == 303
    after = Order.objects.get(pk=order.pk).answer_due_at
    assert after is not None
    assert before is not None
    assert after - before == timedelta(minutes=20)
    assert "stands still until" in bank.get(queue_page).content.decode()
    assert bank.post(f"{queue_page}clock/end/").status_code == 303
    assert bank.post(f"{queue_page}clock/end/").status_code == 409


def test_a_refusal_is_shown_with_its_reason(world: Any, log_in: Any) -> None:
    order = acknowledged_order(world)
    bank = log_in(world.risk_a)
    bank.post(f"/queue/{order.id}/clock/request/", {"reason": REASON, "minutes": "20"})
    police = log_in(world.supervisor_a)
    path, shown = f"/orders/{order.id}/clock/refuse/", waiting()
    assert police.post(path, {"reason": "", "pause": shown}).status_code == 422
    assert police.post(path, {"reason": "the money is moving"}).status_code == 422
    assert police.post(path, {"reason": "the money is moving", "pause": shown}).status_code == 303
    assert "the money is moving" in bank.get(f"/queue/{order.id}/").content.decode()


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("analyst_a", "/orders/{}/clock/consent/", 403),
        ("risk_a", "/orders/{}/clock/consent/", 403),
        ("supervisor_b", "/orders/{}/clock/consent/", 404),
        ("risk_b", "/queue/{}/clock/request/", 404),
        ("supervisor_a", "/queue/{}/clock/request/", 404),
        ("supervisor_a", "/orders/{}/clock/forget/", 404),
        ("risk_a", "/queue/{}/clock/consent/", 404),
    ],
)
def test_who_may_not_changes_nothing(world: Any, log_in: Any, name: str, path: str, status: int) -> None:
    order = acknowledged_order(world)
    log_in(world.risk_a).post(f"/queue/{order.id}/clock/request/", {"reason": REASON, "minutes": "20"})
    typed = {"reason": REASON, "minutes": "20", "pause": waiting()}
    answer = log_in(getattr(world, name)).post(path.format(order.id), typed)
    assert answer.status_code == status
    found = ClockPause.objects.get()
    assert (found.decision, Order.objects.get(pk=order.pk).answer_due_at) == ("", order.answer_due_at)


def test_the_api_says_what_elapsed_and_what_was_stopped(world: Any, log_in: Any, move_clock: Move) -> None:
    order = acknowledged_order(world)
    path = f"/api/v1/orders/{order.id}/clock/"

    def post(who: Any, verb: str, **body: Any) -> Any:
        return log_in(who).post(f"{path}{verb}/", json.dumps(body), content_type="application/json")

    move_clock(timedelta(minutes=10))
    assert post(world.machine_a, "request", reason=REASON, minutes=20).status_code == 200
    assert post(world.machine_a, "request", reason=REASON, minutes=20).json()["code"] == "pause_waits"
    assert post(world.machine_b, "request", reason=REASON, minutes=20).status_code == 404
    shown = waiting()
    assert post(world.machine_a, "consent", pause=shown, minutes=20).status_code == 403
    for wrong in (
        {"minutes": 21, "pause": shown},
        {"pause": shown},
        {"pause": shown, "minutes": None},
        {"minutes": 20},
    ):
        assert post(world.supervisor_a, "consent", **wrong).status_code == 422
    stale = post(world.supervisor_a, "consent", pause=str(order.id), minutes=20)
    assert (stale.status_code, stale.json()["code"]) == (409, "superseded")
    assert ClockPause.objects.get().decision == ""
    done = post(world.supervisor_a, "consent", pause=shown, minutes=20)
    assert done.status_code == 200, done.content
    move_clock(timedelta(minutes=5))
    found = log_in(world.machine_a).get(path).json()
    assert found["stopped_seconds"] == 1200
    assert 900 <= found["elapsed_seconds"] < 960
    assert [pause["decision"] for pause in found["pauses"]] == ["consented"]
    assert log_in(world.machine_b).get(path).status_code == 404
    assert post(world.machine_a, "end").status_code == 200
    assert post(world.machine_a, "end").json()["code"] == "pause_missing"
    ended = log_in(world.supervisor_a).get(path).json()
    assert 300 <= ended["stopped_seconds"] < 360
    assert ended["elapsed_seconds"] >= 900


def test_consent_names_its_minutes_and_the_request_that_was_shown(world: Any, log_in: Any) -> None:
    order = acknowledged_order(world)
    bank, police = log_in(world.risk_a), log_in(world.supervisor_a)
    ask, decide = f"/queue/{order.id}/clock/request/", f"/orders/{order.id}/clock"
    bank.post(ask, {"reason": REASON, "minutes": "10"})
    shown = waiting()
    log_in(world.centre_supervisor).post(f"{decide}/refuse/", {"reason": "the money is moving", "pause": shown})
    bank.post(ask, {"reason": "something else altogether", "minutes": "1440"})
    assert police.post(f"{decide}/consent/", {"minutes": "10", "pause": shown}).status_code == 409
    assert police.post(f"{decide}/consent/", {"minutes": "", "pause": waiting()}).status_code == 422
    assert police.post(f"{decide}/consent/", {"minutes": "10"}).status_code == 422
    assert not ClockPause.objects.filter(decision="consented").exists()
    assert Order.objects.get(pk=order.pk).answer_due_at == order.answer_due_at


def test_an_order_that_was_not_acknowledged_offers_no_stop(world: Any, log_in: Any) -> None:
    order, bank = bank_order(world), log_in(world.risk_a)
    assert "Ask to stop the clock" not in bank.get(f"/queue/{order.id}/").content.decode()
    asked = bank.post(f"/queue/{order.id}/clock/request/", {"reason": REASON, "minutes": "20"})
    assert asked.status_code == 409
    assert not ClockPause.objects.exists()


def test_a_supervisor_from_the_asking_bank_is_offered_no_decision(world: Any, log_in: Any) -> None:
    order = acknowledged_order(world)
    log_in(world.risk_a).post(f"/queue/{order.id}/clock/request/", {"reason": REASON, "minutes": "20"})
    world.supervisor_a.home_institution = world.bank_a
    world.supervisor_a.save()
    police = log_in(world.supervisor_a)
    assert "Refuse</button>" not in police.get(f"/orders/{order.id}/").content.decode()
    typed = {"minutes": "20", "pause": waiting()}
    assert police.post(f"/orders/{order.id}/clock/consent/", typed).status_code == 403
    assert ClockPause.objects.get().decision == ""


def test_reminders_are_on_every_page_of_the_bank_until_it_acts(world: Any, log_in: Any, move_clock: Move) -> None:
    order = bank_order(world)
    bank = log_in(world.risk_a)
    assert 'hx-get="/queue/reminders/"' in bank.get("/holds/").content.decode()
    assert "reminders" not in log_in(world.analyst_a).get("/orders/").content.decode()
    assert bank.get("/queue/reminders/").content.strip() == b""
    move_clock(timedelta(minutes=8))
    climb()
    page = bank.get("/queue/reminders/").content.decode()
    assert order.number in page
    assert "Not acknowledged" in page
    assert order.number not in log_in(world.risk_b).get("/queue/reminders/").content.decode()
    assert log_in(world.analyst_a).get("/queue/reminders/").status_code == 404
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    assert order.number not in bank.get("/queue/reminders/").content.decode()


def test_an_order_that_is_behind_with_two_things_is_told_once(world: Any, log_in: Any, move_clock: Move) -> None:
    order = bank_order(world)
    move_clock(timedelta(minutes=68))
    climb()
    page = log_in(world.risk_a).get("/queue/reminders/").content.decode()
    assert page.count(order.number) == 1
    assert "1 order is waiting for you" in page


def test_reminders_cost_the_same_for_one_and_for_many(world: Any, log_in: Any, move_clock: Move, counted: Any) -> None:
    bank_order(world)
    move_clock(timedelta(minutes=20))
    climb()
    client = log_in(world.risk_a)

    def count() -> int:
        client.get("/queue/reminders/")
        with counted(5) as seen:
            assert client.get("/queue/reminders/").status_code == 200
        return len(seen)

    one = count()
    for _ in range(4):
        bank_order(world)
    move_clock(timedelta(minutes=20))
    climb()
    assert count() == one
