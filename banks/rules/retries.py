"""When a delivery that came back is offered again (R12); who counts the attempts is in the services."""

from __future__ import annotations

import random

FIRST_DELAYS = (0, 2, 5, 10, 20, 40, 60)
STEADY_DELAY = 60
FIRST_ALERT_DELAYS = (0, 10, 30, 60, 120)
STEADY_ALERT_DELAY = 300
JITTER = 0.2


def retry_delay(attempt: int, *, topic: str = "") -> float:
    """Seconds to wait after the `attempt`-th try (1 = the first) failed.

    0, 2, 5, 10, 20, 40, 60, then 60 ± 20 % for the whole legal life: there is no last try. Alerts wait longer: 0, 10,
    30, 60, 120, then 300 ± 20 %. The jitter keeps deliveries that failed together from coming back together. Raises
    ValueError for an attempt below 1.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    first, steady = (FIRST_ALERT_DELAYS, STEADY_ALERT_DELAY) if is_alert(topic) else (FIRST_DELAYS, STEADY_DELAY)
    if attempt <= len(first):
        return float(first[attempt - 1])
    return steady * (1 + random.SystemRandom().uniform(-JITTER, JITTER))


def is_alert(topic: str) -> bool:
    """Whether a delivery may wait or be held back for orders (R12, R14)."""
    return topic.startswith("alert.")
