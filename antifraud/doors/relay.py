"""One round of the relay: the outbox and the lanes that no worker was rung for (R1, R2).

It waits for no institution: what is posted hangs in the courier's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from antifraud import db
from antifraud.deliveries import lane_push, outbox_handle
from antifraud.doors import posting
from antifraud.outbox import bell, post
from banks.selectors.institutions import system_user
from banks.selectors.lanes import WaitingLane, lanes_to_post, lanes_waiting
from banks.services.deliveries import LANE_TASK
from banks.services.platform import platform_observe

PAUSE = 0.25
PATIENCE = 0.3  # a worker that was rung should have taken the lane by then
BEAT_SECONDS = 2
RING_SECONDS = 10.0


class Relay:
    """Remembers when it last beat, and when it last rang the workers so that their heartbeat shows them alive."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self.stop = stop
        self.beat_at = self.rung_at = float("-inf")
        self.has_looked = False

    def turn(self) -> None:
        """Carry due facts; push lanes that wait longer than 0.3 s, or any that waits while nobody can be rung."""
        self._look()
        outbox_handle(stop=self.stop)
        for lane in lanes_waiting():
            if self.stop():
                return
            if self._is_ours(lane):
                lane_push(lane.institution_id, stop=self.stop)
        for lane in lanes_to_post():
            if self._is_ours(lane):
                posting.wake(lane.institution_id)
        self._show_progress()

    def _is_ours(self, lane: WaitingLane) -> bool:
        return lane.seconds >= PATIENCE or not bell.ring(LANE_TASK, str(lane.institution_id))

    def _look(self) -> None:
        """Once, before anything goes out: is this the database that the platform ran on last (R16)?"""
        if not self.has_looked:
            by = system_user()
            with db.unit_of_work(by):
                platform_observe(by=by)
            self.has_looked = True

    def _show_progress(self) -> None:
        now = time.monotonic()
        if now - self.beat_at >= BEAT_SECONDS:
            post.beat("relay", BEAT_SECONDS)
            self.beat_at = now
        if now - self.rung_at >= RING_SECONDS:
            bell.ring(post.HANDLE_TASK)
            self.rung_at = now
