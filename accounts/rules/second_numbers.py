"""Which numbers are one account, from claims "this number is a second number of that one's account"; reading claims is not here.

A number that all who claim it agree on joins their account; one that two different accounts claim joins none (it is
disputed). Joining can settle a dispute, where the two turn out to be one account, and never makes one: so the outcome
does not depend on the order of the claims. Numbers of two institutions are never one account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Number = bytes
Claim = tuple[Number, Number]
NOBODY: Mapping[Number, Hashable] = MappingProxyType({})
_WALLETS = ("支付宝", "财付通", "微信")


@dataclass(frozen=True)
class Joined:
    """`mains`: second number -> the number that stands for its account; `disputed`: number -> numbers that claim it."""

    mains: dict[Number, Number]
    disputed: dict[Number, frozenset[Number]]


def names_wallet(heading: str) -> bool:
    """Whether a column holds a wallet's accounts: a card beside one is another institution's, from which it is filled."""
    return any(name in heading for name in _WALLETS)


def join_numbers(
    claims: Iterable[Claim], present: Collection[Number], keepers: Mapping[Number, Hashable] = NOBODY
) -> Joined:
    """From claims (first, second). Only `present` numbers get a main: the first of their account, else the lowest of them.

    `keepers`: the institution of a number, as far as it is known. A claim across two institutions does not count, and of an
    account that would have two of them in a roundabout way no number is joined.
    """
    claimants: dict[Number, set[Number]] = defaultdict(set)
    for first, second in claims:
        if first != second and len(_keepers((first, second), keepers)) < 2:
            claimants[second].add(first)
    classes = _Classes()
    accepted: set[Number] = set()
    waiting = dict(claimants)
    while fitting := [
        number for number, firsts in waiting.items() if len({classes.of(first) for first in firsts}) == 1
    ]:
        for number in fitting:
            classes.join(number, next(iter(waiting.pop(number))))
            accepted.add(number)
    members: dict[Number, list[Number]] = defaultdict(list)
    for number in sorted(
        set(present) & (claimants.keys() | {first for firsts in claimants.values() for first in firsts})
    ):
        members[classes.of(number)].append(number)
    mains: dict[Number, Number] = {}
    for numbers in members.values():
        if len(_keepers(numbers, keepers)) > 1:
            continue
        main = next((number for number in numbers if number not in accepted), numbers[0])
        mains |= {number: main for number in numbers if number != main}
    return Joined(mains, {number: frozenset(firsts) for number, firsts in waiting.items()})


def _keepers(numbers: Iterable[Number], keepers: Mapping[Number, Hashable]) -> set[Hashable]:
    return {keepers[number] for number in numbers if number in keepers}


class _Classes:
    """Sets of numbers that grow together."""

    def __init__(self) -> None:
        self._above: dict[Number, Number] = {}

    def of(self, number: Number) -> Number:
        """The one that stands for its set."""
        way = []
        while number in self._above:
            way.append(number)
            number = self._above[number]
        for each in way:
            self._above[each] = number
        return number

    def join(self, number: Number, other: Number) -> None:
        """Make the two sets one."""
        mine, theirs = self.of(number), self.of(other)
        if mine != theirs:
            self._above[mine] = theirs
