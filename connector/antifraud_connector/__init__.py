"""A bank's side of the exchange: fetch orders, hand them over once, post signed answers. Knows the wire format only."""

from __future__ import annotations

VERSION = "0.1.0"
