"""A generated graph of transfers in numpy: power-law accounts, mule chains with splits, merges and circles, and the ledger's sums.

Amounts in minor units, times in seconds of 90 days (whole seconds, so ties occur). No database is here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

DAYS = 90
HOUR = 3_600
Array = Any  # numpy's arrays of int64


@dataclass
class Graph:
    """Transfers by entry number from 1 (position 0), their sums as in `models.ledger`, the chains' first entries, accounts' openings."""

    src: Array
    dst: Array
    at: Array
    amount: Array
    co: Array
    ci: Array
    src_before: Array
    dst_before: Array
    opening: Array  # by account from 1 (position 0)
    seeds: list[int]  # entries

    @property
    def size(self) -> int:
        """How many transfers."""
        return len(self.src)


def graph(size: int, seed: int = 7) -> Graph:
    """`size` transfers between size / 20 accounts and their mules."""
    rng, dice = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 (a bench)
    accounts = size // 20
    chains, mules = _chains(size // 5000, accounts, dice)
    total = accounts + mules
    src, dst, at, amount = (np.array(column, dtype=np.int64) for column in list(zip(*chains, strict=True))[:4])
    rest = size - len(src)
    noise = _noise(rng, rest, accounts)
    columns = [np.concatenate(pair) for pair in zip((src, dst, at, amount), noise, strict=True)]
    order = np.argsort(columns[2], kind="stable")
    src, dst, at, amount = (column[order] for column in columns)
    firsts = np.array([number for number, row in enumerate(chains) if row[4]], dtype=np.int64)
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    seeds = [int(entry) + 1 for entry in place[firsts]]
    return Graph(src, dst, at, amount, *_sums(src, dst, at, amount, total), seeds)


def _noise(rng: Any, count: int, accounts: int) -> tuple[Array, Array, Array, Array]:
    """Everyday transfers: Pareto activity, payers and receivers correlated, lognormal amounts."""
    weight = rng.pareto(1.8, accounts) + 0.05
    out, into = weight * rng.lognormal(0, 0.5, accounts), weight * rng.lognormal(0, 0.5, accounts)
    src = np.searchsorted(np.cumsum(out) / out.sum(), rng.random(count)).astype(np.int64) + 1
    dst = np.searchsorted(np.cumsum(into) / into.sum(), rng.random(count)).astype(np.int64) + 1
    dst = np.where(src == dst, dst % accounts + 1, dst)
    at = rng.integers(0, DAYS * 86_400, count)
    amount = np.maximum(100, rng.lognormal(8.5, 1.3, count)).astype(np.int64)
    return src, dst, at, amount


def _chains(count: int, accounts: int, dice: random.Random) -> tuple[list[tuple[int, int, int, int, bool]], int]:
    """Rows (src, dst, at, amount, is the victim's) and the number of accounts that were opened for them alone."""
    rows: list[tuple[int, int, int, int, bool]] = []
    fresh = 0
    for _chain in range(count):
        hops, at = dice.randint(2, 8), dice.randint(0, (DAYS - 5) * 86_400)
        victim, stolen = dice.randint(1, accounts), int(dice.lognormvariate(14.5, 0.8))
        used, layer = [victim], [(victim, stolen, at)]
        for hop in range(hops):
            after: dict[int, tuple[int, int]] = {}
            for payer, held, since in layer:
                for part in _split(held, 1 if hop == 0 else dice.randint(1, 3), dice):
                    merges = bool(after) and dice.random() < 0.3
                    if merges:
                        payee = dice.choice(list(after))
                    elif hop > 2 and dice.random() < 0.02:
                        payee = dice.choice(used)
                    elif dice.random() < 0.5:
                        fresh += 1
                        payee = accounts + fresh
                    else:
                        payee = dice.randint(1, accounts)
                    if payee == payer:
                        continue
                    mean = 86_400 if dice.random() < 0.1 else 1_800
                    when = since + (0 if hop == 0 else 1 + int(dice.expovariate(1 / mean)))
                    rows.append((payer, payee, when, part, hop == 0))
                    old = after.get(payee, (0, 0))
                    after[payee] = (old[0] + part, max(old[1], when))
                    used.append(payee)
            layer = [(node, *held) for node, held in after.items()][:12]
    return rows, fresh


def _split(held: int, parts: int, dice: random.Random) -> list[int]:
    cuts = sorted(dice.randint(1, max(1, held)) for _cut in range(parts - 1))
    return [part for part in np.diff([0, *cuts, held]).tolist() if part > 0]


def _sums(src: Array, dst: Array, at: Array, amount: Array, accounts: int) -> tuple[Array, Array, Array, Array, Array]:
    """co, ci, src_before, dst_before by entry, opening by account: as large as needed, so that nobody spends what is not there.

    Within a second what comes is before what leaves, then the entry's number decides.
    """
    size = len(src)
    # Each side of each entry has a place in time; account and place in one number are sorted without an index beside them.
    first = np.searchsorted(at, at)
    last = np.searchsorted(at, at, side="right")
    place = first + np.arange(size)
    place = np.concatenate([place, place + last - first])
    event = np.empty(2 * size, dtype=np.int64)  # by place: the entry, from `size` on as what leaves
    event[place] = np.arange(2 * size)
    bits = (2 * size).bit_length()
    key = np.concatenate([dst, src]) << bits | place
    del first, last, place
    key.sort()
    node, event = key >> bits, event[key & (1 << bits) - 1]
    is_out, entry = event >= size, event % size
    del key, event
    paid = np.where(is_out, amount[entry], 0)
    got = np.where(is_out, 0, amount[entry])
    starts = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
    lengths = np.diff(np.r_[starts, len(node)])
    before_out, before_in = np.cumsum(paid) - paid, np.cumsum(got) - got
    before_out -= np.repeat(before_out[starts], lengths)
    before_in -= np.repeat(before_in[starts], lengths)
    need = np.maximum.reduceat(before_out + paid - before_in, starts)
    opening = np.zeros(accounts, dtype=np.int64)
    opening[node[starts] - 1] = np.maximum(need, 0)
    come = before_in + opening[node - 1]
    found = [np.zeros(size, dtype=np.int64) for _column in range(4)]
    co, ci, src_before, dst_before = found
    co[entry[is_out]], src_before[entry[is_out]] = before_out[is_out], (come - before_out)[is_out]
    ci[entry[~is_out]], dst_before[entry[~is_out]] = come[~is_out], (come - before_out)[~is_out]
    return co, ci, src_before, dst_before, opening
