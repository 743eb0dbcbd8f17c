"""The layered picture: columns by level, or places along the time axis; rows so that little crosses; flows as curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from accounts.rules.picture.ordering import ordered
from accounts.rules.picture.ribbons import curves
from accounts.rules.picture.shapes import Box, Dot, Drawing, Key, Line, Tick, joined

BOX_WIDTH, BOX_HEIGHT = 176.0, 58.0
GAP_X, GAP_Y = 96.0, 16.0
EDGE, TOP = 24.0, 48.0
TIME_WIDTH, LONG_TIME_WIDTH = 860.0, 1400.0  # a few accounts fit on the screen at full size, many get more room
FEW = 40
SECOND = 1_000_000
# Steps of the time axis, in seconds: seven layers in 23 seconds must still be told apart.
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)
MOST_TICKS = 8  # a label has at least 107 units of width: date and time fit beside the next one


def draw_layers(dots: Sequence[Dot], lines: Sequence[Line]) -> Drawing:
    """Columns by level from left to right. Deterministic: the same input in any order gives the same picture."""
    known = {dot.key: dot for dot in sorted(dots, key=_rank)}
    between = [line for line in joined(lines) if line.src in known and line.dst in known]
    levels: dict[int, list[Key]] = defaultdict(list)
    for dot in known.values():
        levels[dot.level].append(dot.key)
    columns, crossings = ordered(levels, between)
    tallest = max((len(keys) for keys in columns), default=0)
    boxes = []
    for at, keys in enumerate(columns):
        x = EDGE + at * (BOX_WIDTH + GAP_X)
        spare = (tallest - len(keys)) * (BOX_HEIGHT + GAP_Y) / 2
        boxes += [
            Box(key, x, TOP + spare + n * (BOX_HEIGHT + GAP_Y), BOX_WIDTH, BOX_HEIGHT, known[key].level)
            for n, key in enumerate(keys)
        ]
    ticks = [Tick(EDGE + at * (BOX_WIDTH + GAP_X), level) for at, level in enumerate(sorted(levels))]
    return _finished(boxes, between, ticks, crossings)


def draw_times(dots: Sequence[Dot], lines: Sequence[Line]) -> Drawing:
    """Along the time axis: an account stands where the first traced money reached it; who would overlap goes to another lane."""
    known = {dot.key: dot for dot in sorted(dots, key=lambda dot: (dot.at, *_rank(dot)))}
    between = [line for line in joined(lines) if line.src in known and line.dst in known]
    if not known:
        return Drawing(2 * EDGE, TOP)
    first, last = min(dot.at for dot in known.values()), max(dot.at for dot in known.values())
    scale = (TIME_WIDTH if len(known) <= FEW else LONG_TIME_WIDTH) / max(last - first, SECOND)
    lanes: list[float] = []
    boxes: list[Box] = []
    lane_of: dict[Key, int] = {}
    payer = {line.dst: line.src for line in reversed(between)}
    for dot in known.values():
        x = round(EDGE + (dot.at - first) * scale, 1)
        lane = _lane(lanes, x, lane_of.get(payer.get(dot.key, dot.key), 0))
        lane_of[dot.key] = lane
        boxes.append(Box(dot.key, x, TOP + lane * (BOX_HEIGHT + GAP_Y), BOX_WIDTH, BOX_HEIGHT, dot.level))
    return _finished(boxes, between, time_ticks(first, last, scale), 0)


def time_ticks(first: int, last: int, scale: float) -> list[Tick]:
    """Round moments between two times, at most nine, placed like the accounts."""
    span = max((last - first) // SECOND, 1)
    step = next((each for each in STEPS if span / each <= MOST_TICKS), -(-span // MOST_TICKS)) * SECOND
    begin = first - first % step
    moments = range(begin, last + step, step)
    return [Tick(round(EDGE + (at - first) * scale, 1), at) for at in moments if first <= at <= last] or [
        Tick(EDGE, first)
    ]


def _lane(lanes: list[float], x: float, wanted: int) -> int:
    """The free lane nearest to the payer's; `lanes` keeps where each one is free again."""
    free = [at for at, until in enumerate(lanes) if until <= x]
    if not free:
        lanes.append(0.0)
        free = [len(lanes) - 1]
    chosen = min(free, key=lambda at: (abs(at - wanted), at))
    lanes[chosen] = x + BOX_WIDTH + GAP_X / 2
    return chosen


def _finished(boxes: list[Box], lines: list[Line], ticks: list[Tick], crossings: int) -> Drawing:
    ribbons, lowest = curves(lines, boxes)
    width = max((box.right for box in boxes), default=0.0) + EDGE
    return Drawing(round(width, 1), round(lowest + EDGE, 1), boxes, ribbons, ticks, crossings)


def _rank(dot: Dot) -> tuple[int, int, int, str]:
    return (dot.level, -dot.amount, dot.at, str(dot.key))
