"""The platform's side of a comparison with one institution, the comparisons made so far, and who is behind (R11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from accounts.models import Answer, Hold, Order, SyncFinding, SyncRun
from accounts.policy import Action
from accounts.rules.digests import OPEN_HOLDS, ORDERS, hold_item, known_state, order_item
from accounts.selectors.holds import in_force
from antifraud import policy
from banks.models import Delivery, Institution, User
from banks.selectors.institutions import connected_institutions

CANCELLED = "order.cancelled"
HOLDS_LATE = timedelta(minutes=15)  # every five minutes is asked for: two may fail
ORDERS_LATE = timedelta(hours=6)  # after the end of the day
DAY = timedelta(days=1)
MOST_SHOWN = 500
RUNS_SHOWN = 28


def platform_items(*, user: User, scope: str, day: date) -> dict[UUID, str]:
    """id → canonical item of everything that the reader's institution should have in its own books."""
    return _orders(user, day) if scope == ORDERS else _holds(user)


def _orders(user: User, day: date) -> dict[UUID, str]:
    start = datetime.combine(day, time.min, UTC)
    arrived = Q(available_at__gte=start, available_at__lt=start + DAY)
    rows = policy.scope(user, Action.SYNC_COMPARE, Order.objects.filter(arrived))
    return {row[0]: order_item(row[0], row[1], row[2]) for row in _as_known(rows, user.institution_id)}


def items_of(*, user: User, ids: list[UUID]) -> dict[UUID, str]:
    """The same for orders by their ids, whatever day they arrived on: a clock at midnight makes no order unknown."""
    rows = policy.scope(user, Action.SYNC_COMPARE, Order.objects.filter(pk__in=ids, available_at__isnull=False))
    return {row[0]: order_item(row[0], row[1], row[2]) for row in _as_known(rows, user.institution_id)}


def _as_known(rows: QuerySet[Order], institution_id: UUID) -> list[tuple[UUID, str, int]]:
    """(id, state as the institution can know it, number of final answers)."""
    final = ~Q(answers__source=Answer.Source.RECORDED) | Q(answers__confirmed_by__isnull=False)
    told = Delivery.objects.filter(institution=institution_id, topic=CANCELLED, subject_id=OuterRef("pk"))
    found = rows.annotate(
        final=Count("answers", filter=Q(answers__isnull=False) & final, distinct=True),
        told=Exists(told.exclude(state=Delivery.State.QUEUED)),
    ).values_list("pk", "status", "acknowledged_at", "final", "told")
    return [
        (pk, known_state(status, acknowledged=seen is not None, answers=final, cancellation_arrived=told), final)
        for pk, status, seen, final, told in found
    ]


def with_final_answer(rows: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with `has_final_answer`: whether the institution's last word is known."""
    final = ~Q(source=Answer.Source.RECORDED) | Q(confirmed_by__isnull=False)
    return rows.annotate(has_final_answer=Exists(Answer.objects.filter(final, order=OuterRef("pk"))))


def _holds(user: User) -> dict[UUID, str]:
    rows = policy.scope(user, Action.HOLD_VIEW, in_force(Hold.objects.all()))
    mine = Q(institution=user.institution_id) | Q(order__routed_to=user.institution_id)
    columns = ("pk", "order_id", "kind", "legal_expires_at", "amount_minor", "currency")
    return {row[0]: hold_item(*row) for row in rows.filter(mine).values_list(*columns)}


def orders_of_holds(*, user: User, ids: list[UUID]) -> dict[UUID, UUID]:
    """hold → its order, of those that the reader may see."""
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.filter(pk__in=ids))
    return dict(rows.values_list("pk", "order_id"))


def orders_within(*, user: User, ids: list[UUID]) -> set[UUID]:
    """Those of the ids that are orders to the reader's institution, of whatever day."""
    rows = policy.scope(user, Action.SYNC_COMPARE, Order.objects.filter(pk__in=ids))
    return set(rows.values_list("pk", flat=True))


# -- what was compared -------------------------------------------------------------------------------


@dataclass
class Compared:
    """One institution on the page: its newest comparison of each scope, and how much is open."""

    institution: Institution
    has_system: bool
    orders: SyncRun | None = None
    open_holds: SyncRun | None = None
    findings: int = 0


def comparisons(*, user: User) -> list[Compared]:
    """Every connected institution that the reader may know the comparisons of; three statements."""
    policy.require(user, Action.SYNC_VIEW)
    shown = {each.pk: Compared(each, vars(each)["has_system"]) for each in _with_system(_compared(user))}
    runs = policy.scope(user, Action.SYNC_VIEW, SyncRun.objects.filter(institution__in=shown))
    newest = runs.order_by("institution_id", "scope", "-day").distinct("institution_id", "scope")
    for run in newest:
        setattr(shown[run.institution_id], run.scope, run)
    counts = _open_findings(runs).values_list("run__institution").annotate(count=Count("pk")).order_by()
    for institution_id, count in counts:
        shown[institution_id].findings = count
    return list(shown.values())


def institution_compared(*, user: User, institution_id: UUID) -> Institution:
    """One institution of that page; raises NotFound, Forbidden for roles without the page."""
    policy.require(user, Action.SYNC_VIEW)
    return policy.get(user, "institution.view", _compared(user), institution_id)


def runs_of(*, user: User, institution: Institution) -> list[SyncRun]:
    """The institution's newest comparisons, newest day first."""
    rows = policy.scope(user, Action.SYNC_VIEW, SyncRun.objects.filter(institution=institution))
    return list(rows.order_by("-day", "scope")[:RUNS_SHOWN])


def findings_of(*, user: User, institution: Institution) -> list[SyncFinding]:
    """What is open with the institution, then what was settled, newest first; orders out of the reader's sight are not
    among them."""
    rows = policy.scope(user, Action.FINDING_VIEW, SyncFinding.objects.filter(run__institution=institution))
    rows = rows.select_related("run", "order").defer("order__payload", "order__reason")
    return list(rows.order_by(F("resolved_at").desc(nulls_first=True), "-found_at", "pk")[:MOST_SHOWN])


def open_count(*, user: User, institution: Institution) -> int:
    """How much is open with the institution, also where the reader may not see what it is about."""
    return _open_findings(policy.scope(user, Action.SYNC_VIEW, SyncRun.objects.filter(institution=institution))).count()


def _open_findings(runs: QuerySet[SyncRun]) -> QuerySet[SyncFinding]:
    """Of comparisons that the reader may know: a count names no order, so it needs no right to the findings."""
    return SyncFinding.objects.filter(resolved_at__isnull=True, run__in=runs.order_by().values("pk"))


def _compared(user: User) -> QuerySet[Institution]:
    rows = connected_institutions()
    return rows.filter(pk=user.institution_id) if user.institution.is_executing else rows


def _with_system(rows: QuerySet[Institution]) -> QuerySet[Institution]:
    return rows.annotate(has_system=_machine())


def _machine() -> Exists:
    """A system of its own: without one an institution works on the pages and has no books to compare."""
    return Exists(User.objects.filter(institution=OuterRef("pk"), role=User.Role.MACHINE, is_active=True))


# -- who is behind -----------------------------------------------------------------------------------


def institutions_behind(*, scope: str, day: date, now: datetime) -> QuerySet[Institution]:
    """Institutions with a system that should have compared by now, did not, and were not noted for it yet.

    `day`: the day whose orders are meant; for open holds today, and who stays silent is noted again after a day.
    Nobody compares nothing: without an order of that day, or without a hold that is older than the time allowed, an
    institution is not behind.
    """
    rows = connected_institutions().filter(_machine())
    runs = SyncRun.objects.filter(institution=OuterRef("pk"), scope=scope)
    if scope == ORDERS:
        start = datetime.combine(day, time.min, UTC)
        done = Exists(runs.filter(day=day, last_at__gte=start + DAY))  # earlier ones miss what arrived afterwards
        theirs = Q(institution=OuterRef("pk")) | Q(routed_to=OuterRef("pk"))
        something = Order.objects.filter(theirs, available_at__gte=start, available_at__lt=start + DAY)
        noted = Exists(runs.filter(day=day, late_noted_at__isnull=False))
        return rows.filter(Exists(something)).exclude(done).exclude(noted)
    newest = runs.order_by().values("institution").annotate(newest=Max("last_at")).values("newest")
    something_held = in_force(Hold.objects.filter(institution=OuterRef("pk"), created_at__lt=now - HOLDS_LATE))
    # By a day's length, not by its date: who was noted before midnight is not noted again after it.
    told = runs.filter(late_noted_at__gt=Greatest(now - DAY, OuterRef("newest")))
    rows = rows.annotate(newest=Subquery(newest)).filter(Exists(something_held)).exclude(Exists(told))
    return rows.filter(Q(newest__isnull=True) | Q(newest__lt=now - HOLDS_LATE))


def days_due(now: datetime) -> dict[str, date]:
    """Which day of each scope must have been compared by now."""
    return {ORDERS: (now.astimezone(UTC) - DAY - ORDERS_LATE).date(), OPEN_HOLDS: now.astimezone(UTC).date()}
