"""A statement file with a row, its party and a match of one case, written straight into the tables: ids for the routes."""

from __future__ import annotations

from typing import Any

from accounts.models import LedgerAccount, LedgerMatch, StatementFile, StatementLine
from accounts.services.ledger.changes import nodes_new
from antifraud import db
from banks.models import User
from cases.models import Attachment, Case


def statement_ids(by: User, case: Case, paper: Attachment) -> dict[str, Any]:
    """What the routes of statements, their rows and matches name."""
    with db.unit_of_work(by) as work:
        file = StatementFile(
            case=case, attachment=paper, source="upload", status="preview", sha256=b"s" * 32, received_by=by, received_at=work.now
        )  # fmt: skip
        file.save(force_insert=True)
        party = LedgerAccount(case=case, node=nodes_new(1)[0], number="6222020000000000017", number_index=b"p" * 16)
        party.save(force_insert=True)
        line = StatementLine(
            file=file, case_id=case.id, row=2, node=party.node, at=work.now, direction="in", amount_minor=100, currency="CNY",
            details={"summary": "none"},
        )  # fmt: skip
        line.save(force_insert=True)
        match = LedgerMatch(case=case, rule="parties", seconds_apart=1, matched_at=work.now)
        match.save(force_insert=True)
    return {
        "file_id": file.id, "statement_id": file.id, "party_id": party.id, "match_id": match.id,
        "statement_line_reveal.line_id": line.id,
    }  # fmt: skip
