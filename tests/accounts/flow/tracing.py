"""The worked example of docs/fund-flow/tracing.md as a case: the mule has 300.00, gets 1,000.00 and 700.00, pays 800.00 and 600.00."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Involvement, TraceRun
from accounts.services.traces import trace_run
from antifraud import db
from banks.models import User
from cases.models import Case
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import Made, ledger
from tests.cast import World

ROWS = [("v", "m", 0, 100_000), ("w", "m", 300, 70_000), ("m", "a", 600, 80_000), ("m", "b", 1200, 60_000)]


@dataclass
class Scene:
    """The case, the victim's involvement, the ledger."""

    case: Case
    victim: Involvement
    made: Made

    def seed(self, at: int = 0, **part: int) -> dict[str, int]:
        """A whole entry, or a part of it."""
        return {"entry": self.made.entries[at].pk, "from_minor": 0, "to_minor": ROWS[at][3], **part}


def scene(world: World) -> Scene:
    """Statements of the mule and of account a are there; of b there is none."""
    case = factories.new_case(world.analyst_a)
    victim = factories.involve(world.analyst_a, case, world.bank_a, number="6222021234567890123", level=0)
    made = ledger(
        world.analyst_a, case, ROWS, covered=("m", "a"), openings={"m": 30_000}, numbers={"v": "6222021234567890123"}
    )  # fmt: skip
    return Scene(case, victim, made)


def run(by: User, at: Scene, **params: Any) -> TraceRun:
    """A run from the victim's payment, without a least amount."""
    with db.unit_of_work(by):
        return trace_run(by=by, case_id=at.case.pk, seeds=[at.seed()], params={"min_amount_minor": 0, **params})
