"""The curves between placed accounts: forward to the right, returns in an arc below everything; nothing is placed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from accounts.rules.picture.shapes import Box, Key, Line, Ribbon, thickness

WIDEST = 12.0
MARGIN = 0.18  # of a box's side that no curve touches
RETURN_STEP = 14.0


def curves(lines: Iterable[Line], boxes: Iterable[Box]) -> tuple[list[Ribbon], float]:
    """(ribbons, the lowest y that an arc reaches). Returns, and payments to an earlier place, go in an arc below everything."""
    placed = {box.key: box for box in boxes}
    found = [line for line in lines if line.src in placed and line.dst in placed]
    most = max((line.amount for line in found if not line.is_beyond), default=0) or max(
        (line.amount for line in found), default=0
    )
    leaves, comes = _ports(found, placed)
    floor = max((box.y + box.height for box in placed.values()), default=0.0)
    ribbons, arcs = [], 0
    for at, line in enumerate(found):
        src, dst = placed[line.src], placed[line.dst]
        width = thickness(min(line.amount, most), most, WIDEST)
        if dst.x < src.x or line.is_return:
            arcs += 1
            deep = floor + RETURN_STEP * (1 + arcs % 12)
            path, x, y = _arc(src.right, leaves[at], dst.x, comes[at], deep)
        elif dst.x < src.right:
            path, x, y = _drop(src, dst, comes[at])
        else:
            path, x, y = _curve(src.right, leaves[at], dst.x, comes[at])
        ribbons.append(
            Ribbon(
                line.src, line.dst, line.amount, line.count, line.at, width, path, x, y, line.is_return, line.is_beyond
            )
        )  # fmt: skip
    return ribbons, floor + RETURN_STEP * (min(arcs, 12) + 1) if arcs else floor


def _ports(lines: list[Line], placed: dict[Key, Box]) -> tuple[dict[int, float], dict[int, float]]:
    """Where each line leaves and enters, spread over the side of the box in the order of the other ends."""
    out: dict[Key, list[tuple[float, int]]] = defaultdict(list)
    into: dict[Key, list[tuple[float, int]]] = defaultdict(list)
    for at, line in enumerate(lines):
        out[line.src].append((placed[line.dst].middle, at))
        into[line.dst].append((placed[line.src].middle, at))
    return _spread(out, placed), _spread(into, placed)


def _spread(sides: dict[Key, list[tuple[float, int]]], placed: dict[Key, Box]) -> dict[int, float]:
    found: dict[int, float] = {}
    for key, ends in sides.items():
        box = placed[key]
        top, room = box.y + box.height * MARGIN, box.height * (1 - 2 * MARGIN)
        for place, (_other, at) in enumerate(sorted(ends)):
            found[at] = round(top + room * (place + 0.5) / len(ends), 1)
    return found


def _curve(x1: float, y1: float, x2: float, y2: float) -> tuple[str, float, float]:
    bend = max(24.0, (x2 - x1) / 2)
    path = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return path, round((x1 + x2) / 2, 1), round((y1 + y2) / 2, 1)


def _drop(src: Box, dst: Box, y2: float) -> tuple[str, float, float]:
    """On the time axis the receiver may stand below or above the payer, hardly later: from the payer's edge into its side."""
    x1 = src.x + 12
    y1 = src.y + src.height if dst.middle > src.middle else src.y
    path = f"M{x1:g} {y1:g}C{x1:g} {(y1 + y2) / 2:g} {dst.x - 30:g} {y2:g} {dst.x:g} {y2:g}"
    return path, round((x1 + dst.x) / 2 - 8, 1), round((y1 + 3 * y2) / 4, 1)


def _arc(x1: float, y1: float, x2: float, y2: float, deep: float) -> tuple[str, float, float]:
    """Out to the right, down below all boxes, back to the left and up again."""
    path = (
        f"M{x1:g} {y1:g}C{x1 + 34:g} {y1:g} {x1 + 34:g} {deep:g} {x1:g} {deep:g}"
        f"L{x2:g} {deep:g}C{x2 - 34:g} {deep:g} {x2 - 34:g} {y2:g} {x2:g} {y2:g}"
    )
    return path, round((x1 + x2) / 2, 1), round(deep, 1)
