"""When a delivery that came back is offered again (R12); who counts the attempts is in the services."""

from __future__ import annotations

import random

FIRST_DELAYS = (0, 2, 5, 10, 20, 40, 60)
STEADY_DELAY = 60
JITTER = 0.2


def retry_delay(attempt: int) -> float:
    """Seconds to wait after the `attempt`-th try (1 = the first) failed.

    0, 2, 5, 10, 20, 40, 60, then 60 ± 20 % for the whole legal life: there is no last try. The jitter keeps
    deliveries that failed together from coming back together. Raises ValueError for an attempt below 1.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    if attempt <= len(FIRST_DELAYS):
        return float(FIRST_DELAYS[attempt - 1])
    return STEADY_DELAY * (1 + random.SystemRandom().uniform(-JITTER, JITTER))
