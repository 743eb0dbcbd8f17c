"""Submitting freezes the order's content and asks a second person for a decision on exactly these bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Order
from accounts.services.identity import account_correct
from accounts.services.orders.submit import order_submit
from accounts.services.payload import ROWS, build_payload, payload_bytes
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from cases.services.steps import case_step
from tests.accounts.factories import draft, hold_of, involve, issue, new_case, nothing_happens, pay, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def stop(world: World) -> Order:
    """A draft stop of unit A at bank A."""
    return draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def test_it_freezes_hashes_and_seals_the_content(world: World, stop: Order) -> None:
    submit(stop)
    order = Order.objects.get()
    text = order.payload.open().encode()
    assert order.status == "awaiting_approval"
    assert bytes(order.payload_sha256 or b"") == hashlib.sha256(text).digest()
    assert json.loads(text)["order"]["number"] == order.number
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM accounts_order")
        stored = bytes(cursor.fetchone()[0])
    assert order.number.encode() not in stored


def test_the_request_is_bound_to_the_bytes_and_lasts_half_an_hour(world: World, stop: Order) -> None:
    order = submit(stop)
    request = ApprovalRequest.objects.get()
    assert (request.action, request.subject_id, request.maker_id) == ("order.approve", order.id, world.analyst_a.id)
    assert bytes(request.payload_sha256) == bytes(order.payload_sha256 or b"")
    assert request.expires_at - request.requested_at == timedelta(minutes=30)
    assert OutboxMessage.objects.filter(topic="order.submitted", subject_id=order.id).count() == 1
    assert (
        detail_of(AuditEntry.objects.get(verb="order.submit"))["payload_sha256"] == bytes(request.payload_sha256).hex()
    )


def test_nothing_goes_out_yet(world: World, stop: Order) -> None:
    from banks.models import Delivery

    submit(stop)
    assert not Delivery.objects.exists()
    assert not stop.grants.filter(group=world.bank_a.group_id).exists()


def test_an_emergency_asks_the_second_officer(world: World, stop: Order) -> None:
    order = submit(stop, emergency=True)
    assert (ApprovalRequest.objects.get().action, order.emergency) == ("order.confirm", True)


def test_whoever_submits_is_the_operator(world: World, act: Act, stop: Order) -> None:
    with act(world.duty_a):
        order_submit(by=world.duty_a, order_id=stop.id)
    stop.refresh_from_db()
    assert stop.operator_id == world.duty_a.id
    assert json.loads(stop.payload.open())["operator"]["name"] == world.duty_a.full_name


def test_the_second_officer_cannot_submit(world: World, act: Act, stop: Order) -> None:
    with nothing_happens(), pytest.raises(Forbidden) as refused, act(world.second_a):
        order_submit(by=world.second_a, order_id=stop.id)
    assert refused.value.code == "same_person"


def test_a_stale_page_submits_nothing(world: World, act: Act, stop: Order) -> None:
    with nothing_happens(), pytest.raises(Superseded), act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=stop.id, expected_version=stop.version + 1)


def test_once_only(world: World, act: Act, stop: Order) -> None:
    submit(stop)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=stop.id)


def test_rules_are_asked_again(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
    with act(world.duty_a):
        case_step(by=world.duty_a, case_id=case.id, verb="withdraw", on=date(2026, 1, 2), document_number="W-1")
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=order.id)
    assert list(refused.value.fields) == ["case"]


def test_a_freeze_has_no_emergency_path(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a), "freeze")
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=order.id, emergency=True)
    assert list(refused.value.fields) == ["emergency"]


def test_a_corrected_account_is_addressed_anew_first(world: World, act: Act, stop: Order) -> None:
    with act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=stop.account_id, institution=world.bank_b, reason="card prefix")
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=stop.id)
    assert list(refused.value.fields) == ["institution"]


def test_a_hold_that_has_ended_cannot_be_extended(world: World, act: Act, move_clock: Any) -> None:
    hold = hold_of(issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)), world.risk_a)
    order = draft(world.analyst_a, world.second_a, hold, "stop_extend")
    move_clock(timedelta(hours=48, minutes=1))
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=order.id)
    assert list(refused.value.fields) == ["lines.0.hold"]


def test_the_third_stop_cannot_be_submitted(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = draft(world.analyst_a, world.second_a, row)
    row.stop_count = 2
    row.save()
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        order_submit(by=world.analyst_a, order_id=order.id)
    assert refused.value.code == "stop_count_exceeded"


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_b", NotFound), ("risk_a", NotFound), ("bureau_approver", Forbidden), ("centre_analyst", Forbidden)],
)
def test_only_the_issuing_unit_submits(world: World, act: Act, stop: Order, name: str, error: type[Exception]) -> None:
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_submit(by=by, order_id=stop.id)


# -- the content -----------------------------------------------------------------------------------


def test_the_content_is_complete(world: World) -> None:
    case = new_case(world.analyst_a)
    victim = involve(world.analyst_a, case, world.bank_b, level=0, name="王小明")
    first = involve(world.analyst_a, case, world.bank_b, name="李四")
    second = involve(world.analyst_a, case, world.bank_a, level=2, name="张三")
    paid = pay(world.analyst_a, case, first.account, payer=victim.account, amount=800_000, ago=40)
    pay(world.analyst_a, case, first.account, payer=victim.account, amount=1_000, ago=3)
    hop = pay(world.analyst_a, case, second.account, payer=first.account, amount=500_000, ago=20)
    order = draft(
        world.analyst_a, world.second_a, second, urgency="02", reason="money is moving on", with_interest=True
    )
    found = json.loads(submit(order).payload.open())
    assert found["schema"] == "antifraud.order/1"
    assert found["order"] == {
        "id": str(order.id), "number": order.number, "kind": "stop", "code": "100101", "urgency": "02", "emergency": False,
        "original": None, "corrects": None,
    }  # fmt: skip
    assert found["case"] == {
        "number": case.number,
        "incident_number": case.incident_number,
        "fraud_type": case.fraud_type,
    }
    assert found["victim_transfer"]["amount_minor"] == paid.amount_minor == 800_000
    assert found["victim_transfer"]["from"]["name"] == "王小明"
    assert found["victim_transfer"]["from"]["number"] == victim.account.number.open()
    assert found["victim_transfer"]["from"]["institution"]["code"] == "bank_b"
    assert found["hop"]["amount_minor"] == 500_000
    assert hop.at is not None
    assert found["hop"]["at"] == hop.at.isoformat().replace("+00:00", "Z")
    assert found["hop"]["from"]["number"] == first.account.number.open()
    assert found["target"]["number"] == second.account.number.open()
    assert (found["target"]["name"], found["target"]["kind"], found["target"]["institution"]["code"]) == (
        "张三",
        "card",
        "bank_a",
    )
    assert found["measure"]["mode"] == "limited"
    assert (found["measure"]["amount_minor"], found["measure"]["with_interest"]) == (500_000, True)
    assert (found["reason"], found["unit"]["code"]) == ("money is moving on", "unit_a")
    assert (found["operator"]["name"], found["second_officer"]["name"]) == ("Analyst A", "Second A")
    assert found["terms"] == {
        "legal_profile": {"code": "CN", "version": 1},
        "agreement_version": None,
        "answer_minutes": 15,
    }


def test_for_a_first_receiver_the_hop_is_the_victims_payment(world: World) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    pay(world.analyst_a, case, row.account, ago=20)
    pay(world.analyst_a, case, involve(world.analyst_a, case, world.bank_b).account, ago=10)
    found = json.loads(submit(draft(world.analyst_a, world.second_a, row)).payload.open())
    assert found["victim_transfer"]["at"] == found["hop"]["at"]
    assert found["victim_transfer"]["from"] == {"number": "", "name": "王小明", "kind": "", "institution": None}


def test_the_same_facts_give_the_same_bytes(world: World, stop: Order) -> None:
    one, two = (payload_bytes(build_payload(ROWS.get(pk=stop.pk))) for _ in range(2))
    assert one == two
    assert submit(stop).payload.open().encode() == payload_bytes(build_payload(ROWS.get(pk=stop.pk)))


def test_times_in_another_zone_give_the_same_bytes(world: World, act: Act) -> None:
    from zoneinfo import ZoneInfo

    case = new_case(world.analyst_a, filed=True)
    with act(world.analyst_a) as work:
        ends = (work.now + timedelta(days=30)).astimezone(ZoneInfo("Asia/Shanghai"))
    row = involve(world.analyst_a, case, world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row, "freeze", asked_expires_at=ends))
    assert payload_bytes(build_payload(ROWS.get(pk=order.pk))) == order.payload.open().encode()
