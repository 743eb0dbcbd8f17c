"""File a case together with its accounts and transfers in one act: the officer's first minute; a victim found later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import InvolvedAccount, Involvement
from accounts.services.accounts import account_involve
from accounts.services.transfers import transfer_note
from antifraud.errors import Invalid
from banks.models import Institution, User
from cases.models import Case, Victim
from cases.services.cases import CaseInput, case_file
from cases.services.victims import VictimInput, victim_enter


@dataclass(frozen=True)
class FiledAccount:
    """One receiving account as entered; the transfer into it where amount is known."""

    number: str
    institution: Institution | None = None
    name: str = ""
    amount_minor: int | None = None
    currency: str = "CNY"
    at: datetime | None = None
    place: str = "accounts"  # the field (and line) that a refusal is shown at
    channel: str = ""
    reference: str = ""


def case_file_with_accounts(
    *, by: User, data: CaseInput, accounts: list[FiledAccount], victim_account: FiledAccount | None = None
) -> Case:
    """Case, level-1 accounts and the victim's transfers in the caller's unit: all or nothing.

    A number that stands twice gets one account and two transfers. Raises Invalid naming the line of a wrong account.
    """
    case = case_file(by=by, data=data)
    origin = _enter(by, case, victim_account, level=0, role="victim") if victim_account else None
    for account in accounts:
        target = _enter(by, case, account, level=1, role="involved")
        if account.amount_minor:
            transfer_note(
                by=by, case=case, to_account=target, amount_minor=account.amount_minor, currency=account.currency,
                at=account.at, from_account=origin, channel=account.channel, reference=account.reference, source="filed",
            )  # fmt: skip
    return case


def victim_with_account_enter(
    *, by: User, case_id: UUID, data: VictimInput, account: FiledAccount | None = None
) -> Victim:
    """A victim found later, with the account that paid: traces may start from it. All or nothing.

    Raises Invalid by field, naming `account.place` for an account that the case has as another's; WrongState if closed.
    """
    victim = victim_enter(by=by, case_id=case_id, data=data)
    if account is not None:
        found = _enter(by, Case.objects.get(pk=case_id), account, level=0, role=Involvement.Role.VICTIM)
        if not found.involvements.filter(case=case_id, role=Involvement.Role.VICTIM).exists():
            text = _(
                "The case has this account as one that received the money. Dismiss it there first, or correct the number."
            )
            raise Invalid(fields={account.place: [text]})
    return victim


def _enter(by: User, case: Case, account: FiledAccount, *, level: int, role: str) -> InvolvedAccount:
    try:
        involvement = account_involve(
            by=by, case=case, number=account.number, institution=account.institution, kind="", holder_name=account.name,
            level=level, role=role, state="confirmed", source="filed",
        )  # fmt: skip
    except Invalid as error:
        texts = [str(text) for found in error.fields.values() for text in found] or [
            _("This account cannot be entered.")
        ]
        raise Invalid(fields={account.place: texts}) from error
    return involvement.account
