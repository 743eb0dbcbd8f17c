"""The whole content of an order in clear, and its legal instrument, for who must act on it; single values are in `reveals`.

Each look is an audited act (R29).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts.models import Order
from accounts.policy import Action
from accounts.selectors.queue import bank_queue
from antifraud import policy
from antifraud.audit import diary
from antifraud.crypto.evidence import open_evidence
from antifraud.crypto.fields import preload_rows
from antifraud.errors import NotFound
from banks.models import User
from cases.models import Attachment

ROWS = Order.objects.select_related("instrument")


def order_content_reveal(*, by: User, order_id: UUID, purpose: str = "") -> dict[str, Any]:
    """The whole payload of an issued order (accounts.services.payload), after its audit row.

    `purpose` is "answer order <number>" unless another one is given: who must match an order has no choice of reasons.
    Raises NotFound, also for an order that says nothing yet.
    """
    order = policy.get(by, Action.ORDER_REVEAL, ROWS, order_id)
    if order.payload is None:
        raise NotFound
    diary.record(
        "order.reveal", by=by, obj=order, case_id=order.case_id, purpose=purpose or f"answer order {order.number}",
        legal_basis=order.legal_basis, detail={"field": "payload"},
    )  # fmt: skip
    payload: dict[str, Any] = json.loads(order.payload.open())
    return payload


@dataclass(frozen=True)
class SheetOrder:
    """An open order with number and name of its account as they go into a sheet."""

    order: Order
    number: str
    name: str


def orders_export(*, by: User, clear: bool, limit: int) -> list[SheetOrder]:
    """The institution's open orders for a sheet, the most urgent first, at most `limit`.

    `clear`: account numbers and names as the orders say them, with an audit row for each order; else masked.
    """
    policy.require(by, Action.ORDER_REVEAL)
    rows = bank_queue(user=by).defer(None).defer("reason", "case__narrative") if clear else bank_queue(user=by)
    orders = list(rows[:limit])
    preload_rows([*orders, *(order.account for order in orders)])
    diary.record("order.export", by=by, purpose="bulk answers", detail={"orders": len(orders), "clear": clear})
    return [_for_sheet(order, by, clear) for order in orders]


def _for_sheet(order: Order, by: User, clear: bool) -> SheetOrder:
    account = order.account
    if not clear or order.payload is None:
        return SheetOrder(order, account.number.masked(), account.holder_name.masked() if account.holder_name else "")
    diary.record(
        "order.reveal", by=by, obj=order, case_id=order.case_id, purpose="bulk answers", legal_basis=order.legal_basis,
        detail={"field": "target"},
    )  # fmt: skip
    target = json.loads(order.payload.open())["target"]
    return SheetOrder(order, target["number"], target["name"])


def order_instrument_open(*, by: User, order_id: UUID) -> tuple[Attachment, File[bytes]]:
    """The order's legal instrument as a stream. Raises NotFound where the order has none."""
    order = policy.get(by, Action.ORDER_REVEAL, ROWS, order_id)
    paper = order.instrument
    if paper is None:
        raise NotFound
    diary.record(
        "attachment.open", by=by, obj=paper, case_id=order.case_id, purpose=f"order {order.number}", legal_basis=order.legal_basis
    )  # fmt: skip
    return paper, open_evidence(paper.storage_name)
