"""The figures of a period for each institution or unit and in total; which rows they are made of is in `measures`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from antifraud import policy
from banks.models import Institution, User
from banks.policy import Action as BankAction
from oversight.policy import Action
from oversight.rules.measures import (
    LegTimes,
    MoneyRatio,
    OrderTimes,
    Ratio,
    StopTimes,
    effective_hold,
    final_on_time,
    order_times,
    release_time,
    report_to_stop,
    stop_follow_through,
)
from oversight.selectors import measures
from oversight.selectors.measures import INSTITUTION, Fact, Measure, Window


@dataclass(frozen=True, slots=True)
class Orders:
    """Issued orders: how many, B, and how long each leg took; what was left out of B is left out of the times."""

    count: int
    final: Ratio
    times: OrderTimes


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that wait, and how many of them are past their term."""

    count: int
    late: int


@dataclass(frozen=True, slots=True)
class Loss:
    """What the cases' victims report to have lost, by currency in minor units."""

    cases: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """All figures of one institution or unit; of the whole reach where `institution` is None."""

    institution: Institution | None
    orders: Orders
    stop: StopTimes
    held: list[MoneyRatio]
    followed: Ratio
    released: LegTimes
    overdue: int
    lifts: Waiting


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole page. `loss` is None for readers who see no cases; `issued` are the facts of the curve over time."""

    window: Window
    by: str
    total: Line
    lines: list[Line]
    loss: Loss | None
    issued: list[Fact]


def orders_figure(facts: Iterable[Fact], window: Window) -> Orders:
    """B and the times of issued orders."""
    rows = [fact.says for fact in facts]
    counted = [row.path for row in rows if not row.due.excluded]
    return Orders(len(rows), final_on_time((row.due for row in rows), as_of=window.as_of), order_times(counted))


def stop_figure(facts: Iterable[Fact], _window: Window) -> StopTimes:
    """A."""
    return report_to_stop(fact.says for fact in facts)


def held_figure(facts: Iterable[Fact], _window: Window) -> list[MoneyRatio]:
    """E, the currency with the most rows first."""
    return sorted(effective_hold(fact.says for fact in facts), key=lambda found: -found.rows)


def followed_figure(facts: Iterable[Fact], window: Window) -> Ratio:
    """F."""
    return stop_follow_through((fact.says for fact in facts), as_of=window.as_of)


def released_figure(facts: Iterable[Fact], _window: Window) -> LegTimes:
    """H."""
    return release_time(fact.says for fact in facts)


def overdue_figure(facts: Iterable[Fact], _window: Window) -> int:
    """How many."""
    return sum(1 for _fact in facts)


def lifts_figure(facts: Iterable[Fact], window: Window) -> Waiting:
    """How many, and how many past their term."""
    rows: list[datetime | None] = [fact.says for fact in facts]
    return Waiting(len(rows), sum(due_at is not None and due_at <= window.as_of for due_at in rows))


def loss_figure(facts: Iterable[Fact], _window: Window) -> Loss:
    """Sums by currency."""
    rows = [fact.says for fact in facts]
    sums: dict[str, int] = defaultdict(int)
    for currency, minor in rows:
        sums[currency] += minor
    return Loss(len(rows), dict(sums))


def stop_measure(by: str) -> Measure:
    """A counts cases for a unit, and for an institution its first stop in each case."""
    return measures.STOPPED_BY if by == INSTITUTION else measures.STOPPED


def assessment(*, user: User, window: Window, by: str = INSTITUTION) -> Assessment:
    """The figures of what the reader may see, by "institution" or "unit"; nine statements, whatever the number of rows.

    Raises Forbidden for roles without an assessment.
    """
    policy.require(user, Action.ASSESSMENT_VIEW)
    found = {
        name: measure.facts(user=user, window=window, by=by)
        for name, measure in (
            ("issued", measures.ISSUED), ("stop", stop_measure(by)), ("held", measures.HELD), ("followed", measures.FOLLOWED),
            ("released", measures.RELEASED), ("overdue", measures.OVERDUE), ("lifts", measures.LIFTS),
        )
    }  # fmt: skip
    grouped: dict[UUID, dict[str, list[Fact]]] = defaultdict(lambda: {name: [] for name in found})
    for name, facts in found.items():
        for fact in facts:
            grouped[fact.group][name].append(fact)
    names = policy.scope(user, BankAction.INSTITUTION_VIEW, Institution.objects.filter(pk__in=grouped))
    lines = [_line(institution, grouped[institution.pk], window) for institution in names.order_by("code")]
    return Assessment(window, by, _line(None, found, window), lines, _loss(user, window, by), found["issued"])


def _line(institution: Institution | None, found: dict[str, list[Fact]], window: Window) -> Line:
    return Line(
        institution,
        orders_figure(found["issued"], window),
        stop_figure(found["stop"], window),
        held_figure(found["held"], window),
        followed_figure(found["followed"], window),
        released_figure(found["released"], window),
        overdue_figure(found["overdue"], window),
        lifts_figure(found["lifts"], window),
    )


def _loss(user: User, window: Window, by: str) -> Loss | None:
    if not sees_cases(user):
        return None
    return loss_figure(measures.LOSS.facts(user=user, window=window, by=by), window)


def sees_cases(user: User) -> bool:
    """Whether the figures of cases are the reader's: banks see orders, never cases."""
    return policy.can(user, Action.ASSESSMENT_CASES)
