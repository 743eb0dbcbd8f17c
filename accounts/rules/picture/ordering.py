"""The order of the accounts within each layer, so that few payments cross: weighted centres, swept down and up."""

from __future__ import annotations

from bisect import bisect_right
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
    left, right = _sides(column, lines)
    gaps = _gaps(column, lines)
    best, fewest = [list(keys) for keys in present], _crossings(present, gaps)
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
            present[at] = _centred(present[at], place, left if down else right)
            _place(present[at], place)
        count = _crossings(present, gaps)
        if count < fewest:
            best, fewest = [list(keys) for keys in present], count
    return best, fewest


def _place(keys: Sequence[Key], place: dict[Key, float]) -> None:
    """Where each account of a layer stands, from 0 to 1."""
    place.update((key, (n + 0.5) / len(keys)) for n, key in enumerate(keys))


def _sides(
    column: Mapping[Key, int], lines: Sequence[Line]
) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:  # fmt: skip
    """The neighbours of each account in layers to its left, and to its right, in the order of the payments."""
    left: dict[Key, list[Key]] = defaultdict(list)
    right: dict[Key, list[Key]] = defaultdict(list)
    for line in lines:
        src, dst = column[line.src], column[line.dst]
        if src < dst:
            right[line.src].append(line.dst)
            left[line.dst].append(line.src)
        elif dst < src:
            left[line.src].append(line.dst)
            right[line.dst].append(line.src)
    return left, right


def _gaps(column: Mapping[Key, int], lines: Sequence[Line]) -> dict[int, list[tuple[Key, Key]]]:
    """The payments between neighbouring layers by the left one, each as (left account, right account)."""
    gaps: dict[int, list[tuple[Key, Key]]] = defaultdict(list)
    for line in lines:
        src, dst = column[line.src], column[line.dst]
        if dst - src == 1:
            gaps[src].append((line.src, line.dst))
        elif src - dst == 1:
            gaps[dst].append((line.dst, line.src))
    return gaps


def _centred(keys: Sequence[Key], place: Mapping[Key, float], fixed: Mapping[Key, list[Key]]) -> list[Key]:
    """A layer sorted by where its neighbours on the fixed side stand; who has none there keeps its place."""
    ranks = {}
    for key in keys:
        own, others = place[key], fixed.get(key)
        centre = sum([place[other] for other in others]) / len(others) if others else own
        ranks[key] = (round(centre, 9), own)
    return sorted(keys, key=ranks.__getitem__)


def crossings(layers: Layers, lines: Sequence[Line]) -> int:
    """How many pairs of payments between neighbouring layers cross; O(n log n) by counting inversions."""
    return _crossings(layers, _gaps({key: at for at, keys in enumerate(layers) for key in keys}, lines))


def _crossings(layers: Layers, gaps: Mapping[int, list[tuple[Key, Key]]]) -> int:
    place = {key: n for keys in layers for n, key in enumerate(keys)}
    found = 0
    for pairs in gaps.values():
        seen: list[int] = []
        # Of one start the ends rise, so that they never cross each other.
        for _start, end in sorted([(place[a], place[b]) for a, b in pairs]):
            at = bisect_right(seen, end)
            found += len(seen) - at
            seen.insert(at, end)
    return found
