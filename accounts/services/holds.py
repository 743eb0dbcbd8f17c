"""Holds: opened, extended, converted and released by the answers of linked orders; ended by the database's clock.

Every function but `hold_activate`, `hold_lift` and `holds_expire` is called by an answer that has been authorised.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Hold, Order
from accounts.models.hold import IN_FORCE, LIVE
from accounts.policy import Action
from accounts.rules import deadlines
from accounts.selectors.identity import family
from accounts.services.hold_returns import hold_counts, returns_taken_over
from accounts.services.merging import lock_number
from accounts.states import hold_flow
from antifraud import db, money, policy
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded
from banks.models import User
from banks.selectors.institutions import system_user
from banks.selectors.profiles import profile_of
from cases.services.cases import case_count

HOLD_KINDS = {"stop": "stop", "freeze": "freeze", "suspend_number": "suspend"}
CLOCK_SKEW = timedelta(minutes=5)  # banks' clocks differ a little from ours; the rules of answers allow as much


def hold_open(*, by: User, order: Order, answer: Answer, mode: str = "", stated_end: datetime | None = None) -> Hold:
    """Create the hold that an executed stop, freeze or suspension describes, with its end from the legal profile.

    `mode` and `stated_end` are what the institution's system holds, where that differs; the earlier end counts.
    Where the answer has a rank, the hold waits behind others: neither effective time nor expiry (轮候).
    An executed freeze converts the same case's stop without a gap. Raises Conflict `already_stopped`, Invalid.
    """
    now = db.require_unit_of_work().now
    kind = HOLD_KINDS[order.kind]
    hold = Hold(
        order=order, answer=answer, case_id=order.case_id, account_id=order.account_id, institution_id=order.institution_id,
        unit_id=order.unit_id, kind=kind, mode=mode or order.mode, asked_minor=order.amount_minor, currency=answer.currency,
        legal_profile_id=order.legal_profile_id, agreement_version=order.agreement_version, created_at=now,
    )  # fmt: skip
    if answer.waiting_rank is not None:
        hold.rank = answer.waiting_rank
        hold_flow.begin(hold, by=by, verb="open", status="waiting", topic="hold.opened", detail={"rank": hold.rank})
        case_count(order.case_id, open_holds=1)
        return hold
    if answer.effective_at is None:
        raise Invalid(fields={"effective_from": [_("Enter when the hold took effect at the bank.")]})
    if kind == "stop":
        _make_room(order)
    hold.amount_minor = answer.executed_minor
    hold.effective_from = answer.effective_at
    hold.legal_expires_at = _end(kind, order, answer.effective_at, stated_end)
    hold_flow.begin(hold, by=by, verb="open", topic="hold.opened", detail={"expires_at": hold.legal_expires_at})
    if kind == "freeze":
        _convert_stops(by, hold)
    case_count(order.case_id, open_holds=1, held_minor=hold_counts(hold), currency=hold.currency)
    return hold


def hold_extend(
    *, by: User, hold: Hold, order: Order, effective_at: datetime | None = None, stated_end: datetime | None = None
) -> Hold:
    """One more term, counted from the present end; only what was extended while it was in force.

    What counts is the bank's own moment, `effective_at`: an answer that comes after the end tells of an extension in
    time all the same. Raises Conflict `extension_after_expiry`, `extensions_used_up`, `nothing_to_extend`.
    """
    present = hold.legal_expires_at
    if present is None or not deadlines.may_extend(present, effective_at or db.require_unit_of_work().now):
        raise Conflict(
            _("The hold had ended when the extension took effect. Refuse it, or check the effective time."),
            code="extension_after_expiry",
        )
    profile = profile_of(hold.legal_profile)
    if hold.kind == "freeze" and not deadlines.freeze_allowed(hold.extensions + 1, profile):
        raise Conflict(_("The law allows no further term for this hold. Refuse it."), code="extensions_used_up")
    try:
        end = deadlines.extend_expires_at(
            "stop" if hold.kind == "stop" else "freeze", present, profile, zone=hold.institution.time_zone,
            major=order.major_case, asked=_earlier(order.asked_expires_at, stated_end),
        )  # fmt: skip
    except ValueError:
        raise Conflict(
            _("The hold runs until then already. Answer 'refused': the order was processed before."),
            code="nothing_to_extend",
        ) from None
    changes: dict[str, Any] = {"legal_expires_at": end, "extensions": hold.extensions + 1}
    if hold.status == Hold.Status.EXPIRED:
        if hold.kind == "stop":
            _make_room(order)
        changes |= {"ended_at": None, "end_cause": "", "trigger_at": None, "lift_due_at": None}
        case_count(hold.case_id, held_minor=hold.left_minor or 0, currency=hold.currency)
    return hold_flow.apply(hold, "extend", by=by, changes=changes, detail={"expires_at": end, "order": order.number})


def hold_convert(*, by: User, stop: Hold, freeze: Hold) -> Hold:
    """The stop becomes the freeze: no gap, no lift to confirm."""
    held = hold_counts(stop)
    changes = {
        "converted_to": freeze, "ended_at": freeze.effective_from, "end_cause": "converted", "trigger_at": None, "lift_due_at": None,
    }  # fmt: skip
    hold_flow.apply(stop, "convert", by=by, changes=changes, detail={"freeze": freeze.id})
    case_count(stop.case_id, open_holds=-1, held_minor=-held, currency=stop.currency)
    returns_taken_over(stop=stop, freeze=freeze)
    return stop


def hold_activate(
    *, by: User, hold_id: UUID, effective_at: datetime, amount_minor: int | None, expected_version: int | None = None
) -> Hold:
    """A waiting hold comes first in line: from now on it has an effective time and an end.

    Raises Invalid (effective_from, amount_minor), WrongState, Superseded; Forbidden for people of the police, unless
    the institution is not connected and answers on paper.
    """
    queryset = Hold.objects.select_related("order__legal_profile", "order__institution", "legal_profile", "institution")
    hold = policy.get(by, Action.HOLD_ACTIVATE, queryset, hold_id, lock=True)
    _only_institution(by, hold)
    hold_flow.step("activate", hold.status)
    _not_ahead(effective_at, "effective_from")
    order = hold.order
    if order.issued_at is not None and effective_at < order.issued_at - CLOCK_SKEW:
        text = _("The time lies before the order was issued. Check date and time.")
        raise Invalid(fields={"effective_from": [text]})
    _check_amount(hold, amount_minor)
    changes: dict[str, Any] = {
        "effective_from": effective_at,
        "legal_expires_at": _end(hold.kind, order, effective_at, None),
        "amount_minor": amount_minor,
        "rank": None,
    }
    detail = {"expires_at": changes["legal_expires_at"]}
    hold_flow.apply(hold, "activate", by=by, changes=changes, detail=detail, expected_version=expected_version)
    if hold.kind == "freeze":
        _convert_stops(by, hold)
    case_count(hold.case_id, held_minor=hold_counts(hold), currency=hold.currency)
    return hold


def hold_release(*, by: User, hold: Hold, cause: str, trigger_at: datetime, released_at: datetime) -> Hold:
    """End a hold by an executed release. `cause` feeds the assessment (error, unrelated, not_filed …).

    The institution still confirms the lift; an executed release does so in the same act.
    """
    held = hold_counts(hold)
    changes = _ending(hold, cause, released_at) | {"trigger_at": trigger_at}
    hold_flow.apply(hold, "release", by=by, changes=changes, detail={"cause": cause})
    case_count(hold.case_id, held_minor=-held, currency=hold.currency)
    return hold


def hold_lift(*, by: User, hold_id: UUID, lifted_at: datetime, expected_version: int | None = None) -> Hold:
    """The bank confirms that an ended hold is off its books.

    Raises Invalid for a time ahead of now or before the hold began, WrongState while it has not ended, Superseded;
    Forbidden for people of the police, unless the institution is not connected and answers on paper.
    """
    queryset = Hold.objects.select_related("legal_profile", "institution")
    hold = policy.get(by, Action.HOLD_LIFT, queryset, hold_id, lock=True)
    _only_institution(by, hold)
    return hold_lift_apply(by=by, hold=hold, lifted_at=lifted_at, expected_version=expected_version)


def hold_lift_apply(
    *, by: User, hold: Hold, lifted_at: datetime, field: str = "lifted_at", expected_version: int | None = None
) -> Hold:
    """The step itself, for a hold already authorised; `field` is where the door asked for the time.

    A hold past its legal end has ended, whether or not the scheduler has come by.
    """
    end = hold.legal_expires_at
    if hold.status in IN_FORCE and end is not None and not deadlines.in_force(end, db.require_unit_of_work().now):
        if expected_version not in (None, hold.version):
            raise Superseded
        hold_expire(hold, by=system_user())
        expected_version = None
    hold_flow.step("lift", hold.status)
    _not_ahead(lifted_at, field)
    if hold.effective_from and lifted_at < hold.effective_from:
        raise Invalid(fields={field: [_("The lift cannot be earlier than the hold. Check the time.")]})
    hold_flow.apply(
        hold, "lift", by=by, changes={"lifted_at": lifted_at}, detail={"lifted_at": lifted_at},
        expected_version=expected_version,
    )  # fmt: skip
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
    return sum(hold_expire(hold, by=by) for hold in due)


def hold_expire(hold: Hold, *, by: User) -> int:
    """End one hold at its legal end, which has passed; `by` is the platform's own user. 1 where there was an end."""
    end = hold.legal_expires_at
    if end is None:
        return 0
    held = hold_counts(hold)
    hold_flow.apply(hold, "expire", by=by, changes=_ending(hold, "expired", end), detail={"expired_at": end})
    case_count(hold.case_id, held_minor=-held, currency=hold.currency)
    return 1


def _make_room(order: Order) -> None:
    """One live stop per case and account: one past its end, or all paid back, is ended first; any other refuses the second.

    Two stops that are answered at once wait for each other at the number, since neither sees the other's hold yet.
    """
    lock_number(bytes(order.account.number_index))
    now = db.require_unit_of_work().now
    rows = Hold.objects.select_related("legal_profile").filter(
        case=order.case_id, account__in=list(family([order.account_id])), kind="stop", status__in=LIVE
    )
    for hold in db.lock(rows):
        runs = hold.legal_expires_at is None or deadlines.in_force(hold.legal_expires_at, now)
        if runs and not hold.is_paid_back:
            raise Conflict(
                _("A stop of this account runs in this case. Answer 'refused': the account is stopped already."),
                code="already_stopped", extra={"until": hold.legal_expires_at},
            )  # fmt: skip
        if runs:  # it keeps nothing any more
            hold_release(by=system_user(), hold=hold, cause="returned", trigger_at=now, released_at=now)
        else:
            hold_expire(hold, by=system_user())


def _convert_stops(by: User, freeze: Hold) -> None:
    """Stops of the case that were in force when the freeze took effect, also such as have run out since."""
    rows = Hold.objects.filter(
        case=freeze.case_id, account__in=list(family([freeze.account_id])), kind="stop",
        status__in=[*IN_FORCE, Hold.Status.EXPIRED], legal_expires_at__gt=freeze.effective_from,
    )  # fmt: skip
    for stop in db.lock(rows):
        hold_convert(by=by, stop=stop, freeze=freeze)


def _ending(hold: Hold, cause: str, at: datetime) -> dict[str, Any]:
    """The columns of an end: from `at` on the institution's clock to confirm the lift runs."""
    due = deadlines.lift_due_at(at, profile_of(hold.legal_profile))
    return {"ended_at": at, "end_cause": cause, "trigger_at": at, "lift_due_at": due}


def _end(kind: str, order: Order, effective_at: datetime, stated_end: datetime | None) -> datetime | None:
    """The legal end, cut to the order's and the institution's own earlier ones; None for a number without an end."""
    asked = _earlier(order.asked_expires_at, stated_end)
    if asked is not None and asked <= effective_at:
        text = _("The end of this hold had passed when it took effect. Refuse the order, or check the time.")
        raise Invalid(fields={"effective_from": [text]})
    profile = profile_of(order.legal_profile)
    if kind == "stop":
        return _earlier(deadlines.stop_expires_at(effective_at, profile), asked)
    if kind == "suspend":
        return asked
    return deadlines.freeze_expires_at(
        effective_at, profile, zone=order.institution.time_zone, major=order.major_case, asked=asked
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    given = [at for at in (one, other) if at is not None]
    return min(given) if given else None


def _check_amount(hold: Hold, amount_minor: int | None) -> None:
    if amount_minor is None:
        wrong = _("Enter the amount that is held now.") if hold.mode == "limited" else None
    elif amount_minor <= 0:
        wrong = _("The amount is more than zero. Enter what is held now.")
    elif amount_minor > money.MAX_MINOR:
        wrong = _(money.MESSAGES["amount_out_of_range"])
    else:
        above = hold.mode == "limited" and hold.asked_minor is not None and amount_minor > hold.asked_minor
        wrong = _("The amount is higher than the one asked for. Hold the asked amount only.") if above else None
    if wrong:
        raise Invalid(fields={"amount_minor": [wrong]})


def _only_institution(by: User, hold: Hold) -> None:
    """What happens on the books is the institution's to say; for one that is not connected the police record it."""
    if not by.institution.is_executing and hold.institution.connected:
        raise Forbidden(_("Only the institution that holds the account can say this."))


def _not_ahead(at: datetime, field: str) -> None:
    if at > db.require_unit_of_work().now + CLOCK_SKEW:
        raise Invalid(fields={field: [_("The time lies in the future. Enter when it really happened.")]})
