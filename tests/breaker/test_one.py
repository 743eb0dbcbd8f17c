from __future__ import annotations
import pytest
from dataclasses import replace
from datetime import timedelta
from django.contrib.auth.models import Group
from accounts.models import Order, Hold, Answer
from accounts.services.answers import order_route, order_answer
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_correct
from accounts.services.holds import holds_expire
from antifraud import db
from antifraud.errors import AppError, Conflict
from antifraud.deliveries import lane_push, outbox_handle
from banks.models import Institution, Lane, Delivery
from banks.selectors.institutions import system_user
from cases.services.steps import case_step
from cases.models import Case
from tests.accounts.answering import *
from tests.accounts.factories import *

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("verb", "trigger"), [("withdraw", "withdrawn"), ("clear", "not_fraud")])
def test_case_ended_while_open(world, act, verb, trigger):
    order = bank_order(world, "stop")
    with act(world.approver_a) as w:
        case_step(by=world.approver_a, case_id=order.case_id, verb=verb, on=w.now.date(), document_number="X-1")
    outbox_handle()
    answer(order, world.risk_a)
    rel = Order.objects.filter(kind="stop_release", case=order.case_id)
    assert [r.trigger for r in rel] == [trigger]


def test_routed_anew_former_branch_pulls(world, act, log_in):
    order = bank_order(world)
    bank = world.bank_a
    west = Institution.objects.create(code="branch_west", kind="bank", name="West", parent=bank, group=Group.objects.create(name="bw"), legal_profile=bank.legal_profile, calendar=bank.calendar)
    Lane.objects.create(institution=west)
    for b in (world.branch_a, west):
        with act(world.risk_a):
            order_route(by=world.risk_a, order_id=order.id, branch=b)
        lane_push(b.id)
    other = bank_order(world)
    with act(world.risk_a):
        order_route(by=world.risk_a, order_id=other.id, branch=world.branch_a)
    lane_push(world.branch_a.id)
    r = log_in(world.risk_branch).post("/api/v1/queue/receive/", {"max": 10}, content_type="application/json")
    assert r.status_code == 200, r.content
    assert [i["message"]["order_id"] for i in r.json()["items"]] == [str(other.id)]


def test_late_extension_next_to_a_new_stop(world, act, move_clock):
    hold = held(world)
    ext = follow(world, hold, "stop_extend")
    before_end = db.app_now()
    move_clock(timedelta(hours=60))
    with act(system_user()):
        holds_expire(by=system_user())
    from accounts.models import Involvement
    Involvement.objects.filter(case=hold.case_id).update(stop_limit=9)
    row = Involvement.objects.select_related("account", "case").get(case=hold.case_id)
    two = arrived(issue(world, row, "stop"))
    answer(two, world.risk_a)
    with pytest.raises(Conflict):
        answer(ext, world.risk_a, effective_from=before_end + timedelta(minutes=1))


def test_crossed_after_superseded(world, act):
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong amount")
    with act(world.analyst_a):
        new = order_correct(by=world.analyst_a, order_id=order.id, changes={"amount_minor": 100_000})
    approve(submit(new), world.approver_a)
    assert Order.objects.get(pk=order.pk).status == "superseded"
    answer(Order.objects.get(pk=order.pk), world.risk_a)
    assert Hold.objects.filter(order=order).exists()
    assert Order.objects.filter(kind="stop_release", trigger="crossed").exists()


HUGE = str(10**30)
@pytest.mark.parametrize("extra", [
    {"balance_minor": HUGE}, {"free_minor": HUGE}, {"previously_frozen_minor": HUGE}, {"executed_minor": HUGE},
    {"prior_freezes": [{"rank": 1, "body": "Court", "amount_minor": HUGE}]},
    {"next_hops": [{"number": "6217000000000000017", "institution_text": "X", "amount_minor": HUGE, "at": "2026-11-22T01:00:00Z"}]},
    {"remarks": "x" * 2000}, {"handled_by": "张" * 80},
    {"branch": "x\u0000"}, {"currency": "ZZZ"},
])
@pytest.mark.parametrize("mode", ["limited", "full"])
def test_api_answer_no_500(world, log_in, extra, mode):
    kw = {"mode": mode}
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    with db.unit_of_work(world.analyst_a):
        o = orders_draft(by=world.analyst_a, case=case, kind="stop", lines=[OrderLine(involvement_id=row.id, amount_minor=500_000 if mode == "limited" else None)], terms=terms(world.second_a, "stop", mode=mode))[0]
    order = arrived(approve(submit(o), world.approver_a))
    c = log_in(world.risk_a)
    c.raise_request_exception = False
    body = {"outcome": "executed", "handled_by": "Zhao", "executed_minor": 500_000, "effective_from": db.app_now().isoformat()} | extra
    r = c.post(f"/api/v1/orders/{order.id}/answer/", body, content_type="application/json")
    assert r.status_code < 500, r.content
    print(mode, extra if len(str(extra)) < 100 else "", r.status_code, r.content[:300])


@pytest.mark.parametrize("rank", [1, 40000, 10**12])
def test_api_rank(world, log_in, rank):
    order = bank_order(world, "freeze")
    c = log_in(world.risk_a); c.raise_request_exception = False
    body = {"outcome": "executed", "handled_by": "Zhao", "waiting_rank": rank, "prior_freezes": [{"rank": 1, "body": "Court"}]}
    r = c.post(f"/api/v1/orders/{order.id}/answer/", body, content_type="application/json")
    assert r.status_code < 500, r.content


def test_api_activate_huge(world, log_in):
    hold = frozen_behind(world)
    c = log_in(world.risk_a); c.raise_request_exception = False
    r = c.post(f"/api/v1/holds/{hold.id}/activate/", {"effective_from": db.app_now().isoformat(), "amount_minor": HUGE}, content_type="application/json")
    print(r.status_code, r.content)
    assert r.status_code == 422


def test_api_naive_time(world, log_in):
    order = bank_order(world)
    c = log_in(world.risk_a)
    body = {"outcome": "executed", "handled_by": "Zhao", "executed_minor": 500_000, "effective_from": db.app_now().replace(tzinfo=None).isoformat()}
    r = c.post(f"/api/v1/orders/{order.id}/answer/", body, content_type="application/json")
    print(r.status_code, r.content)
    assert r.status_code == 422


def test_api_stale_if_match(world, log_in):
    order = bank_order(world)
    c = log_in(world.risk_a)
    body = {"outcome": "executed", "handled_by": "Zhao", "executed_minor": 500_000, "effective_from": db.app_now().isoformat()}
    r = c.post(f"/api/v1/orders/{order.id}/answer/", body, content_type="application/json", headers={"If-Match": '"999"'})
    print(r.status_code, r.content[:200])
    assert r.status_code in (409, 412)


def test_mixed_currency(world):
    a = held(world)
    case = Case.objects.get(pk=a.case_id)
    held(world, case=case, currency="USD")
    case.refresh_from_db()
    assert case.held_minor == 500_000


def test_two_freezes_one_account_withdrawn(world, act):
    h1 = held(world, "freeze")
    row = Involvement.objects.select_related("account", "case").get(case=h1.case_id)
    o2 = arrived(issue(world, row, "freeze"))
    answer(o2, world.risk_a)
    with act(world.approver_a) as w:
        case_step(by=world.approver_a, case_id=h1.case_id, verb="withdraw", on=w.now.date(), document_number="X-1")
    outbox_handle()
    first = Order.objects.get(kind="freeze_release")
    answer(arrived(approve(submit(first), world.approver_a)), world.risk_a)
    assert Order.objects.filter(kind="freeze_release", trigger="withdrawn").count() == 2
    second = Order.objects.exclude(pk=first.pk).get(kind="freeze_release")
    assert (second.original_id, second.status) == (o2.id, "draft")
    answer(arrived(approve(submit(second), world.approver_a)), world.risk_a)
    assert counters(o2) == (0, 0, 0)
    assert Order.objects.filter(kind="freeze_release").count() == 2


def test_huge_sum(world, log_in):
    pass
