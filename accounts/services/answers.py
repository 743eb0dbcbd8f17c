"""Acknowledge and answer an order, from the bank's page, its system, or a paper that two persons record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.rules import answers as rules
from accounts.rules.order_kinds import order_kind
from accounts.services.answer_effects import answer_effects
from accounts.services.answer_input import AnswerInput
from accounts.services.answer_rows import answer_save
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Forbidden, Invalid, WrongState
from antifraud.problems import Problem, errors_of, warnings_of
from banks.models import Institution, User
from banks.selectors.institutions import branches_of
from banks.services.deliveries import delivery_enqueue, delivery_transported_by_inbox
from cases.services.attachments import attachment_store
from cases.services.cases import case_count

_RELATED = ("institution", "routed_to", "legal_profile", "case", "account", "original", "operator")
TOPIC = "order.issued"


def order_acknowledge(*, by: User, order_id: UUID) -> Order:
    """Seen, and by whom; separate from the answer. A second acknowledgement changes nothing."""
    order = policy.get(by, Action.ORDER_ACKNOWLEDGE, Order.objects.select_related(*_RELATED), order_id, lock=True)
    _only_executing(by)
    if order.status == Order.Status.ACKNOWLEDGED:
        return order
    changes = {"acknowledged_at": db.require_unit_of_work().now, "acknowledged_by": by}
    order_flow.apply(order, "acknowledge", by=by, changes=changes)
    _carried_by_inbox(by, order)
    return order


def order_route(*, by: User, order_id: UUID, branch: Institution) -> Order:
    """A head office hands an open order to one of its branches; both see it, the head office stays answerable."""
    order = policy.get(by, Action.ORDER_ROUTE, Order.objects.select_related(*_RELATED), order_id, lock=True)
    if order.status not in {Order.Status.ISSUED, Order.Status.ACKNOWLEDGED}:
        raise WrongState(extra={"state": order.status, "verb": "route"})
    if by.institution_id != order.institution_id:
        raise Forbidden(_("Only the institution that the order is addressed to can route it."))
    if not branches_of(order.institution).filter(pk=branch.pk).exists():
        raise Invalid(fields={"branch": [_("Choose one of your connected branches.")]})
    order.routed_to = branch
    order.save(update_fields=["routed_to"])
    basis = f"{order.legal_basis}; routed by {order.institution.code}"
    for granted in (order, order.account):
        policy.grant(
            [branch.group_id], granted, by=by, purpose=f"answer {order.kind}", legal_basis=basis,
            sort_at=order.issued_at or order.created_at, case_id=order.case_id,
        )  # fmt: skip
    delivery_enqueue(
        institution=branch,
        topic=TOPIC,
        subject_id=order.id,
        case_id=order.case_id,
        priority=order_kind(order.kind).priority,
    )
    diary.record("order.route", by=by, obj=order, case_id=order.case_id, detail={"branch": branch.id})
    return order


def order_answer(*, by: User, order_id: UUID, answer: AnswerInput, source: str) -> Answer:
    """Take the institution's answer and carry out what it means (hold, next hops, counters) in the same unit.

    Raises Invalid naming each bad combination, WrongState where the order is not open. An execution that
    crossed a cancellation is recorded and drafts a release.
    """
    order = policy.get(by, Action.ORDER_ANSWER, Order.objects.select_related(*_RELATED), order_id, lock=True)
    _only_executing(by)
    return _take(by=by, order=order, answer=answer, source=source)


def answer_check(order: Order, answer: AnswerInput) -> dict[str, list[Problem]]:
    """Errors and warnings of an answer before it is sent, by field (accounts.rules.answers)."""
    hold = order.original.holds.order_by("-created_at").first() if order.original else None
    asked = rules.Asked(
        issued_at=order.issued_at or order.created_at,
        now=db.app_now(),
        available_at=order.available_at,
        mode=order.mode,
        amount_minor=order.amount_minor,
        currency=order.currency,
        original_expires_at=hold.legal_expires_at if hold else None,
    )
    return rules.validate_answer(order.kind, asked, _draft(answer))


def answer_warnings(order: Order, answer: AnswerInput) -> dict[str, list[str]]:
    """What is odd but allowed, in the reader's words."""
    return _words(warnings_of(answer_check(order, answer)))


def answer_record(*, by: User, order_id: UUID, answer: AnswerInput, scan: File[Any]) -> Answer:
    """First person: enter the paper answer of an institution that is not connected, with its scan.

    Nothing takes effect until another person confirms it. Raises Conflict where the bank answers by itself.
    """
    order = policy.get(by, Action.ORDER_RECORD, Order.objects.select_related(*_RELATED), order_id, lock=True)
    if order.institution.connected:
        raise Conflict(
            _("This institution answers on the platform; its answer cannot be recorded."), code="answers_itself"
        )
    if order.status not in {Order.Status.ISSUED, Order.Status.ACKNOWLEDGED}:
        raise WrongState(extra={"state": order.status, "verb": "record"})
    if order.answers.filter(confirmed_by__isnull=True).exists():
        raise Conflict(_("An answer waits for its second person already."), code="record_waits")
    _refuse_invalid(order, answer)
    paper = attachment_store(by=by, case=order.case, file=scan, purpose="scan", title=order.number, field="scan")
    saved = answer_save(by=by, order=order, answer=answer, source=Answer.Source.RECORDED, scan=paper)
    diary.record("order.record", by=by, obj=order, case_id=order.case_id, detail={"answer": saved.id})
    return saved


def answer_confirm(*, by: User, answer_id: UUID) -> Answer:
    """Second person: compare the entered answer with the scan; only now it takes effect."""
    found = policy.get(by, Action.ANSWER_VIEW, Answer.objects.select_related("order"), answer_id, lock=True)
    order = policy.get(by, Action.ORDER_RECORD, Order.objects.select_related(*_RELATED), found.order_id, lock=True)
    if found.source != Answer.Source.RECORDED or found.confirmed_by_id is not None:
        raise WrongState
    if found.answered_by_id == by.id:
        raise Forbidden(_("The second person must be another than the one who entered the answer."), code="same_person")
    found.confirmed_by = by
    found.save(update_fields=["confirmed_by"])
    diary.record("order.confirm_record", by=by, obj=order, case_id=order.case_id, detail={"answer": found.id})
    _finish(by=by, order=order, saved=found)
    return found


def _take(*, by: User, order: Order, answer: AnswerInput, source: str) -> Answer:
    crossed = order.status == Order.Status.CANCELLED and order.issued_at is not None
    if not crossed:
        order_flow.step("answer", order.status)
    _refuse_invalid(order, answer)
    if crossed and (answer.outcome not in {"executed", "partial"} or order.answers.exists()):
        raise WrongState(extra={"state": order.status, "verb": "answer"})
    saved = answer_save(by=by, order=order, answer=answer, source=source)
    if crossed:
        diary.record("order.crossed", by=by, obj=order, case_id=order.case_id, detail={"outcome": answer.outcome})
        answer_effects(by=by, order=order, answer=saved, crossed=True)
        return saved
    _finish(by=by, order=order, saved=saved)
    _carried_by_inbox(by, order)
    return saved


def _finish(*, by: User, order: Order, saved: Answer) -> None:
    now = db.require_unit_of_work().now
    changes: dict[str, Any] = {"answered_at": now, "outcome": saved.outcome}
    if order.acknowledged_at is None:
        changes |= {"acknowledged_at": now, "acknowledged_by": by}
    order_flow.apply(
        order, "answer", by=by, changes=changes,
        detail={"outcome": saved.outcome, "reason": saved.reason_code, "source": saved.source, "seq": saved.seq},
    )  # fmt: skip
    case_count(order.case_id, open_orders=-1)
    answer_effects(by=by, order=order, answer=saved)


def _refuse_invalid(order: Order, answer: AnswerInput) -> None:
    blocking = _words(errors_of(answer_check(order, answer)))
    if blocking:
        raise Invalid(fields=blocking)


def _words(problems: dict[str, list[Problem]]) -> dict[str, list[str]]:
    texts = {code: translate(text) for code, text in rules.MESSAGES.items()}
    return {name: [problem.text(texts) for problem in found] for name, found in problems.items()}


def _draft(answer: AnswerInput) -> rules.AnswerDraft:
    return rules.AnswerDraft(
        outcome=answer.outcome,
        reason=answer.reason,
        reason_text=answer.reason_text,
        suggested_institution=answer.suggested_institution.code if answer.suggested_institution else "",
        mismatch_field=answer.mismatch_field,
        handled_by=answer.handled_by,
        handled_phone=answer.handled_phone,
        second_person=answer.second_person,
        branch=answer.branch,
        effective_from=answer.effective_from,
        expires_at=answer.expires_at,
        executed_minor=answer.executed_minor,
        balance_minor=answer.balance_minor,
        previously_frozen_minor=answer.previously_frozen_minor,
        free_minor=answer.free_minor,
        currency=answer.currency if answer.executed_minor is not None else "",
        waiting_rank=answer.waiting_rank,
        prior_freezes=tuple(rules.PriorFreeze(p.body, p.amount_minor, "", p.expires_at) for p in answer.prior_freezes),
        results=answer.results,
        next_hops=tuple(
            rules.NextHop(
                h.institution.code if h.institution else h.institution_text, h.number, h.name, h.amount_minor, "", h.at
            )
            for h in answer.next_hops
        ),
        has_file=answer.statement is not None,
        has_holder=answer.holder is not None,
    )


def _only_executing(by: User) -> None:
    if not by.institution.is_executing:
        raise Forbidden(_("Only the institution that the order is addressed to can answer it."))


def _carried_by_inbox(by: User, order: Order) -> None:
    delivery_transported_by_inbox(by=by, institution_id=by.institution_id, topic=TOPIC, subject_id=order.id)
