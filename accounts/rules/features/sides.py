"""A case's ledger entries as columns, and the same seen from each account: one row for each side that is an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np = lazily("numpy")

Ints: TypeAlias = "npt.NDArray[np.int64]"
Bools: TypeAlias = "npt.NDArray[np.bool_]"
NOBODY = -1


@dataclass(frozen=True)
class Entries:
    """Entries of one currency, a column each; `src` and `dst` -1 where not said; times in seconds since 1970 (UTC).

    `co` and `ci` are the chain's sums before the entry (models.ledger); `*_day`: that side's statement knows only the day.
    """

    src: Ints
    dst: Ints
    out_at: Ints
    in_at: Ints
    amount: Ints
    co: Ints
    ci: Ints
    out_day: Bools
    in_day: Bools

    def __len__(self) -> int:
        return len(self.src)


@dataclass(frozen=True)
class Sides:
    """Rows sorted by account, direction (in first) and time.

    `group` is an account's place in `nodes`, `run` twice that, one more for what leaves it.
    """

    nodes: Ints
    group: Ints
    run: Ints
    is_out: Bools
    other: Ints
    at: Ints
    amount: Ints
    place: Ints  # ci of a payment in, co of a payment out
    is_day: Bools


def sides_of(entries: Entries) -> Sides:
    """Both sides of each entry, where they are named."""
    paid, got = entries.src != NOBODY, entries.dst != NOBODY
    node = np.concatenate((entries.dst[got], entries.src[paid]))
    is_out = np.concatenate((np.zeros(got.sum(), dtype=np.bool_), np.ones(paid.sum(), dtype=np.bool_)))
    other = np.concatenate((entries.src[got], entries.dst[paid]))
    at = np.concatenate((entries.in_at[got], entries.out_at[paid]))
    amount = np.concatenate((entries.amount[got], entries.amount[paid]))
    place = np.concatenate((entries.ci[got], entries.co[paid]))
    is_day = np.concatenate((entries.in_day[got], entries.out_day[paid]))
    nodes, group = np.unique(node, return_inverse=True)
    run = group.astype(np.int64) * 2 + is_out
    order = np.lexsort((place, at, run))
    run = run[order]
    return Sides(
        nodes, run >> 1, run, is_out[order], other[order], at[order], amount[order], place[order], is_day[order]
    )


def ranked(group: Ints, values: Ints) -> Ints:
    """The order by group and value; both in one number are sorted twice as fast as one after the other."""
    low, high = int(values.min()), int(values.max())
    return np.argsort(group * (high - low + 1) + (values - low), kind="stable")
