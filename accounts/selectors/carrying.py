"""What the post office must know of an order, hold or case to tell the right people; no personal data is read."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Hold, Order, StatementFile, Transfer
from accounts.policy import Action, FlowAction
from antifraud import policy
from banks.models import User
from cases.models import Case
from cases.policy import Action as CaseAction

# Of some sixty columns: this runs for every step of every order. Who is to be told is asked for where somebody is.
CARRIED = (
    "number", "status", "emergency", "approved_at", "case", "unit", "institution", "routed_to", "operator", "second_officer",
)  # fmt: skip


def order_to_carry(*, user: User, order_id: UUID) -> Order:
    """The order's ids, number and state; raises NotFound. `user` is the platform's own."""
    return policy.get(user, Action.ORDER_VIEW, Order.objects.only(*CARRIED), order_id)


def hold_to_carry(*, user: User, hold_id: UUID) -> Hold:
    """The hold with its order and that order's operator; raises NotFound."""
    rows = Hold.objects.select_related("order__operator").defer("order__payload", "order__reason")
    return policy.get(user, Action.HOLD_VIEW, rows, hold_id)


def case_to_carry(*, user: User, case_id: UUID) -> Case:
    """The case with its legal profile, without its narrative; raises NotFound."""
    rows = Case.objects.select_related("legal_profile").defer("narrative")
    return policy.get(user, CaseAction.CASE_VIEW, rows, case_id)


def transfer_to_carry(*, user: User, transfer_id: UUID) -> Transfer:
    """Which case was told of it; raises NotFound."""
    return policy.get(user, Action.TRANSFER_VIEW, Transfer.objects.only("case"), transfer_id)


def statement_to_carry(*, user: User, file_id: UUID) -> StatementFile:
    """The file with its case's number and operator, and the order whose answer brought it; raises NotFound."""
    rows = StatementFile.objects.select_related("case", "answer__order").only(
        "received_by", "case__number", "case__unit", "case__operator", "answer__order__operator"
    )
    return policy.get(user, FlowAction.STATEMENT_VIEW, rows, file_id)
