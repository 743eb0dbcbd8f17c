"""What a statement's row says in clear: the audit row first, then the value (R29); its parties are in `flow_reveals`."""

from __future__ import annotations

from uuid import UUID

from accounts.models import StatementLine
from accounts.policy import FlowAction
from antifraud import db, policy
from antifraud.audit import diary
from banks.models import User


def line_reveal(*, by: User, line_id: UUID, purpose: str) -> dict[str, str]:
    """What else stood in the row, by field of accounts.rules.statements. Raises Invalid without a purpose."""
    db.require_unit_of_work()
    line = policy.get(by, FlowAction.LINE_REVEAL, StatementLine.objects.all(), line_id)
    diary.require_purpose(purpose)
    detail = {"field": "details", "file": line.file_id, "row": line.row}
    diary.record("statementline.reveal", by=by, obj=line, case_id=line.case_id, purpose=purpose, detail=detail)
    found: dict[str, str] = line.details.open()
    return found
