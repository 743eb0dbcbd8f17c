"""Who may do what with returns of money: police of the case up to the decision, the bank that holds the money from it on.

A bank's reach is its grant on a decided return; what it is told is its own extract (`Refund.payload`), never the rest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from accounts.models import Objection, Refund
from antifraud.policy import anywhere, granted, register, where
from banks.models import User
from banks.policy import BANK, POLICE, rows
from cases.models import Case
from cases.policy import LEADERS, WRITERS

R = User.Role


class RefundAction(StrEnum):
    """The actions of returns."""

    REFUND_VIEW = "refund.view"
    REFUND_FOLLOW = "refund.follow"
    REFUND_DRAFT = "refund.draft"
    REFUND_RENEW = "refund.renew"
    REFUND_NOTICE = "refund.notice"
    REFUND_OBJECT = "refund.object"
    REFUND_SUBMIT = "refund.submit"
    REFUND_RECALL = "refund.recall"
    REFUND_APPROVE = "refund.approve"
    REFUND_REJECT = "refund.reject"
    REFUND_WITHDRAW = "refund.withdraw"
    REFUND_CLOSE = "refund.close"
    REFUND_GIVE_UP = "refund.give_up"
    REFUND_REVEAL = "refund.reveal"
    REFUND_PRINT = "refund.print"
    REFUND_EXPORT = "refund.export"
    REFUND_OPEN = "refund.open"
    REFUND_REPORT = "refund.report"
    REFUND_PAY = "refund.pay"
    REFUND_FAIL = "refund.fail"
    OBJECTION_VIEW = "objection.view"
    OBJECTION_DECIDE = "objection.decide"
    OBJECTION_REVEAL = "objection.reveal"
    CASCADE_VIEW = "cascade.view"
    CASCADE_DRAFT = "cascade.draft"


def payable(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Decided returns that are granted to the reader's institution and that it has to pay."""
    return granted()(user, queryset).filter(institution=user.institution_id)


_of_case = granted("case")
# An institution outside of the platform is told on paper; an officer records what it did.
_on_paper = where(_of_case, institution__connected=False)

register(RefundAction.REFUND_VIEW, model=Refund, rows=rows((POLICE, _of_case), (BANK, payable), (R.SYSTEM, anywhere)))
# Everything about a return that is police's own: losses, objections, worksheet.
register(RefundAction.REFUND_FOLLOW, model=Refund, rows=rows((POLICE, _of_case)), known_by=RefundAction.REFUND_VIEW)
register(RefundAction.REFUND_DRAFT, model=Case, rows=rows((WRITERS, granted())), known_by="case.view")
for _action in (
    RefundAction.REFUND_RENEW,
    RefundAction.REFUND_NOTICE,
    RefundAction.REFUND_SUBMIT,
    RefundAction.REFUND_RECALL,
    RefundAction.REFUND_WITHDRAW,
    RefundAction.REFUND_CLOSE,
    RefundAction.REFUND_GIVE_UP,
):
    register(_action, model=Refund, rows=rows((WRITERS, _of_case)), known_by=RefundAction.REFUND_VIEW)
for _action in (
    RefundAction.REFUND_OBJECT,
    RefundAction.REFUND_REVEAL,
    RefundAction.REFUND_PRINT,
    RefundAction.REFUND_EXPORT,
):
    register(_action, model=Refund, rows=rows((POLICE, _of_case)), known_by=RefundAction.REFUND_VIEW)
for _action in (RefundAction.REFUND_APPROVE, RefundAction.REFUND_REJECT):
    register(_action, model=Refund, rows=rows((LEADERS, _of_case)), known_by=RefundAction.REFUND_VIEW)
register(RefundAction.REFUND_OPEN, model=Refund, rows=rows((BANK, payable)), known_by=RefundAction.REFUND_VIEW)
for _action in (RefundAction.REFUND_REPORT, RefundAction.REFUND_PAY, RefundAction.REFUND_FAIL):
    register(
        _action,
        model=Refund,
        rows=rows((BANK, payable), (WRITERS, _on_paper)),
        known_by=RefundAction.REFUND_VIEW,
    )
register(RefundAction.OBJECTION_VIEW, model=Objection, rows=rows((POLICE, _of_case)))
register(
    RefundAction.OBJECTION_DECIDE, model=Objection, rows=rows((LEADERS, _of_case)), known_by=RefundAction.OBJECTION_VIEW
)
register(
    RefundAction.OBJECTION_REVEAL, model=Objection, rows=rows((POLICE, _of_case)), known_by=RefundAction.OBJECTION_VIEW
)
register(RefundAction.CASCADE_VIEW, model=Case, rows=rows((POLICE, granted())), known_by="case.view")
register(RefundAction.CASCADE_DRAFT, model=Case, rows=rows((WRITERS, granted())), known_by="case.view")
