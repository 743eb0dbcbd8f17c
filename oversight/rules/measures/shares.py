"""How many: B, final answers on time, and F, stops that were followed through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oversight.rules.measures.figures import Ratio, ratio


@dataclass(frozen=True, slots=True)
class DueOrder:
    """One order. `answered_at`: its final answer. `overturned`: that answer was a refusal found wrong
    by oversight.

    `excluded`: answered on paper for an institution outside the platform, or cancelled before its term ended.
    """

    key: str
    due_at: datetime
    answered_at: datetime | None = None
    overturned: bool = False
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class EndedStop:
    """One executed stop. `ended_at` and `ending`: how it really ended, None while it has not.

    `expires_at`: its legal end, extensions included. `has_reason`: the release carries a reason.
    """

    key: str
    expires_at: datetime
    ended_at: datetime | None = None
    ending: Literal["converted", "released", "expired"] | None = None
    has_reason: bool = False


def final_on_time(orders: Iterable[DueOrder], *, as_of: datetime) -> Ratio:
    """B: due orders finally answered within their term, of all due ones.

    Due = the term ended at or before `as_of`. An overturned refusal is late, however quickly it came;
    an order that is still open is late; one whose term still runs is pending, answered or not, so that
    quick answers are not counted before slow ones.
    """
    rows = list(orders)
    counted = [row for row in rows if not row.excluded]
    due = [row for row in counted if row.due_at <= as_of]
    return ratio(
        (row.answered_at is not None and row.answered_at <= row.due_at and not row.overturned for row in due),
        excluded=len(rows) - len(counted),
        pending=len(counted) - len(due),
    )


def stop_follow_through(stops: Iterable[EndedStop], *, as_of: datetime) -> Ratio:
    """F: stops frozen, or released with a reason, before their legal end, of all executed stops that
    have ended.

    Silent expiry fails, and so does a conversion or release at or after the end. A stop that still runs
    is pending.
    """
    rows = list(stops)
    over = [row for row in rows if row.ending is not None or row.expires_at <= as_of]
    return ratio((_followed(row) for row in over), pending=len(rows) - len(over))


def _followed(stop: EndedStop) -> bool:
    in_time = stop.ended_at is not None and stop.ended_at < stop.expires_at
    return in_time and (stop.ending == "converted" or (stop.ending == "released" and stop.has_reason))
