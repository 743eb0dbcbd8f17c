"""What the tests of pages share: forms as a browser sends them, a file, and the check that a refusal changed nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import InvolvedAccount, Involvement, Order
from antifraud.audit.models import AuditEntry
from banks.models import User
from cases.models import Attachment, Case
from tests.accounts.factories import BASES, FRAUD_20, facts

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\2\0\1H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
BROWSED = {"attachment.open", "attachment.add", "order.reveal", "access.deny"}  # looking, keeping a file, being refused


def pdf(name: str = "instrument.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """A small file that is a PDF by its first bytes."""
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def draft_form(second: User, *rows: Any, kind: str = "stop", **changes: Any) -> dict[str, Any]:
    """The draft page as sent: `rows` are involvements or holds, all ticked, 5,000.00 each where the kind has amounts."""
    data: dict[str, Any] = {
        "kind": kind, "pick": [str(row.id) for row in rows], "legal_basis": BASES.get(kind, FRAUD_20), "urgency": "02",
        "second_officer": str(second.id), "reason": "",
    }  # fmt: skip
    if kind in {"stop", "freeze"}:
        data |= {"mode": "limited", "currency": "CNY", "with_sub_accounts": "on"}
        data |= {f"amount-{row.id}": "5,000.00" for row in rows}
    if kind.startswith("freeze"):
        data |= {
            "instrument_type": "Notice to assist freezing",
            "instrument_number": "F-1",
            "instrument_issued_on": "2026-01-02",
        }
    return data | changes


def rows_now() -> dict[str, Any]:
    """Everything that an act may change but the diary: counts, states, versions, identities."""
    return facts() | {
        "AuditEntry": AuditEntry.objects.exclude(verb__in=BROWSED).count(),
        "orders": list(Order.objects.order_by("pk").values_list("pk", "status", "version", "error_field")),
        "stops": list(Involvement.objects.order_by("pk").values_list("pk", "stop_count", "state", "account")),
        "cases": list(Case.objects.order_by("pk").values_list("pk", "open_orders", "accounts_total")),
        "accounts": list(InvolvedAccount.objects.order_by("pk").values_list("pk", "institution", "merged_into")),
        "files": Attachment.objects.count(),
    }


@contextmanager
def unchanged(*, but_files: bool = False) -> Iterator[None]:
    """A refused page leaves nothing but its own denial in the diary (and a file that was kept, where one was sent)."""
    before = rows_now()
    yield
    after = rows_now()
    if but_files:
        before.pop("files"), after.pop("files")
    assert after == before
