"""The tables of floor 3."""

from __future__ import annotations

from accounts.models.account import AccountAlias, AccountChange, AccountName, InvolvedAccount
from accounts.models.act_reason import ActReason
from accounts.models.alert import Alert, AlertLine, AlertNotice
from accounts.models.answer import Answer, HolderRecord, NextHop, PriorFreeze
from accounts.models.escalation import ClockPause, Escalation
from accounts.models.feature import LedgerFeature, LedgerFeatureRun
from accounts.models.grants import AccountGrant, AlertGrant, AlertNoticeGrant, OrderGrant
from accounts.models.hold import Hold
from accounts.models.involvement import Involvement, Transfer
from accounts.models.ledger import CaseLedger, LedgerAccount, LedgerChain, LedgerEntry, LedgerMatch
from accounts.models.lookup import LookupBudget
from accounts.models.order import Order
from accounts.models.reconciliation import SyncFinding, SyncRun
from accounts.models.refund import Objection, Refund, RefundGrant, RefundRound, RefundShare
from accounts.models.second_number import SecondNumber
from accounts.models.series import (
    LinkKind,
    Series,
    SeriesCheck,
    SeriesCut,
    SeriesDecision,
    SeriesEvent,
    SeriesLink,
    SeriesMember,
    SeriesStop,
    SeriesTie,
)  # fmt: skip
from accounts.models.statement import StatementFile, StatementIssue, StatementLine, StatementMapping
from accounts.models.trace import TraceCheck, TraceRun
from accounts.models.watch_credit import WatchCredit

__all__ = [
    "AccountAlias",
    "AccountChange",
    "AccountGrant",
    "AccountName",
    "ActReason",
    "Alert",
    "AlertGrant",
    "AlertLine",
    "AlertNotice",
    "AlertNoticeGrant",
    "Answer",
    "CaseLedger",
    "ClockPause",
    "Escalation",
    "Hold",
    "HolderRecord",
    "InvolvedAccount",
    "Involvement",
    "LedgerAccount",
    "LedgerChain",
    "LedgerEntry",
    "LedgerFeature",
    "LedgerFeatureRun",
    "LedgerMatch",
    "LinkKind",
    "LookupBudget",
    "NextHop",
    "Objection",
    "Order",
    "OrderGrant",
    "PriorFreeze",
    "Refund",
    "RefundGrant",
    "RefundRound",
    "RefundShare",
    "SecondNumber",
    "Series",
    "SeriesCheck",
    "SeriesCut",
    "SeriesDecision",
    "SeriesEvent",
    "SeriesLink",
    "SeriesMember",
    "SeriesStop",
    "SeriesTie",
    "StatementFile",
    "StatementIssue",
    "StatementLine",
    "StatementMapping",
    "SyncFinding",
    "SyncRun",
    "TraceCheck",
    "TraceRun",
    "Transfer",
    "WatchCredit",
]  # fmt: skip
