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
