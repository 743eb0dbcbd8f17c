"""Where notifications lead. Written out, because the relay and the workers must not load every page to name one;
a test compares them with the URL table."""

from __future__ import annotations

from uuid import UUID


def order_path(order_id: UUID) -> str:
    """The order's page for police."""
    return f"/orders/{order_id}/"


def answer_path(order_id: UUID) -> str:
    """The page on which an institution answers the order."""
    return f"/queue/{order_id}/"


def alert_path(alert_id: UUID) -> str:
    """The alert's page for police."""
    return f"/alerts/{alert_id}/"


def notice_path(notice_id: UUID) -> str:
    """The page on which an institution reads its notice of an alert."""
    return f"/alerts/notices/{notice_id}/"


def refund_path(refund_id: UUID) -> str:
    """The return's page for police."""
    return f"/refunds/{refund_id}/"


def payout_path(refund_id: UUID) -> str:
    """The page on which an institution reports what it paid of a return."""
    return f"/refunds/payouts/{refund_id}/"


def reconciliation_path(institution_id: UUID) -> str:
    """The page of one institution's comparisons."""
    return f"/reconciliation/{institution_id}/"


def statement_path(file_id: UUID) -> str:
    """The page of one statement file."""
    return f"/statements/{file_id}/"


def trace_path(run_id: UUID) -> str:
    """The picture of one trace."""
    return f"/flow/{run_id}/"


def difference_path(run_id: UUID, other_id: UUID) -> str:
    """What a trace says otherwise than an earlier one."""
    return f"/flow/{run_id}/difference/{other_id}/"
