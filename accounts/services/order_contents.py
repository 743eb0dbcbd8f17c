"""The whole content of an order in clear, and its legal instrument, for who must act on it; single values are in `reveals`.

Each look is an audited act (R29).
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts.models import Order
from accounts.policy import Action
from antifraud import policy
from antifraud.audit import diary
from antifraud.crypto.evidence import open_evidence
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
