"""Write an answer's rows as the institution gave them; what the answer means is carried out in `answer_effects`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from django.core.files.base import File

from accounts.models import Answer, HolderRecord, NextHop, Order, PriorFreeze
from accounts.policy import Action
from accounts.rules.numbers import read_number
from accounts.services.answer_input import AnswerInput
from accounts.services.statements.files import statement_ahead
from antifraud import db, policy
from banks.models import User
from cases.models import Attachment
from cases.services.attachments import attachment_store


@contextmanager
def answer_ahead(*, by: User, order: Order, answer: AnswerInput, action: Action) -> Iterator[AnswerInput]:
    """The answer with its file, if it has one, encrypted and on disk before the unit of work that takes it.

    with answer_ahead(…) as ready, unit_of_work(user): order_answer(answer=ready, …)

    Raises NotFound, Forbidden by `action`, Invalid (statement).
    """
    if not isinstance(answer.statement, File):
        yield answer
        return
    policy.require(by, action, order)
    with statement_ahead(case_id=order.case_id, file=answer.statement, field="statement") as stored:
        yield replace(answer, statement=stored)


def answer_save(*, by: User, order: Order, answer: AnswerInput, source: str, scan: Attachment | None = None) -> Answer:
    """Insert the answer with its prior freezes, next hops, holder record and file. The caller has checked it."""
    statement = None
    if answer.statement is not None:
        statement = attachment_store(
            by=by, case=order.case, file=answer.statement, purpose="statement", title=order.number, field="statement"
        )
    saved = Answer(
        order=order,
        case_id=order.case_id,
        seq=order.answers.count() + 1,
        outcome=answer.outcome,
        reason_code=answer.reason,
        reason_text=answer.reason_text or None,
        mismatch_field=answer.mismatch_field,
        suggested_institution=answer.suggested_institution,
        asked_minor=order.amount_minor,
        executed_minor=answer.executed_minor,
        balance_minor=answer.balance_minor,
        previously_frozen_minor=answer.previously_frozen_minor,
        free_minor=answer.free_minor,
        currency=answer.currency or order.currency,
        effective_at=answer.effective_from,
        waiting_rank=answer.waiting_rank,
        handler_name=answer.handled_by,
        handler_phone=answer.handled_phone,
        second_person=answer.second_person,
        branch=answer.branch,
        remarks=answer.remarks or None,
        sub_results=[asdict(line) for line in answer.results] or None,
        source=source,
        scan=scan,
        statement=statement,
        answered_by=by,
        received_at=db.require_unit_of_work().now,
    )
    saved.save(force_insert=True)
    _parts(saved, answer, order)
    return saved


def answer_delete(answer: Answer) -> None:
    """Remove an answer that never took effect, with its parts; its files stay in the case. The caller has authorised."""
    answer.prior_freezes.all().delete()
    answer.next_hops.all().delete()
    HolderRecord.objects.filter(answer=answer).delete()
    answer.delete()


def _parts(saved: Answer, answer: AnswerInput, order: Order) -> None:
    currency = saved.currency
    PriorFreeze.objects.bulk_create(
        PriorFreeze(
            answer=saved,
            rank=p.rank,
            body=p.body,
            amount_minor=p.amount_minor,
            currency=currency,
            expires_at=p.expires_at,
        )
        for p in answer.prior_freezes
    )
    NextHop.objects.bulk_create(
        NextHop(
            answer=saved, case_id=order.case_id, institution=hop.institution, institution_text=hop.institution_text,
            number=read_number(hop.number).number, name=hop.name or None, amount_minor=hop.amount_minor, currency=currency, at=hop.at,
        )
        for hop in answer.next_hops
    )  # fmt: skip
    if answer.holder is not None:
        record = answer.holder
        HolderRecord(
            answer=saved, case_id=order.case_id, name=record.name, id_kind=record.id_kind, id_number=record.id_number or None,
            phone=record.phone or None, address=record.address or None, opened_on=record.opened_on,
            opening_branch=record.opening_branch,
        ).save(force_insert=True)  # fmt: skip
