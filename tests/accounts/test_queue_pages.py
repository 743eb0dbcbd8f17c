"""The queue: what stands in it, in which order, for whom; live rows, bulk acknowledgement, cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Order
from accounts.services.answers import order_acknowledge, order_route
from accounts.services.orders.cancel import order_cancel
from antifraud.deliveries import lane_push
from banks.models import Delivery
from tests.accounts.answering import answer, arrived, bank_order, nothing_answered
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]
LogIn = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}


def numbers(html: str) -> list[str]:
    """The order numbers of the rows, from the top."""
    return re.findall(r"data-open>(O\d+-\d+)</a>", html)


def test_the_most_urgent_stands_first(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    slow = bank_order(world, "freeze", case=case)
    fast = bank_order(world, "stop", case=case, urgency="02")
    page = log_in(world.risk_a).get(reverse("accounts:queue"))
    assert page.status_code == 200
    html = page.content.decode()
    assert numbers(html) == [fast.number, slow.number]
    assert "data-due=" in html
    assert 'name="server-now"' in html


def test_numbers_are_masked_and_nothing_else_is_told(world: World, log_in: LogIn) -> None:
    order = bank_order(world, number="6222021234567890123")
    html = log_in(world.risk_a).get(reverse("accounts:queue")).content.decode()
    assert "6222 **** 0123" in html
    assert "6222021234567890123" not in html
    assert "张三" not in html
    assert order.case.number in html


def test_the_strip_counts_by_time_left(world: World, log_in: LogIn, move_clock: Any) -> None:
    case = new_case(world.analyst_a, filed=True)
    stop = bank_order(world, "stop", case=case)
    bank_order(world, "freeze", case=case)
    client = log_in(world.risk_a)
    url = reverse("accounts:queue")

    def counts() -> dict[str, int]:
        found: dict[str, int] = client.get(url).context["counts"]
        return found

    assert counts() == {"total": 2, "overdue": 0, "near": 0, "soon": 1, "rest": 1, "unseen": 2}
    move_clock(timedelta(minutes=20))
    assert counts() == {"total": 2, "overdue": 0, "near": 1, "soon": 0, "rest": 1, "unseen": 2}
    move_clock(timedelta(minutes=15))
    assert counts() == {"total": 2, "overdue": 1, "near": 0, "soon": 0, "rest": 1, "unseen": 2}
    overdue = client.get(url, {"group": "overdue"}).content.decode()
    assert numbers(overdue) == [stop.number]
    assert "overdue" in overdue
    assert "(2) Queue" in overdue


def test_filters(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    stop, freeze = bank_order(world, case=case), bank_order(world, "freeze", case=case)
    client, url = log_in(world.risk_a), reverse("accounts:queue")
    for query, expected in (
        ({"kind": "freeze"}, [freeze.number]),
        ({"q": stop.number}, [stop.number]),
        ({"q": stop.number[-8:]}, [stop.number]),
        ({"q": case.number}, [stop.number, freeze.number]),
        ({"q": "nothing"}, []),
        ({"kind": "sofa"}, [stop.number, freeze.number]),
        ({"group": "rest"}, [freeze.number]),
    ):
        assert numbers(client.get(url, query).content.decode()) == expected, query


def test_an_operator_is_offered_numbers_only(world: World, log_in: LogIn) -> None:
    bank_order(world, "suspend_number")
    page = log_in(world.risk_telecom).get(reverse("accounts:queue"))
    kinds = [name for name, _label in page.context["form"].fields["kind"].choices]
    assert kinds == ["", "suspend_number", "restore_number"]
    assert "**** 8000" in page.content.decode()


def test_what_is_not_in_the_lane_or_is_answered_does_not_stand_there(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    issue(world, involve(world.analyst_a, case, world.bank_a), "freeze")
    answered_one = bank_order(world, case=case)
    # pushing bank A's lane for the second order brought the first as well
    assert len(numbers(log_in(world.risk_a).get(reverse("accounts:queue")).content.decode())) == 2
    answer(answered_one, world.risk_a)
    late = issue(world, involve(world.analyst_a, case, world.bank_a))
    shown = numbers(log_in(world.risk_a).get(reverse("accounts:queue")).content.decode())
    assert answered_one.number not in shown
    assert late.number not in shown
    arrived(late)
    assert late.number in numbers(log_in(world.risk_a).get(reverse("accounts:queue")).content.decode())


def test_the_answered_ones_have_a_page(world: World, log_in: LogIn) -> None:
    order, open_one = bank_order(world), bank_order(world)
    answer(order, world.risk_a)
    page = log_in(world.risk_a).get(reverse("accounts:queue_answered"))
    assert numbers(page.content.decode()) == [order.number]
    assert open_one.number not in page.content.decode()
    assert "in time" in page.content.decode()


@pytest.mark.parametrize("name", ["queue", "queue_rows", "queue_answered", "bulk_answers"])
def test_nobody_sees_anothers_orders(world: World, log_in: LogIn, name: str) -> None:
    order = bank_order(world)
    done = bank_order(world)
    answer(done, world.risk_a)
    for stranger in ("risk_b", "risk_branch", "risk_payment", "risk_telecom"):
        page = log_in(getattr(world, stranger)).get(reverse(f"accounts:{name}"))
        assert page.status_code == 200
        for found in (order, done):
            assert found.number not in page.content.decode()
    for stranger in ("analyst_a", "centre_supervisor", "overseer", "auditor", "admin"):
        assert log_in(getattr(world, stranger)).get(reverse(f"accounts:{name}")).status_code == 404


def test_nobody_comes_in_without_a_log_in(world: World) -> None:
    answer_page = Client().get(reverse("accounts:queue"))
    assert answer_page.status_code == 302
    assert "login" in answer_page["Location"]


# -- live rows -------------------------------------------------------------------------------------


def test_the_fragment_has_title_strip_and_rows(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    page = log_in(world.risk_a).get(reverse("accounts:queue_rows"), headers=HTMX)
    html = page.content.decode()
    assert numbers(html) == [order.number]
    assert "<title>(1) Queue" in html
    assert 'id="queue-strip"' in html
    assert 'hx-swap-oob="true"' in html
    assert "<html" not in html


def test_the_page_asks_for_its_rows_on_a_hint_and_every_20_seconds(world: World, log_in: LogIn) -> None:
    html = log_in(world.risk_a).get(reverse("accounts:queue"), {"group": "unseen", "q": "O1"}).content.decode()
    rows = re.search(r'<div id="rows" hx-get="([^"]+)" hx-trigger="([^"]+)"', html)
    assert rows is not None
    assert rows[1] == f"{reverse('accounts:queue_rows')}?q=O1&amp;group=unseen"
    assert rows[2] == "sse-queue from:body, every 20s"


def test_pages_of_a_long_queue_lead_to_the_queue_itself(world: World, log_in: LogIn, monkeypatch: Any) -> None:
    monkeypatch.setattr("accounts.views.queue.PAGE", 1)
    case = new_case(world.analyst_a, filed=True)
    first, second = bank_order(world, case=case), bank_order(world, "freeze", case=case)
    client = log_in(world.risk_a)
    html = client.get(reverse("accounts:queue_rows"), headers=HTMX).content.decode()
    assert numbers(html) == [first.number]
    following = re.search(r'rel="next" href="([^"]+)"', html)
    assert following is not None
    assert following[1].startswith(reverse("accounts:queue") + "?cursor=")
    assert numbers(client.get(following[1]).content.decode()) == [second.number]


# -- acknowledgement -------------------------------------------------------------------------------


def test_ticked_rows_are_acknowledged(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    orders = [bank_order(world, case=case), bank_order(world, "freeze", case=case)]
    client = log_in(world.risk_a)
    page = client.post(
        reverse("accounts:queue_acknowledge"), {"ids": [str(o.pk) for o in orders], "verb": "acknowledge"}, headers=HTMX
    )
    assert page.status_code == 200
    assert {order.status for order in Order.objects.all()} == {"acknowledged"}
    html = page.content.decode()
    assert "2 orders acknowledged." in html
    assert numbers(html) == [order.number for order in orders]
    assert "Risk A" in html


def test_what_others_changed_is_said_by_number(world: World, log_in: LogIn, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    mine, seen, done, gone = (
        bank_order(world, case=case), bank_order(world, case=case), bank_order(world, case=case), bank_order(world, case=case),
    )  # fmt: skip
    with act(world.risk_supervisor_a):
        order_acknowledge(by=world.risk_supervisor_a, order_id=seen.id)
    answer(done, world.risk_supervisor_a, "refused")
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=gone.id, reason="withdrawn by us")
    page = log_in(world.risk_a).post(
        reverse("accounts:queue_acknowledge"),
        {"ids": [str(order.pk) for order in (mine, seen, done, gone)]},
        headers=HTMX,
    )
    html = page.content.decode()
    assert "1 order acknowledged." in html
    assert "3 were changed by somebody else" in html
    for text in (
        f"{seen.number} (seen by Risk Supervisor A)",
        f"{done.number} (Answered)",
        f"{gone.number} (Cancelled)",
    ):
        assert text in html


def test_one_row_by_its_own_button(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    one, other = bank_order(world, case=case), bank_order(world, case=case)
    log_in(world.risk_a).post(
        reverse("accounts:queue_acknowledge"), {"one": str(one.pk), "ids": [str(other.pk)]}, headers=HTMX
    )
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == ("acknowledged", "issued")


def test_without_a_script_it_leads_back_to_the_filtered_queue(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    page = log_in(world.risk_a).post(reverse("accounts:queue_acknowledge"), {"ids": [str(order.pk)], "group": "unseen"})
    assert (page.status_code, page["Location"]) == (303, f"{reverse('accounts:queue')}?group=unseen")


def test_foreign_orders_cannot_be_acknowledged(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    with nothing_answered():
        page = log_in(world.risk_b).post(
            reverse("accounts:queue_acknowledge"), {"ids": [str(order.pk), "no-uuid"]}, headers=HTMX
        )
    assert page.status_code == 200
    assert order.number not in page.content.decode()


def test_nothing_ticked_is_told(world: World, log_in: LogIn) -> None:
    bank_order(world)
    with nothing_answered():
        page = log_in(world.risk_a).post(reverse("accounts:queue_acknowledge"), {}, headers=HTMX)
    assert "Tick the orders first." in page.content.decode()


# -- cancellations ---------------------------------------------------------------------------------


def test_a_cancellation_is_shown_until_it_is_noted(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    lane_push(world.bank_a.id)
    client = log_in(world.risk_a)
    html = client.get(reverse("accounts:queue")).content.decode()
    assert "do not execute" in html
    assert order.number in html
    noted = client.post(reverse("accounts:order_note_cancellation", args=[order.pk]), {"to": "queue"})
    assert (noted.status_code, noted["Location"]) == (303, reverse("accounts:queue"))
    assert Delivery.objects.get(subject_id=order.pk, topic="order.cancelled").state == "transported"
    assert "do not execute" not in client.get(reverse("accounts:queue")).content.decode()


def test_a_routed_order_stands_in_both_queues(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=world.branch_a)
    for person in (world.risk_a, world.risk_branch):
        html = log_in(person).get(reverse("accounts:queue")).content.decode()
        assert numbers(html) == [order.number]
        assert world.branch_a.name in html


# -- cost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["queue", "queue_rows", "queue_answered"])
def test_ten_statements_whatever_the_number_of_rows(world: World, log_in: LogIn, counted: Any, name: str) -> None:
    client, url = log_in(world.risk_a), reverse(f"accounts:{name}")
    case = new_case(world.analyst_a, filed=True)

    def fill(count: int) -> None:
        for _ in range(count):
            order = bank_order(world, case=case)
            if name == "queue_answered":
                answer(order, world.risk_a, "refused")

    fill(1)
    client.get(url)
    with counted(10) as few:
        client.get(url)
    fill(12)
    with counted(10) as many:
        page = client.get(url)
    assert len(numbers(page.content.decode())) == 13
    assert len(many) == len(few)
