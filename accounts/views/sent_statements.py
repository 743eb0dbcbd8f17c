"""What the page of an answered order shows of its statement files: which are no use as they are, and the form for another one."""

from __future__ import annotations

from typing import Any

from accounts.forms.statement_send import StatementSendForm
from accounts.forms.statement_words import remark_text
from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.selectors.statements_sent import statements_doubted, statements_refused
from accounts.services.answer_effects import ACTED
from accounts.services.statement_doors import ASKING
from antifraud import policy
from banks.models import User

WAITING = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


def sent_context(
    user: User, order: Order, answers: list[Answer], form: StatementSendForm | None = None
) -> dict[str, Any]:
    """{} where no statement was asked for, or where the answer brings none; before the answer what cannot be read alone."""
    is_due = order.status in WAITING
    is_brought = order.status == Order.Status.ANSWERED and bool(answers) and answers[-1].outcome in ACTED
    if order.kind not in ASKING or not (is_due or is_brought) or not policy.can(user, Action.ORDER_ANSWER, order):
        return {}
    found = statements_refused(user=user, order=order)
    refused = [(each.received_at, remark_text(each.code, each.params)) for each in found]
    told = {"statements_refused": refused, "statements_doubted": statements_doubted(user=user, order=order)}
    if is_due:
        return told | {"comes_with_answer": True}
    return told | {"statement_form": form or StatementSendForm()}
