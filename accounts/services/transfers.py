"""Transfers that a case knows: the money's steps that a stop is matched against; tracing them is not here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount, Involvement, Transfer
from accounts.policy import Action
from accounts.selectors.identity import root_id
from accounts.services.ledger.bounds import over_text, transfer_over
from antifraud import db, money, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, WrongState
from antifraud.outbox import post
from banks.models import User
from cases.models import Case

FUTURE_TOLERANCE = timedelta(minutes=5)  # clocks of banks and victims differ a little


def transfer_record(
    *,
    by: User,
    case: Case,
    to_account: InvolvedAccount,
    amount_minor: int,
    currency: str = "CNY",
    at: datetime | None = None,
    from_account: InvolvedAccount | None = None,
    channel: str = "",
    reference: str = "",
    source: str = "filed",
) -> Transfer:
    """Note that money moved; `from_account` None: the payer's account is not known yet. Amount in minor units.

    Both accounts must belong to the case. Raises Invalid (amount, currency, at, from_account, to_account).
    """
    policy.require(by, Action.TRANSFER_RECORD, case)
    return transfer_note(
        by=by, case=case, to_account=to_account, amount_minor=amount_minor, currency=currency, at=at,
        from_account=from_account, channel=channel, reference=reference, source=source,
    )  # fmt: skip


def transfer_note(
    *,
    by: User,
    case: Case,
    to_account: InvolvedAccount,
    amount_minor: int,
    currency: str,
    at: datetime | None,
    from_account: InvolvedAccount | None,
    channel: str,
    reference: str,
    source: str,
) -> Transfer:
    """The act itself, for filing and for the next hops of an answer. The caller has authorised."""
    now = db.require_unit_of_work().now
    if case.status == Case.Status.CLOSED:
        raise WrongState(_("The case is closed; nothing can be added to it."), extra={"state": case.status})
    target, origin = root_id(to_account), root_id(from_account) if from_account else None
    _check(case, target, origin, amount_minor, currency, at, now)
    reject_forbidden(reference, field="reference")
    transfer = Transfer(
        case=case, from_account_id=origin, to_account_id=target, at=at, amount_minor=amount_minor, currency=currency,
        channel=channel.strip(), reference=reference.strip(), source=source, recorded_by=by, recorded_at=now,
    )  # fmt: skip
    transfer.save(force_insert=True)
    post.enqueue("transfer.recorded", transfer.pk)  # a worker brings it into the ledger: an import may hold that now
    diary.record(
        "transfer.record", by=by, obj=transfer, case_id=case.id,
        detail={"from": origin, "to": target, "amount_minor": amount_minor, "currency": currency, "source": source},
    )  # fmt: skip
    return transfer


def _check(
    case: Case, target: Any, origin: Any, amount_minor: int, currency: str, at: datetime | None, now: datetime
) -> None:
    problems: dict[str, list[Any]] = {}
    if not 0 < amount_minor <= money.MAX_MINOR:
        is_large = amount_minor > money.MAX_MINOR
        text = _(money.MESSAGES["amount_out_of_range"])
        problems["amount"] = [
            text if is_large else _("The amount of a transfer is more than zero. Enter what was paid.")
        ]
    elif (over := transfer_over(case.pk, {target, origin} - {None}, amount_minor, currency)) is not None:
        problems["amount"] = [over_text(over)]
    if currency not in money.EXPONENTS:
        problems["currency"] = [_("The currency is not an ISO 4217 code. Use three letters such as CNY.")]
    if at is not None and at > now + FUTURE_TOLERANCE:
        problems["at"] = [_("The time of the transfer lies in the future. Enter when the money moved.")]
    if origin == target:
        problems["from_account"] = [_("Payer and receiver are the same account. Choose another payer.")]
    wanted = {target, origin} - {None}
    known = set(Involvement.objects.filter(case=case, account__in=wanted).values_list("account_id", flat=True))
    for name, account_id in (("to_account", target), ("from_account", origin)):
        if account_id is not None and account_id not in known:
            problems.setdefault(name, [_("This account is not part of the case. Add it to the case first.")])
    if problems:
        raise Invalid(fields=problems)
