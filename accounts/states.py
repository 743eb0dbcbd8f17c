"""The legal steps of orders, holds, alerts, notices and statement files, as tables (domain.md §2, §3)."""

from __future__ import annotations

from accounts.models import Alert, AlertNotice, Hold, Order, Refund, StatementFile
from antifraud.workflow import Transition, Workflow

order_flow = Workflow(
    Order,
    "order",
    ("draft",),
    [
        Transition("submit", ("draft",), "awaiting_approval", "order.submitted"),
        Transition("recall", ("awaiting_approval",), "draft"),
        Transition(
            "confirm", ("awaiting_approval",), "issued", "order.issued"
        ),  # emergency: the second officer's own log-in
        Transition("approve", ("awaiting_approval",), "issued", "order.issued"),
        Transition("reject", ("awaiting_approval",), "rejected", "order.rejected"),
        Transition("acknowledge", ("issued",), "acknowledged", "order.acknowledged"),
        Transition("answer", ("issued", "acknowledged"), "answered", "order.answered"),
        Transition("cancel", ("draft", "awaiting_approval", "issued", "acknowledged"), "cancelled", "order.cancelled"),
        Transition("supersede", ("answered", "rejected", "cancelled"), "superseded"),
    ],
)

hold_flow = Workflow(
    Hold,
    "hold",
    ("active", "waiting"),
    [
        Transition("activate", ("waiting",), "active", "hold.activated"),
        # Also from "expired": what took effect at the bank before the end may be told after it.
        Transition("extend", ("active", "extended", "expired"), "extended", "hold.extended"),
        Transition("convert", ("active", "extended", "expired"), "converted", "hold.converted"),
        Transition("release", ("waiting", "active", "extended", "expired"), "released", "hold.released"),
        Transition("expire", ("active", "extended"), "expired", "hold.expired"),
        Transition("lift", ("released", "expired"), "lift_confirmed", "hold.lifted"),
    ],
)

alert_flow = Workflow(
    Alert,
    "alert",
    ("draft",),
    [
        Transition("submit", ("draft",), "awaiting_approval", "alert.submitted"),
        Transition("recall", ("awaiting_approval",), "draft"),
        Transition("approve", ("awaiting_approval",), "issued", "alert.issued"),
        Transition("reject", ("awaiting_approval",), "rejected", "alert.rejected"),
        Transition("cancel", ("draft", "awaiting_approval"), "cancelled"),
        Transition("close", ("issued",), "closed", "alert.closed"),
    ],
)

notice_flow = Workflow(
    AlertNotice,
    "notice",
    ("issued",),
    [
        Transition("acknowledge", ("issued",), "acknowledged", "notice.acknowledged"),
        Transition("report_back", ("acknowledged",), "reported_back", "notice.reported_back"),
        Transition("close", ("issued", "acknowledged"), "closed", "notice.closed"),
    ],
)

refund_flow = Workflow(
    Refund,
    "refund",
    ("drafted",),
    [
        Transition("notice", ("drafted",), "noticed", "refund.noticed"),
        Transition("object", ("noticed", "objected"), "objected", "refund.objected"),
        Transition("renew", ("drafted", "noticed", "objected"), "drafted", "refund.renewed"),
        Transition("approve", ("drafted", "noticed", "objected"), "decided", "refund.decided"),
        Transition("pay", ("decided", "failed"), "paid", "refund.paid"),
        Transition("fail", ("decided", "failed"), "failed", "refund.failed"),
        Transition("close", ("paid", "failed"), "closed", "refund.closed"),
        Transition("withdraw", ("drafted", "noticed", "objected"), "closed", "refund.closed"),
    ],
)

statement_flow = Workflow(
    StatementFile,
    "statement",
    ("received",),
    [
        Transition("ask", ("received",), "needs_mapping", "statement.asked"),
        Transition("map", ("needs_mapping", "preview"), "received"),
        # Also from "preview": the ledger has grown since, and the rows are compared again.
        Transition("read", ("received", "preview"), "preview", "statement.read"),
        Transition("refuse", ("received",), "refused", "statement.refused"),
        Transition("commit", ("preview",), "committed", "statement.committed"),
        Transition("discard", ("received", "needs_mapping", "preview"), "discarded"),
    ],
)
