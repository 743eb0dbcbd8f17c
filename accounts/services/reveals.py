"""What an order and its answers say in clear, one value or one content at a time: the audit row first, then the value (R29).

Accounts are shown by `accounts.account_reveal`; nothing is changed here but the diary.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Answer, HolderRecord, NextHop, Order
from accounts.policy import Action
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid, NotFound, WrongState
from banks.models import User

ORDER_FIELDS = ("reason",)
ANSWER_FIELDS = {
    "answer": ("reason_text", "remarks"),
    "hop": ("number", "name"),
    "holder": ("name", "id_number", "phone", "address"),
}
PRINTED = Order.objects.select_related("institution", "unit", "case", "instrument")


def order_reveal(*, by: User, order_id: UUID, field: str, purpose: str) -> str:
    """One value of an order in clear ("" where it has none). Raises Invalid without a reason or for another field."""
    if field not in ORDER_FIELDS:
        raise _not_shown()
    order = policy.get(by, Action.ORDER_REVEAL, Order.objects.all(), order_id)
    return _open(order, field, by=by, purpose=purpose, case_id=order.case_id)


def answer_reveal(*, by: User, answer_id: UUID, part: str, part_id: UUID, field: str, purpose: str) -> str:
    """One value of an answer or of what came with it; `part` is answer, hop (next hop) or holder (holder record).

    Raises NotFound for a part of another answer, Invalid without a reason or for another field.
    """
    if field not in ANSWER_FIELDS.get(part, ()):
        raise _not_shown()
    answer = policy.get(by, Action.ANSWER_REVEAL, Answer.objects.all(), answer_id)
    found: Any = answer if part == "answer" and part_id == answer.id else None
    if part == "hop":
        found = NextHop.objects.filter(answer=answer, pk=part_id).first()
    elif part == "holder":
        found = HolderRecord.objects.filter(answer=answer, pk=part_id).first()
    if found is None:
        raise NotFound
    return _open(found, field, by=by, purpose=purpose, case_id=answer.case_id)


def orders_content(*, by: User, order_ids: Iterable[UUID], purpose: str) -> list[tuple[Order, str]]:
    """The submitted orders with the exact text that was hashed, for who has to decide on it.

    Those out of reach and those that have no content yet are left out. Each opening is in the audit log.
    """
    rows = policy.scope(
        by, Action.ORDER_REVEAL, Order.objects.select_related("institution", "unit", "case", "operator")
    )
    found = rows.filter(pk__in=list(order_ids), payload__isnull=False).order_by("submitted_at", "pk")
    return [(order, diary.reveal(order, "payload", by=by, purpose=purpose, case_id=order.case_id)) for order in found]


def order_print(*, by: User, order_id: UUID) -> tuple[Order, str]:
    """An issued order with its exact content, to be carried on paper. Raises WrongState before it is issued."""
    db.require_unit_of_work()
    order = policy.get(by, Action.ORDER_PRINT, PRINTED, order_id)
    if order.issued_at is None or order.payload is None:
        raise WrongState(_("Only an issued order can be printed."), extra={"state": order.status, "verb": "print"})
    diary.record("order.print", by=by, obj=order, case_id=order.case_id, legal_basis=order.legal_basis)
    return order, order.payload.open()


def _open(row: Any, field: str, *, by: User, purpose: str, case_id: UUID) -> str:
    if getattr(row, field) is None:
        return ""
    return diary.reveal(row, field, by=by, purpose=purpose, case_id=case_id)


def _not_shown() -> Invalid:
    return Invalid(fields={"field": [_("This field cannot be shown.")]})
