"""A small city whose figures can be computed by hand: real orders and answers, then their times set to the minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Hold, Order
from accounts.services.answers import answer_confirm, answer_record
from antifraud import db
from cases.models import Case
from oversight.selectors.measures import Window
from tests.accounts.answering import answer, arrived, pdf_file, say
from tests.accounts.factories import approve, draft, involve, issue, new_case, submit
from tests.cast import World

T0 = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=5)


def at(minutes: float) -> datetime:
    """So many minutes after the beginning."""
    return T0 + timedelta(minutes=minutes)


def window(days: int = 10) -> Window:
    """Everything of the last days, as it stands now."""
    now = db.app_now()
    return Window(now - timedelta(days=days), now + timedelta(days=1), now)


def order_times(order: Order, **minutes: float | None) -> None:
    """Set `issued=10` … of one order to minutes after the beginning; an answer's term of 30 minutes follows."""
    moments = {f"{name}_at": None if value is None else at(value) for name, value in minutes.items()}
    available = moments.get("available_at")
    due = {"answer_due_at": available + timedelta(minutes=30)} if available else {}
    Order.objects.filter(pk=order.pk).update(**moments, **due)


def hold_of(order: Order, **columns: Any) -> Hold:
    """The order's hold, with columns set."""
    Hold.objects.filter(order=order).update(**columns)
    return Hold.objects.select_related("case", "order").get(order=order)


def case_times(case: Case, logged: float, reported: float) -> None:
    """When the report was logged, and what the officer entered for it."""
    Case.objects.filter(pk=case.pk).update(logged_at=at(logged), reported_at=at(reported))


@dataclass
class City:
    """The orders of the story by name."""

    whole: Order
    partial: Order
    refused: Order
    open: Order
    paper: Order
    never: Case


def build(world: World) -> City:
    """Four cases of two units at two banks, one order on paper; see the comments for what each is there for."""
    first = new_case(world.analyst_a, loss_minor=900_000)
    case_times(first, 0, -2)
    # Bank A, in time: issue 10, available 11, seen 13, answered 20, effective 19; all of 5,000.00 held.
    whole = _stop(world, world.analyst_a, first, world.bank_a)
    answer(whole, world.risk_a, balance_minor=700_000)
    order_times(whole, issued=10, available=11, acknowledged=13, answered=20)
    hold_of(whole, effective_from=at(19), legal_expires_at=at(19) + timedelta(days=30))

    # Entered an hour late. Bank B late by 15 minutes: 2,000.00 of 5,000.00; bank A refused within 4 minutes.
    second = new_case(world.analyst_a, loss_minor=100_000)
    case_times(second, 60, 0)
    partial = _stop(world, world.analyst_a, second, world.bank_b)
    answer(partial, world.risk_b, "partial", executed_minor=200_000, balance_minor=200_000)
    order_times(partial, issued=65, available=65, acknowledged=90, answered=110)
    hold_of(partial, effective_from=at(109), legal_expires_at=at(109) + timedelta(days=30))
    refused = _stop(world, world.analyst_a, second, world.bank_a)
    answer(refused, world.risk_a, "refused")
    order_times(refused, issued=65, available=66, acknowledged=67, answered=70)

    # Unit B: one order that bank A never looked at, one on paper that was executed.
    third = new_case(world.analyst_b)
    case_times(third, 120, 120)
    still_open = _stop(world, world.analyst_b, third, world.bank_a)
    order_times(still_open, issued=130, available=131)
    paper = _stop(world, world.analyst_b, third, world.bank_paper)
    _record(world, paper)
    order_times(paper, issued=130, answered=300)
    hold_of(paper, effective_from=at(290), legal_expires_at=at(290) + timedelta(days=30))

    # No order at all: never stopped.
    never = new_case(world.analyst_a, loss_minor=50_000)
    case_times(never, 200, 200)
    return City(whole, partial, refused, still_open, paper, never)


def _stop(world: World, by: Any, case: Case, bank: Any) -> Order:
    """A stop of 5,000.00, in the bank's queue."""
    target = involve(by, case, bank)
    if by == world.analyst_a:
        return arrived(issue(world, target))
    return arrived(approve(submit(draft(by, world.second_b, target)), world.approver_b))


def _record(world: World, order: Order) -> None:
    with db.unit_of_work(world.analyst_b):
        saved = answer_record(by=world.analyst_b, order_id=order.id, answer=say(order), scan=pdf_file())
    with db.unit_of_work(world.second_b):
        answer_confirm(by=world.second_b, answer_id=saved.id)
