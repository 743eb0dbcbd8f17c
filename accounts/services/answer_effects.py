"""What an answer means: holds opened, extended, released; next hops proposed to the case; names learnt."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Hold, Involvement, Order
from accounts.rules.deadlines import release_due_at
from accounts.rules.order_kinds import order_kind
from accounts.selectors.identity import root_id
from accounts.services.accounts import account_involve, name_learn
from accounts.services.answer_input import AnswerInput
from accounts.services.holds import hold_expire, hold_extend, hold_lift_apply, hold_open, hold_release
from accounts.services.orders.follow import release_draft
from accounts.services.transfers import transfer_note
from antifraud import db
from antifraud.errors import Conflict
from banks.models import User
from banks.selectors.institutions import system_user
from banks.selectors.profiles import profile_of
from cases.models import Case

ACTED = frozenset({"executed", "partial"})
MOST_LEVELS = 30
# How a case ends without holds, and the trigger of their releases (domain.md §2).
CASE_ENDS: dict[str, str] = {
    Case.Status.NOT_FILED: "not_filed",
    Case.Status.WITHDRAWN: "withdrawn",
    Case.Status.NOT_FRAUD: "not_fraud",
}
ENDED = (Hold.Status.CONVERTED, Hold.Status.RELEASED, Hold.Status.LIFT_CONFIRMED)


def answer_effects(
    *, by: User, order: Order, answer: Answer, said: AnswerInput | None = None, crossed: bool = False
) -> None:
    """Carry out an answer that has been written.

    `said`: the live answer, whose mode and end shape the hold; None for one from paper. `crossed`: the order had been
    cancelled, so what was done on it must be undone.
    """
    kind = order_kind(order.kind)
    if answer.outcome in ACTED:
        if kind.creates_hold:
            _place(by, order, answer, said, crossed)
        elif kind.verb == "extend":
            _extend(by, order, answer, said, crossed)
        elif kind.verb == "release":
            _release(by, order, answer)
    _propose_next_hops(by, order, answer)
    if order.kind == "query_holder":
        _learn_holder(order, answer)


def _place(by: User, order: Order, answer: Answer, said: AnswerInput | None, crossed: bool) -> None:
    hold = hold_open(
        by=by, order=order, answer=answer, mode=said.mode if said else "", stated_end=said.expires_at if said else None
    )
    if crossed or order.error_found_at is not None:
        now = db.require_unit_of_work().now
        _undo(by, order, hold, due_at=now + timedelta(hours=_error_hours(order)))
    else:
        _refuse_to_outlive(by, order, hold)


def _refuse_to_outlive(by: User, order: Order, hold: Hold) -> None:
    """A case that ended while the order was on its way had no hold to release then: its 3-day clock runs from now.

    Read again under the case's lock, which the counters have taken: a step of the case comes before or after, never
    unseen.
    """
    trigger = CASE_ENDS.get(Case.objects.values_list("status", flat=True).get(pk=order.case_id))
    if trigger:
        due_at = release_due_at(db.require_unit_of_work().now, profile_of(order.case.legal_profile))
        release_draft(by=by, hold=hold, trigger=trigger, due_at=due_at)


def _extend(by: User, order: Order, answer: Answer, said: AnswerInput | None, crossed: bool) -> None:
    hold = _original_hold(order)
    former_end = hold.legal_expires_at
    hold_extend(
        by=by, hold=hold, order=order, effective_at=answer.effective_at, stated_end=said.expires_at if said else None
    )
    if crossed or order.error_found_at is not None:
        # Until its former end the hold was right.
        now = db.require_unit_of_work().now
        due_at = now + timedelta(hours=_error_hours(order))
        _undo(by, order, hold, due_at=max(due_at, former_end) if former_end else due_at)


def _undo(by: User, order: Order, hold: Hold, *, due_at: datetime) -> None:
    release_draft(by=by, hold=hold, trigger="error" if order.error_found_at else "crossed", due_at=due_at)


def _error_hours(order: Order) -> int:
    return profile_of(order.legal_profile).clocks.issued_in_error_hours


def _original_hold(order: Order) -> Hold:
    """The hold that an extension or release is about, held for change; one that has expired is still there to be
    extended in time or lifted. Raises Conflict `hold_ended`."""
    rows = Hold.objects.select_related("legal_profile", "institution").filter(order=order.original_id)
    hold = db.lock(rows.exclude(status__in=ENDED)).order_by("-created_at", "pk").first()
    if hold is None:
        raise Conflict(
            _(
                "The hold that this order is about has ended already. Answer 'refused' with the reason that the order "
                "was processed before."
            ),
            code="hold_ended",
        )
    return hold


def _release(by: User, order: Order, answer: Answer) -> None:
    """An executed release says when the hold came off: it ends the hold and confirms the lift in one.

    A hold that had expired by then only lacked this confirmation.
    """
    hold = _original_hold(order)
    now = db.require_unit_of_work().now
    at = answer.effective_at or now
    if hold.legal_expires_at is None or at < hold.legal_expires_at:
        trigger_at = order.triggered_at or order.issued_at or now
        hold_release(by=by, hold=hold, cause=order.trigger or "released", trigger_at=trigger_at, released_at=at)
    elif hold.status != Hold.Status.EXPIRED:
        hold_expire(hold, by=system_user())
    hold_lift_apply(by=by, hold=hold, lifted_at=at, field="effective_from")


def _propose_next_hops(by: User, order: Order, answer: Answer) -> None:
    """Each next hop becomes a proposed account one level further down, with the transfer into it.

    A case that was closed meanwhile takes nothing in; the hops stand in the answer all the same.
    """
    hops = list(answer.next_hops.select_related("institution").order_by("pk"))
    if not hops or order.case.status == Case.Status.CLOSED:
        return
    root = root_id(order.account)
    level = Involvement.objects.filter(case=order.case_id, account=root).values_list("level", flat=True).first()
    for hop in hops:
        involvement = account_involve(
            by=by, case=order.case, number=hop.number.open(), institution=hop.institution, kind="",
            holder_name=hop.name.open() if hop.name else "", level=min((level or 0) + 1, MOST_LEVELS), role="involved",
            state="proposed", source="next_hop",
        )  # fmt: skip
        hop.account_id = involvement.account_id
        hop.save(update_fields=["account"])
        if hop.amount_minor and involvement.account_id != root:
            transfer_note(
                by=by, case=order.case, to_account=involvement.account, amount_minor=hop.amount_minor, currency=hop.currency,
                at=hop.at, from_account=order.account, channel="", reference="", source="next_hop",
            )  # fmt: skip


def _learn_holder(order: Order, answer: Answer) -> None:
    """The bank's own record: its name is what later orders carry, its identity number belongs to the account."""
    holder = getattr(answer, "holder_record", None)
    if holder is None:
        return
    account = order.account
    name_learn(account=account, name=holder.name.open(), source="answer")
    if holder.id_number is not None:
        account.holder_id_number = holder.id_number.open()
        account.save(update_fields=["holder_id_number"])
