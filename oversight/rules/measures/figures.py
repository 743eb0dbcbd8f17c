"""The figures that a measure results in: shares, shares of money, percentiles of durations."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

SMALL_NUMBER = 20  # below it a figure is flagged and not ranked
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Ratio:
    """`part` of `whole` rows; `excluded` rows were left out on purpose, `pending` ones are not due yet."""

    part: int
    whole: int
    excluded: int = 0
    pending: int = 0

    @property
    def value(self) -> float | None:
        """0..1; None when there is nothing to judge."""
        return self.part / self.whole if self.whole else None

    @property
    def small(self) -> bool:
        """Too few rows to rank."""
        return self.whole < SMALL_NUMBER


@dataclass(frozen=True, slots=True)
class MoneyRatio:
    """`part_minor` of `whole_minor` in one currency, from `rows` groups of holds."""

    currency: str
    part_minor: int
    whole_minor: int
    rows: int
    excluded: int = 0

    @property
    def value(self) -> float | None:
        """0..1; None when nothing was asked for."""
        return float(Fraction(self.part_minor, self.whole_minor)) if self.whole_minor else None

    @property
    def small(self) -> bool:
        """Too few rows to rank."""
        return self.rows < SMALL_NUMBER


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles of `count` durations in seconds, `never` of which did not end.

    p50 and p90 are None without rows and math.inf where so many never ended that the percentile is
    among them.
    """

    count: int
    never: int
    p50: float | None
    p90: float | None

    @property
    def small(self) -> bool:
        """Too few rows to rank."""
        return self.count < SMALL_NUMBER


def ratio(hits: Iterable[bool], *, excluded: int = 0, pending: int = 0) -> Ratio:
    """The share of true values."""
    values = list(hits)
    return Ratio(sum(values), len(values), excluded, pending)


def times(durations: Iterable[float]) -> Times:
    """Percentiles by nearest rank (the smallest value that at least 50 or 90 in 100 do not exceed).

    A real value of the list, never a mean of two: so "never" stays "never".
    """
    ordered = sorted(durations)
    return Times(len(ordered), sum(map(math.isinf, ordered)), _rank(ordered, 50), _rank(ordered, 90))


def seconds(start: datetime, end: datetime | None) -> float:
    """Seconds from start to end; never when there is no end; 0 when the end lies before the start."""
    return NEVER if end is None else max(0.0, (end - start).total_seconds())


def _rank(ordered: list[float], percent: int) -> float | None:
    if not ordered:
        return None
    return ordered[-(-len(ordered) * percent // 100) - 1]
