"""The doorbell: tell a Celery worker by task name that there is work; losing a ring costs one poll of the relay (R1)."""

from __future__ import annotations

import time
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

QUIET_SECONDS = 5.0
_quiet_until = 0.0


def ring(task_name: str, *args: str) -> bool:
    """Send the task without waiting or retrying; False where the broker is away.

    After a failure the bell rests for five seconds, so that a dead broker does not slow every request.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task(task_name, args=list(args), retry=False, ignore_result=True, **_options())
    except (OperationalError, RedisError, OSError):
        _quiet_until = time.monotonic() + QUIET_SECONDS
        return False
    return True


def _options() -> dict[str, Any]:
    return {"expires": 60}
