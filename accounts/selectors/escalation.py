"""What has climbed and is still open, whom it concerns, and the stopped clocks of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import ClockPause, Escalation, Order
from accounts.policy import Action
from accounts.rules.escalation import DUTY_OFFICER, MAIL, STEPS, SUPERVISOR
from antifraud import db, policy
from banks.models import User
from banks.selectors.institutions import centre_institutions
from banks.selectors.users import duty_officers, people_of, risk_people, supervisors_of

R, S = Escalation.Reason, Order.Status
MOST_ROWS = 400
ROWS = Escalation.objects.select_related("order__unit", "order__institution", "hold").defer(
    "order__payload", "order__reason"
)


def still_open() -> Q:
    """The delay that climbed is not over yet."""
    return (
        Q(reason=R.UNACKNOWLEDGED, order__status=S.ISSUED)
        | Q(reason=R.UNANSWERED, order__status__in=[S.ISSUED, S.ACKNOWLEDGED])
        | Q(reason=R.LIFT_UNCONFIRMED, hold__lifted_at__isnull=True)
    )


def escalations_named(*, user: User, ids: list[UUID]) -> list[Escalation]:
    """These steps with order, hold, unit and institution; for the platform's own duties."""
    return list(policy.scope(user, Action.ESCALATION_VIEW, ROWS.filter(pk__in=ids)).order_by("at", "pk"))


def escalation_to_mail(*, user: User, escalation_id: UUID) -> Escalation | None:
    """The step, unless its delay is over: then nobody is written to."""
    return policy.scope(user, Action.ESCALATION_VIEW, ROWS.filter(still_open(), pk=escalation_id)).first()


@dataclass(frozen=True)
class Concerned:
    """Whom a step is told: people of the issuing side, people of the institution."""

    police: list[User]
    institution: list[User]


def people_concerned(row: Escalation) -> Concerned:
    """The institution's people first, then duty officers of both sides, then supervisors of both sides.

    Where a unit has no duty officer the order's operator hears of it in any case.
    """
    order = row.order
    executing = [key for key in (order.institution_id, order.routed_to_id) if key]
    offices = [order.unit_id, *centre_institutions().values_list("pk", flat=True)]
    if row.step == SUPERVISOR:
        return Concerned(list(supervisors_of(offices)), list(supervisors_of(executing)))
    if row.step == DUTY_OFFICER:
        police = {user.pk: user for user in (*people_of([order.operator_id]), *duty_officers(offices))}
        return Concerned(list(police.values()), list(risk_people(executing)))
    return Concerned([], list(risk_people(executing)) if row.step == MAIL else [])


def reminders(*, user: User) -> list[Escalation]:
    """What the reader's institution is behind with: for each order and reason the highest step, the earliest due first."""
    rows = policy.scope(user, Action.ESCALATION_VIEW, ROWS.filter(still_open()))
    mine = Q(order__institution=user.institution_id) | Q(order__routed_to=user.institution_id)
    highest: dict[tuple[UUID, UUID | None, str], Escalation] = {}
    for row in rows.filter(mine).order_by("due_at", "pk")[:MOST_ROWS]:
        key = (row.order_id, row.hold_id, row.reason)
        if key not in highest or STEPS.index(row.step) > STEPS.index(highest[key].step):
            highest[key] = row
    return sorted(highest.values(), key=lambda row: (row.due_at, str(row.pk)))


# -- stopped clocks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """An order's clock with nothing hidden: `elapsed` runs on through every pause, `stopped` is what consent took off."""

    pauses: list[ClockPause]
    elapsed: timedelta | None
    stopped: timedelta
    running: ClockPause | None  # what keeps the clock still at present

    @property
    def waiting(self) -> ClockPause | None:
        """The request that waits for a decision."""
        return next((pause for pause in self.pauses if pause.decision == ClockPause.Decision.OPEN), None)


def order_clock(*, user: User, order: Order, now: datetime | None = None) -> Clock:
    """The clock of an order that the reader has been given already.

    One statement where it has pauses (none where a selector has annotated `has_pauses` as false); the legal time is
    asked for where `now` is not given and the order has not ended.
    """
    ended = order.answered_at or order.cancelled_at
    now = ended or now or db.app_now()
    pauses: list[ClockPause] = []
    if vars(order).get("has_pauses", True):
        rows = policy.scope(user, Action.CLOCK_VIEW, ClockPause.objects.select_related("asked_by", "decided_by"))
        pauses = list(rows.filter(order=order).order_by("asked_at", "pk"))
    elapsed = None if order.available_at is None else max(timedelta(0), now - order.available_at)
    still = [p for p in pauses if p.from_at and p.until_at and p.from_at <= now < p.until_at]
    stopped = sum((pause.consented_time for pause in pauses), timedelta(0))
    return Clock(pauses, elapsed, stopped, still[0] if still and not ended else None)


def consented_time() -> Coalesce:
    """For annotating orders: by how much consented pauses moved the term, so that figures on terms can show it."""
    length = ExpressionWrapper(F("until_at") - F("from_at"), output_field=DurationField())
    rows = ClockPause.objects.filter(order=OuterRef("pk"), decision=ClockPause.Decision.CONSENTED).order_by()
    total = rows.values("order").annotate(total=Sum(length)).values("total")
    return Coalesce(Subquery(total), Value(timedelta(0)), output_field=DurationField())


def pauses_of(order_id: UUID) -> QuerySet[ClockPause]:
    """All pauses of an order whose row the caller holds for change."""
    return ClockPause.objects.filter(order=order_id)
