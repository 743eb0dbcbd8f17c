"""Values of the features from a case's ledger, in whole numbers, all accounts at once; what a value means is in `meanings`.

A value is not known where the data cannot say it: without the account's own statement, with too few rows, without times
of day or device addresses. It is never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from accounts.rules.features.busy import busiest_hours, different, test_payments
from accounts.rules.features.meanings import LEAST_ROWS, NIGHT_FROM, NIGHT_TO, ROUND_UNITS, SHARE
from accounts.rules.features.sides import NOBODY, Bools, Entries, Ints, Sides, ranked, sides_of
from accounts.rules.features.stays import before_half, median_stays
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

Clock = Callable[[Ints], Ints]


@dataclass(frozen=True)
class Covers:
    """What the account's own statement says of the time before: `is_empty_before`, it begins with a stated balance of zero."""

    is_empty_before: bool


class Column(NamedTuple):
    """One feature of all accounts: values, which of them are known, from how many rows (pairs of lots for `dwell`)."""

    values: Ints
    known: Bools
    rows: Ints


@dataclass(frozen=True)
class Features:
    """Accounts in one currency in order of node, each thing a column; `columns` by the codes of `meanings.FEATURES`."""

    node: Ints
    is_covered: Bools
    entries_in: Ints
    entries_out: Ints
    in_minor: Ints
    out_minor: Ints
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.node)


def compute(
    entries: Entries,
    covered: Mapping[int, Covers],
    *,
    unnamed: Collection[int] = (),
    devices: Mapping[int, tuple[int, int]] | None = None,
    local_hour: Clock,
    minor: int = 100,
) -> Features:
    """The features of every account that the entries name, in order of node, without the `unnamed` (cash, nobody).

    `devices`: node -> (other accounts on its devices, rows that name a device). `local_hour` turns seconds into hours
    of the day; `minor` is how many minor units make one unit of the currency.
    """
    sides = sides_of(entries)
    size = len(sides.nodes)
    own = np.isin(sides.nodes, np.array(sorted(covered), dtype=np.int64))
    empty = np.isin(
        sides.nodes, np.array(sorted(node for node, each in covered.items() if each.is_empty_before), dtype=np.int64)
    )
    named = ~np.isin(sides.other, np.array(sorted({NOBODY, *unnamed}), dtype=np.int64))
    counts, sums = _totals(sides, size)
    columns = _bounds(sides, named, counts, minor)
    columns |= _speeds(sides, own, named, counts, sums)
    columns |= _habits(sides, own, empty, counts, local_hour, minor)
    columns["shared_device"] = _devices(sides.nodes, devices or {})
    kept = ~np.isin(sides.nodes, np.array(sorted(unnamed), dtype=np.int64))
    return Features(
        sides.nodes[kept], own[kept], counts[0][kept], counts[1][kept], sums[0][kept], sums[1][kept],
        {code: Column(each.values[kept], each.known[kept], each.rows[kept]) for code, each in columns.items()},
    )  # fmt: skip


def _totals(sides: Sides, size: int) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """By account: rows in and out, amounts in and out."""
    counts = np.bincount(sides.run, minlength=2 * size)
    sums = np.zeros(2 * size, dtype=np.int64)
    starts = np.flatnonzero(np.diff(sides.run, prepend=-1))
    if len(starts):
        sums[sides.run[starts]] = np.add.reduceat(sides.amount, starts)
    return (counts[0::2], counts[1::2]), (sums[0::2], sums[1::2])


def _bounds(sides: Sides, named: Bools, counts: tuple[Ints, Ints], minor: int) -> dict[str, Column]:
    """What others' statements tell too: then at least so many."""
    everywhere = np.ones(len(sides.nodes), dtype=np.bool_)
    fans = different(sides, named)
    return {
        "fan_in": Column(fans[0::2], everywhere, counts[0]),
        "fan_out": Column(fans[1::2], everywhere, counts[1]),
        "test_payments": Column(test_payments(sides, named, minor), everywhere, counts[0]),
    }


def _speeds(
    sides: Sides, own: Bools, named: Bools, counts: tuple[Ints, Ints], sums: tuple[Ints, Ints]
) -> dict[str, Column]:
    """How fast money and names follow each other; only where the account's own statement is there."""
    size, covered = len(own), own[sides.group]
    most = busiest_hours(sides, named & covered & ~sides.is_day)
    timed = np.bincount(sides.run[covered & ~sides.is_day], minlength=2 * size)
    found = {}
    for at, code in enumerate(("fan_in_hour", "fan_out_hour")):
        known = own & ((timed[at::2] > 0) | (counts[at] == 0))
        found[code] = Column(most[at::2], known, timed[at::2])
    passed = _share(np.minimum(*sums), sums[0])
    found["pass_through"] = Column(passed, own & (sums[0] > 0), np.where(own, counts[0] + counts[1], 0))
    stays, parts = median_stays(sides, covered)
    found["dwell"] = Column(stays, own & (parts > 0), parts)
    return found


def _share(part: Ints, whole: Ints) -> Ints:
    """Rounded down; in Python's numbers where SHARE times the amount would not fit."""
    divisor = np.maximum(whole, 1)
    if len(part) and int(part.max()) > np.iinfo(np.int64).max // SHARE:
        return (part.astype(object) * SHARE // divisor).astype(np.int64)
    return part * SHARE // divisor


def _habits(
    sides: Sides, own: Bools, empty: Bools, counts: tuple[Ints, Ints], local_hour: Clock, minor: int
) -> dict[str, Column]:
    """When and in which sums an account is used; only where its own statement is there and has rows enough."""
    size, covered = len(own), own[sides.group]
    rows = np.where(own, counts[0] + counts[1], 0)
    timed = np.flatnonzero(covered & ~sides.is_day)
    hours = local_hour(sides.at[timed])
    dark = timed[(hours >= NIGHT_FROM) | (hours < NIGHT_TO)]
    all_timed = np.bincount(sides.group[timed], minlength=size)
    night = np.bincount(sides.group[dark], minlength=size) * SHARE // np.maximum(all_timed, 1)
    whole = ROUND_UNITS * minor
    even = covered & (sides.amount >= whole) & (sides.amount % whole == 0)
    rounds = np.bincount(sides.group[even], minlength=size) * SHARE // np.maximum(rows, 1)
    sudden = own & empty & (rows >= LEAST_ROWS)
    return {
        "night": Column(night, own & (all_timed >= LEAST_ROWS), all_timed),
        "round_amounts": Column(rounds, own & (rows >= LEAST_ROWS), rows),
        "burst": Column(_bursts(sides, sudden), sudden, rows),
    }


def _bursts(sides: Sides, wanted: Bools) -> Ints:
    """Seconds until half of all that an account ever moved had moved."""
    found = np.zeros(len(wanted), dtype=np.int64)
    rows = np.flatnonzero(wanted[sides.group])
    if not len(rows):
        return found
    rows = rows[ranked(sides.group[rows], sides.at[rows])]
    group, at = sides.group[rows], sides.at[rows]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    half = starts + before_half(sides.amount[rows], starts)
    found[group[starts]] = at[half] - at[starts]
    return found


def _devices(nodes: Ints, known: Mapping[int, tuple[int, int]]) -> Column:
    """Other accounts on the same devices; not known where no row of the account names a device."""
    values, rows = (np.zeros(len(nodes), dtype=np.int64) for _ in range(2))
    told = np.array(sorted(known), dtype=np.int64)
    at = np.flatnonzero(np.isin(nodes, told))
    for place, node in zip(at.tolist(), nodes[at].tolist(), strict=True):
        values[place], rows[place] = known[node]
    is_known = np.zeros(len(nodes), dtype=np.bool_)
    is_known[at] = True
    return Column(values, is_known, rows)
