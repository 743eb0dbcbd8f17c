"""Where cases, shared things and other units stand on the drawn map of a series; numbers only, the page writes the words.

Three columns: own cases, what they share, who else has it. Each column is ordered by the mean place of its neighbours
(two sweeps), so that few lines cross.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = (10, 330, 650)
BOX_WIDTH = 230
BOX_HEIGHT = 34
STEP = 46
TOP = 34
MOST_ROWS = 40
WIDTH = 890


@dataclass(frozen=True)
class Box:
    """A node: its column, its place in the given list, and the corner of its rectangle."""

    column: int
    index: int
    x: int
    y: int

    @property
    def middle(self) -> int:
        """Half of its height."""
        return self.y + BOX_HEIGHT // 2


@dataclass(frozen=True)
class Map:
    """What is drawn: boxes by (column, index), lines as SVG paths, the height of the picture, what had no room."""

    boxes: dict[tuple[int, int], Box]
    lines: tuple[tuple[int, int, str], ...]  # column of the left end, index of the thing, path
    height: int
    hidden: int


def draw(cases: int, things: Sequence[tuple[Sequence[int], Sequence[int]]], others: int) -> Map:
    """Lay out `things`, each with the places of its cases and of the others that have it; at most 40 in a column."""
    edges = [(case, at) for at, (mine, _) in enumerate(things) for case in mine]
    away = [(other, at) for at, (_, theirs) in enumerate(things) for other in theirs]
    left = list(range(cases))
    middle = _by_mean(range(len(things)), [(at, case) for case, at in edges], left)
    left = _by_mean(left, edges, middle)
    middle = _by_mean(middle, [(at, case) for case, at in edges], left)
    right = _by_mean(range(others), away, middle)
    boxes: dict[tuple[int, int], Box] = {}
    hidden = 0
    tallest = min(MOST_ROWS, max(len(left), len(middle), len(right), 1))
    for column, order in enumerate((left, middle, right)):
        hidden += max(0, len(order) - MOST_ROWS)
        shown = order[:MOST_ROWS]
        lead = (tallest - len(shown)) * STEP // 2
        for row, index in enumerate(shown):
            boxes[column, index] = Box(column, index, COLUMNS[column], TOP + lead + row * STEP)
    lines = [_line(boxes, (0, case), (1, at), at) for case, at in edges]
    lines += [_line(boxes, (1, at), (2, other), at) for other, at in away]
    return Map(boxes, tuple(line for line in lines if line), TOP + tallest * STEP + 10, hidden)


def _by_mean(nodes: Sequence[int], edges: Sequence[tuple[int, int]], order: Sequence[int]) -> list[int]:
    """Nodes by the mean place of what they are linked to; ties and the unlinked keep their order."""
    place = {node: at for at, node in enumerate(order)}
    near: dict[int, list[int]] = defaultdict(list)
    for node, other in edges:
        near[node].append(place[other])
    last = len(order)
    return sorted(nodes, key=lambda node: sum(near[node]) / len(near[node]) if near[node] else last)


def _line(
    boxes: dict[tuple[int, int], Box], start: tuple[int, int], end: tuple[int, int], thing: int
) -> tuple[int, int, str] | None:
    """A curve from the right edge of one box to the left edge of the other; None where one of them is not drawn."""
    a, b = boxes.get(start), boxes.get(end)
    if a is None or b is None:
        return None
    x1, x2 = a.x + BOX_WIDTH, b.x
    bend = (x2 - x1) // 2
    return (a.column, thing, f"M{x1} {a.middle} C{x1 + bend} {a.middle} {x2 - bend} {b.middle} {x2} {b.middle}")
