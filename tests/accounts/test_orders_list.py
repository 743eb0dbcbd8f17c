"""Who sees which orders, in which order, at which cost: list, filters, detail, drafts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Order
from accounts.selectors.orders import (
    KEYSET,
    OrderFilters,
    case_orders,
    drafts_list,
    order_detail,
    order_followers,
    orders_list,
)
from antifraud.api.pagination import keyset_page
from antifraud.errors import NotFound
from tests.accounts.factories import answered, approve, draft, hold_of, involve, issue, new_case, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def numbers(user: Any, **filters: Any) -> list[str]:
    return [
        order.number for order in keyset_page(orders_list(user=user, filters=OrderFilters(**filters)), KEYSET).items
    ]


def test_each_sees_what_was_granted_newest_first(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [involve(world.analyst_a, case, bank) for bank in (world.bank_a, world.bank_b, world.bank_a)]
    first, second, third = (draft(world.analyst_a, world.second_a, row) for row in rows)
    everything = [third.number, second.number, first.number]
    assert numbers(world.analyst_a) == numbers(world.bureau_approver) == numbers(world.centre_analyst) == everything
    for stranger in (world.analyst_b, world.risk_a, world.risk_b, world.overseer, world.auditor, world.admin):
        assert numbers(stranger) == []
    for order in (third, first):  # issued the other way round
        approve(submit(order), world.approver_a)
    assert numbers(world.risk_a) == [first.number, third.number]
    assert numbers(world.machine_a) == [first.number, third.number]
    assert numbers(world.risk_b) == numbers(world.risk_branch) == []
    assert numbers(world.analyst_a) == everything


def test_filters(world: World, act: Act) -> None:
    case, other = new_case(world.analyst_a, filed=True), new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    stop, freeze = issue(world, row), draft(world.analyst_a, world.second_a, row, "freeze")
    at_b = draft(world.analyst_a, world.second_a, involve(world.analyst_a, other, world.bank_b))
    by = world.analyst_a
    assert numbers(by, status="issued") == [stop.number]
    assert numbers(by, kind="freeze") == [freeze.number]
    assert numbers(by, institution=world.bank_b.id) == [at_b.number]
    assert numbers(by, unit=world.centre.id) == []
    assert set(numbers(by, case=case.id)) == {stop.number, freeze.number}
    assert [order.number for order in case_orders(user=by, case_id=case.id)] == [freeze.number, stop.number]
    assert numbers(by, q=stop.number.lower()) == [stop.number]
    assert numbers(by, q=stop.number.split("-")[1].lstrip("0")) == [stop.number]
    assert numbers(by, q="O1999-00000001") == numbers(by, q="'; --") == numbers(by, q="99999999") == []
    assert numbers(world.risk_a, institution=world.bank_b.id) == []
    assert numbers(world.risk_a, q=at_b.number) == []


def test_overdue_is_told_by_the_clock(world: World, move_clock: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    Order.objects.update(answer_due_at=order.issued_at + timedelta(minutes=30))
    assert numbers(world.analyst_a, overdue=True) == []
    move_clock(timedelta(minutes=31))
    assert numbers(world.analyst_a, overdue=True) == numbers(world.risk_a, overdue=True) == [order.number]
    answered(order, world.risk_a)
    assert numbers(world.analyst_a, overdue=True) == []


def test_an_expired_or_revoked_grant_shows_nothing(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    grant = order.grants.get(group=world.bank_a.group_id)
    grant.expires_at = order.issued_at
    grant.save()
    assert numbers(world.risk_a) == []
    with pytest.raises(NotFound):
        order_detail(user=world.risk_a, order_id=order.id)


def test_pages_cost_the_same_at_any_length(world: World, counted: Any) -> None:
    case = new_case(world.analyst_a)
    user = world.analyst_a
    for wanted in (1, 9):
        for _ in range(wanted):
            draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
        with counted(1):
            page = keyset_page(orders_list(user=user), KEYSET, limit=5)
            shown = [
                (o.number, o.case.number, o.institution.title, o.unit.title, o.operator.full_name, o.account.kind)
                for o in page.items
            ]
    assert len(shown) == 5
    following = keyset_page(orders_list(user=user), KEYSET, page.next_cursor, limit=5)
    assert len(following.items) == 5
    assert not {o.pk for o in page.items} & {o.pk for o in following.items}


def test_the_list_reads_grants_first(world: World) -> None:
    """The plan enters by the grant table's own index and never sorts (performance.md, chapter 6)."""
    draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    rows = orders_list(user=world.analyst_a).order_by(*KEYSET)[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    plan = rows.explain()
    assert "order_grant_newest" in plan
    assert "Sort" not in plan.replace("Incremental Sort", "")


# -- one order -------------------------------------------------------------------------------------


def test_the_detail_brings_answers_and_holds(world: World, counted: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    hold = hold_of(order, world.risk_a)
    for user in (world.analyst_a, world.risk_a):
        with counted(5):
            shown = order_detail(user=user, order_id=order.id)
            assert [answer.outcome for answer in shown.answers.all()] == ["executed"]
            assert list(shown.holds.all()) == [hold]
            assert [list(answer.next_hops.all()) for answer in shown.answers.all()] == [[]]
            assert (shown.account.institution, shown.operator.full_name) == (world.bank_a, "Analyst A")


def test_foreign_and_absent_are_the_same(world: World) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    for user in (world.risk_b, world.analyst_b, world.overseer, world.admin):
        for wanted in (order.id, uuid4()):
            with pytest.raises(NotFound) as refused:
                order_detail(user=user, order_id=wanted)
            assert (refused.value.code, str(refused.value)) == ("not_found", str(NotFound()))


def test_followers_are_shown_as_far_as_they_may_be_seen(world: World) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    hold = hold_of(order, world.risk_a)
    extension = issue(world, hold, "stop_extend")
    release = draft(world.analyst_a, world.second_a, hold, "stop_release")
    assert list(order_followers(user=world.analyst_a, order=order)) == [extension, release]
    assert list(order_followers(user=world.risk_a, order=order)) == [extension]
    assert list(order_followers(user=world.risk_b, order=order)) == []


def test_drafts_of_the_own_unit(world: World) -> None:
    case = new_case(world.analyst_a)
    mine = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
    submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a)))
    assert list(drafts_list(user=world.duty_a)) == [mine]
    for other in (world.centre_analyst, world.bureau_approver, world.analyst_b, world.risk_a):
        assert not drafts_list(user=other).exists()
