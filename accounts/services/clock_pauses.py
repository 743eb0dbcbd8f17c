"""Stop the clock of one order: the institution asks with its reason, a supervisor of the police consents or refuses.

Only consented time moves the term; nothing that has elapsed is taken away from what is shown (domain.md §4).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import ClockPause, Order
from accounts.policy import Action
from accounts.rules.escalation import LONGEST_PAUSE, SHORTEST_PAUSE, moved
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.escalation import pauses_of
from accounts.services.orders.approve import required_reason
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, WrongState
from antifraud.plain_text import without_numbers
from banks.models import User
from banks.selectors.institutions import centre_institutions, superiors
from banks.selectors.users import risk_people, supervisors_of
from banks.services.notifications import notify

OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
ROWS = Order.objects.select_related("unit", "institution").defer("payload", "reason")
D = ClockPause.Decision


def clock_pause_request(*, by: User, order_id: UUID, reason: str, minutes: int) -> ClockPause:
    """Ask for the clock to stand still for `minutes` from now on. The clock runs until a supervisor consents.

    Raises WrongState unless it is acknowledged and has a term, Conflict `term_over` after its end, `pause_waits`
    beside another request, `clock_stopped` while it stands still, Invalid (reason, minutes).
    """
    order = _open_order(by, Action.CLOCK_REQUEST, order_id)
    if order.status != Order.Status.ACKNOWLEDGED:  # a pause must not keep quiet that nobody has seen the order
        raise WrongState(extra={"state": order.status, "verb": str(Action.CLOCK_REQUEST)})
    _require_term(order)
    now = db.require_unit_of_work().now
    for pause in pauses_of(order.pk):
        if pause.decision == D.OPEN:
            raise Conflict(_("A request to stop this clock waits for its decision already."), code="pause_waits")
        if pause.until_at is not None and pause.until_at > now:
            raise Conflict(_("The clock of this order stands still already."), code="clock_stopped")
    problems = {} if SHORTEST_PAUSE <= minutes <= LONGEST_PAUSE else {"minutes": [_("Ask for 5 to 1440 minutes.")]}
    kept = without_numbers(reason).strip()[:300]
    if len(kept) < 10:
        problems["reason"] = [_("Say why the clock should stand still, in at least ten characters, without names.")]
    if problems:
        raise Invalid(fields=problems)
    reject_forbidden(reason, field="reason")
    pause = ClockPause.objects.create(
        order=order, institution=by.institution, reason=kept, asked_by=by, asked_at=now,
        asked_minutes=minutes,
    )  # fmt: skip
    diary.record("order.clock_request", by=by, obj=order, case_id=order.case_id, detail={"minutes": minutes})
    offices = [*superiors(order.unit), *centre_institutions().values_list("pk", flat=True)]
    params = {"number": order.number}
    notify(users=supervisors_of(offices), code="order.clock_request", params=params, url=order_path(order.pk))
    return pause


def clock_pause_consent(*, by: User, order_id: UUID, pause: UUID, minutes: int) -> ClockPause:
    """A supervisor consents: the clock stood still from the request on, for what was asked or fewer `minutes`.

    `pause` is the request that was shown. The end of the term moves by exactly that. Raises WrongState, Forbidden,
    Conflict `term_over` after the end of the term (a breach stays one), `pause_missing`, Superseded where another
    request waits by now, Invalid (minutes).
    """
    order, row = _waiting(by, order_id, pause)
    _require_term(order)
    if not SHORTEST_PAUSE <= minutes <= row.asked_minutes:
        raise Invalid(fields={"minutes": [_("Consent to 5 minutes at least, and to no more than was asked for.")]})
    until = row.asked_at + timedelta(minutes=minutes)
    _decide(row, D.CONSENTED, by=by, from_at=row.asked_at, until_at=until)
    _move(order, until - row.asked_at)
    detail = {"minutes": minutes, "from": row.asked_at, "until": until, "answer_due_at": order.answer_due_at}
    diary.record("order.clock_consent", by=by, obj=order, case_id=order.case_id, detail=detail)
    _tell(order, row, "order.clock_consent")
    return row


def clock_pause_refuse(*, by: User, order_id: UUID, pause: UUID, reason: str) -> ClockPause:
    """A supervisor refuses the request that was shown: the clock has run all the time.

    Raises WrongState, Forbidden, Conflict `pause_missing`, Superseded, Invalid (reason).
    """
    order, row = _waiting(by, order_id, pause)
    _decide(row, D.REFUSED, by=by, refusal=required_reason(reason))
    diary.record("order.clock_refuse", by=by, obj=order, case_id=order.case_id)
    _tell(order, row, "order.clock_refuse")
    return row


def clock_pause_end(*, by: User, order_id: UUID) -> ClockPause:
    """Either side lets the clock run again before its time: the term moves back by what was not used.

    Raises WrongState, Conflict `pause_missing` where the clock runs.
    """
    order = _open_order(by, Action.CLOCK_END, order_id)
    now = db.require_unit_of_work().now
    pause = db.lock(pauses_of(order.pk).filter(decision=D.CONSENTED, until_at__gt=now)).first()
    if pause is None or pause.until_at is None:
        raise Conflict(_("The clock of this order runs."), code="pause_missing")
    unused = pause.until_at - now
    pause.until_at, pause.ended_at, pause.ended_by = now, now, by
    pause.save(update_fields=["until_at", "ended_at", "ended_by"])
    if order.answer_due_at is not None:
        order.answer_due_at -= unused
        order.save(update_fields=["answer_due_at"])
    detail = {"answer_due_at": order.answer_due_at}
    diary.record("order.clock_end", by=by, obj=order, case_id=order.case_id, detail=detail)
    _tell(order, pause, "order.clock_end")
    return pause


def _open_order(by: User, action: Action, order_id: UUID) -> Order:
    """The order, held for change; its version stays: an answer that is being typed must not be refused for this."""
    order = policy.get(by, action, ROWS, order_id, lock=True)
    if order.status not in OPEN or order.answer_due_at is None:
        raise WrongState(extra={"state": order.status, "verb": str(action)})
    return order


def is_party(user: User, order: Order, pause: ClockPause) -> bool:
    """Whether the user is seconded from an institution that asks or executes: then others decide (R6)."""
    parties = (pause.institution_id, order.institution_id, order.routed_to_id)
    return user.home_institution_id is not None and user.home_institution_id in parties


def _require_term(order: Order) -> None:
    if order.answer_due_at is not None and order.answer_due_at <= db.require_unit_of_work().now:
        raise Conflict(_("The term is over. A clock can only be stopped while it runs."), code="term_over")


def _waiting(by: User, order_id: UUID, shown: UUID) -> tuple[Order, ClockPause]:
    order = _open_order(by, Action.CLOCK_DECIDE, order_id)
    pause = db.lock(pauses_of(order.pk).filter(decision=D.OPEN)).first()
    if pause is None:
        raise Conflict(_("Nobody asks for this clock to be stopped."), code="pause_missing")
    if pause.pk != shown:
        raise Superseded(_("Another request waits by now. Reload the order and decide on that one."))
    if is_party(by, order, pause):
        raise Forbidden(_("You come from an institution of this order. Another supervisor decides."))
    return order, pause


def _decide(pause: ClockPause, decision: str, *, by: User, **columns: object) -> None:
    changes = {"decision": decision, "decided_by": by, "decided_at": db.require_unit_of_work().now, **columns}
    for name, value in changes.items():
        setattr(pause, name, value)
    pause.save(update_fields=[*changes])


def _move(order: Order, pause: timedelta) -> None:
    if order.answer_due_at is not None:
        order.answer_due_at = moved(order.answer_due_at, pause)
        order.save(update_fields=["answer_due_at"])


def _tell(order: Order, pause: ClockPause, code: str) -> None:
    people = risk_people([order.institution_id, pause.institution_id])
    notify(users=people, code=code, params={"number": order.number}, url=answer_path(order.pk))
