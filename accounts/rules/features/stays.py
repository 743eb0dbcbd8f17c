"""How long money stays in an account, first in, first out: parts of payments out set against parts of payments in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.rules.features.sides import Bools, Ints, Sides, ranked
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

LINE = 2**62  # the chains of all accounts are laid end to end as long as they are not longer than this


def median_stays(sides: Sides, covered: Bools) -> tuple[Ints, Ints]:
    """By account the least time by which half of the money that left had left, and from how many parts that comes.

    Both sides' sums lie on one line (ADR 0017), so parts meet where their stretches overlap; opening balances and clean
    top-ups are gaps on the side of the payments in. Rows without a time of day are left out.
    """
    times, counts = (np.zeros(len(sides.nodes), dtype=np.int64) for _ in range(2))
    rows = np.flatnonzero(covered)
    if len(rows):
        for group, stay, part in _overlaps(sides, rows):
            order = ranked(group, stay)
            group, stay, part = group[order], stay[order], part[order]
            starts = np.flatnonzero(np.diff(group, prepend=-1))
            times[group[starts]] = stay[starts + before_half(part, starts)]
            counts[group[starts]] = np.diff(np.append(starts, len(group)))
    return times, counts


def before_half(amounts: Ints, starts: Ints) -> Ints:
    """For each run of amounts how many of them come before the one with which half of the run's sum is reached."""
    ends = np.append(starts[1:], len(amounts))
    gone = np.cumsum(amounts)
    gone -= np.repeat(gone[starts] - amounts[starts], ends - starts)
    whole = gone[ends - 1]
    return np.add.reduceat((gone < np.repeat(whole - whole // 2, ends - starts)).astype(np.int64), starts)


def _overlaps(sides: Sides, rows: Ints) -> list[tuple[Ints, Ints, Ints]]:
    """Accounts, seconds and amounts of the parts that meet, of some accounts after others."""
    group, low = sides.group[rows], sides.place[rows]
    high = low + sides.amount[rows]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    first, last = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    spans = last - first
    if len(starts) > 1 and sum(spans.tolist()) > LINE:
        middle = int(starts[len(starts) // 2])
        return _overlaps(sides, rows[:middle]) + _overlaps(sides, rows[middle:])
    shift = np.repeat(np.cumsum(spans) - spans - first, np.diff(np.append(starts, len(rows))))
    low, high = low + shift, high + shift
    ins, outs = (_in_order(low, np.flatnonzero(sides.is_out[rows] == side)) for side in (False, True))
    begin = np.searchsorted(high[outs], low[ins], side="right")
    number = np.maximum(np.searchsorted(low[outs], high[ins]) - begin, 0)
    lot = np.repeat(ins, number)
    out = outs[np.repeat(begin - np.cumsum(number) + number, number) + np.arange(len(lot))]
    timed = ~(sides.is_day[rows[lot]] | sides.is_day[rows[out]])
    lot, out = lot[timed], out[timed]
    if not len(lot):
        return []
    part = np.minimum(high[lot], high[out]) - np.maximum(low[lot], low[out])
    return [(group[lot], np.maximum(sides.at[rows[out]] - sides.at[rows[lot]], 0), part)]


def _in_order(low: Ints, rows: Ints) -> Ints:
    """Along the line; mostly they are, since chains follow the time."""
    along = low[rows]
    return rows if bool((along[1:] >= along[:-1]).all()) else rows[np.argsort(along, kind="stable")]
