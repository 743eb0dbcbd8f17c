"""The tables of floor 3."""

from __future__ import annotations

from accounts.models.account import AccountAlias, AccountChange, AccountName, InvolvedAccount
from accounts.models.alert import Alert, AlertGrant, AlertLine, AlertNotice, AlertNoticeGrant
from accounts.models.answer import Answer, HolderRecord, NextHop, PriorFreeze
from accounts.models.escalation import ClockPause, Escalation
from accounts.models.grants import AccountGrant, OrderGrant
from accounts.models.hold import Hold
from accounts.models.involvement import Involvement, Transfer
from accounts.models.lookup import LookupBudget
from accounts.models.order import Order
from accounts.models.reconciliation import SyncFinding, SyncRun

__all__ = [
    "AccountAlias",
    "AccountChange",
    "AccountGrant",
    "AccountName",
    "Alert",
    "AlertGrant",
    "AlertLine",
    "AlertNotice",
    "AlertNoticeGrant",
    "Answer",
    "ClockPause",
    "Escalation",
    "Hold",
    "HolderRecord",
    "InvolvedAccount",
    "Involvement",
    "LookupBudget",
    "NextHop",
    "Order",
    "OrderGrant",
    "PriorFreeze",
    "SyncFinding",
    "SyncRun",
    "Transfer",
]  # fmt: skip
