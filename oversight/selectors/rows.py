"""The rows behind one figure, the worst first: made of the very facts that the figure is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts.models import Hold, Order
from accounts.selectors.escalation import consented_time
from antifraud import policy
from antifraud.errors import NotFound
from banks.models import Institution, User
from banks.policy import Action as BankAction
from cases.models import Case
from oversight.policy import Action
from oversight.rules.measures import held_verdict, order_verdict, stop_verdict
from oversight.rules.measures.figures import seconds
from oversight.selectors import assessment, measures
from oversight.selectors.measures import Fact, Measure, Window

PAGE = 50
Verdict = Callable[[Any, Window], str]
Weight = Callable[[Any], Any]

SHOWN: dict[type[Model], tuple[str, QuerySet[Any]]] = {
    Order: (
        Action.ASSESSMENT_ORDERS,
        Order.objects.select_related("institution", "unit", "case")
        .defer("payload", "reason", "case__narrative")
        .annotate(stopped=consented_time()),
    ),
    Hold: (
        Action.ASSESSMENT_HOLDS,
        Hold.objects.select_related("institution", "unit", "order").defer("order__payload", "order__reason"),
    ),
    Case: (Action.ASSESSMENT_CASES, Case.objects.select_related("unit").defer("narrative")),
}


@dataclass(frozen=True)
class Figure:
    """How a figure is made of its measure's facts, what each row's verdict is, and which row is worse (greater)."""

    measure: Callable[[str], Measure]
    figure: Callable[[list[Fact], Window], Any]
    verdict: Verdict
    weight: Weight


def _always(measure: Measure) -> Callable[[str], Measure]:
    return lambda _by: measure


def _order_state(row: Any, _window: Window) -> str:
    if row.due.excluded:
        return "excluded"
    return "open" if row.path.answered_at is None else "answered"


FIGURES: dict[str, Figure] = {
    "a": Figure(
        assessment.stop_measure, assessment.stop_figure,
        lambda row, _window: "never" if row.effective_at is None else "stopped",
        lambda row: seconds(row.logged_at, row.effective_at),
    ),
    "b": Figure(
        _always(measures.ISSUED), assessment.orders_figure,
        lambda row, window: order_verdict(row.due, as_of=window.as_of),
        lambda row: seconds(row.path.available_at or row.path.issued_at, row.path.answered_at),
    ),
    "e": Figure(
        _always(measures.HELD), assessment.held_figure, lambda row, _window: held_verdict(row),
        lambda row: (row.asked_minor or row.balance_minor or 0) - row.held_minor,
    ),
    "f": Figure(
        _always(measures.FOLLOWED), assessment.followed_figure,
        lambda row, window: stop_verdict(row, as_of=window.as_of), lambda row: row.expires_at,
    ),
    "h": Figure(
        _always(measures.RELEASED), assessment.released_figure,
        lambda row, _window: "never" if row.confirmed_at is None else "lifted",
        lambda row: seconds(row.triggered_at, row.confirmed_at),
    ),
    "orders": Figure(
        _always(measures.ISSUED), assessment.orders_figure, _order_state,
        lambda row: seconds(row.path.issued_at, row.path.answered_at),
    ),
    "overdue": Figure(
        _always(measures.OVERDUE), assessment.overdue_figure, lambda _row, _window: "late",
        lambda due_at: -due_at.timestamp(),
    ),
    "lifts": Figure(
        _always(measures.LIFTS), assessment.lifts_figure,
        lambda due_at, window: "late" if due_at is not None and due_at <= window.as_of else "pending",
        lambda due_at: -due_at.timestamp() if due_at else 0.0,
    ),
    "loss": Figure(
        _always(measures.LOSS), assessment.loss_figure, lambda _row, _window: "reported", lambda row: row[1]
    ),
}  # fmt: skip
# Verdicts that matter more come first, whatever the weight of their rows; what was left out comes last.
RANK = (
    "late", "not_followed", "never", "not_held", "open", "in_time", "followed", "stopped", "held", "lifted", "answered",
    "reported", "pending", "excluded",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One object with the fact that the figure was made of."""

    obj: Any
    says: Any
    verdict: str


@dataclass(frozen=True)
class FigureRows:
    """A figure with its rows; `verdicts` counts all of them, `rows` are one page of those asked for."""

    figure: Any
    group: Institution | None
    verdicts: dict[str, int]
    rows: list[Row]
    total: int
    shown: int
    page: int
    pages: int


def figure_facts(*, user: User, window: Window, by: str, key: str, group: UUID | None = None) -> list[Fact]:
    """The facts of one figure of one institution or unit, or of the whole reach.

    Raises Forbidden for roles without an assessment, NotFound for an unknown figure.
    """
    policy.require(user, Action.ASSESSMENT_VIEW)
    if key not in FIGURES:
        raise NotFound
    facts = FIGURES[key].measure(by).facts(user=user, window=window, by=by)
    return [fact for fact in facts if group is None or fact.group == group]


def figure_rows(
    *, user: User, window: Window, by: str, key: str, group: UUID | None = None, only: str = "", page: int = 1
) -> FigureRows:
    """One page of a figure's rows and the figure itself, made of them; `only` narrows the rows to one verdict."""
    facts = figure_facts(user=user, window=window, by=by, key=key, group=group)
    row = FIGURES[key]
    judged = [(row.verdict(fact.says, window), fact) for fact in facts]
    wanted = [pair for pair in judged if only in {"", pair[0]}]
    wanted.sort(key=lambda pair: str(pair[1].pk))
    wanted.sort(key=lambda pair: row.weight(pair[1].says), reverse=True)
    wanted.sort(key=lambda pair: RANK.index(pair[0]))
    pages = max(1, -(-len(wanted) // PAGE))
    page = min(max(page, 1), pages)
    part = wanted[(page - 1) * PAGE : page * PAGE]
    found = _objects(user, row.measure(by).rows(user, window, by).model, [fact.pk for _verdict, fact in part])
    rows = [Row(found[fact.pk], fact.says, verdict) for verdict, fact in part if fact.pk in found]
    return FigureRows(
        row.figure(facts, window), _institution(user, group), dict(Counter(v for v, _fact in judged)), rows,
        len(facts), len(wanted), page, pages,
    )  # fmt: skip


def _objects(user: User, model: type[Model], keys: list[UUID]) -> dict[UUID, Any]:
    action, queryset = SHOWN[model]
    return {obj.pk: obj for obj in policy.scope(user, action, queryset.filter(pk__in=keys))}


def _institution(user: User, group: UUID | None) -> Institution | None:
    if group is None:
        return None
    return policy.get(user, BankAction.INSTITUTION_VIEW, Institution.objects.all(), group)
