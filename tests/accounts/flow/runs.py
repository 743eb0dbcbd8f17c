"""Traces as rows, in the shape that the engine writes, and a small case of fraud to look at them with.

victim --500.00--> first (bank A) --300.00--> second (bank B) --100.00--> first (a return)
                                  \\--150.00--> third (bank not known)
`first` has two neighbours more that the trace does not touch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import CaseLedger, LedgerAccount, TraceRun
from antifraud import db
from banks.models import User
from cases.models import Case
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import START, Made, ledger

BELOW = ("first", "second", "third")
NUMBERS = {
    "victim": "6222021234567890123", "first": "6222029876543210987", "second": "6217001111222233334",
    "third": "6217005555666677778", "aunt": "6228480000000000001", "shop": "6228480000000000002",
}  # fmt: skip


@dataclass
class Scene:
    """A case with its ledger and one forward trace."""

    case: Case
    made: Made
    run: TraceRun

    def node(self, name: str) -> int:
        return self.made.node[name]


def edge(made: Made, at: int, hop: int, amount: int, *, is_return: bool = False) -> dict[str, Any]:
    """Entry number `at` of the ledger as a traced payment."""
    entry = made.entries[at]
    return {
        "entry": entry.pk, "src": entry.src, "dst": entry.dst, "hop": hop, "amount": amount, "at": entry.out_at.isoformat(),
        "is_return": is_return,
    }  # fmt: skip


def place(node: int, level: int, came: int, out: int, end: str, at: int | None = None) -> dict[str, Any]:
    """An account of the result; what came and did not leave is at `end`."""
    rest = came - out if level else 0
    return {
        "node": node, "level": level, "in": came, "out": out, "rest": rest, "end": end, "ends": {end: rest} if rest else {},
        "last_at": (START + timedelta(seconds=at)).isoformat() if at is not None else None, "known_to": None,
    }  # fmt: skip


def trace(
    by: User, case: Case, edges: Sequence[dict[str, Any]], nodes: Sequence[dict[str, Any]], **more: Any
) -> TraceRun:
    """Write a run as the service does."""
    with db.unit_of_work(by) as work:
        number = TraceRun.objects.filter(case=case).count() + 1
        totals: dict[str, int] = {}
        for each in nodes:
            for end, amount in each["ends"].items():
                totals[end] = totals.get(end, 0) + amount
        columns: dict[str, Any] = {
            "direction": "forward", "method": "fifo", "currency": "CNY", "params": {"max_hops": 10},
            "seeds": [{"entry": edges[0]["entry"], "from_minor": 0, "to_minor": edges[0]["amount"]}],
            "ledger_version": CaseLedger.objects.get(case=case).version, "ledger_digest": b"l" * 32, "inputs_digest": b"i" * 32,
            "result": {"edges": list(edges), "nodes": list(nodes), "totals": totals}, "edges": len(edges), "run_by": by,
            "result_digest": hashlib.sha256(repr((edges, nodes)).encode()).digest(),
        }  # fmt: skip
        run = TraceRun(case=case, number=number, run_at=work.now, **(columns | more))
        run.save(force_insert=True)
    return run


def scene(world: Any, *, filed: bool = False, shift: int = 0) -> Scene:
    """The case of the module's first lines, in the name of `analyst_a`; `shift` seconds later than START."""
    by = world.analyst_a
    case = factories.new_case(by, filed=filed)
    factories.involve(by, case, world.bank_b, number=NUMBERS["victim"], level=0, name="王小明")
    rows: list[tuple[str | None, str | None, Any, int]] = [
        ("victim", "first", shift, 500_00),
        ("first", "second", shift + 7, 300_00),
        ("first", "third", shift + 11, 150_00),
        ("second", "first", shift + 15, 100_00),
        ("first", "aunt", shift + 2, 10_00),
        ("shop", "first", shift + 3, 12_00),
    ]
    made = ledger(by, case, rows, covered=("first",), numbers=NUMBERS)
    for name, bank in (("victim", world.bank_b), ("first", world.bank_a), ("second", world.bank_b)):
        LedgerAccount.objects.filter(pk=made.account[name].pk).update(institution=bank)
    edges = [edge(made, 0, 1, 500_00), edge(made, 1, 2, 300_00), edge(made, 2, 2, 150_00)]
    edges.append(edge(made, 3, 3, 100_00, is_return=True))
    nodes = [
        place(made.node["victim"], 0, 0, 500_00, "passed"),
        place(made.node["first"], 1, 600_00, 450_00, "resting", shift + 15),
        place(made.node["second"], 2, 300_00, 100_00, "unknown", shift + 7),
        place(made.node["third"], 2, 150_00, 0, "unknown", shift + 11),
    ]
    return Scene(case, made, trace(by, case, edges, nodes))
