"""How many different names an account meets, in all and within an hour, and who pays it a little before paying much."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from accounts.rules.features.meanings import HOUR, LARGE_UNITS, SMALL_UNITS, TEST_WINDOW, TIMES_LARGER
from accounts.rules.features.sides import Bools, Ints, Sides
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")


def different(sides: Sides, named: Bools) -> Ints:
    """By run: different named others."""
    rows = np.flatnonzero(named)
    pairs = np.sort(_pairs(sides, rows))
    pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]  # each once
    return np.bincount(pairs // max(1, len(sides.nodes)), minlength=2 * len(sides.nodes))


def busiest_hours(sides: Sides, wanted: Bools) -> Ints:
    """By run: the largest number of different others in any window [t, t + 1 h), of the wanted rows.

    Of a row its other is counted from there until the hour ends or the same other comes again, whichever is first; so
    each other in a window is counted once, and what is counted at a row is the window that ends with it.
    """
    rows = np.flatnonzero(wanted)
    found = np.zeros(2 * len(sides.nodes), dtype=np.int64)
    if not len(rows):
        return found
    run, at = sides.run[rows], sides.at[rows]
    at = at - at.min()
    moment = run * (int(at.max()) + HOUR + 1) + at  # all runs on one line, an hour and more apart
    end = np.searchsorted(moment, moment + HOUR)
    pairs = _pairs(sides, rows)
    order = np.argsort(pairs, kind="stable")
    again = np.flatnonzero(np.diff(pairs[order]) == 0)
    end[order[again]] = np.minimum(end[order[again]], order[again + 1])
    counted = np.arange(1, len(rows) + 1) - np.cumsum(np.bincount(end, minlength=len(rows)))[: len(rows)]
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    found[run[starts]] = np.maximum.reduceat(counted, starts)
    return found


def test_payments(sides: Sides, named: Bools, minor: int) -> Ints:
    """By account: small payments in that a much larger one of the same payer follows within a day."""
    found = np.zeros(len(sides.nodes), dtype=np.int64)
    rows = np.flatnonzero(named & ~sides.is_out)
    amount, pairs = sides.amount[rows], _pairs(sides, rows)
    small, large = amount <= SMALL_UNITS * minor, amount >= LARGE_UNITS * minor
    both = small & np.isin(pairs, pairs[large])
    both |= large & np.isin(pairs, pairs[both])
    payers: dict[int, list[int]] = {}
    for at in np.flatnonzero(both).tolist():
        payers.setdefault(int(pairs[at]), []).append(at)
    for several in payers.values():  # few: most payers pay one account once, or never so differently
        times, sums = sides.at[rows[several]].tolist(), amount[several].tolist()
        group = sides.group[rows[several[0]]]
        for at, little in enumerate(sums):
            if little <= SMALL_UNITS * minor:
                enough = max(LARGE_UNITS * minor, little * TIMES_LARGER)
                found[group] += max(sums[at + 1 : bisect_right(times, times[at] + TEST_WINDOW)], default=0) >= enough
    return found


def _pairs(sides: Sides, rows: Ints) -> Ints:
    """One number for run and other; every other that is named is an account of the ledger too."""
    return sides.run[rows] * len(sides.nodes) + np.searchsorted(sides.nodes, sides.other[rows])
