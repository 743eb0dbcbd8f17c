"""The Sankey picture: how much went through whom in all; payments that close a cycle are drawn as returns, thin and below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from accounts.rules.picture.ordering import ordered
from accounts.rules.picture.shapes import Box, Dot, Drawing, Key, Line, Ribbon, Tick, joined

BAR, COLUMN = 14.0, 250.0
EDGE, TOP = 24.0, 48.0
TALL = 560.0
GAP = 14.0
THINNEST = 2.0
RETURN_WIDTH = 2.0


def without_cycles(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """(payments that form no cycle, the returns). In the order of time, whoever closes a cycle is the return."""
    ahead: dict[Key, set[Key]] = defaultdict(set)
    kept, returns = [], []
    for line in sorted(lines, key=lambda each: (each.is_return, each.when, str(each.src), str(each.dst))):
        if line.is_return or line.src == line.dst or _reaches(ahead, line.dst, line.src):
            returns.append(line)
        else:
            ahead[line.src].add(line.dst)
            kept.append(line)
    return kept, returns


def draw_sankey(dots: Sequence[Dot], lines: Sequence[Line]) -> Drawing:
    """Bars as tall as what went through; bands as thick as what was paid, one scale for all."""
    known = {dot.key: dot for dot in sorted(dots, key=lambda dot: (dot.level, -dot.amount, str(dot.key)))}
    kept, returns = without_cycles(
        line for line in joined(lines) if line.src in known and line.dst in known and not line.is_beyond
    )
    used = {key for line in (*kept, *returns) for key in (line.src, line.dst)}
    columns_of = _columns(used, kept)
    layers: dict[int, list[Key]] = defaultdict(list)
    for key in known:
        if key in used:
            layers[columns_of[key]].append(key)
    columns, crossings = ordered(layers, kept)
    through = _through(used, kept)
    tall = max(TALL, 2 * GAP * max(map(len, columns), default=0))
    scale = min(
        ((tall - GAP * (len(keys) - 1)) / max(sum(through[key] for key in keys), 1) for keys in columns), default=0.0
    )
    boxes: dict[Key, Box] = {}
    for at, keys in enumerate(columns):
        y = TOP
        for key in keys:
            height = round(max(THINNEST, through[key] * scale), 2)
            boxes[key] = Box(key, EDGE + at * COLUMN, round(y, 2), BAR, height, at)
            y += height + GAP
    ribbons = _bands(kept, boxes, scale)
    floor = max((box.y + box.height for box in boxes.values()), default=TOP)
    ribbons += _returns(returns, boxes, floor)
    width = EDGE * 2 + max(len(columns) - 1, 0) * COLUMN + BAR + 200
    ticks = [Tick(EDGE + at * COLUMN, at) for at in range(len(columns))]
    return Drawing(
        width,
        round(floor + 16 * (min(len(returns), 12) + 1) + EDGE, 1),
        list(boxes.values()),
        ribbons,
        ticks,
        crossings,
    )


def _reaches(ahead: dict[Key, set[Key]], start: Key, goal: Key) -> bool:
    seen, open_ = {start}, [start]
    while open_:
        key = open_.pop()
        if key == goal:
            return True
        fresh = ahead.get(key, set()) - seen
        seen |= fresh
        open_ += fresh
    return False


def _columns(keys: set[Key], lines: list[Line]) -> dict[Key, int]:
    """The longest way from a source; `lines` form no cycle."""
    into: dict[Key, int] = dict.fromkeys(keys, 0)
    out: dict[Key, list[Key]] = defaultdict(list)
    for line in lines:
        into[line.dst] += 1
        out[line.src].append(line.dst)
    column = dict.fromkeys(keys, 0)
    ready = [key for key in keys if into[key] == 0]
    while ready:
        key = ready.pop()
        for other in out[key]:
            column[other] = max(column[other], column[key] + 1)
            into[other] -= 1
            if into[other] == 0:
                ready.append(other)
    return column


def _through(keys: set[Key], lines: list[Line]) -> dict[Key, int]:
    come: dict[Key, int] = dict.fromkeys(keys, 0)
    left: dict[Key, int] = dict.fromkeys(keys, 0)
    for line in lines:
        left[line.src] += line.amount
        come[line.dst] += line.amount
    return {key: max(come[key], left[key]) for key in keys}


def _bands(lines: list[Line], boxes: dict[Key, Box], scale: float) -> list[Ribbon]:
    """Bands leave and enter each bar from top to bottom in the order of the other ends."""
    out = _stacked(lines, boxes, scale, leaving=True)
    into = _stacked(lines, boxes, scale, leaving=False)
    ribbons = []
    for at, line in enumerate(lines):
        src, dst = boxes[line.src], boxes[line.dst]
        y1, y2, bend = out[at], into[at], (dst.x - src.right) / 2
        path = f"M{src.right:g} {y1:g}C{src.right + bend:g} {y1:g} {dst.x - bend:g} {y2:g} {dst.x:g} {y2:g}"
        width = round(max(THINNEST / 2, line.amount * scale), 2)
        middle = ((src.right + dst.x) / 2, (y1 + y2) / 2)
        ribbons.append(
            Ribbon(
                line.src, line.dst, line.amount, line.count, line.at, width, path, round(middle[0], 1), round(middle[1], 1),
                is_return=False,
            )
        )  # fmt: skip
    return ribbons


def _stacked(lines: list[Line], boxes: dict[Key, Box], scale: float, *, leaving: bool) -> dict[int, float]:
    sides: dict[Key, list[tuple[float, int]]] = defaultdict(list)
    for at, line in enumerate(lines):
        own, other = (line.src, line.dst) if leaving else (line.dst, line.src)
        sides[own].append((boxes[other].middle, at))
    found = {}
    for key, ends in sides.items():
        y = boxes[key].y
        for _other, at in sorted(ends):
            width = lines[at].amount * scale
            found[at] = round(y + width / 2, 2)
            y += width
    return found


def _returns(lines: list[Line], boxes: dict[Key, Box], floor: float) -> list[Ribbon]:
    ribbons = []
    for at, line in enumerate(lines):
        src, dst = boxes[line.src], boxes[line.dst]
        deep = floor + 16 * (1 + at % 12)
        path = (
            f"M{src.right:g} {src.middle:g}C{src.right + 40:g} {src.middle:g} {src.right + 40:g} {deep:g} {src.right:g} {deep:g}"
            f"L{dst.x:g} {deep:g}C{dst.x - 20:g} {deep:g} {dst.x - 20:g} {dst.middle:g} {dst.x:g} {dst.middle:g}"
        )
        ribbons.append(
            Ribbon(
                line.src, line.dst, line.amount, line.count, line.at, RETURN_WIDTH, path,
                round((src.right + dst.x) / 2, 1), round(deep, 1), is_return=True,
            )
        )  # fmt: skip
    return ribbons
