"""When pushing to a failing endpoint rests and how it is tried again (R12), and what an answer means; who pushes is elsewhere.

The circuit holds back pushes alone: deliveries stay in the institution's pull queue and inbox all the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

OPENS_AFTER = 5
PROBE_SECONDS = 30
POISON_AFTER = 3

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class Verdict(StrEnum):
    """What an attempt says: about the delivery, and about the endpoint."""

    TRANSPORTED = "transported"
    POISON = "poison"  # the endpoint is well and cannot use this message
    GONE = "gone"  # the endpoint wants no more pushes
    FAILED = "failed"


def verdict(status: int | None) -> Verdict:
    """Of an HTTP status, None where there was no answer. Redirects are failures: none is followed (R4)."""
    if status is None:
        return Verdict.FAILED
    if 200 <= status < 300:
        return Verdict.TRANSPORTED
    if status in {400, 422}:
        return Verdict.POISON
    return Verdict.GONE if status == 410 else Verdict.FAILED


@dataclass(frozen=True)
class Circuit:
    """`failures` counts those in a row."""

    state: str = CLOSED
    failures: int = 0

    def after(self, found: Verdict) -> Circuit:
        """The circuit after one more attempt. Any answer that is no failure closes it: the endpoint is there."""
        if found is not Verdict.FAILED:
            return Circuit()
        failures = self.failures + 1
        if self.state == CLOSED and failures < OPENS_AFTER:
            return replace(self, failures=failures)
        return Circuit(OPEN, failures)


def slots(state: str, free: int, *, probe_is_due: bool) -> int:
    """How many of the `free` slots the circuit lets through: all, none, or one as a probe."""
    if state == CLOSED:
        return free
    return min(free, 1) if probe_is_due else 0
