"""What a bank tells of an account that it watches: each credit becomes a transfer of the case, from where it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount, Involvement, Order, Transfer
from accounts.policy import Action
from accounts.selectors.identity import root_id
from accounts.selectors.watches import SOURCE, watches_running
from accounts.services.accounts import account_involve
from accounts.services.transfers import transfer_note
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Forbidden, Invalid, WrongState
from antifraud.outbox import post
from banks.models import Institution, User

CREDITED = "watch.credited"
MOST_CREDITS = 200
ROWS = Order.objects.select_related("case", "account__institution", "institution")


@dataclass(frozen=True)
class Credit:
    """One credit as the bank's books have it; the payer's number "" where the bank does not know it. Amount in minor units."""

    at: datetime
    amount_minor: int
    currency: str = "CNY"
    number: str = ""
    name: str = ""
    institution: Institution | None = None
    reference: str = ""


def watch_report(*, by: User, order_id: UUID, told: Sequence[Credit]) -> list[Transfer]:
    """Take new credits of a watched account; those told before (same time, amount and reference) change nothing.

    They come into the case's ledger by themselves, and traces that reach the account are run again. Raises WrongState
    where the watch does not run, Invalid by field, Forbidden for people of the police, NotFound out of reach.
    """
    order = policy.get(by, Action.ORDER_ANSWER, ROWS, order_id, lock=True)
    if not by.institution.is_executing:
        raise Forbidden(_("Only the institution that watches the account can tell of its credits."))
    if not watches_running(Order.objects.filter(pk=order.pk)).exists():
        raise WrongState(_("No watch of this order runs: it was not begun, or has ended."), extra={"verb": "report"})
    if not told or len(told) > MOST_CREDITS:
        raise Invalid(fields={"credits": [_("Tell at least one credit and at most two hundred at a time.")]})
    account = InvolvedAccount.objects.select_related("institution").get(pk=root_id(order.account))
    made = [transfer for credit in told if (transfer := _take(by, order, account, credit)) is not None]
    if made:
        post.enqueue(CREDITED, order.id)
    detail: dict[str, Any] = {"told": len(told), "new": len(made), "transfers": [each.id for each in made]}
    diary.record("watch.report", by=by, obj=order, case_id=order.case_id, detail=detail)
    return made


def _take(by: User, order: Order, account: InvolvedAccount, credit: Credit) -> Transfer | None:
    now = db.require_unit_of_work().now
    if credit.at > now:
        raise Invalid(fields={"at": [_("The time lies in the future. Enter when the money came.")]})
    same = Transfer.objects.filter(
        case=order.case_id, to_account=account, at=credit.at, amount_minor=credit.amount_minor, currency=credit.currency,
        reference=credit.reference.strip(), source=SOURCE,
    )  # fmt: skip
    if same.exists():
        return None
    payer = None
    if credit.number.strip():
        level = Involvement.objects.filter(case=order.case_id, account=account).values_list("level", flat=True).first()
        payer = account_involve(
            by=by, case=order.case, number=credit.number, institution=credit.institution, kind="", holder_name=credit.name,
            level=max(level or 1, 1), role=Involvement.Role.INVOLVED, state=Involvement.State.PROPOSED, source=SOURCE,
        ).account  # fmt: skip
    return transfer_note(
        by=by, case=order.case, to_account=account, amount_minor=credit.amount_minor, currency=credit.currency, at=credit.at,
        from_account=payer, channel="", reference=credit.reference, source=SOURCE,
    )  # fmt: skip
