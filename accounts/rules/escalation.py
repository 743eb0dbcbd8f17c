"""At which share of a term a delay climbs, to whom, and how a pause moves a term; `services.escalation` says when a step is due.

A step is due at a share of the order's own term, so that a stop of 15 minutes and a query of a day climb alike
(R6: received within 2 minutes, executed within 15 when it is urgent).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

UNACKNOWLEDGED, UNANSWERED, LIFT = "unacknowledged", "unanswered", "lift_unconfirmed"
BANNER, MAIL, DUTY_OFFICER, SUPERVISOR = "banner", "mail", "duty_officer", "supervisor"
STEPS = (BANNER, MAIL, DUTY_OFFICER, SUPERVISOR)
NORMAL, URGENT = "01", "02"
NO_LIMIT = 10**9
SHORTEST_PAUSE, LONGEST_PAUSE = 5, 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of one ladder: due at `percent` of the term, but not later than `seconds` after its begin."""

    reason: str
    urgency: str
    step: str
    percent: int
    seconds: int = NO_LIMIT


def _ladder(reason: str, urgency: str, *percents: int, first_within: int = NO_LIMIT) -> tuple[Rung, ...]:
    limits = (first_within, NO_LIMIT, NO_LIMIT, NO_LIMIT)
    return tuple(
        Rung(reason, urgency, step, percent, seconds)
        for step, percent, seconds in zip(STEPS, percents, limits, strict=True)
    )


LADDERS: tuple[Rung, ...] = (
    *_ladder(UNACKNOWLEDGED, NORMAL, 25, 50, 75, 100),
    *_ladder(UNACKNOWLEDGED, URGENT, 25, 25, 50, 75, first_within=120),
    *_ladder(UNANSWERED, NORMAL, 75, 90, 100, 125),
    *_ladder(UNANSWERED, URGENT, 50, 75, 90, 100),
    *_ladder(LIFT, NORMAL, 50, 75, 100, 125),
    *_ladder(LIFT, URGENT, 50, 75, 100, 125),
)


def moved(due_at: datetime, pause: timedelta) -> datetime:
    """The end of a term after `pause` of consented time."""
    if pause < timedelta(0):
        raise ValueError("a pause cannot shorten a term")
    return due_at + pause
