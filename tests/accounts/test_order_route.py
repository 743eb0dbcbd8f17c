"""A head office hands an order to its branch: both see it, both may answer, nobody else learns of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Order, OrderGrant
from accounts.selectors.queue import bank_queue
from accounts.services.answers import order_route
from antifraud import policy
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from banks.models import Delivery, Institution, Lane
from tests.accounts.answering import answer, bank_order, nothing_answered
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def _route(act: Act, world: World, order: Order, branch: Institution | None = None) -> Order:
    with act(world.risk_a):
        routed = order_route(by=world.risk_a, order_id=order.id, branch=branch or world.branch_a)
    lane_push((branch or world.branch_a).id)
    return routed


def _second_branch(world: World) -> Institution:
    bank = world.bank_a
    branch = Institution.objects.create(
        code="branch_west", kind="bank", name="West Branch", parent=bank, group=Group.objects.create(name="branch_west"),
        legal_profile=bank.legal_profile, calendar=bank.calendar,
    )  # fmt: skip
    Lane.objects.create(institution=branch)
    return branch


def test_the_branch_sees_it_and_has_it_delivered(world: World, act: Act) -> None:
    order = bank_order(world)
    assert not policy.can(world.risk_branch, "order.view", order)
    version = order.version
    routed = _route(act, world, order)
    assert (routed.routed_to, routed.version, routed.status) == (world.branch_a, version + 1, "issued")
    assert policy.can(world.risk_branch, "order.answer", order)
    assert [each.id for each in bank_queue(user=world.risk_branch)] == [order.id]
    assert [each.id for each in bank_queue(user=world.risk_a)] == [order.id]
    assert Delivery.objects.get(subject_id=order.id, institution=world.branch_a).state == "ready"
    entry = AuditEntry.objects.get(verb="order.route", object_id=order.id)
    assert entry.actor_id == world.risk_a.id


def test_the_term_does_not_start_anew(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    again = Order.objects.get(pk=order.pk)
    assert (again.available_at, again.answer_due_at) == (order.available_at, order.answer_due_at)


def test_the_branch_answers(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    answer(order, world.risk_branch, branch="East Branch")
    order.refresh_from_db()
    assert (order.status, order.outcome) == ("answered", "executed")


def test_the_head_office_may_still_answer(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    answer(order, world.risk_a)
    order.refresh_from_db()
    assert order.status == "answered"


def test_the_same_branch_again_changes_nothing(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    with nothing_answered(), act(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=world.branch_a)


def test_routed_anew_the_former_branch_loses_sight_of_it(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    west = _second_branch(world)
    _route(act, world, order, west)
    assert not policy.can(world.risk_branch, "order.view", order)
    assert OrderGrant.objects.filter(content_object=order, group=west.group, revoked_at__isnull=True).exists()
    assert OrderGrant.objects.filter(
        content_object=order, group=world.branch_a.group, revoked_at__isnull=False
    ).exists()
    with nothing_answered(), pytest.raises(NotFound):
        answer(order, world.risk_branch)


@pytest.mark.parametrize("to", ["bank_b", "bank_a", "payment", "unit_a"])
def test_only_to_an_own_branch(world: World, act: Act, to: str) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(Invalid) as refused, act(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=getattr(world, to))
    assert list(refused.value.fields) == ["branch"]


def test_an_answered_order_stays_where_it_is(world: World, act: Act) -> None:
    order = bank_order(world)
    answer(order, world.risk_a)
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=world.branch_a)


def test_a_branch_routes_nothing_on(world: World, act: Act) -> None:
    order = bank_order(world)
    _route(act, world, order)
    with nothing_answered(), pytest.raises(Forbidden), act(world.risk_branch):
        order_route(by=world.risk_branch, order_id=order.id, branch=world.branch_a)


@pytest.mark.parametrize("error", [NotFound, Forbidden])
def test_others_may_not(world: World, act: Act, error: type[Exception]) -> None:
    order = bank_order(world)
    for name in ["risk_b", "risk_branch", "analyst_b", "overseer"] if error is NotFound else ["analyst_a"]:
        by = getattr(world, name)
        with nothing_answered(), pytest.raises(error), act(by):
            order_route(by=by, order_id=order.id, branch=world.branch_a)


def test_the_former_branchs_lane_stays_open(world: World, act: Act, log_in: Callable[[Any], Client]) -> None:
    order, other = bank_order(world), bank_order(world)
    _route(act, world, order)
    _route(act, world, order, _second_branch(world))
    _route(act, world, other)
    pulled = log_in(world.risk_branch).post("/api/v1/queue/receive/", {"max": 10}, content_type="application/json")
    assert pulled.status_code == 200
    assert [item["message"]["order_id"] for item in pulled.json()["items"]] == [str(other.id)]
    _route(act, world, order)  # and back again: it sets out anew
    assert Delivery.objects.get(subject_id=order.id, institution=world.branch_a, topic="order.issued").state == "ready"
