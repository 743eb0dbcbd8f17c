"""From the facts of a trace to what the SVG template writes: places, texts that fit, words for those who cannot see it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from accounts.models import TraceRun
from accounts.rules.picture import (
    MOST_DRAWN,
    Box,
    Dot,
    Drawing,
    Key,
    Line,
    Ribbon,
    draw_layers,
    draw_sankey,
    draw_times,
    grouped,
)
from accounts.selectors.flow import FlowGraph, FlowNode, moment
from accounts.views.flow_svg import node_svg, ribbon_svg
from accounts.views.flow_words import Labels, amount_text, labels, state_of

DRAW = {"layers": draw_layers, "time": draw_times, "sankey": draw_sankey}
MOST_NAMED = 60  # payments whose amount is written at the curve; beyond it only the thickness tells
FITS = 21  # letters of a line in a box
NO_WIDER = "\u1100"  # no letter before this one takes the room of two


@dataclass(frozen=True)
class Look:
    """The presentation attributes of a state in files (the page's own colours are in css/flow.css), and its shape:
    `mark` is the `d` of a path 14 units wide, so that colour alone tells nothing."""

    fill: str
    edge: str
    mark: str
    width: int = 1
    dash: str = ""
    is_hollow: bool = False

    @property
    def mark_fill(self) -> str:
        """The shape's inside."""
        return "none" if self.is_hollow else self.edge


_DISC, _RING, _ARROW = "M7 0A6.5 6.5 0 1 1 6.99 0Z", "M7 1A5.5 5.5 0 1 1 6.99 1Z", "M0 4.5H8V1L14 6.5L8 12V8.5H0Z"
_RESTS = Look("#fdf1d8", "#7c4a03", _DISC, width=2)
_OPEN = Look("#f1ebfc", "#5935a3", _RING, dash="5 3", is_hollow=True)
PLAIN = Look("#ffffff", "#828c9b", _ARROW)
LOOKS: dict[str, Look] = {
    "seed": Look("#fdeaea", "#a41b22", "M7 0L14 13H0Z", width=2),
    "held": Look("#e1f3f7", "#0b5768", "M3.5 0H10.5L14 6.5L10.5 13H3.5L0 6.5Z", width=2),
    "asked": Look("#e1f3f7", "#0b5768", "M3.5 1H10.5L13 6.5L10.5 12H3.5L1 6.5Z", dash="5 3", is_hollow=True),
    "resting": _RESTS, "window": _RESTS, "unknown": _OPEN, "cut": _OPEN, "unnamed": _OPEN, "opening": _OPEN,
    "cash": Look("#fdeaea", "#a41b22", "M0 3H14V11H0ZM7 5A2 2 0 1 0 7.01 5Z", dash="2 3"),
    "beyond": Look("#ffffff", "#828c9b", "M2 2H12V12H2Z", dash="2 4", is_hollow=True),
    "group": Look("#ffffff", "#828c9b", "M0 0H8V8H0ZM6 5H14V13H6Z"),
}  # fmt: skip


@dataclass
class DrawnNode:
    """One box: its place, up to three lines of text, the word of its state, and what is said of it."""

    box: Box
    state: str
    lines: list[str]
    label: str
    node: FlowNode | None
    count: int = 1
    open_url: str = ""  # shows its hidden neighbours

    @cached_property
    def id(self) -> str:
        """Its name in the page."""
        return f"n{self.box.key}".replace(":", "-").replace("*", "x")

    @property
    def look(self) -> Look:
        """Colours and shape."""
        return LOOKS.get(self.state, PLAIN)

    @property
    def text_x(self) -> float:
        """Where its texts begin; of a bar beside it."""
        return self.box.x + (self.box.width + 6 if self.box.width < 40 else 30)


@dataclass
class DrawnRibbon:
    """One curve with its amount."""

    ribbon: Ribbon
    text: str
    label: str
    src: str
    dst: str
    seconds: int


@dataclass
class Picture:
    """What `flow_svg.html` draws."""

    kind: str
    drawing: Drawing
    title: str
    nodes: list[DrawnNode]
    ribbons: list[DrawnRibbon]
    ticks: list[tuple[float, str]]
    is_grouped: bool
    legend: list[tuple[Look, Any]] = field(default_factory=list)

    @property
    def curves(self) -> SafeString:
        """All payments as SVG; `flow_svg` escapes each text."""
        return mark_safe("".join(map(ribbon_svg, self.ribbons)))  # noqa: S308

    @property
    def buttons(self) -> SafeString:
        """All accounts as the page shows them."""
        return self._boxes(is_file=False)

    @property
    def images(self) -> SafeString:
        """All accounts as a file shows them."""
        return self._boxes(is_file=True)

    def _boxes(self, *, is_file: bool) -> SafeString:
        bars = self.kind == "sankey"
        parts = (
            node_svg(each, is_bar=bars, is_first=not at, is_file=is_file, more="" if is_file else _more(each))
            for at, each in enumerate(self.nodes)
        )
        return mark_safe("".join(parts))  # noqa: S308  # `flow_svg` escapes each text


def draw(graph: FlowGraph, kind: str, title: str, open_url: Callable[[FlowNode], str] | None = None) -> Picture:
    """The picture of what is shown; above 500 accounts grouped by bank and level. `open_url`: shows hidden neighbours."""
    backward = graph.run.direction == TraceRun.Direction.BACKWARD
    dots = [_dot(node, graph, backward=backward) for node in graph.nodes.values()]
    lines = [
        Line(edge.src, edge.dst, edge.amount, edge.at, edge.count, edge.is_return, edge.is_beyond, edge.turn)
        for edge in graph.edges
    ]
    few, between, members = grouped(dots, lines, MOST_DRAWN)
    drawing = DRAW[kind](few, between)
    banks = {dot.key: dot.bank for dot in few}
    words = labels()
    nodes = [_node(box, graph, members, banks, words) for box in drawing.boxes]
    for each in nodes:
        if open_url is not None and each.node is not None:
            each.open_url = open_url(each.node)
    by_key = {each.box.key: each for each in nodes}
    named = len(drawing.ribbons) <= MOST_NAMED
    currency = graph.run.currency
    ribbons = [_ribbon(ribbon, by_key, currency, words, named=named) for ribbon in drawing.ribbons]
    ticks = list(
        zip([tick.x for tick in drawing.ticks], _ticks(kind, [tick.value for tick in drawing.ticks]), strict=True)
    )
    return Picture(kind, drawing, title, nodes, ribbons, ticks, bool(members), legend())


def legend() -> list[tuple[Look, Any]]:
    """Words of the states, each with the look that the picture gives it."""
    words = [
        ("seed", _("Start of the trace")), ("held", _("Held")), ("asked", _("Hold asked for")), ("resting", _("Money rests here")),
        ("unknown", _("Unknown from here")), ("passed", _("Passed on")), ("cash", _("Cash")), ("beyond", _("Not traced")),
    ]  # fmt: skip
    return [(LOOKS.get(state, PLAIN), label) for state, label in words]


def clip(text: str, most: int = FITS) -> str:
    """Text that fits into so many letters; a Chinese character takes two."""
    if 2 * len(text) <= most or (len(text) <= most and max(text) < NO_WIDER):
        return text
    width = 0
    for at, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > most:
            return text[: max(at - 1, 1)] + "…"
    return text


def _more(each: DrawnNode) -> str:
    """What its handle does; "" where it has none."""
    if not each.open_url or each.node is None:
        return ""
    return _more_words(each.node.hidden, get_language()).format(number=each.lines[0])


@lru_cache(maxsize=512)
def _more_words(count: int, language: str | None) -> str:
    """The sentence of a handle without the account's number, in the reader's `language`."""
    text = ngettext("Show {count} hidden neighbour of {number}", "Show {count} hidden neighbours of {number}", count)
    return text.format(count=count, number="{number}")


def _dot(node: FlowNode, graph: FlowGraph, *, backward: bool) -> Dot:
    level = -node.level if backward else node.level
    pinned = node.is_seed or node.is_beyond or node.node in graph.opened
    return Dot(node.node, level, node.bank_key, max(node.came, node.left), node.first_at or graph.first_at, pinned)


def _node(
    box: Box, graph: FlowGraph, members: dict[Key, tuple[Key, ...]], banks: dict[Key, str], words: Labels
) -> DrawnNode:
    currency = graph.run.currency
    if box.key in members:
        inside = [graph.nodes[int(key)] for key in members[box.key]]
        count = len(inside)
        bank = words.bank(inside[0]) if banks[box.key] != "*" else _("Other banks")
        text = ngettext("{count} account", "{count} accounts", count).format(count=count)
        came = sum(each.came for each in inside)
        label = f"{text}, {bank}, {words.level(inside[0])}, {amount_text(came, currency)}"
        return DrawnNode(box, "group", [text, clip(bank), amount_text(came, currency)], label, None, count)
    node = graph.nodes[int(box.key)]
    amount = amount_text(node.rest or node.came or node.left, currency)
    third = f"{amount} · {words.short_ending(node)}" if node.end and not node.is_seed else amount
    if node.is_beyond:
        third = words.not_traced
    lines = [words.number(node), clip(words.bank(node)), clip(third, FITS + 3)]
    return DrawnNode(box, state_of(node), lines, words.sentence(node, currency), node)


def _ribbon(
    ribbon: Ribbon, by_key: dict[Key, DrawnNode], currency: str, words: Labels, *, named: bool
) -> DrawnRibbon:  # fmt: skip
    src, dst = by_key[ribbon.src], by_key[ribbon.dst]
    text = amount_text(ribbon.amount, currency)
    at = timezone.localtime(moment(ribbon.at)).isoformat(" ", "seconds")[:19]
    label = f"{src.lines[0]} → {dst.lines[0]}: {text}, {words.payments(ribbon.count)}, {at}"
    if ribbon.is_return:
        label = f"{label}, {words.is_return}"
    return DrawnRibbon(ribbon, text if named else "", label, src.id, dst.id, ribbon.at // 1_000_000)


def _ticks(kind: str, values: list[int]) -> list[str]:
    """Labels of the axis: the day only where it begins, seconds only where the steps are shorter than a minute."""
    if kind == "sankey":
        return [""] * len(values)
    if kind == "layers":
        return [pgettext("flow", "Start") if value == 0 else _("Level {n}").format(n=abs(value)) for value in values]
    moments = [timezone.localtime(moment(value)) for value in values]
    clock = "%H:%M" if all(each.second == 0 for each in moments) else "%H:%M:%S"
    days = [None, *(each.date() for each in moments)]
    return [
        each.strftime(clock if each.date() == day else f"%m-%d {clock}")
        for each, day in zip(moments, days, strict=False)
    ]
