"""What an institution learns of the statement files that it sent for an order: which cannot be read, which are about something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Order, StatementFile
from accounts.policy import Action
from accounts.selectors.statement_doubts import SHOWING, Doubts, statement_doubts
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from banks.models import User

SENT = (StatementFile.Source.ANSWER, StatementFile.Source.API)
REFUSED = (StatementFile.Status.REFUSED,)
MOST = 5  # files whose rows are looked at for one page


@dataclass(frozen=True)
class Refused:
    """One file that cannot be read. `code` is a key of rules.statements.messages; `params` say where in the file."""

    received_at: datetime
    code: str
    params: Mapping[str, str]


def statements_refused(*, user: User, order: Order) -> list[Refused]:
    """Files of the order's answers, and those that came for it before its answer, that were refused, oldest first.

    What becomes of one that can be read is not told, nor whether the case had its bytes from elsewhere: that is not the
    institution's business.
    """
    policy.require(user, Action.ORDER_ANSWER, order)
    return [Refused(file.received_at, file.refusal, file.refusal_params) for file in _sent(order, REFUSED)]


def statements_doubted(*, user: User, order: Order) -> list[tuple[datetime, Doubts]]:
    """When files came, the newest MOST of them, that can be read and are about another account or other days than the order asks.

    It follows from the file, the order and the numbers known of its account; whether the file was taken is not told. Of one
    that was discarded nothing is said any more.
    """
    policy.require(user, Action.ORDER_ANSWER, order)
    read = _sent(order, SHOWING)[-MOST:]
    told = [(file.received_at, statement_doubts(file, order)) for file in read]
    return [(at, doubts) for at, doubts in told if doubts]


def _sent(order: Order, states: Iterable[str]) -> list[StatementFile]:
    """Oldest first."""
    mine = Q(answer__order=order) | Q(
        answer__isnull=True, institution=order.institution_id, source=StatementFile.Source.API
    )
    rows = StatementFile.objects.filter(mine, case=order.case_id, source__in=SENT, status__in=states)
    found = list(rows.select_related("attachment").order_by("received_at", "pk"))
    preload_rows([file.attachment for file in found if file.answer_id is None])
    # What comes before there is an answer is titled with its order's number (`services.statement_doors`).
    return [file for file in found if file.answer_id is not None or file.attachment.title.open() == order.number]
