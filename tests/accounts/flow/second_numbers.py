"""Statement rows that name both numbers of their account: `Both(card, way, amount, …, number=account)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import StatementFile
from banks.models import User
from cases.models import Case
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.statement_files import HEADINGS, Line, commit, csv_file, receive, work

ACCOUNT = "40100200300400500"  # the account number beside card B
OTHER_ACCOUNT = "40100200300400999"
BOTH = (*HEADINGS, "交易账号")


@dataclass
class Both(Line):
    """A row with a column of its own for the account number."""

    number: str = ""

    def cells(self, start: datetime = START) -> list[str]:
        """The account number last."""
        return [*super().cells(start), self.number]


def preview_both(by: User, case: Case, lines: Sequence[Line], **extra: Any) -> StatementFile:
    """Received and read."""
    file = receive(by, case, csv_file(lines, headings=BOTH), **extra)
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert file.status == "preview", file.refusal
    return file


def imported_both(by: User, case: Case, lines: Sequence[Line], **extra: Any) -> StatementFile:
    """All the way."""
    return commit(by, preview_both(by, case, lines, **extra))
