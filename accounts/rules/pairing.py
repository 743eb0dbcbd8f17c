"""Which paying row and which receiving row are one transfer, among rows of the same parties, amount and currency.

The same reference decides; else the nearest in time, within ten minutes, or the same or the next day where a bank gives
only the day. One to one; of equals the earlier in the ledger's order goes first, so the order of imports does not matter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field

SECOND = 1_000_000
WINDOW = 600 * SECOND
DAY = 86_400 * SECOND
TOLD_WINDOW = DAY  # people tell the day and roughly the hour
MOST_PAIRS = 1_000_000  # looked at in one group; of more rows each looks at its nearest only
FEWEST_NEAR = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One side. `at`: microseconds since 1970; of a day-only row the day's local midnight. `order`: its place in the ledger."""

    key: Hashable
    at: int
    order: tuple[object, ...] = field(compare=False, default=())
    day_only: bool = False
    reference: bytes = b""


@dataclass(frozen=True, slots=True)
class Pair:
    """Places in the two lists, the distance in microseconds, whether the reference was the same."""

    out: int
    into: int
    apart: int
    same_reference: bool


def is_possible(out: Row, into: Row) -> bool:
    """Whether the times allow that the money left with `out` and came with `into`."""
    apart = into.at - out.at
    if out.day_only and into.day_only:
        return 0 <= apart <= DAY + DAY // 24  # an hour more where clocks were put back
    if out.day_only:
        return 0 <= apart < 2 * DAY
    if into.day_only:
        return -DAY < apart <= DAY
    return abs(apart) <= WINDOW


def pair(
    outs: Sequence[Row], ins: Sequence[Row], *, forbidden: Collection[tuple[Hashable, Hashable]] = ()
) -> list[Pair]:
    """The pairs, nearest first; `forbidden` holds (out.key, into.key) that an officer has undone."""
    outs_at = sorted(range(len(outs)), key=lambda n: (outs[n].at, outs[n].order))
    ins_at = sorted(range(len(ins)), key=lambda n: (ins[n].at, ins[n].order))
    some_day_only = any(row.day_only for row in ins)
    most = max(FEWEST_NEAR, MOST_PAIRS // max(1, len(outs)))
    ranked = []
    for out_rank, n in enumerate(outs_at):
        for into_rank in _near(outs[n], ins, ins_at, is_wide=some_day_only or outs[n].day_only, most=most):
            m = ins_at[into_rank]
            if is_possible(outs[n], ins[m]) and (outs[n].key, ins[m].key) not in forbidden:
                same = bool(outs[n].reference) and outs[n].reference == ins[m].reference
                ranked.append((not same, abs(ins[m].at - outs[n].at), out_rank, into_rank, n, m))
    return _greedy(sorted(ranked))


def _near(out: Row, ins: Sequence[Row], ins_at: Sequence[int], *, is_wide: bool, most: int) -> range:
    """Ranks of the receiving rows that may be looked at: all in the widest window, the nearest of very many."""
    before, after = (DAY, 2 * DAY) if is_wide else (WINDOW, WINDOW)
    first = bisect_left(ins_at, out.at - before, key=lambda m: ins[m].at)
    last = bisect_right(ins_at, out.at + after, key=lambda m: ins[m].at)
    if last - first <= most:
        return range(first, last)
    here = bisect_left(ins_at, out.at, key=lambda m: ins[m].at)
    low = min(max(first, here - most // 2), last - most)
    return range(low, low + most)


def _greedy(ranked: Sequence[tuple[bool, int, int, int, int, int]]) -> list[Pair]:
    taken_out: set[int] = set()
    taken_in: set[int] = set()
    found = []
    for other, apart, _out_rank, _into_rank, n, m in ranked:
        if n not in taken_out and m not in taken_in:
            taken_out.add(n)
            taken_in.add(m)
            found.append(Pair(n, m, apart, not other))
    return found
