"""Values of the features from a case's ledger, in whole numbers; what a value means is in `meanings`.

A value is None where the data cannot say it: without the account's own statement, with too few rows, without times of
day or device addresses. It is never a guess.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from accounts.rules.features.meanings import (
    HOUR,
    LARGE_UNITS,
    LEAST_ROWS,
    NIGHT_FROM,
    NIGHT_TO,
    ROUND_UNITS,
    SHARE,
    SMALL_UNITS,
    TEST_WINDOW,
    TIMES_LARGER,
)
from accounts.rules.features.sides import NOBODY, Bools, Entries, Ints, Sides, sides_of

Clock = Callable[[Ints], Ints]


@dataclass(frozen=True)
class Covers:
    """What the account's own statement says of the time before: `is_empty_before`, it begins with a stated balance of zero."""

    is_empty_before: bool


@dataclass
class Values:
    """One account in one currency; `basis` says from how many rows (pairs of lots for `dwell`) each value comes."""

    node: int
    is_covered: bool
    entries_in: int
    entries_out: int
    in_minor: int
    out_minor: int
    values: dict[str, int | None] = field(default_factory=dict)
    basis: dict[str, int] = field(default_factory=dict)

    def put(self, code: str, value: int | None, rows: int) -> None:
        """A value and its rows."""
        self.values[code] = value
        self.basis[code] = rows


@dataclass(frozen=True)
class _Rows:
    """One account's rows, payments in and out apart, each in order of time."""

    at_in: Ints
    at_out: Ints
    amount_in: Ints
    amount_out: Ints
    place_in: Ints
    place_out: Ints
    payer: Ints
    payee: Ints
    day_in: Bools
    day_out: Bools


def compute(
    entries: Entries,
    covered: Mapping[int, Covers],
    *,
    unnamed: Collection[int] = (),
    devices: Mapping[int, tuple[int, int]] | None = None,
    local_hour: Clock,
    minor: int = 100,
) -> list[Values]:
    """The features of every account that the entries name, in order of node, without the `unnamed` (cash, nobody).

    `devices`: node -> (other accounts on its devices, rows that name a device). `local_hour` turns seconds into hours
    of the day; `minor` is how many minor units make one unit of the currency.
    """
    sides = sides_of(entries)
    nobody = np.array(sorted({NOBODY, *unnamed}), dtype=np.int64)
    found = []
    for node, start, end in zip(sides.nodes.tolist(), sides.starts.tolist(), sides.ends.tolist(), strict=True):
        if node in unnamed:
            continue
        cover = covered.get(node)
        if cover is None and end - start == 1:
            found.append(_single(sides, start, node, unnamed))
            _device(found[-1], (devices or {}).get(node))
            continue
        rows = _rows(sides, start, end)
        row = Values(
            node, cover is not None, len(rows.at_in), len(rows.at_out), int(rows.amount_in.sum()), int(rows.amount_out.sum())
        )  # fmt: skip
        _bounds(row, rows, nobody, minor)
        if cover is not None:
            _speeds(row, rows, nobody)
            _habits(row, rows, cover, local_hour, minor)
        _device(row, (devices or {}).get(node))
        found.append(row)
    return found


def _single(sides: Sides, at: int, node: int, unnamed: Collection[int]) -> Values:
    """An account that one entry of somebody else's statement names: by far most of a large ledger."""
    is_out, amount = bool(sides.is_out[at]), int(sides.amount[at])
    other = int(sides.other[at])
    named = int(other != NOBODY and other not in unnamed)
    row = Values(
        node=node, is_covered=False, entries_in=int(not is_out), entries_out=int(is_out),
        in_minor=0 if is_out else amount, out_minor=amount if is_out else 0,
    )  # fmt: skip
    row.put("fan_in", 0 if is_out else named, row.entries_in)
    row.put("fan_out", named if is_out else 0, row.entries_out)
    row.put("test_payments", 0, row.entries_in)
    return row


def _rows(sides: Sides, start: int, end: int) -> _Rows:
    middle = start + int(np.searchsorted(sides.is_out[start:end], True))  # noqa: FBT003  the searched value
    ins, outs = slice(start, middle), slice(middle, end)
    return _Rows(
        sides.at[ins], sides.at[outs], sides.amount[ins], sides.amount[outs], sides.place[ins], sides.place[outs],
        sides.other[ins], sides.other[outs], sides.is_day[ins], sides.is_day[outs],
    )  # fmt: skip


def _bounds(row: Values, rows: _Rows, nobody: Ints, minor: int) -> None:
    """What others' statements tell too: then at least so many."""
    row.put("fan_in", _different(rows.payer, nobody), row.entries_in)
    row.put("fan_out", _different(rows.payee, nobody), row.entries_out)
    row.put("test_payments", _tests(rows, nobody, minor) if row.entries_in > 1 else 0, row.entries_in)


def _different(others: Ints, nobody: Ints) -> int:
    if len(others) < 2:
        return len(others) - int(np.isin(others, nobody).sum())
    different = np.unique(others)
    return len(different) - int(np.isin(different, nobody).sum())


def _tests(rows: _Rows, nobody: Ints, minor: int) -> int:
    small = np.flatnonzero((rows.amount_in <= SMALL_UNITS * minor) & ~np.isin(rows.payer, nobody))
    found = 0
    for at in small.tolist():
        last = int(np.searchsorted(rows.at_in, rows.at_in[at] + TEST_WINDOW, side="right"))
        later = slice(at + 1, last)
        enough = max(LARGE_UNITS * minor, int(rows.amount_in[at]) * TIMES_LARGER)
        found += bool(((rows.payer[later] == rows.payer[at]) & (rows.amount_in[later] >= enough)).any())
    return found


def _speeds(row: Values, rows: _Rows, nobody: Ints) -> None:
    for code, at, others, is_day in (
        ("fan_in_hour", rows.at_in, rows.payer, rows.day_in),
        ("fan_out_hour", rows.at_out, rows.payee, rows.day_out),
    ):
        timed = ~is_day
        most = _most_in_an_hour(at[timed].tolist(), others[timed].tolist(), set(nobody.tolist()))
        row.put(code, most if timed.any() or not len(at) else None, int(timed.sum()))
    passed = min(row.in_minor, row.out_minor) * SHARE // row.in_minor if row.in_minor else None
    row.put("pass_through", passed, row.entries_in + row.entries_out)
    times, amounts = _stays(rows)
    row.put("dwell", _median(times, amounts) if len(times) else None, len(times))


def _most_in_an_hour(at: list[int], others: list[int], nobody: set[int]) -> int:
    """Largest number of different names in any window [t, t + 1 h)."""
    window: deque[tuple[int, int]] = deque()
    seen: dict[int, int] = {}
    most = 0
    for moment, other in zip(at, others, strict=True):
        if other in nobody:
            continue
        window.append((moment, other))
        seen[other] = seen.get(other, 0) + 1
        while moment - window[0][0] >= HOUR:
            _, gone = window.popleft()
            seen[gone] -= 1
            if not seen[gone]:
                del seen[gone]
        most = max(most, len(seen))
    return most


def _stays(rows: _Rows) -> tuple[list[int], list[int]]:
    """First in, first out: (seconds, amount) of each part of a payment out that meets a part of a payment in.

    Both sides' sums lie on one line (ADR 0017), so parts meet where their intervals overlap; opening balances and clean
    top-ups are gaps on the side of the payments in. Rows without a time of day are left out.
    """
    times: list[int] = []
    amounts: list[int] = []
    first = np.lexsort((rows.at_in, rows.place_in))
    second = np.lexsort((rows.at_out, rows.place_out))
    lots = zip(
        rows.place_in[first].tolist(), rows.amount_in[first].tolist(), rows.at_in[first].tolist(), rows.day_in[first].tolist(),
        strict=True,
    )  # fmt: skip
    outs = list(
        zip(
            rows.place_out[second].tolist(), rows.amount_out[second].tolist(), rows.at_out[second].tolist(),
            rows.day_out[second].tolist(), strict=True,
        )
    )  # fmt: skip
    begin = 0
    for low, amount, came, day in lots:
        while begin < len(outs) and outs[begin][0] + outs[begin][1] <= low:
            begin += 1
        at = begin
        while at < len(outs) and outs[at][0] < low + amount:
            part = min(low + amount, outs[at][0] + outs[at][1]) - max(low, outs[at][0])
            if not day and not outs[at][3]:
                times.append(max(0, outs[at][2] - came))
                amounts.append(part)
            at += 1
    return times, amounts


def _median(times: list[int], amounts: list[int]) -> int:
    """The least time by which half of the money had left."""
    whole = sum(amounts)
    gone = 0
    for seconds, amount in sorted(zip(times, amounts, strict=True)):
        gone += amount
        if gone * 2 >= whole:
            return seconds
    raise ValueError("no amounts")


def _habits(row: Values, rows: _Rows, cover: Covers, local_hour: Clock, minor: int) -> None:
    at = np.concatenate((rows.at_in, rows.at_out))
    amount = np.concatenate((rows.amount_in, rows.amount_out))
    timed = at[~np.concatenate((rows.day_in, rows.day_out))]
    hours = local_hour(timed)
    dark = int(((hours >= NIGHT_FROM) | (hours < NIGHT_TO)).sum())
    row.put("night", dark * SHARE // len(timed) if len(timed) >= LEAST_ROWS else None, len(timed))
    whole = ROUND_UNITS * minor
    even = int(((amount >= whole) & (amount % whole == 0)).sum())
    row.put("round_amounts", even * SHARE // len(amount) if len(amount) >= LEAST_ROWS else None, len(amount))
    row.put("burst", _burst(at, amount, cover), len(at))


def _burst(at: Ints, amount: Ints, cover: Covers) -> int | None:
    if len(at) < LEAST_ROWS or not cover.is_empty_before:
        return None
    order = np.argsort(at, kind="stable")
    moved = np.cumsum(amount[order])
    half = int(np.searchsorted(moved * 2, moved[-1]))
    return int(at[order[half]] - at[order[0]])


def _device(row: Values, known: tuple[int, int] | None) -> None:
    """Other accounts on the same devices; None where no row of the account names a device."""
    row.put("shared_device", known[0] if known else None, known[1] if known else 0)
