"""Returns as police follow them and as a bank has to pay them, with their clocks; what the post office must know of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Hold, Objection, Refund, RefundRound, RefundShare, TraceRun
from accounts.models.refund import AT_BANK, UNDECIDED
from accounts.policy import Action, FlowAction, RefundAction
from accounts.selectors.decisions import below
from accounts.selectors.holds import in_force
from accounts.selectors.holds_beside import committed
from antifraud import db, policy
from banks.models import Institution, User
from cases.models import Case, Victim
from cases.policy import Action as CaseAction

KEYSET = ("-created_at", "-id")
PAYOUT_KEYSET = ("-listed_at", "-id")
RELATED = ("case", "institution", "unit", "hold__account__institution")
UNREAD = ("payload", "case__narrative")
WAITING = ("", "failed")


@dataclass(frozen=True)
class RefundFilters:
    """What narrows the list; empty values do not. `state` is a status, "submitted", "overdue" or "notice_over"."""

    state: str = ""
    institution: UUID | None = None
    q: str = ""


def overdue() -> Q:
    """Decided returns that the bank should have paid by now; computed, never a state."""
    return Q(status__in=AT_BANK, payout_due_at__lte=db.AppNow())


def _rows(user: User) -> QuerySet[Refund]:
    rows = policy.scope(user, RefundAction.REFUND_FOLLOW, Refund.objects.select_related(*RELATED).defer(*UNREAD))
    current = RefundRound.objects.filter(refund=OuterRef("pk"), number=OuterRef("round_number"))
    return rows.annotate(
        branch=Subquery(current.values("branch")[:1]),
        held_minor=Subquery(current.values("held_minor")[:1]),
        shared_minor=Subquery(current.values("shared_minor")[:1]),
        notice_ends_at=Subquery(current.values("notice_ends_at")[:1]),
    )


def refunds_list(*, user: User, filters: RefundFilters | None = None) -> QuerySet[Refund]:
    """Returns newest first by KEYSET, each with `branch`, `held_minor`, `shared_minor`, `notice_ends_at` of its round."""
    wanted = filters or RefundFilters()
    rows = _rows(user)
    if wanted.state == "overdue":
        rows = rows.filter(overdue())
    elif wanted.state == "notice_over":
        rows = rows.filter(Q(("notice_ends_at__lte", db.AppNow())), status__in=["noticed", "objected"])
    elif wanted.state == "submitted":
        rows = rows.filter(submitted_at__isnull=False, decided_at__isnull=True)
    elif wanted.state:
        rows = rows.filter(status=wanted.state)
    if wanted.institution:
        rows = rows.filter(institution=wanted.institution)
    word = wanted.q.strip()
    if word:
        rows = rows.filter(Q(number__iexact=word) | Q(number__iendswith=word) | Q(case__number__iexact=word))
    return rows


def refund_counts(*, user: User) -> dict[str, int]:
    """How many of the reader's returns wait for what; one statement."""
    rows = policy.scope(user, RefundAction.REFUND_FOLLOW, Refund.objects.all())
    figures: dict[str, int] = rows.aggregate(
        undecided=Count("pk", filter=Q(status__in=UNDECIDED)),
        submitted=Count("pk", filter=Q(submitted_at__isnull=False, decided_at__isnull=True)),
        objected=Count("pk", filter=Q(status="objected")),
        at_bank=Count("pk", filter=Q(status__in=AT_BANK)),
        overdue=Count("pk", filter=overdue()),
    )
    return figures


def case_refunds(*, user: User, case: Case) -> QuerySet[Refund]:
    """The returns of one case, newest first."""
    return _rows(user).filter(case=case).order_by("-created_at", "-pk")


def refunds_to_approve(*, user: User) -> QuerySet[Refund]:
    """Submitted returns that the reader may be the one to decide, the oldest first; none for who decides on no return.

    Left out, as with orders: those of units that the reader's body is not above, although their case may be its own by now.
    """
    mine = policy.scope(user, RefundAction.REFUND_APPROVE, Refund.objects.all()).values("pk")
    rows = _rows(user).filter(pk__in=mine, submitted_at__isnull=False, decided_at__isnull=True)
    takes_part = Q(operator=user) | Q(second_officer=user) | Q(drafted_by=user)
    if user.institution.kind != Institution.Kind.CENTRE:
        rows = rows.filter(below(user))
    return rows.exclude(takes_part).order_by("submitted_at", "pk")


def refund_detail(*, user: User, refund_id: UUID) -> Refund:
    """One return with its rounds, shares and objections. Raises NotFound."""
    shares = RefundShare.objects.select_related("victim", "run", "proof", "reported_by").order_by("position")
    rows = Refund.objects.select_related(
        *RELATED, "hold__order", "legal_profile", "operator", "second_officer", "approver", "drafted_by"
    ).prefetch_related(
        Prefetch("rounds", RefundRound.objects.select_related("opened_by", "noticed_by").order_by("-number")),
        Prefetch("shares", shares),
        Prefetch(
            "objections", Objection.objects.select_related("recorded_by", "decided_by", "round").order_by("lodged_at")
        ),
    )
    return policy.get(user, RefundAction.REFUND_FOLLOW, rows.defer(*UNREAD), refund_id)


def returnable_holds(*, user: User, case: Case) -> QuerySet[Hold]:
    """Holds of the case that name a sum, bind a bank now, have no return under way and are not returned in full."""
    busy = Refund.objects.filter(status__in=[*UNDECIDED, *AT_BANK]).values("hold")
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related("account", "institution", "order"))
    rows = in_force(rows.filter(case=case, kind__in=["stop", "freeze"], amount_minor__gt=0)).exclude(pk__in=busy)
    gone = committed(RefundShare.objects.filter(refund__hold=OuterRef("pk"))).order_by().values("refund__hold")
    rows = rows.annotate(gone_minor=Coalesce(Subquery(gone.annotate(total=Sum("share_minor")).values("total")), 0))
    rows = rows.filter(amount_minor__gt=F("gone_minor")).filter(amount_minor__gt=F("returned_minor"))
    return rows.defer("order__payload", "order__reason").order_by("created_at", "pk")


def refund_under_way(*, user: User, case: Case, hold: str) -> Refund | None:
    """The return of this hold (its id as text) that the reader has drafted and that is not over; None for anything else."""
    try:
        pk = UUID(hold)
    except ValueError:
        return None
    rows = policy.scope(user, RefundAction.REFUND_FOLLOW, Refund.objects.filter(case=case, hold=pk, drafted_by=user))
    return rows.filter(status__in=[*UNDECIDED, *AT_BANK]).only("pk", "number").first()


def case_victims(*, user: User, case: Case) -> QuerySet[Victim]:
    """Victims of the case in the order of their reports."""
    rows = policy.scope(user, CaseAction.VICTIM_VIEW, Victim.objects.filter(case=case))
    return rows.order_by("created_at", "pk")


def case_traces(*, user: User, case: Case, currency: str) -> QuerySet[TraceRun]:
    """Forward traces of the case in one currency, newest first, without their results."""
    rows = policy.scope(user, FlowAction.TRACE_VIEW, TraceRun.objects.filter(case=case, currency=currency))
    return rows.filter(direction=TraceRun.Direction.FORWARD).defer("result").order_by("-number")


def payouts_list(*, user: User, state: str = "", q: str = "") -> QuerySet[Refund]:
    """What the reader's institution has to pay, newest first by PAYOUT_KEYSET, with `due_shares` and `total_shares`."""
    rows = policy.scope(user, RefundAction.REFUND_OPEN, Refund.objects.select_related("unit", "case", "hold__order"))
    rows = rows.defer("payload", "case__narrative", "hold__order__payload", "hold__order__reason")
    if state == "overdue":
        rows = rows.filter(overdue())
    elif state == "open":
        rows = rows.filter(status__in=AT_BANK)
    elif state:
        rows = rows.filter(status=state)
    word = q.strip()
    if word:
        rows = rows.filter(Q(number__iexact=word) | Q(number__iendswith=word))
    return rows.annotate(
        listed_at=F("grants__sort_at"), total_shares=_count(Q()), due_shares=_count(Q(outcome__in=WAITING))
    )


def payout_counts(*, user: User) -> dict[str, int]:
    """How many returns wait at the reader's institution; one statement."""
    rows = policy.scope(user, RefundAction.REFUND_OPEN, Refund.objects.all())
    figures: dict[str, int] = rows.aggregate(
        open=Count("pk", filter=Q(status__in=AT_BANK)),
        overdue=Count("pk", filter=overdue()),
        failed=Count("pk", filter=Q(status="failed")),
    )
    return figures


def refund_to_carry(*, user: User, refund_id: UUID) -> Refund:
    """The return with who must hear of it; raises NotFound. `user` is the platform's own."""
    rows = Refund.objects.select_related("unit", "case", "institution", "drafted_by", "operator")
    return policy.get(user, RefundAction.REFUND_VIEW, rows.defer(*UNREAD), refund_id)


def refunds_overdue(*, user: User) -> QuerySet[Refund]:
    """Returns past their payout term of which nobody was told yet, the latest first."""
    rows = policy.scope(user, RefundAction.REFUND_VIEW, Refund.objects.filter(overdue_told_at__isnull=True))
    return rows.filter(overdue()).select_related("unit", "institution").defer("payload").order_by("payout_due_at", "pk")


def _count(condition: Q) -> Any:
    rows = RefundShare.objects.filter(
        condition, refund=OuterRef("pk"), share_minor__gt=0, round__number=OuterRef("round_number")
    )
    return Coalesce(Subquery(rows.order_by().values("refund").annotate(count=Count("pk")).values("count")), 0)
