"""What an institution learns of the statement files that it sent with an answer: which cannot be read, and why; nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Order, StatementFile
from accounts.policy import Action
from antifraud import policy
from banks.models import User

SENT = (StatementFile.Source.ANSWER, StatementFile.Source.API)


@dataclass(frozen=True)
class Refused:
    """One file that cannot be read. `code` is a key of rules.statements.messages; `params` say where in the file."""

    received_at: datetime
    code: str
    params: Mapping[str, str]


def statements_refused(*, user: User, order: Order) -> list[Refused]:
    """Files of the order's answers that were refused, oldest first.

    What becomes of one that can be read is not told, nor whether the case had its bytes from elsewhere: that is not the
    institution's business.
    """
    policy.require(user, Action.ORDER_ANSWER, order)
    rows = StatementFile.objects.filter(
        answer__order=order, case=order.case_id, source__in=SENT, status=StatementFile.Status.REFUSED
    )
    return [
        Refused(*row)
        for row in rows.order_by("received_at", "pk").values_list("received_at", "refusal", "refusal_params")
    ]
