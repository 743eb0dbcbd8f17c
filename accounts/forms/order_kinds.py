"""Which order kinds a case carries now, and in words why another one is not offered; the law of it is in the services."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Hold, Involvement
from accounts.rules.order_kinds import ORDER_KINDS, OrderKind
from accounts.selectors.watches import watches_by_account
from accounts.services.orders.checks import case_problem
from accounts.services.orders.lines import addressable, follows
from banks.models import IssuePower
from banks.templatetags.ui_words import KIND
from cases.models import Case


@dataclass(frozen=True)
class KindOffer:
    """One kind for the list of choices; `reason` says why it cannot be chosen, "" where it can."""

    row: OrderKind
    label: Any
    icon: str
    reason: str

    @property
    def name(self) -> str:
        """The kind's word."""
        return self.row.name


def kinds_offered(
    *, case: Case, powers: Iterable[IssuePower], involvements: list[Involvement], holds: list[Hold], now: datetime
) -> list[KindOffer]:
    """Every kind of the table, in its order, each with its reason against it."""
    allowed = {power.order_kind for power in powers}
    return [
        KindOffer(row, KIND[name].label, KIND[name].icon, _reason(row, case, allowed, involvements, holds, now))
        for name, row in ORDER_KINDS.items()
    ]


def _reason(
    row: OrderKind, case: Case, allowed: set[str], involvements: list[Involvement], holds: list[Hold], now: datetime
) -> str:
    if row.name not in allowed:
        return _("Your institution may not issue this kind of order.")
    problem = case_problem(case, row)
    if problem:
        return str(problem)
    if row.references_original:
        fitting = any(hold.order.kind in row.originals and follows(row, hold, now) for hold in holds)
        return "" if fitting else _("No hold of this case can be changed by it.")
    if row.name == "watch_end" and not (involvements and watches_by_account(case.id)):
        return _("No account of this case is watched.")
    if any(account_problem(row, involvement) == "" for involvement in involvements):
        return ""
    if row.target == "phone":
        return _("No telephone number of an operator is entered in this case.")
    return _("No account with a known bank is entered in this case.")


def account_problem(row: OrderKind, involvement: Involvement) -> str:
    """Why no order of this kind can be sent for the account, "" where one can. Counts and open orders are not asked."""
    account = involvement.account
    if account.institution is None:
        return _("The institution is not known. Correct the account first.")
    if not addressable(row, account, account.institution):
        return _("This kind of order cannot be sent to this institution.")
    return ""
