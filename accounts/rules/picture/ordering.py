"""The order of the accounts within each layer, so that few payments cross: weighted centres, swept down and up."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence

from accounts.rules.picture.shapes import Key, Line

SWEEPS = 8

Layers = list[list[Key]]


def ordered(layers: Mapping[int, Sequence[Key]], lines: Sequence[Line]) -> tuple[Layers, int]:
    """(the layers from left to right, each in its order, and how many crossings are left).

    Deterministic: it begins with the given order, and of equally good orders the first found stays.
    """
    present = [list(layers[each]) for each in sorted(layers)]
    column = {key: at for at, keys in enumerate(present) for key in keys}
    near: dict[Key, list[tuple[Key, int]]] = defaultdict(list)
    for line in lines:
        if column[line.src] != column[line.dst]:
            near[line.src].append((line.dst, line.amount))
            near[line.dst].append((line.src, line.amount))
    best, fewest = [list(keys) for keys in present], crossings(present, lines)
    place: dict[Key, float] = {}
    for keys in present:
        _place(keys, place)
    seen: list[Layers] = []
    for sweep in range(SWEEPS):
        # Where a sweep down and one up changed nothing, the rest would repeat them.
        if fewest == 0 or (len(seen) > 1 and present == seen[-2]):
            break
        seen.append([list(keys) for keys in present])
        down = sweep % 2 == 0
        for at in range(1, len(present)) if down else range(len(present) - 2, -1, -1):
            present[at] = _centred(present[at], at, place, column, near, down=down)
            _place(present[at], place)
        count = crossings(present, lines)
        if count < fewest:
            best, fewest = [list(keys) for keys in present], count
    return best, fewest


def _place(keys: Sequence[Key], place: dict[Key, float]) -> None:
    """Where each account of a layer stands, from 0 to 1."""
    place.update((key, (n + 0.5) / len(keys)) for n, key in enumerate(keys))


def _centred(
    keys: Sequence[Key], at: int, place: Mapping[Key, float], column: Mapping[Key, int],
    near: Mapping[Key, list[tuple[Key, int]]], *, down: bool,
) -> list[Key]:  # fmt: skip
    """A layer sorted by where its neighbours on the fixed side stand; who has none there keeps its place."""

    def centre(key: Key) -> float:
        fixed = [place[other] for other, _amount in near.get(key, ()) if (column[other] < at) is down]
        return sum(fixed) / len(fixed) if fixed else place[key]

    return sorted(keys, key=lambda key: (round(centre(key), 9), place[key]))


def crossings(layers: Layers, lines: Sequence[Line]) -> int:
    """How many pairs of payments between neighbouring layers cross; O(n log n) by counting inversions."""
    place = {key: (at, n) for at, keys in enumerate(layers) for n, key in enumerate(keys)}
    between: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for line in lines:
        (left, a), (right, b) = sorted((place[line.src], place[line.dst]))
        if right - left == 1:
            between[left].append((a, b))
    found = 0
    for pairs in between.values():
        seen: list[int] = []
        for _start, end in sorted(pairs):  # of one start the ends rise, so that they never cross each other
            found += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return found
