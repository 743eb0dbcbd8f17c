"""What a trace found, as values and as canonical JSON: edges, accounts, where every cent ended."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from accounts.rules.tracing.params import moment

RESTING, UNKNOWN, CASH, UNNAMED, RETURNED = "resting", "unknown", "cash", "unnamed", "returned"
BELOW_MINIMUM, WINDOW, CUT, OPENING, PASSED, REACHED = "below_minimum", "window", "cut", "opening", "passed", "reached"
# In this order an account's main end is named where two are equal in amount.
ENDS = (RESTING, OPENING, CASH, UNNAMED, RETURNED, UNKNOWN, WINDOW, BELOW_MINIMUM, CUT)


class Edge(NamedTuple):
    """Traced money in one payment. `hop` 1 is a seed; `at` microseconds of the paying side.

    `is_return`: the money goes back to an account that it had passed; without such edges there is no circle.
    """

    entry: int
    src: int
    dst: int
    hop: int
    amount: int
    at: int
    is_return: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "entry": self.entry, "src": self.src, "dst": self.dst, "hop": self.hop, "amount": self.amount,
            "at": moment(self.at), "is_return": self.is_return,
        }  # fmt: skip


class Node(NamedTuple):
    """An account that traced money reached: came = out + the sum of `ends`. Level 0 are the seeds' own accounts.

    `last_at`: when traced money last came; `known_to`: the end of its own statement. 0 stands for "not named".
    """

    node: int
    level: int
    came: int
    out: int
    end: str
    ends: dict[str, int]
    last_at: int | None
    known_to: int | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "node": self.node, "level": self.level, "in": self.came, "out": self.out, "rest": sum(self.ends.values()),
            "end": self.end, "ends": self.ends, "last_at": None if self.last_at is None else moment(self.last_at),
            "known_to": None if self.known_to is None else moment(self.known_to),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """Edges by hop, time and entry; nodes by level and node; totals by end, which add up to `seed` (not for reach)."""

    edges: tuple[Edge, ...]
    nodes: tuple[Node, ...]
    totals: dict[str, int] = field(default_factory=dict)
    is_cut: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "edges": [edge.as_dict() for edge in self.edges],
            "nodes": [node.as_dict() for node in self.nodes],
            "totals": self.totals,
        }


def canonical(value: Any) -> bytes:
    """One spelling of a JSON value: sorted names, no spaces, no floats."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(value: Any) -> bytes:
    """SHA-256 over the canonical JSON."""
    return hashlib.sha256(canonical(value)).digest()
