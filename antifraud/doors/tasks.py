"""What a rung worker does; tasks carry ids only, and doing one twice changes nothing (R1)."""

from __future__ import annotations

import time
from uuid import UUID

from celery import shared_task

from antifraud.deliveries import lane_push, outbox_handle
from antifraud.outbox import post
from banks.services.deliveries import LANE_TASK

BEAT_SECONDS = 15  # the relay rings every 10 s, so that idle workers show progress too
_beat_at = float("-inf")


@shared_task(name=LANE_TASK)  # type: ignore[untyped-decorator]
def lane_push_task(institution_id: str) -> int:
    """Bring one institution's queued deliveries into its lane."""
    pushed = lane_push(UUID(institution_id))
    _beat()
    return pushed


@shared_task(name=post.HANDLE_TASK)  # type: ignore[untyped-decorator]
def outbox_handle_task() -> int:
    """Carry due facts of the outbox."""
    handled = outbox_handle()
    _beat()
    return handled


def _beat() -> None:
    """Note that a worker made progress, not more often than every five seconds a process."""
    global _beat_at
    if time.monotonic() - _beat_at >= BEAT_SECONDS / 3:
        post.beat("worker", BEAT_SECONDS)
        _beat_at = time.monotonic()
