"""The formula by which the places where traced money is now are ranked; who they are and what is done there is elsewhere.

rank = amount x freshness, freshness = 1 / (1 + hours since the money came / HALF_LIFE_HOURS): money that came just now
counts whole, after six hours a half, after eighteen a quarter. Time decides because the next payment leaves soon.
"""

from __future__ import annotations

HALF_LIFE_HOURS = 6
MICROSECONDS_PER_HOUR = 3_600_000_000
# Where a trace ends and the money may still be: it rests, stays longer than was asked, or nobody knows how it went on.
PLACES = ("resting", "unknown", "window", "cut")
CERTAIN = frozenset({"resting"})


def freshness(now_us: int, came_us: int) -> float:
    """Between 0 and 1; a payment of the future (clocks differ) counts as one of now."""
    hours = max(now_us - came_us, 0) / MICROSECONDS_PER_HOUR
    return 1 / (1 + hours / HALF_LIFE_HOURS)


def rank(amount_minor: int, now_us: int, came_us: int) -> float:
    """The larger the earlier it is stopped; only the order of two ranks means something."""
    return amount_minor * freshness(now_us, came_us)
