"""Two traces of one case, written straight into the table: ids for the routes of the fund flow."""

from __future__ import annotations

from typing import Any

from accounts.models import TraceRun
from antifraud import db
from banks.models import User
from cases.models import Case


def flow_ids(by: User, case: Case) -> dict[str, Any]:
    """What the routes of traces name."""
    made = []
    with db.unit_of_work(by) as work:
        for number in (1, 2):
            run = TraceRun(
                case=case, number=number, direction="forward", method="fifo", currency="CNY", params={}, seeds=[],
                ledger_version=0, ledger_digest=b"", inputs_digest=b"i" * 32, result={"edges": [], "nodes": [], "totals": {}},
                result_digest=b"r" * 32, edges=0, run_by=by, run_at=work.now,
            )  # fmt: skip
            run.save(force_insert=True)
            made.append(run.id)
    return {"run_id": made[0], "other_id": made[1], "trace_id": made[0]}
