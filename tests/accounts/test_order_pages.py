"""The list of orders and one order in full, as the police see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import NextHop, Order, PriorFreeze
from accounts.services.answer_input import AnswerInput, NextHopInput, PriorFreezeInput
from accounts.services.answers import order_answer
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import approve, draft, hold_of, involve, issue, new_case, submit
from tests.cast import World


@pytest.fixture
def stop(world: World) -> Order:
    """A draft stop of unit A at bank A."""
    return draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def page(order: Order) -> str:
    """The order's address."""
    return reverse("accounts:order", args=[order.id])


def full_answer(world: World, order: Order) -> None:
    """A partial freeze with everything that an answer can carry."""
    with db.unit_of_work(world.risk_a) as work:
        order_answer(
            by=world.risk_a, order_id=order.id, source="logged_in",
            answer=AnswerInput(
                outcome="partial", handled_by="Zhao", reason="insufficient_balance", executed_minor=300_000, balance_minor=300_000,
                previously_frozen_minor=0, free_minor=300_000, effective_from=work.now, remarks="by telephone",
                next_hops=(NextHopInput("6217000000000001234", world.bank_b, "", "郑一", 200_000, work.now - timedelta(minutes=3)),),
                prior_freezes=(PriorFreezeInput(1, "West Court", 100_000),),
            ),
        )  # fmt: skip


@pytest.fixture
def answered(world: World) -> Order:
    """A freeze that bank A executed in part."""
    row = involve(world.analyst_a, new_case(world.analyst_a, filed=True), world.bank_a)
    order = issue(world, row, "freeze")
    full_answer(world, order)
    return Order.objects.get(pk=order.pk)


# -- the list --------------------------------------------------------------------------------------


def test_the_list_shows_own_orders_masked(world: World, log_in: Any, stop: Order) -> None:
    foreign = draft(world.analyst_b, world.second_b, involve(world.analyst_b, new_case(world.analyst_b), world.bank_a))
    text = log_in(world.analyst_a).get(reverse("accounts:orders")).content.decode()
    assert stop.number in text
    assert foreign.number not in text
    assert stop.account.number.masked() in text
    assert stop.account.number.open() not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q={number}", True), ("?q=99999999", False), ("?status=draft", True), ("?status=issued", False), ("?kind=stop", True),
        ("?kind=freeze", False), ("?institution={bank}", True), ("?institution={other}", False), ("?overdue=on", False),
        ("?status=nonsense", True),
    ],
)  # fmt: skip
def test_filters(world: World, log_in: Any, stop: Order, query: str, found: bool) -> None:
    query = query.format(number=stop.number, bank=world.bank_a.id, other=world.bank_b.id)
    text = log_in(world.analyst_a).get(reverse("accounts:orders") + query).content.decode()
    assert (page(stop) in text) is found


def test_overdue_is_told_by_the_clock(world: World, log_in: Any, move_clock: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with db.unit_of_work(world.analyst_a) as work:
        Order.objects.filter(pk=order.pk).update(available_at=work.now, answer_due_at=work.now + timedelta(minutes=30))
    client = log_in(world.analyst_a)
    url = reverse("accounts:orders") + "?overdue=on"
    assert order.number not in client.get(url).content.decode()
    move_clock(timedelta(minutes=31))
    text = client.get(url).content.decode()
    assert order.number in text
    assert 'data-state="over"' in text


def test_the_list_costs_the_same_for_many(world: World, log_in: Any, counted: Any, stop: Order) -> None:
    client = log_in(world.analyst_a)
    client.get(reverse("accounts:orders"))
    with counted(10) as one:
        client.get(reverse("accounts:orders"))
    case = new_case(world.analyst_a)
    for _number in range(12):
        draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_b))
    with counted(len(one)):
        assert client.get(reverse("accounts:orders")).content.decode().count("data-row") == 13


@pytest.mark.parametrize(("name", "status"), [("centre_analyst", 200), ("admin", 403), ("auditor", 403)])
def test_who_sees_the_list(world: World, log_in: Any, stop: Order, name: str, status: int) -> None:
    assert log_in(getattr(world, name)).get(reverse("accounts:orders")).status_code == status


# -- one order -------------------------------------------------------------------------------------


def test_everything_is_there_and_masked(world: World, log_in: Any, answered: Order) -> None:
    text = log_in(world.analyst_a).get(page(answered)).content.decode()
    for shown in ("3,000.00", "5,000.00", "West Court", "Partly executed", "1200", "6217 **** 1234", "Zhao", "CN v1"):
        assert shown in text, shown
    for hidden in ("6217000000000001234", "郑一", "by telephone", answered.account.number.open(), "张三"):
        assert hidden not in text, hidden
    assert text.count('data-state="done"') == 6


def test_the_page_costs_the_same_for_many(world: World, log_in: Any, counted: Any, answered: Order) -> None:
    client = log_in(world.analyst_a)
    client.get(page(answered))
    with counted(10) as one:  # eight, the session and its user
        client.get(page(answered))
    answer = answered.answers.get()
    for number in range(12):
        PriorFreeze.objects.create(answer=answer, rank=number + 2, body=f"Court {number}")
        NextHop(answer=answer, case_id=answered.case_id, number=f"62170000000000{number:05d}", name="何").save(
            force_insert=True
        )
    with counted(len(one)):
        client.get(page(answered))


@pytest.mark.parametrize(
    ("name", "status"),
    [("bureau_approver", 200), ("centre_analyst", 200), ("analyst_b", 404), ("risk_b", 404), ("admin", 404)],
)
def test_who_sees_it(world: World, log_in: Any, answered: Order, name: str, status: int) -> None:
    assert log_in(getattr(world, name)).get(page(answered)).status_code == status


def test_the_institution_is_led_to_its_own_page(world: World, log_in: Any, answered: Order) -> None:
    answer = log_in(world.risk_a).get(page(answered))
    assert (answer.status_code, answer.url) == (302, reverse("accounts:order_answer", args=[answered.id]))


def test_the_institution_sees_no_draft(world: World, log_in: Any, stop: Order) -> None:
    assert log_in(world.risk_a).get(page(stop)).status_code == 404


@pytest.mark.parametrize(
    ("name", "offered", "hidden"),
    [
        ("analyst_a", ["edit/", "step/submit/", "dlg-cancel"], ["step/recall/", "dlg-retract", "/print/"]),
        ("second_a", ["edit/", "dlg-cancel"], ["step/submit/"]),
        ("centre_analyst", ["dlg-cancel"], ["edit/", "step/submit/"]),
    ],
)  # fmt: skip
def test_acts_on_a_draft(
    world: World, log_in: Any, stop: Order, name: str, offered: list[str], hidden: list[str]
) -> None:
    text = log_in(getattr(world, name)).get(page(stop)).content.decode()
    for word in offered:
        assert word in text, word
    for word in hidden:
        assert word not in text, word


def test_a_hold_offers_its_extension_and_release(world: World, log_in: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    hold = hold_of(order, world.risk_a)
    text = log_in(world.analyst_a).get(page(order)).content.decode()
    assert f"kind=stop_extend&amp;hold={hold.id}" in text
    assert f"kind=stop_release&amp;hold={hold.id}" in text
    assert "hold=" not in log_in(world.approver_a).get(page(order)).content.decode()


# -- values in clear -------------------------------------------------------------------------------


def test_the_reason_is_shown_after_its_audit_row(world: World, log_in: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row, reason="money <moves>"))
    url = reverse("accounts:order_reveal", args=[order.id, "reason"])
    client = log_in(world.approver_a)
    assert client.post(url, {"purpose": ""}).status_code == 422
    assert not AuditEntry.objects.filter(verb="order.reveal").exists()
    answer = client.post(url, {"purpose": "to decide"})
    assert (answer.status_code, answer.content.decode()) == (200, "money &lt;moves&gt;")
    assert AuditEntry.objects.get(verb="order.reveal").purpose == "to decide"


def test_values_of_an_answer(world: World, log_in: Any, answered: Order) -> None:
    answer = answered.answers.get()
    hop = answer.next_hops.get()
    client = log_in(world.analyst_a)

    def ask(part: str, part_id: Any, field: str) -> Any:
        return client.post(
            reverse("accounts:answer_reveal", args=[answer.id, part, part_id, field]), {"purpose": "next order"}
        )

    assert ask("hop", hop.id, "number").content.decode() == "6217000000000001234"
    assert ask("answer", answer.id, "remarks").content.decode() == "by telephone"
    assert ask("hop", answer.id, "number").status_code == 404
    assert ask("answer", answer.id, "handler_phone").status_code == 422
    assert (
        log_in(world.analyst_b)
        .post(reverse("accounts:answer_reveal", args=[answer.id, "hop", hop.id, "number"]), {"purpose": "next order"})
        .status_code
        == 404
    )
    assert (
        log_in(world.risk_a)
        .post(reverse("accounts:answer_reveal", args=[answer.id, "hop", hop.id, "number"]), {"purpose": "next order"})
        .status_code
        == 403
    )
    assert AuditEntry.objects.filter(verb__in=["nexthop.reveal", "answer.reveal"]).count() == 2


def test_the_other_units_order_is_not_approved_here(world: World, log_in: Any) -> None:
    order = submit(
        draft(world.analyst_b, world.second_b, involve(world.analyst_b, new_case(world.analyst_b), world.bank_a))
    )
    assert log_in(world.approver_a).get(page(order)).status_code == 404
    assert approve(order, world.approver_b).status == "issued"
