"""One round of the relay: the outbox and the lanes that no worker was rung for (R1, R2)."""

from __future__ import annotations

import time
from collections.abc import Callable

from antifraud.deliveries import lane_push, outbox_handle
from antifraud.outbox import bell, post
from banks.selectors.lanes import lanes_waiting
from banks.services.deliveries import LANE_TASK

PAUSE = 0.25
PATIENCE = 0.3  # a worker that was rung should have taken the lane by then
BEAT_SECONDS = 2
RING_SECONDS = 10.0


class Relay:
    """Remembers when it last beat, and when it last rang the workers so that their heartbeat shows them alive."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self.stop = stop
        self.beat_at = self.rung_at = float("-inf")

    def turn(self) -> None:
        """Carry due facts; push lanes that wait longer than 0.3 s, or any that waits while nobody can be rung."""
        outbox_handle(stop=self.stop)
        for lane in lanes_waiting():
            if self.stop():
                return
            if lane.seconds >= PATIENCE or not bell.ring(LANE_TASK, str(lane.institution_id)):
                lane_push(lane.institution_id, stop=self.stop)
        self._show_progress()

    def _show_progress(self) -> None:
        now = time.monotonic()
        if now - self.beat_at >= BEAT_SECONDS:
            post.beat("relay", BEAT_SECONDS)
            self.beat_at = now
        if now - self.rung_at >= RING_SECONDS:
            bell.ring(post.HANDLE_TASK)
            self.rung_at = now
