"""The measures A, B, E, F and H of domain.md, chapter 7, as pure functions; rows are fetched by selectors.

Common to all: what is still open counts as late (infinite), what is left out is counted and shown, and
fewer than 20 rows are flagged. Times come from servers; durations are in seconds, money in minor units.
"""

from __future__ import annotations

from oversight.rules.measures.figures import SMALL_NUMBER, MoneyRatio, Ratio, Times, ratio, times
from oversight.rules.measures.money import HeldAccount, effective_hold, held_verdict
from oversight.rules.measures.series import Point, orders_over_time
from oversight.rules.measures.shares import (
    DueOrder,
    EndedStop,
    final_on_time,
    order_verdict,
    stop_follow_through,
    stop_verdict,
)
from oversight.rules.measures.speed import (
    LegTimes,
    OrderPath,
    OrderTimes,
    ReleasePath,
    StopPath,
    StopTimes,
    order_times,
    release_time,
    report_to_stop,
)

__all__ = [
    "SMALL_NUMBER",
    "DueOrder",
    "EndedStop",
    "HeldAccount",
    "LegTimes",
    "MoneyRatio",
    "OrderPath",
    "OrderTimes",
    "Point",
    "Ratio",
    "ReleasePath",
    "StopPath",
    "StopTimes",
    "Times",
    "effective_hold",
    "final_on_time",
    "held_verdict",
    "order_times",
    "order_verdict",
    "orders_over_time",
    "ratio",
    "release_time",
    "report_to_stop",
    "stop_follow_through",
    "stop_verdict",
    "times",
]
