"""The thin event that a webhook gets (wire format 1): ids and counters, never content; signing and sending are elsewhere."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

SCHEMA = "antifraud.event/1"


def event_body(
    *, epoch: int, delivery_id: UUID, topic: str, subject_id: UUID, seq: int, attempt: int, priority: int,
    available_at: datetime | None,
) -> bytes:  # fmt: skip
    """UTF-8 JSON; the receiver fetches the message by `delivery_id` and dedupes by it, or by `subject_id` and `seq`.

    `possible_duplicate` is true from the second attempt on, whichever door the first one went through (R9).
    """
    event = {
        "schema": SCHEMA,
        "epoch": epoch,
        "delivery_id": str(delivery_id),
        "topic": topic,
        "subject_id": str(subject_id),
        "seq": seq,
        "attempt": attempt,
        "possible_duplicate": attempt > 1,
        "priority": priority,
        "available_at": available_at.isoformat() if available_at else None,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def message_id(delivery_id: UUID, attempt: int) -> str:
    """Unique for ever: an attempt is counted before it is sent."""
    return f"{delivery_id}.{attempt}"
