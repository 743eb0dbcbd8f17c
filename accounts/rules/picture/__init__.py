"""Where the accounts and payments of a trace stand in its picture; what they are called and who may see them is not here."""

from __future__ import annotations

from accounts.rules.picture.grouping import MOST_DRAWN, grouped
from accounts.rules.picture.layers import draw_layers, draw_times
from accounts.rules.picture.sankey import draw_sankey
from accounts.rules.picture.shapes import Box, Dot, Drawing, Key, Line, Ribbon, Tick

__all__ = [
    "MOST_DRAWN",
    "Box",
    "Dot",
    "Drawing",
    "Key",
    "Line",
    "Ribbon",
    "Tick",
    "draw_layers",
    "draw_sankey",
    "draw_times",
    "grouped",
]
