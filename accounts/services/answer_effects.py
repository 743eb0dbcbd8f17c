"""What an answer means: holds opened, extended, released; next hops proposed to the case; names learnt."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Hold, Involvement, Order
from accounts.models.hold import LIVE
from accounts.rules.order_kinds import order_kind
from accounts.services.accounts import account_involve, name_learn
from accounts.services.holds import hold_extend, hold_open, hold_release, lift_apply
from accounts.services.orders.follow import release_draft
from accounts.services.transfers import transfer_note
from antifraud import db
from antifraud.errors import Conflict
from banks.models import User
from banks.selectors.profiles import profile_of

ACTED = {"executed", "partial"}
MOST_LEVELS = 30


def answer_effects(*, by: User, order: Order, answer: Answer, crossed: bool = False) -> None:
    """Carry out an answer that has been written. `crossed`: the order had been cancelled, so its hold must go again."""
    kind = order_kind(order.kind)
    if answer.outcome in ACTED:
        if kind.creates_hold:
            hold = hold_open(by=by, order=order, answer=answer, waiting_rank=answer.waiting_rank)
            if crossed or order.error_found_at is not None:
                _undo(by, order, hold)
        elif kind.verb == "extend":
            hold_extend(by=by, hold=_original_hold(order), order=order)
        elif kind.verb == "release":
            _release(by, order, answer)
    _propose_next_hops(by, order, answer)
    holder = getattr(answer, "holder_record", None) if order.kind == "query_holder" else None
    if holder is not None:
        name_learn(account=order.account, name=holder.name.open(), source="answer")


def _undo(by: User, order: Order, hold: Hold) -> None:
    now = db.require_unit_of_work().now
    hours = profile_of(order.legal_profile).clocks.issued_in_error_hours
    release_draft(
        by=by, hold=hold, trigger="error" if order.error_found_at else "crossed", due_at=now + timedelta(hours=hours)
    )


def _original_hold(order: Order) -> Hold:
    hold = (
        db.lock(
            Hold.objects.select_related("legal_profile", "institution").filter(order=order.original_id, status__in=LIVE)
        )
        .order_by("-created_at")
        .first()
    )
    if hold is None:
        raise Conflict(
            _("The hold that this order is about has ended already. Answer 'refused' with the matching reason."),
            code="hold_ended",
        )
    return hold


def _release(by: User, order: Order, answer: Answer) -> None:
    """An executed release says when the hold came off: it ends the hold and confirms the lift in one."""
    hold = _original_hold(order)
    now = db.require_unit_of_work().now
    at = answer.effective_at or now
    cause = order.trigger or "released"
    hold_release(by=by, hold=hold, cause=cause, trigger_at=order.triggered_at or order.issued_at or now, released_at=at)
    lift_apply(by=by, hold=hold, lifted_at=at)


def _propose_next_hops(by: User, order: Order, answer: Answer) -> None:
    """Each next hop becomes a proposed account one level further down, with the transfer into it."""
    hops = list(answer.next_hops.select_related("institution"))
    if not hops:
        return
    level = (
        Involvement.objects.filter(case=order.case_id, account=order.account_id).values_list("level", flat=True).first()
    )
    for hop in hops:
        involvement = account_involve(
            by=by, case=order.case, number=hop.number.open(), institution=hop.institution, kind="",
            holder_name=hop.name.open() if hop.name else "", level=min((level or 0) + 1, MOST_LEVELS), role="involved",
            state="proposed", source="next_hop",
        )  # fmt: skip
        hop.account_id = involvement.account_id
        hop.save(update_fields=["account"])
        if hop.amount_minor and involvement.account_id != order.account_id:
            transfer_note(
                by=by, case=order.case, to_account=involvement.account, amount_minor=hop.amount_minor, currency=hop.currency,
                at=hop.at, from_account=order.account, channel="", reference="", source="next_hop",
            )  # fmt: skip
