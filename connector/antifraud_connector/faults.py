"""Where a test may kill the process: the named steps between which nothing may be lost or done twice."""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "ANTIFRAUD_CONNECTOR_DIE_AT"
STEPS = (
    "received", "journaled", "acked",  # pull
    "event_verified", "event_journaled", "event_answered", "message_fetched",  # webhook
    "handing", "effect_done", "effect_journaled",  # the plug-in
    "acknowledge_posting", "acknowledge_posted", "acknowledge_marked",
    "answer_posting", "answer_posted", "answer_marked",
    "sync_compared", "sync_repaired",
)  # fmt: skip
_passed: dict[str, int] = {}
_lock = threading.Lock()


def reached(step: str) -> None:
    """Die by SIGKILL where ANTIFRAUD_CONNECTOR_DIE_AT names this step ("acked", or "acked:3" for its third time)."""
    wanted, _, count = os.environ.get(VARIABLE, "").partition(":")
    if wanted != step:
        return
    with _lock:
        _passed[step] = _passed.get(step, 0) + 1
        if _passed[step] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
