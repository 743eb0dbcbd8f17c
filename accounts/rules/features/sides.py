"""A case's ledger entries as columns, and the same seen from each account: one row for each side that is an account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
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
    """Rows sorted by account, direction (in first) and time; `starts` and `nodes` say where each account's rows begin."""

    node: Ints
    is_out: Bools
    other: Ints
    at: Ints
    amount: Ints
    place: Ints  # ci of a payment in, co of a payment out
    is_day: Bools
    nodes: Ints
    starts: Ints
    ends: Ints


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
    order = np.lexsort((place, at, is_out, node))
    node = node[order]
    nodes, starts = np.unique(node, return_index=True)
    ends = np.append(starts[1:], len(node))
    return Sides(
        node, is_out[order], other[order], at[order], amount[order], place[order], is_day[order], nodes,
        starts.astype(np.int64), ends.astype(np.int64),
    )  # fmt: skip
