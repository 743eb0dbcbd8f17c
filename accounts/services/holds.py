"""Holds: opened, extended, converted and released by the answers of linked orders; ended by the database's clock.

Every function but `hold_lift` is called by an act that has been authorised already (an answer, the scheduler).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Hold, Order
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from accounts.rules import deadlines
from accounts.states import hold_flow
from antifraud import db, policy
from antifraud.errors import Conflict, Invalid
from banks.models import User
from banks.selectors.profiles import profile_of
from cases.services.cases import case_count

HOLD_KINDS = {"stop": "stop", "freeze": "freeze", "suspend_number": "suspend"}


def hold_open(*, by: User, order: Order, answer: Answer, waiting_rank: int | None = None) -> Hold:
    """Create the hold that an executed stop, freeze or suspension describes, with its end from the legal profile.

    With `waiting_rank` the hold waits behind others: a rank, but neither effective time nor expiry (轮候).
    An executed freeze converts the same case's live stop of the account without a gap.
    """
    work = db.require_unit_of_work()
    kind = HOLD_KINDS[order.kind]
    hold = Hold(
        order=order,
        answer=answer,
        case_id=order.case_id,
        account_id=order.account_id,
        institution_id=order.institution_id,
        unit_id=order.unit_id,
        kind=kind,
        mode=order.mode,
        amount_minor=answer.executed_minor,
        asked_minor=order.amount_minor,
        currency=answer.currency,
        legal_profile_id=order.legal_profile_id,
        agreement_version=order.agreement_version,
        created_at=work.now,
    )
    if waiting_rank is not None:
        hold.rank = waiting_rank
        hold_flow.begin(hold, by=by, verb="open", status="waiting", topic="hold.opened", detail={"rank": waiting_rank})
        case_count(order.case_id, open_holds=1)
        return hold
    if answer.effective_at is None:
        raise Invalid(fields={"effective_at": [_("Enter when the hold took effect at the bank.")]})
    hold.effective_from = answer.effective_at
    hold.legal_expires_at = _expiry(kind, order, answer.effective_at)
    stops = _live_stops(order) if kind == "freeze" else []
    hold_flow.begin(hold, by=by, verb="open", topic="hold.opened", detail={"expires_at": hold.legal_expires_at})
    case_count(order.case_id, open_holds=1, held_minor=hold.amount_minor or 0)
    for stop in stops:
        hold_convert(by=by, stop=stop, freeze=hold)
    return hold


def hold_extend(*, by: User, hold: Hold, order: Order) -> Hold:
    """One more term, counted from the present end; only while the hold is in force."""
    now = db.require_unit_of_work().now
    if hold.legal_expires_at is None or not deadlines.may_extend(hold.legal_expires_at, now):
        raise Conflict(
            _("The hold has ended already; answer with the reason 'extension after expiry'."),
            code="extension_after_expiry",
        )
    expires_at = deadlines.extend_expires_at(
        "stop" if hold.kind == "stop" else "freeze",
        hold.legal_expires_at,
        profile_of(hold.legal_profile),
        zone=hold.institution.time_zone,
        major=order.major_case,
        asked=order.asked_expires_at,
    )
    changes = {"legal_expires_at": expires_at, "extensions": hold.extensions + 1}
    return hold_flow.apply(
        hold, "extend", by=by, changes=changes, detail={"expires_at": expires_at, "order": order.number}
    )


def hold_convert(*, by: User, stop: Hold, freeze: Hold) -> Hold:
    """The stop becomes the freeze: no gap, no lift to confirm."""
    held = stop.amount_minor or 0
    changes = {"converted_to": freeze, "ended_at": freeze.effective_from, "end_cause": "converted"}
    hold_flow.apply(stop, "convert", by=by, changes=changes, detail={"freeze": freeze.id})
    case_count(stop.case_id, open_holds=-1, held_minor=-held)
    return stop


def hold_activate(*, by: User, hold_id: UUID, effective_at: datetime, amount_minor: int | None) -> Hold:
    """A waiting hold comes first in line: from now on it has an effective time and an end."""
    queryset = Hold.objects.select_related("order", "legal_profile", "institution")
    hold = policy.get(by, Action.HOLD_ACTIVATE, queryset, hold_id, lock=True)
    _not_ahead(effective_at, "effective_at")
    changes: dict[str, Any] = {
        "effective_from": effective_at,
        "legal_expires_at": _expiry(hold.kind, hold.order, effective_at),
        "amount_minor": amount_minor,
        "rank": None,
    }
    hold_flow.apply(hold, "activate", by=by, changes=changes, detail={"expires_at": changes["legal_expires_at"]})
    case_count(hold.case_id, held_minor=amount_minor or 0)
    return hold


def hold_release(*, by: User, hold: Hold, cause: str, trigger_at: datetime, released_at: datetime) -> Hold:
    """End a hold by an executed release. `cause` feeds the assessment (error, unrelated, not_filed …).

    An effective release whose time the bank gave still needs the bank's confirmation of the lift.
    """
    held = (hold.amount_minor or 0) if hold.status in IN_FORCE else 0
    changes = {
        "ended_at": released_at,
        "end_cause": cause,
        "trigger_at": trigger_at,
        "lift_due_at": deadlines.lift_due_at(released_at, profile_of(hold.legal_profile)),
    }
    hold_flow.apply(hold, "release", by=by, changes=changes, detail={"cause": cause})
    case_count(hold.case_id, held_minor=-held)
    return hold


def hold_lift(*, by: User, hold_id: UUID, lifted_at: datetime) -> Hold:
    """The bank confirms that the hold is off its books. Raises Invalid for a time before the end or ahead of now."""
    hold = policy.get(by, Action.HOLD_LIFT, Hold.objects.select_related("legal_profile"), hold_id, lock=True)
    return lift_apply(by=by, hold=hold, lifted_at=lifted_at)


def lift_apply(*, by: User, hold: Hold, lifted_at: datetime) -> Hold:
    """The step itself, for a hold already authorised."""
    _not_ahead(lifted_at, "lifted_at")
    if hold.effective_from and lifted_at < hold.effective_from:
        raise Invalid(fields={"lifted_at": [_("The lift cannot be earlier than the hold. Check the time.")]})
    hold_flow.apply(hold, "lift", by=by, changes={"lifted_at": lifted_at}, detail={"lifted_at": lifted_at})
    case_count(hold.case_id, open_holds=-1)
    return hold


def holds_expire(*, by: User, limit: int = 200) -> int:
    """End what is past its legal end by the database's clock; returns how many. `by` is the platform's own user."""
    due = (
        policy.scope(by, Action.HOLD_EXPIRE, Hold.objects.select_related("legal_profile"))
        .filter(status__in=IN_FORCE, legal_expires_at__lte=db.AppNow())
        .order_by("legal_expires_at", "pk")
        .select_for_update(of=("self",), skip_locked=True, no_key=True)[:limit]
    )
    ended = 0
    for hold in due:
        end = hold.legal_expires_at
        if end is None:
            continue
        changes = {
            "ended_at": end,
            "end_cause": "expired",
            "trigger_at": end,
            "lift_due_at": deadlines.lift_due_at(end, profile_of(hold.legal_profile)),
        }
        hold_flow.apply(hold, "expire", by=by, changes=changes, detail={"expired_at": end})
        case_count(hold.case_id, held_minor=-(hold.amount_minor or 0))
        ended += 1
    return ended


def _live_stops(order: Order) -> list[Hold]:
    rows = Hold.objects.filter(case=order.case_id, account=order.account_id, kind="stop", status__in=IN_FORCE)
    return list(db.lock(rows))


def _expiry(kind: str, order: Order, effective_at: datetime) -> datetime | None:
    profile = profile_of(order.legal_profile)
    if kind == "stop":
        return deadlines.stop_expires_at(effective_at, profile)
    if kind == "suspend":
        return order.asked_expires_at
    return deadlines.freeze_expires_at(
        effective_at, profile, zone=order.institution.time_zone, major=order.major_case, asked=order.asked_expires_at
    )


def _not_ahead(at: datetime, field: str) -> None:
    if at > db.require_unit_of_work().now:
        raise Invalid(fields={field: [_("The time lies in the future. Enter when it really happened.")]})
