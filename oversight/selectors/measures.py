"""Each measure's rows, defined once: a queryset within the reader's reach, and the fact that a row stands for.

Figures (`assessment`) and drill-downs (`rows`) both start here, so that they cannot disagree; how facts become a
figure is plain Python in `oversight.rules.measures`. No personal data is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case as Choice
from django.db.models import DateTimeField, Exists, F, Func, Model, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Least

from accounts.models import Answer, Hold, Involvement, Order
from accounts.models.hold import IN_FORCE
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.holds import lifts_due
from accounts.selectors.orders import OrderFilters, narrowed
from antifraud import policy
from banks.models import User
from cases.models import Case
from oversight.policy import Action
from oversight.rules.measures import DueOrder, EndedStop, HeldAccount, OrderPath, ReleasePath, StopPath

M = TypeVar("M", bound=Model)
INSTITUTION, UNIT = "institution", "unit"
PLACING = ("stop", "freeze")
RELEASING = tuple(name for name, kind in ORDER_KINDS.items() if kind.verb == "release")
ENDED = ("rejected", "cancelled", "superseded")
NO_TERM = datetime.max.replace(tzinfo=UTC)  # an order that no term runs for yet
S = Hold.Status


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (included) to `until` (excluded); everything is told as it stands at `as_of`."""

    since: datetime
    until: datetime
    as_of: datetime

    def holds(self, column: str) -> Q:
        """The moment in `column` lies in the window."""
        return Q(**{f"{column}__gte": self.since, f"{column}__lt": self.until})


@dataclass(frozen=True, slots=True)
class IssuedOrder:
    """One issued order, as B and as the times see it."""

    due: DueOrder
    path: OrderPath


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a measure: the object's key, the institution or unit that it counts for, and what it says."""

    pk: UUID
    group: UUID
    says: Any


@dataclass(frozen=True)
class Measure:
    """`rows(user, window, by)` is the definition; `columns` are what `says(pk, *columns)` needs of a row."""

    rows: Callable[[User, Window, str], QuerySet[Any]]
    columns: tuple[str, ...]
    says: Callable[..., Any]

    def group(self, queryset: QuerySet[Any], by: str) -> str:
        """The column of the institution or unit; a case belongs to its unit alone."""
        return "unit_id" if queryset.model is Case else f"{by}_id"

    def facts(self, *, user: User, window: Window, by: str) -> list[Fact]:
        """All rows, in one statement."""
        queryset = self.rows(user, window, by)
        found = queryset.values_list("pk", self.group(queryset, by), *self.columns)
        return [Fact(pk, group, self.says(str(pk), *columns)) for pk, group, *columns in found]


def _on_paper(order: str = "") -> Q:
    """The order went out, or was answered, on paper: nobody's speed on the platform (domain.md §3)."""
    prefix = f"{order}__" if order else ""
    recorded = Answer.objects.filter(order=OuterRef(f"{prefix}pk"), source=Answer.Source.RECORDED)
    return Q(**{f"{prefix}institution__connected": False}) | Q(Exists(recorded))


def _but_paper(queryset: QuerySet[M], by: str, order: str = "") -> QuerySet[M]:
    """Paper is left out of an institution's scores; how the unit worked is judged all the same."""
    return queryset.exclude(_on_paper(order)) if by == INSTITUTION else queryset


def _orders(user: User) -> QuerySet[Order]:
    return policy.scope(user, Action.ASSESSMENT_ORDERS, Order.objects.filter(issued_at__isnull=False))


def _holds(user: User) -> QuerySet[Hold]:
    return policy.scope(user, Action.ASSESSMENT_HOLDS, Hold.objects.all())


# -- cases and the way to the first stop (A) ---------------------------------------------------------


def _cases(user: User, window: Window, _by: str) -> QuerySet[Case]:
    return policy.scope(user, Action.ASSESSMENT_CASES, Case.objects.filter(window.holds("logged_at")))


def _first_level(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders that place a hold on a first receiver, the one that took effect first before all others."""
    same = Q(account=OuterRef("account")) | Q(account=OuterRef("account__merged_into"))
    level_1 = Involvement.objects.filter(same, case=OuterRef("case"), level=1)
    placing = orders.filter(Exists(level_1), kind__in=PLACING, issued_at__isnull=False)
    # Paper is handed over as it is issued: no leg of the platform's.
    reached = Choice(When(_on_paper(), then="issued_at"), default="available_at")
    return placing.annotate(effective_at=F("holds__effective_from"), reached_at=reached)


FIRST = (F("effective_at").asc(nulls_last=True), "issued_at", "pk")


def _cases_to_stop(user: User, window: Window, by: str) -> QuerySet[Case]:
    moments = Func(
        "issued_at", "reached_at", "effective_at", function="ARRAY", template="%(function)s[%(expressions)s]",
        output_field=ArrayField(DateTimeField(null=True)),
    )  # fmt: skip
    first = _first_level(Order.objects.filter(case=OuterRef("pk"))).order_by(*FIRST).annotate(moments=moments)
    return _cases(user, window, by).annotate(moments=Subquery(first.values("moments")[:1]))


def _case_path(key: str, logged_at: datetime, reported_at: datetime, moments: list[Any] | None) -> StopPath:
    return StopPath(key, logged_at, reported_at, *(moments or ()))


def _stops_of_institutions(user: User, window: Window, by: str) -> QuerySet[Order]:
    """For each case and institution the order of that institution that took effect first, else its first order."""
    orders = _but_paper(_first_level(_orders(user).filter(window.holds("case__logged_at"))), by)
    return orders.order_by("case_id", "institution_id", *FIRST).distinct("case_id", "institution_id")


# -- orders: B, times, E -----------------------------------------------------------------------------


def _issued(user: User, window: Window, _by: str) -> QuerySet[Order]:
    return _orders(user).filter(window.holds("issued_at")).annotate(on_paper=_on_paper())


def _issued_order(
    key: str, issued_at: datetime, available_at: datetime | None, acknowledged_at: datetime | None,
    answered_at: datetime | None, due_at: datetime | None, cancelled_at: datetime | None, on_paper: bool,
) -> IssuedOrder:  # fmt: skip
    due = due_at or NO_TERM
    excluded = on_paper or (cancelled_at is not None and cancelled_at <= due)
    return IssuedOrder(
        DueOrder(key, due, answered_at, excluded=excluded),
        OrderPath(key, issued_at, available_at, acknowledged_at, answered_at),
    )


def _asked_holds(user: User, window: Window, by: str) -> QuerySet[Order]:
    """Orders for a hold that reached the institution; those taken back or corrected before it acted asked nothing."""
    orders = _orders(user).filter(window.holds("issued_at"), kind__in=PLACING, available_at__isnull=False)
    taken_back = Q(status__in=ENDED) & ~Q(Exists(Hold.objects.filter(order=OuterRef("pk"))))
    latest = Answer.objects.filter(order=OuterRef("pk")).order_by("-seq")
    return _but_paper(orders.exclude(taken_back), INSTITUTION).annotate(
        root_id=Coalesce("account__merged_into", "account"),
        balance_minor=Subquery(latest.values("balance_minor")[:1]),
    )


def _held_account(
    _key: str, account: UUID, case: UUID, currency: str, available_at: datetime, asked: int | None, answered_at: datetime | None,
    balance: int | None, hold: UUID | None, held: int | None, effective: datetime | None, ended_at: datetime | None,
) -> HeldAccount:  # fmt: skip
    if effective is None:
        held = 0
    elif held is None:
        held = balance or 0  # the whole account was held, whatever was on it
    return HeldAccount(
        str(account), str(case), currency, available_at, asked, held, balance_minor=balance,
        ended_at=ended_at if hold is not None else answered_at,
    )  # fmt: skip


def _overdue(user: User, _window: Window, _by: str) -> QuerySet[Order]:
    return narrowed(_orders(user), OrderFilters(overdue=True))


# -- holds: F, H, lifts ------------------------------------------------------------------------------


def _executed_stops(user: User, window: Window, by: str) -> QuerySet[Hold]:
    released = Order.objects.filter(original=OuterRef("order"), kind__in=RELEASING, status=Order.Status.ANSWERED)
    reason = released.filter(Q(reason__isnull=False) | ~Q(trigger=""))
    stops = _holds(user).filter(window.holds("effective_from"), kind=Hold.Kind.STOP)
    return _but_paper(stops, by, "order").annotate(has_reason=Exists(reason))


def _ended_stop(
    key: str, status: str, end_cause: str, expires_at: datetime, ended_at: datetime | None, has_reason: bool
) -> EndedStop:
    if status in IN_FORCE:
        return EndedStop(key, expires_at)
    ending: Any = "converted" if status == S.CONVERTED else "expired" if end_cause == "expired" else "released"
    return EndedStop(key, expires_at, ended_at, ending, has_reason or end_cause == "returned")


def _to_release(user: User, window: Window, by: str) -> QuerySet[Hold]:
    """Holds with a reason to end: a release is asked for, the law asks for it, or the end has come.

    An expiry that a release should have forestalled counts from the release's reason.
    """
    told = Coalesce("triggered_at", "issued_at")
    asked = Order.objects.filter(original=OuterRef("order"), kind__in=RELEASING).exclude(status__in=ENDED)
    first = asked.annotate(told_at=told).filter(told_at__isnull=False).order_by("told_at", "pk")
    run_out = Choice(When(status__in=IN_FORCE, legal_expires_at__lte=window.as_of, then="legal_expires_at"))
    holds = _holds(user).annotate(
        told_at=Subquery(first.values("told_at")[:1]),
        release_at=Subquery(first.values("available_at")[:1]),
        reason_at=Least(Coalesce("trigger_at", run_out), "told_at"),
    )
    return _but_paper(holds.filter(window.holds("reason_at")), by, "order").exclude(status=S.CONVERTED)


def _release_path(
    key: str, reason_at: datetime, told_at: datetime | None, release_at: datetime | None, lifted_at: datetime | None
) -> ReleasePath:
    by_expiry = told_at is None or told_at > reason_at
    return ReleasePath(key, reason_at, by_expiry, release_at, lifted_at)


def _lifts(user: User, _window: Window, _by: str) -> QuerySet[Hold]:
    return lifts_due(_holds(user))


LOSS = Measure(_cases, ("loss_minor", "currency"), lambda _key, loss, currency: (currency, loss or 0))
STOPPED = Measure(_cases_to_stop, ("logged_at", "reported_at", "moments"), _case_path)
STOPPED_BY = Measure(
    _stops_of_institutions,
    ("case__logged_at", "case__reported_at", "issued_at", "reached_at", "effective_at"),
    StopPath,
)
ISSUED = Measure(
    _issued,
    ("issued_at", "available_at", "acknowledged_at", "answered_at", "answer_due_at", "cancelled_at", "on_paper"),
    _issued_order,
)
HELD = Measure(
    _asked_holds,
    (
        "root_id", "case_id", "currency", "available_at", "amount_minor", "answered_at", "balance_minor", "holds__id",
        "holds__amount_minor", "holds__effective_from", "holds__ended_at",
    ),
    _held_account,
)  # fmt: skip
FOLLOWED = Measure(_executed_stops, ("status", "end_cause", "legal_expires_at", "ended_at", "has_reason"), _ended_stop)
RELEASED = Measure(_to_release, ("reason_at", "told_at", "release_at", "lifted_at"), _release_path)
OVERDUE = Measure(_overdue, ("answer_due_at",), lambda _key, due_at: due_at)
LIFTS = Measure(_lifts, ("lift_due_at",), lambda _key, due_at: due_at)
