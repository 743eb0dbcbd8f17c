"""How many: B, final answers on time, and F, stops that were followed through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oversight.rules.measures.figures import Ratio

OrderVerdict = Literal["in_time", "late", "pending", "excluded"]
StopVerdict = Literal["followed", "not_followed", "pending"]


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
    found = Counter(order_verdict(order, as_of=as_of) for order in orders)
    return Ratio(
        found["in_time"], found["in_time"] + found["late"], excluded=found["excluded"], pending=found["pending"]
    )


def order_verdict(order: DueOrder, *, as_of: datetime) -> OrderVerdict:
    """How B counts one order."""
    if order.excluded:
        return "excluded"
    if order.due_at > as_of:
        return "pending"
    in_time = order.answered_at is not None and order.answered_at <= order.due_at and not order.overturned
    return "in_time" if in_time else "late"


def stop_follow_through(stops: Iterable[EndedStop], *, as_of: datetime) -> Ratio:
    """F: stops frozen, or released with a reason, before their legal end, of all executed stops that
    have ended.

    Silent expiry fails, and so does a conversion or release at or after the end. A stop that still runs
    is pending.
    """
    found = Counter(stop_verdict(stop, as_of=as_of) for stop in stops)
    return Ratio(found["followed"], found["followed"] + found["not_followed"], pending=found["pending"])


def stop_verdict(stop: EndedStop, *, as_of: datetime) -> StopVerdict:
    """How F counts one stop."""
    if stop.ending is None and stop.expires_at > as_of:
        return "pending"
    in_time = stop.ended_at is not None and stop.ended_at < stop.expires_at
    kept = stop.ending == "converted" or (stop.ending == "released" and stop.has_reason)
    return "followed" if in_time and kept else "not_followed"
