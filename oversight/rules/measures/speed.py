"""How fast: A, from report to stop, and H, from the trigger of a release to the bank's confirmed lift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from oversight.rules.measures.figures import Times, seconds, times

BACKDATED_MINUTES = 5  # an officer types for a while; more is a report entered after the fact


@dataclass(frozen=True, slots=True)
class StopPath:
    """One case's way to its first level-1 hold; each later moment is None when it did not come.

    `logged_at`: the server's time of the report. `reported_at`: the time that the officer entered for it.
    `issued_at` and `available_at`: of the order whose hold took effect first, else of the first order.
    `effective_at`: when that hold took effect.
    """

    key: str
    logged_at: datetime
    reported_at: datetime
    issued_at: datetime | None = None
    available_at: datetime | None = None
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopTimes:
    """Measure A. The legs count from the end of the leg before; a leg that was not reached is not
    counted in it.
    """

    total: Times
    police: Times
    platform: Times
    bank: Times
    backdated: int


@dataclass(frozen=True, slots=True)
class ReleasePath:
    """One hold's way to its lift; each later moment is None when it did not come.

    `triggered_at`: decision, appeal, change of the case's state or legal expiry, as computed.
    `by_expiry`: the hold ended by itself, so that no order was needed. `available_at`: when the release
    order reached the bank.
    """

    key: str
    triggered_at: datetime
    by_expiry: bool = False
    available_at: datetime | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LegTimes:
    """Measure H. Holds that ended by expiry have no police leg; the bank leg counts what reached the bank."""

    total: Times
    police: Times
    bank: Times


@dataclass(frozen=True, slots=True)
class OrderPath:
    """One order's way to its answer; each later moment is None when it did not come."""

    key: str
    issued_at: datetime
    available_at: datetime | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderTimes:
    """The three legs of orders: issue to availability, to acknowledgement, to answer."""

    available: Times
    acknowledged: Times
    answered: Times


def report_to_stop(paths: Iterable[StopPath]) -> StopTimes:
    """A: logged report -> first level-1 hold effective; never stopped = infinite.

    A hold that took effect before the report was logged (the bank acted first) counts as 0. A report
    whose entered time lies more than 5 minutes before its logging is counted as backdated; the server's
    time stands.
    """
    rows = list(paths)
    late = timedelta(minutes=BACKDATED_MINUTES)
    return StopTimes(
        total=times(seconds(row.logged_at, row.effective_at) for row in rows),
        police=times(seconds(row.logged_at, row.issued_at or row.effective_at) for row in rows),
        platform=times(seconds(row.issued_at, row.available_at) for row in rows if row.issued_at is not None),
        bank=times(seconds(row.available_at, row.effective_at) for row in rows if row.available_at is not None),
        backdated=sum(row.logged_at - row.reported_at > late for row in rows),
    )


def release_time(paths: Iterable[ReleasePath]) -> LegTimes:
    """H: computed trigger -> bank-confirmed lift; not confirmed = infinite."""
    rows = list(paths)
    reached = [(row.triggered_at if row.by_expiry else row.available_at, row.confirmed_at) for row in rows]
    return LegTimes(
        total=times(seconds(row.triggered_at, row.confirmed_at) for row in rows),
        police=times(seconds(row.triggered_at, row.available_at) for row in rows if not row.by_expiry),
        bank=times(seconds(start, end) for start, end in reached if start is not None),
    )


def order_times(paths: Iterable[OrderPath]) -> OrderTimes:
    """issue -> available -> acknowledged -> answered; each leg counts from the end of the leg before.

    A leg that was not reached is not counted in it; one that was begun and has not ended is infinite.
    """
    rows = list(paths)
    acknowledged = [(row.available_at, row.acknowledged_at) for row in rows]
    answered = [(row.acknowledged_at, row.answered_at) for row in rows]
    return OrderTimes(
        available=times(seconds(row.issued_at, row.available_at) for row in rows),
        acknowledged=times(seconds(start, end) for start, end in acknowledged if start is not None),
        answered=times(seconds(start, end) for start, end in answered if start is not None),
    )
