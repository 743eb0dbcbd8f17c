"""Too many accounts for one picture: they are drawn together by bank and level; who is pinned stays alone while there is room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from accounts.rules.picture.shapes import Dot, Key, Line

MOST_DRAWN = 500
OTHERS = "*"


def grouped(
    dots: Sequence[Dot], lines: Sequence[Line], most: int = MOST_DRAWN
) -> tuple[list[Dot], list[Line], dict[Key, tuple[Key, ...]]]:
    """(dots, lines, members by group). Where at most `most` are drawn anyway, everything stays as it is.

    The key of a group is "g:<level>:<bank>"; of banks that leave no room, "g:<level>:*". Payments inside a group are
    not drawn. Deterministic.
    """
    if len(dots) <= most:
        return list(dots), list(lines), {}
    pinned = sorted((dot for dot in dots if dot.is_pinned), key=lambda dot: (dot.level, -dot.amount, str(dot.key)))
    alone = {dot.key for dot in pinned[: most // 2]}
    rows: dict[tuple[int, str], list[Dot]] = defaultdict(list)
    for dot in dots:
        if dot.key not in alone:
            rows[dot.level, dot.bank].append(dot)
    rows = _small_together(rows, most - len(alone))
    group_of: dict[Key, Key] = {}
    made = [dot for dot in dots if dot.key in alone]
    members: dict[Key, tuple[Key, ...]] = {}
    for (level, bank), inside in sorted(rows.items()):
        if len(inside) == 1:
            made.append(inside[0])
            continue
        key = f"g:{level}:{bank}"
        members[key] = tuple(sorted((dot.key for dot in inside), key=str))
        group_of |= dict.fromkeys(members[key], key)
        made.append(Dot(key, level, bank, sum(dot.amount for dot in inside), min(dot.at for dot in inside)))
    return made, _between(lines, group_of), members


def _small_together(rows: dict[tuple[int, str], list[Dot]], room: int) -> dict[tuple[int, str], list[Dot]]:
    """The groups with the largest amounts stay; the rest of each level becomes "others", until all fit."""
    if len(rows) <= room:
        return rows
    levels = {level for level, _bank in rows}
    largest = sorted(rows, key=lambda each: (-sum(dot.amount for dot in rows[each]), each))
    kept = set(largest[: max(room - len(levels), 0)])
    found: dict[tuple[int, str], list[Dot]] = defaultdict(list)
    for place, inside in rows.items():
        found[place if place in kept else (place[0], OTHERS)] += inside
    return found


def _between(lines: Sequence[Line], group_of: dict[Key, Key]) -> list[Line]:
    found = []
    for line in lines:
        src, dst = group_of.get(line.src, line.src), group_of.get(line.dst, line.dst)
        if src != dst:
            found.append(Line(src, dst, line.amount, line.at, line.count, line.is_return, line.is_beyond, line.turn))
    return found
