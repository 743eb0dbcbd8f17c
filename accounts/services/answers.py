"""Acknowledge, route and answer an order, from the bank's page, its system, or a paper that two persons record.

Whether an answer holds together is judged in `answer_checks`; what it means is carried out in `answer_effects`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.rules.deadlines import answer_due_at
from accounts.rules.order_kinds import order_kind
from accounts.services.act_reasons import act_reason, kept_reason
from accounts.services.answer_checks import answer_refuse_invalid
from accounts.services.answer_effects import ACTED, answer_effects
from accounts.services.answer_input import AnswerInput
from accounts.services.answer_rows import answer_delete, answer_save
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, WrongState
from banks.models import Institution, User
from banks.selectors.institutions import branches_of
from banks.services.deliveries import deliveries_withdraw, delivery_enqueue, delivery_transported_by_inbox
from cases.models import Case
from cases.services.attachments import attachment_store
from cases.services.cases import case_count

ROWS = Order.objects.select_related(
    "institution", "routed_to", "legal_profile", "case", "account", "original", "operator"
)
ISSUED, CANCELLED = "order.issued", "order.cancelled"
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


def order_acknowledge(*, by: User, order_id: UUID, expected_version: int | None = None) -> Order:
    """Seen, and by whom; separate from the answer. A second acknowledgement changes nothing.

    Raises WrongState once the order is answered or cancelled, Superseded, Forbidden for people of the police.
    """
    order = policy.get(by, Action.ORDER_ACKNOWLEDGE, ROWS, order_id, lock=True)
    _only_executing(by)
    if order.status == Order.Status.ACKNOWLEDGED:
        return order
    now = db.require_unit_of_work().now
    changes = {"acknowledged_at": now, "acknowledged_by": by} | _seen_first(order)
    order_flow.apply(order, "acknowledge", by=by, changes=changes, expected_version=expected_version)
    _arrived(by, order, ISSUED)
    return order


def order_route(*, by: User, order_id: UUID, branch: Institution) -> Order:
    """A head office hands an open order to one of its branches; both see it, the head office stays answerable.

    Routed anew, the former branch loses sight of it. Routed to the same branch again, nothing changes.
    """
    order = policy.get(by, Action.ORDER_ROUTE, ROWS, order_id, lock=True)
    if by.institution_id != order.institution_id:
        raise Forbidden(_("Only the institution that the order is addressed to can route it."))
    if order.status not in OPEN:
        raise WrongState(extra={"state": order.status, "verb": "route"})
    if not branches_of(order.institution).filter(pk=branch.pk).exists():
        raise Invalid(fields={"branch": [_("Choose one of your connected branches.")]})
    former = order.routed_to
    if former is not None and former.pk == branch.pk:
        return order
    if former is not None:
        policy.revoke([former.group_id], order, by=by, reason=f"routed to {branch.code}", case_id=order.case_id)
        deliveries_withdraw(institution_id=former.id, subject_id=order.id, reason="routed_anew")
    order.routed_to = branch
    order.version += 1
    order.save(update_fields=["routed_to", "version"])
    basis = f"{order.legal_basis}; routed by {order.institution.code}"
    for granted in (order, order.account):
        policy.grant(
            [branch.group_id], granted, by=by, purpose=f"answer {order.kind}", legal_basis=basis,
            sort_at=order.issued_at or order.created_at, case_id=order.case_id,
        )  # fmt: skip
    delivery_enqueue(
        institution=branch, topic=ISSUED, subject_id=order.id, case_id=order.case_id,
        priority=order_kind(order.kind).priority,
    )  # fmt: skip
    diary.record("order.route", by=by, obj=order, case_id=order.case_id, detail={"branch": branch.id})
    return order


def order_note_cancellation(*, by: User, order_id: UUID) -> Order:
    """The institution has read that the order was cancelled: the notice has arrived, the order itself stays as it is."""
    order = policy.get(by, Action.ORDER_ACKNOWLEDGE, ROWS, order_id, lock=True)
    _only_executing(by)
    if order.status != Order.Status.CANCELLED or order.issued_at is None:
        raise WrongState(extra={"state": order.status, "verb": "note_cancellation"})
    if _arrived(by, order, CANCELLED):
        diary.record("order.note_cancellation", by=by, obj=order, case_id=order.case_id)
    return order


def order_answer(
    *, by: User, order_id: UUID, answer: AnswerInput, source: str, expected_version: int | None = None
) -> Answer:
    """Take the institution's answer and carry out what it means (hold, next hops, counters) in the same unit.

    Raises Invalid naming each bad combination, WrongState where the order is not open, Superseded where it is not
    the version that was shown. An execution that crossed a cancellation is recorded and drafts a release.
    """
    order = policy.get(by, Action.ORDER_ANSWER, ROWS, order_id, lock=True)
    _only_executing(by)
    if expected_version is not None and expected_version != order.version:
        raise Superseded
    _require_open(order, answer)
    answer_refuse_invalid(order, answer)
    saved = answer_save(by=by, order=order, answer=answer, source=source)
    _finish(by=by, order=order, saved=saved, said=answer)
    for topic in (ISSUED, CANCELLED):
        _arrived(by, order, topic)
    return saved


def answer_record(*, by: User, order_id: UUID, answer: AnswerInput, scan: File[Any]) -> Answer:
    """First person: enter the paper answer of an institution that is not connected, with its scan.

    Nothing takes effect until another person confirms it. Raises Conflict where the bank answers by itself
    (`answers_itself`) or an answer waits already (`record_waits`), Invalid, WrongState.
    """
    order = policy.get(by, Action.ORDER_RECORD, ROWS, order_id, lock=True)
    if order.institution.connected:
        raise Conflict(
            _("This institution answers on the platform; its answer cannot be recorded."), code="answers_itself"
        )
    if order.answers.filter(source=Answer.Source.RECORDED, confirmed_by__isnull=True).exists():
        raise Conflict(_("An answer waits for its second person already."), code="record_waits")
    _require_open(order, answer)
    answer_refuse_invalid(order, answer)
    # Paper is checked by a second person later: what only a live answer can carry to its hold has no place to wait.
    given = {name for name in ("expires_at", "mode") if getattr(answer, name)}
    if given:
        text = _(
            "A recorded answer takes this from the order and the law. Leave it empty; say differences in the remarks."
        )
        raise Invalid(fields={name: [text] for name in given})
    paper = attachment_store(by=by, case=order.case, file=scan, purpose="scan", title=order.number, field="scan")
    saved = answer_save(by=by, order=order, answer=answer, source=Answer.Source.RECORDED, scan=paper)
    diary.record("order.record", by=by, obj=order, case_id=order.case_id, detail={"answer": saved.id})
    return saved


def answer_confirm(*, by: User, answer_id: UUID) -> Answer:
    """Second person: compare the entered answer with the scan; only now it takes effect.

    Raises Forbidden (`same_person`) for the one who entered it, WrongState where the order was ended meanwhile.
    """
    found, order = _recorded(by, answer_id)
    if found.answered_by_id == by.id:
        raise Forbidden(_("The second person must be another than the one who entered the answer."), code="same_person")
    _require_open(order, found)
    found.confirmed_by = by
    found.save(update_fields=["confirmed_by"])
    diary.record("order.confirm_record", by=by, obj=order, case_id=order.case_id, detail={"answer": found.id})
    _finish(by=by, order=order, saved=found, said=None)
    return found


def answer_discard(*, by: User, answer_id: UUID, reason: str) -> Order:
    """Throw a recorded answer away that does not agree with its scan; it never took effect. The scan stays in the case.

    Anybody who may record can do it, also the one who entered it.
    """
    found, order = _recorded(by, answer_id)
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": [_("Give a reason of at least four characters. It is kept with the order.")]})
    why = act_reason("order.discard_record", by=by, obj=order, reason=kept_reason(reason))
    diary.record(
        "order.discard_record", by=by, obj=order, case_id=order.case_id,
        detail={"answer": found.id, "scan": found.scan_id, "why": why},
    )  # fmt: skip
    answer_delete(found)
    return order


def _recorded(by: User, answer_id: UUID) -> tuple[Answer, Order]:
    """An answer from paper that waits for its second person, and its order, both held for change."""
    found = policy.get(by, Action.ANSWER_VIEW, Answer.objects.all(), answer_id)
    order = policy.get(by, Action.ORDER_RECORD, ROWS, found.order_id, lock=True)
    found = policy.get(by, Action.ANSWER_VIEW, Answer.objects.select_related("order"), answer_id, lock=True)
    if found.source != Answer.Source.RECORDED or found.confirmed_by_id is not None:
        raise WrongState
    return found, order


def _require_open(order: Order, answer: AnswerInput | Answer) -> None:
    """Only an open order takes an answer; a cancelled one only an execution that crossed the cancellation."""
    if not order.was_cancelled_after_issue:
        order_flow.step("answer", order.status)
        return
    others = order.answers.exclude(pk=answer.pk) if isinstance(answer, Answer) else order.answers.all()
    if answer.outcome not in ACTED or others.exists():
        raise WrongState(extra={"state": order.status, "verb": "answer"})
    if order.case.status == Case.Status.CLOSED:
        raise Conflict(
            _("The order was cancelled and its case is closed. Lift the measure at once and tell the issuing unit."),
            code="case_closed",
        )


def _finish(*, by: User, order: Order, saved: Answer, said: AnswerInput | None) -> None:
    """The order's own step, then what the answer means. `said` is None for an answer that was recorded from paper."""
    now = db.require_unit_of_work().now
    detail = {"outcome": saved.outcome, "reason": saved.reason_code, "source": saved.source, "seq": saved.seq}
    changes: dict[str, Any] = {"answered_at": now, "outcome": saved.outcome}
    crossed = order.was_cancelled_after_issue
    if crossed:
        # The order stays cancelled, but that something was done is written on it: counts and figures read it there.
        for name, value in changes.items():
            setattr(order, name, value)
        order.version += 1
        order.save(update_fields=[*changes, "version"])
        diary.record("order.crossed", by=by, obj=order, case_id=order.case_id, detail=detail)
    else:
        if saved.source != Answer.Source.RECORDED:
            changes |= _seen_first(order)
            if order.acknowledged_at is None:
                changes |= {"acknowledged_at": now, "acknowledged_by": by}
        order_flow.apply(order, "answer", by=by, changes=changes, detail=detail)
    answer_effects(by=by, order=order, answer=saved, said=said, crossed=crossed)
    if not crossed:
        # Last: everybody locks holds before their case (expiry does), so that two cannot wait for each other.
        case_count(order.case_id, open_orders=-1)


def _seen_first(order: Order) -> dict[str, Any]:
    """Who acts on an order has it: where its lane lags behind, the answer's term begins with the act itself."""
    if order.available_at is not None:
        return {}
    now = db.require_unit_of_work().now
    return {"available_at": now, "answer_due_at": answer_due_at(now, order.answer_minutes)}


def _only_executing(by: User) -> None:
    if not by.institution.is_executing:
        raise Forbidden(_("Only the institution that the order is addressed to can answer it."))


def _arrived(by: User, order: Order, topic: str) -> bool:
    return delivery_transported_by_inbox(by=by, institution_id=by.institution_id, topic=topic, subject_id=order.id)
