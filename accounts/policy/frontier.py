"""Who may do what with the fund flow beyond the traces themselves: a bank with its own accounts, officers with the frontier."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import InvolvedAccount
from accounts.policy.orders import Action, at_own_bank
from antifraud.policy import register
from banks.policy import BANK, rows


class FrontierAction(StrEnum):
    """The actions; drafting from the frontier is `order.draft` on the case."""

    OWN_FLOW = "account.flow"


register(
    FrontierAction.OWN_FLOW, model=InvolvedAccount, rows=rows((BANK, at_own_bank)), known_by=Action.ACCOUNT_VIEW
)  # fmt: skip
