"""Addresses of this floor's pages for notifications; services do not know the URLconf (a test compares the two)."""

from __future__ import annotations

from uuid import UUID

NOTIFICATIONS = "/notifications/"  # where a notification leads whose reader may not open what it is about


def lane_path(institution_id: UUID) -> str:
    """The page of an institution's lane."""
    return f"/lanes/{institution_id}/"


def endpoint_path(institution_id: UUID) -> str:
    """The page of its doors and webhook address."""
    return f"/lanes/{institution_id}/endpoint/"
