"""What a bank tells of an account that it watches: each credit becomes a transfer of the case, from where it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount, Involvement, Order, Transfer
from accounts.policy import Action
from accounts.selectors.identity import accounts_meant, indexes_of, root_id
from accounts.selectors.watches import SOURCE, watches_running
from accounts.services.accounts import account_involve
from accounts.services.transfers import transfer_note
from accounts.services.watch_credits import credit_met, credits_hold, credits_known, was_told
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Forbidden, Invalid, WrongState
from antifraud.outbox import post
from banks.models import Institution, User

CREDITED = "watch.credited"
MOST_CREDITS = 200
EARLIER = timedelta(days=1)  # what came while the order was on its way is told as well
ROWS = Order.objects.select_related("case", "account__institution", "institution")


@dataclass(frozen=True)
class Credit:
    """One credit as the bank's books have it; the payer's number "" where the bank does not know it. Amount in minor units.

    `is_another`: a further one that looks like one told before.
    """

    at: datetime
    amount_minor: int
    currency: str = "CNY"
    number: str = ""
    name: str = ""
    institution: Institution | None = None
    reference: str = ""
    is_another: bool = False


def watch_report(*, by: User, order_id: UUID, told: Sequence[Credit]) -> list[Transfer | None]:
    """Take new credits of a watched account; for each in its order the transfer, None where it was told before.

    One that tells of a payment which the case has from a statement or another telling is that transfer (`credits_known`):
    nothing comes twice, and the bank does not learn what the case knew. The same credit is one of the same payer, time,
    amount and reference. Without a reference two real credits may look alike: such a one is new only where it says so
    itself (`is_another`).
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
    credits_hold(order, account)
    fresh = {at: credit for at, credit in enumerate(told) if not _is_told(order, account, credit)}
    known = credits_known(order, account, fresh)
    taken = [_take(by, order, account, credit, known.get(at)) for at, credit in enumerate(told)]
    made = [each for at, each in enumerate(taken) if each is not None and at not in known]
    if made:
        post.enqueue(CREDITED, order.id)
    detail: dict[str, Any] = {"told": len(told), "new": len(made), "transfers": [each.id for each in made]}
    if known:
        detail["known"] = [each.id for each in known.values()]
    diary.record("watch.report", by=by, obj=order, case_id=order.case_id, detail=detail)
    return taken


def _payers(credit: Credit) -> set[UUID]:
    return accounts_meant(indexes_of(credit.number)) if credit.number.strip() else set()


def _is_told(order: Order, account: InvolvedAccount, credit: Credit) -> bool:
    return not credit.is_another and was_told(order, account, credit, _payers(credit))


def _take(by: User, order: Order, account: InvolvedAccount, credit: Credit, known: Transfer | None) -> Transfer | None:
    _check(order, account, credit, _payers(credit))
    if known is not None:
        credit_met(order, credit, known, by=by)
        return known
    if _is_told(order, account, credit):  # anew: the same may stand twice in what is told now
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


def _check(order: Order, account: InvolvedAccount, credit: Credit, payers: set[UUID]) -> None:
    problems: dict[str, list[Any]] = {}
    if credit.at > db.require_unit_of_work().now:
        problems["at"] = [_("The time lies in the future. Enter when the money came.")]
    if credit.at < order.created_at - EARLIER:
        text = _(
            "The money came before the account was watched. Tell what came since; earlier payments are in a statement."
        )
        problems["at"] = [text]
    if account.id in payers and credit.institution in {None, account.institution}:
        text = _("Payer and watched account are the same. Enter who paid, or leave the number blank.")
        problems["number"] = [text]
    if problems:
        raise Invalid(fields=problems)
