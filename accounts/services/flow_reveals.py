"""An account of the ledger in clear, one value at a time: the audit row first, then the value (R29)."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import LedgerAccount
from accounts.policy import FlowAction
from antifraud import policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import User

REVEALABLE = ("number", "name")


def ledger_reveal(*, by: User, ledger_id: UUID, field: str, purpose: str) -> str:
    """The number or name of an account of the ledger ("" where none is known). Raises Invalid without a reason."""
    if field not in REVEALABLE:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    row = policy.get(by, FlowAction.LEDGER_REVEAL, LedgerAccount.objects.all(), ledger_id)
    if getattr(row, field) is None:
        return ""
    return diary.reveal(row, field, by=by, purpose=purpose, case_id=row.case_id)
