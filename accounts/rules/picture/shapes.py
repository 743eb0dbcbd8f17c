"""What goes into a layout and what comes out, as plain values; amounts in minor units, times in microseconds since 1970 UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Key = int | str  # a ledger node, or the word of a group


@dataclass(frozen=True, slots=True)
class Dot:
    """One account. `level`: payments away from the seeds; `at`: when the first traced money came; `bank`: a grouping word."""

    key: Key
    level: int
    bank: str
    amount: int
    at: int
    is_pinned: bool = False  # stays by itself when others are grouped: victims, and what was opened by hand


@dataclass(frozen=True, slots=True)
class Line:
    """Payments from one account to another, drawn as one: `amount` in all, `count` of them, `at` the first."""

    src: Key
    dst: Key
    amount: int
    at: int
    count: int = 1
    is_return: bool = False
    is_beyond: bool = False  # not of the trace: shown because an account was opened
    turn: int = 0  # of the first among the payments of its moment

    @property
    def when(self) -> tuple[int, int]:
        """Its place in the order of time."""
        return self.at, self.turn


@dataclass(slots=True)
class Box:
    """Where an account, or a group of them (`members`), is drawn."""

    key: Key
    x: float
    y: float
    width: float
    height: float
    layer: int
    members: tuple[Key, ...] = ()

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return self.y + self.height / 2


@dataclass(slots=True)
class Ribbon:
    """A payment as it is drawn: `path` is the `d` of an SVG path along its middle, `width` its thickness."""

    src: Key
    dst: Key
    amount: int
    count: int
    at: int
    width: float
    path: str
    label_x: float
    label_y: float
    is_return: bool
    is_beyond: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A column or a moment of the axis: `value` is the layer, or the time in microseconds."""

    x: float
    value: int


@dataclass(slots=True)
class Drawing:
    """The whole picture; `crossings` of the layered order, for the tests and the measurements."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    ribbons: list[Ribbon] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    crossings: int = 0


def joined(lines: Iterable[Line]) -> list[Line]:
    """One line for each pair of accounts and direction, in a fixed order: what is drawn as one ribbon."""
    found: dict[tuple[Key, Key, bool], Line] = {}
    for line in lines:
        pair = (line.src, line.dst, line.is_beyond)
        same = found.get(pair)
        if same is None:
            found[pair] = line
            continue
        first = min(same, line, key=lambda each: each.when)
        found[pair] = Line(
            line.src, line.dst, same.amount + line.amount, first.at, same.count + line.count,
            same.is_return or line.is_return, line.is_beyond, first.turn,
        )  # fmt: skip
    return sorted(found.values(), key=lambda each: (each.when, str(each.src), str(each.dst), each.is_beyond))


def thickness(amount: int, most: int, widest: float) -> float:
    """How thick a payment is drawn: in proportion to the largest one, never too thin to be seen."""
    return round(max(1.5, widest * amount / most), 2) if most > 0 else 1.5
