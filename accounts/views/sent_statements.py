"""What the page of an answered order shows of its statement files: which could not be read, and the form for another one."""

from __future__ import annotations

from typing import Any

from accounts.forms.statement_send import StatementSendForm
from accounts.forms.statement_words import remark_text
from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.selectors.statements_sent import statements_refused
from accounts.services.answer_effects import ACTED
from accounts.services.statement_doors import ASKING
from antifraud import policy
from banks.models import User


def sent_context(
    user: User, order: Order, answers: list[Answer], form: StatementSendForm | None = None
) -> dict[str, Any]:
    """{} where no statement was asked for, or where the answer brings none."""
    is_asked = order.kind in ASKING and order.status == Order.Status.ANSWERED
    if not is_asked or not answers or answers[-1].outcome not in ACTED:
        return {}
    if not policy.can(user, Action.ORDER_ANSWER, order):
        return {}
    found = statements_refused(user=user, order=order)
    return {
        "statements_refused": [(each.received_at, remark_text(each.code, each.params)) for each in found],
        "statement_form": form or StatementSendForm(),
    }
