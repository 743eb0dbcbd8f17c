"""Orders that follow a hold: an officer's extension or release, and releases that an event drafts with a clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Order
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.follow import order_follow, release_draft, release_drafts_for_case
from accounts.services.orders.submit import order_submit
from accounts.states import hold_flow
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Invalid, NotFound
from banks.selectors.institutions import system_user
from cases.models import Case
from cases.services.steps import case_step
from tests.accounts.factories import (
    answered,
    approve,
    draft,
    draft_problems,
    hold_of,
    involve,
    issue,
    line,
    new_case,
    nothing_happens,
    submit,
    terms,
)
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def held(world: World, kind: str = "stop", **columns: Any) -> Any:
    """A hold in force at bank A in a case of unit A."""
    case = new_case(world.analyst_a, filed=kind == "freeze")
    if kind == "suspend":
        row = involve(world.analyst_a, case, world.telecom, number="13800138000", name="")
        return hold_of(issue(world, row, "suspend_number"), world.risk_telecom, kind=kind, **columns)
    return hold_of(issue(world, involve(world.analyst_a, case, world.bank_a), kind), world.risk_a, kind=kind, **columns)


@pytest.mark.parametrize(
    ("kind", "verb", "order_kind"),
    [
        ("stop", "extend", "stop_extend"), ("stop", "release", "stop_release"), ("freeze", "extend", "freeze_extend"),
        ("freeze", "release", "freeze_release"), ("suspend", "release", "restore_number"),
    ],
)  # fmt: skip
def test_the_kind_follows_from_the_hold(world: World, act: Act, kind: str, verb: str, order_kind: str) -> None:
    hold = held(world, kind)
    with act(world.analyst_a):
        order = order_follow(by=world.analyst_a, hold_id=hold.id, verb=verb, terms=terms(world.second_a, order_kind))
    assert (order.kind, order.original_id, order.account_id) == (order_kind, hold.order_id, hold.account_id)


def test_a_number_is_not_extended(world: World, act: Act) -> None:
    hold = held(world, "suspend")
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=hold.id, verb="extend", terms=terms(world.second_a))
    assert list(refused.value.fields) == ["kind"]


def test_an_extension_ends_later_than_the_hold(world: World, act: Act) -> None:
    hold = held(world)
    early = terms(world.second_a, "stop_extend", asked_expires_at=hold.legal_expires_at - timedelta(minutes=1))
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=hold.id, verb="extend", terms=early)
    assert list(refused.value.fields) == ["lines.0.hold"]


def test_a_waiting_hold_can_be_released_but_not_extended(world: World, act: Act) -> None:
    hold = held(world, "freeze", status="waiting", rank=1, effective_from=None, legal_expires_at=None)
    with nothing_happens(), pytest.raises(Invalid), act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=hold.id, verb="extend", terms=terms(world.second_a, "freeze_extend"))
    with act(world.analyst_a):
        assert order_follow(
            by=world.analyst_a, hold_id=hold.id, verb="release", terms=terms(world.second_a, "freeze_release")
        )


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("risk_b", NotFound), ("risk_a", NotFound)])
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    hold, by = held(world), getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        order_follow(by=by, hold_id=hold.id, verb="release", terms=terms(world.second_a))


def two_freezes(world: World) -> tuple[Any, Any]:
    """Two holds in force on one account of one case."""
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    orders = [answered(issue(world, row, "freeze"), world.risk_a) for _ in range(2)]
    first, second = (hold_of(order, world.risk_a, kind="freeze") for order in orders)
    return first, second


def test_two_holds_of_an_account_are_released_in_one_draft(world: World, act: Act) -> None:
    first, second = two_freezes(world)
    lines = [line(first, "freeze_release"), line(second, "freeze_release")]
    wanted = terms(world.second_a, "freeze_release")
    with act(world.analyst_a):
        made = orders_draft(by=world.analyst_a, case=first.case, kind="freeze_release", lines=lines, terms=wanted)
    assert [order.original_id for order in made] == [first.order_id, second.order_id]
    assert {order.account_id for order in made} == {first.account_id}
    assert {submit(order).status for order in made} == {"awaiting_approval"}


def test_a_hold_is_released_once(world: World, act: Act) -> None:
    first, second = two_freezes(world)
    wanted = terms(world.second_a, "freeze_release")
    twice = [line(first, "freeze_release")] * 2
    assert draft_problems(world.analyst_a, first.case, "freeze_release", twice, wanted) == ["lines.1.hold"]
    with act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=first.id, verb="release", terms=wanted)
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=first.id, verb="release", terms=wanted)
    assert refused.value.code == "duplicate_order"
    with act(world.analyst_a):
        order_follow(by=world.analyst_a, hold_id=second.id, verb="release", terms=wanted)


def test_the_database_refuses_a_second_release_of_a_hold(world: World) -> None:
    first, second = two_freezes(world)
    mine = draft(world.analyst_a, world.second_a, first, "freeze_release")
    other = draft(world.analyst_a, world.second_a, second, "freeze_release")
    with pytest.raises(IntegrityError, match="order_one_open"), transaction.atomic():
        Order.objects.filter(pk=other.pk).update(original=first.order_id)
    assert Order.objects.get(pk=mine.pk).original_id == first.order_id


# -- drafted by events -----------------------------------------------------------------------------


def test_a_banks_answer_can_draft_a_release(world: World, act: Act) -> None:
    hold = held(world)
    with act(world.risk_a) as work:
        order = release_draft(by=world.risk_a, hold=hold, trigger="crossed", due_at=work.now + timedelta(hours=1))
    stored = Order.objects.get(pk=order.pk)
    assert (stored.status, stored.kind, stored.trigger, stored.original_id) == (
        "draft",
        "stop_release",
        "crossed",
        hold.order_id,
    )
    assert (stored.unit_id, stored.operator_id, stored.second_officer_id) == (
        world.unit_a.id,
        world.analyst_a.id,
        world.second_a.id,
    )
    assert stored.legal_basis == "Anti-Telecom-Fraud Law art. 20"
    assert not stored.grants.filter(group=world.bank_a.group_id).exists()
    assert stored.grants.filter(group=world.unit_a.group_id).exists()
    assert detail_of(AuditEntry.objects.filter(verb="order.draft").order_by("-at")[0])["trigger"] == "crossed"


def test_it_can_be_completed_and_issued_by_whoever_is_on_duty(world: World, act: Act) -> None:
    hold = held(world)
    with act(system_user()) as work:
        order = release_draft(by=system_user(), hold=hold, trigger="error", due_at=work.now + timedelta(hours=1))
    with act(world.duty_a):
        order_submit(by=world.duty_a, order_id=order.id)
    order.refresh_from_db()
    assert approve(order, world.approver_a).status == "issued"


def test_the_same_release_is_drafted_once_and_keeps_the_earlier_date(world: World, act: Act) -> None:
    hold = held(world)
    with act(world.analyst_a) as work:
        now = work.now
        first = release_draft(by=world.analyst_a, hold=hold, trigger="not_filed", due_at=now + timedelta(days=3))
        again = release_draft(by=world.analyst_a, hold=hold, trigger="error", due_at=now + timedelta(hours=1))
        late = release_draft(by=world.analyst_a, hold=hold, trigger="appeal", due_at=now + timedelta(days=9))
    assert first.id == again.id == late.id
    stored = Order.objects.get(kind="stop_release")
    assert stored.due_at == now + timedelta(hours=1)


def test_each_hold_of_an_account_gets_a_release_of_its_own(world: World, act: Act) -> None:
    first, second = two_freezes(world)
    with act(system_user()) as work:
        due_at = work.now + timedelta(hours=1)
        mine = release_draft(by=system_user(), hold=first, trigger="error", due_at=due_at)
        late = release_draft(by=system_user(), hold=second, trigger="unrelated", due_at=due_at + timedelta(days=2))
        again = release_draft(by=system_user(), hold=second, trigger="error", due_at=due_at + timedelta(days=5))
    assert (mine.original_id, late.original_id) == (first.order_id, second.order_id)
    assert again.id == late.id
    assert set(Order.objects.filter(kind="freeze_release").values_list("due_at", "trigger")) == {
        (due_at, "error"), (due_at + timedelta(days=2), "unrelated"),
    }  # fmt: skip


def test_an_officers_own_draft_is_found_and_gets_its_date(world: World, act: Act) -> None:
    hold = held(world)
    mine = draft(world.analyst_a, world.second_a, hold, "stop_release")
    with act(system_user()) as work:
        found = release_draft(by=system_user(), hold=hold, trigger="withdrawn", due_at=work.now + timedelta(days=3))
    assert found.id == mine.id
    stored = Order.objects.get(pk=mine.pk)
    assert (stored.trigger, stored.due_at is not None) == ("withdrawn", True)


def test_after_a_transfer_the_new_unit_releases(world: World, act: Act) -> None:
    hold = held(world)
    with act(world.duty_a):
        case_step(
            by=world.duty_a,
            case_id=hold.case_id,
            verb="transfer",
            on=date(2026, 1, 2),
            document_number="T-1",
            to_unit=world.unit_b,
        )
    with act(system_user()) as work:
        order = release_draft(by=system_user(), hold=hold, trigger="not_fraud", due_at=work.now + timedelta(days=3))
    assert order.unit_id == world.unit_b.id
    assert order.grants.filter(group=world.unit_b.group_id).exists()


def test_all_live_holds_of_a_case(world: World, act: Act) -> None:
    first = held(world)
    other = involve(world.analyst_a, first.case, world.bank_b)
    second = hold_of(issue(world, other), world.risk_b)
    ended = hold_of(issue(world, involve(world.analyst_a, first.case, world.bank_b)), world.risk_b)
    with act(system_user()) as work:
        hold_flow.apply(ended, "expire", by=system_user())
        made = release_drafts_for_case(by=system_user(), case=Case.objects.get(pk=first.case_id), trigger="not_filed")
    assert {order.original_id for order in made} == {first.order_id, second.order_id}
    assert {order.due_at for order in made} == {work.now + timedelta(days=3)}
    assert {order.trigger for order in made} == {"not_filed"}
