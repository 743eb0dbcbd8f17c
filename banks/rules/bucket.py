"""How many requests an institution may get now: its token bucket, its free slots, and a fair share for each lane (R3)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

# What a lane may be set to. Below one nothing would ever go; eight lanes that hang at the highest cap fill the slots of
# one process (R3: slots for the banks that may hang at once, and as many again for those that do not).
LOWEST_CAP, HIGHEST_CAP = 1, 32
LOWEST_RATE, HIGHEST_RATE = 1, 1000  # calls a second


def refilled(tokens: float, seconds: float, *, rate: float, burst: float) -> float:
    """Tokens in the bucket `seconds` after it held `tokens`: `rate` a second drip in, `burst` is the most it holds.

    A clock that went backwards adds nothing.
    """
    return min(burst, tokens + max(0.0, seconds) * rate)


def free_slots(*, cap: int, in_flight: int, tokens: float) -> int:
    """How many may be claimed now: below the cap, and a whole token each."""
    return max(0, min(cap - in_flight, int(tokens)))


def fair_shares(wanted: Mapping[K, int], most: int, *, turn: int = 0) -> dict[K, int]:
    """`most` slots handed out one by one, round and round the lanes, starting with the `turn`-th (R3).

    Nobody gets more than wanted, and nobody a second one before everybody who wants it has a first.
    """
    shares = dict.fromkeys(wanted, 0)
    order = _rotated([lane for lane, number in wanted.items() if number > 0], turn)
    while order and most > 0:
        for lane in order[:most]:
            shares[lane] += 1
        most -= len(order[:most])
        order = [lane for lane in order if shares[lane] < wanted[lane]]
    return shares


def _rotated(lanes: Sequence[K], turn: int) -> list[K]:
    start = turn % len(lanes) if lanes else 0
    return [*lanes[start:], *lanes[:start]]
