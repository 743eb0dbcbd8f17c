"""The tables of floor 3."""

from __future__ import annotations

from accounts.models.account import AccountAlias, AccountChange, AccountName, InvolvedAccount
from accounts.models.answer import Answer, HolderRecord, NextHop, PriorFreeze
from accounts.models.grants import AccountGrant, OrderGrant
from accounts.models.hold import Hold
from accounts.models.involvement import Involvement, Transfer
from accounts.models.lookup import LookupBudget
from accounts.models.order import Order

__all__ = [
    "AccountAlias",
    "AccountChange",
    "AccountGrant",
    "AccountName",
    "Answer",
    "Hold",
    "HolderRecord",
    "InvolvedAccount",
    "Involvement",
    "LookupBudget",
    "NextHop",
    "Order",
    "OrderGrant",
    "PriorFreeze",
    "Transfer",
]  # fmt: skip
