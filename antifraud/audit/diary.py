"""The one writer of the audit table; reading and sealing it are elsewhere.

If the row cannot be written the action does not happen: both stand in one transaction (I6, R27).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Invalid
from antifraud.plain_text import without_numbers

LEAST_PURPOSE = 4


def _plain(value: Any) -> str:
    """Only ids, times and enums may need help to become JSON; anything else is a mistake of the caller."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} may not stand in an audit row")


def canonical(body: dict[str, Any]) -> bytes:
    """Sorted keys, no blanks, UTF-8: the bytes that are hashed and kept."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def record(
    verb: str,
    *,
    by: Any,
    obj: Model | None = None,
    object_type: str = "",
    object_id: UUID | None = None,
    case_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
    outcome: str = "ok",
    purpose: str = "",
    legal_basis: str = "",
    on_behalf_of: UUID | None = None,
    subject_hmac: bytes | None = None,
) -> AuditEntry:
    """Write one row in the open unit of work. `detail` must be JSON-able and free of personal data.

    What people typed (the purpose, a detail's `reason`) is kept without account, telephone and identity numbers.
    `by` is the acting user, or None for the anonymous (a refused log-in).
    """
    if obj is not None:
        object_type, object_id = obj._meta.model_name or "", obj.pk
    entry = _entry(
        verb, by, object_type, object_id, case_id, detail, outcome=outcome, purpose=purpose, legal_basis=legal_basis,
        on_behalf_of=on_behalf_of, subject_hmac=subject_hmac,
    )  # fmt: skip
    entry.save(force_insert=True)
    return entry


def record_many(verb: str, *, by: Any, rows: Iterable[tuple[Model, UUID | None, dict[str, Any]]], **extra: Any) -> None:
    """One row for each (object, case, detail) in one statement; otherwise, `extra` too, as `record`."""
    entries = [
        _entry(verb, by, obj._meta.model_name or "", obj.pk, case, detail, **extra) for obj, case, detail in rows
    ]
    AuditEntry.objects.bulk_create(entries)


def _entry(
    verb: str, by: Any, object_type: str, object_id: UUID | None, case_id: UUID | None, detail: dict[str, Any] | None, *,
    outcome: str = "ok", purpose: str = "", legal_basis: str = "", on_behalf_of: UUID | None = None,
    subject_hmac: bytes | None = None,
) -> AuditEntry:  # fmt: skip
    work = db.require_unit_of_work()
    entry = AuditEntry(
        at=work.now,
        verb=verb,
        outcome=outcome,
        actor_id=by.id if by else None,
        actor_name=by.audit_name if by else "",
        institution_id=by.institution_id if by else None,
        on_behalf_of=on_behalf_of,
        purpose=without_numbers(purpose)[:200],
        legal_basis=legal_basis[:200],
        case_id=case_id,
        object_type=object_type,
        object_id=object_id,
        subject_hmac=subject_hmac,
        request_id=work.request_id,
    )
    body = {
        name: getattr(entry, name)
        for name in (
            "id",
            "at",
            "verb",
            "outcome",
            "actor_id",
            "actor_name",
            "institution_id",
            "on_behalf_of",
            "purpose",
        )
    }
    body |= {
        name: getattr(entry, name) for name in ("legal_basis", "case_id", "object_type", "object_id", "request_id")
    }
    told = {**detail, "reason": without_numbers(str(detail["reason"]))} if detail and "reason" in detail else detail
    body |= {"detail": told or {}, "subject": subject_hmac.hex() if subject_hmac else ""}
    entry.payload = canonical(body)
    entry.sha256 = hashlib.sha256(entry.payload).digest()
    return entry


def require_purpose(purpose: str) -> None:
    """Values in clear need a reason (R35); raises Invalid (purpose)."""
    if len(purpose.strip()) < LEAST_PURPOSE:
        raise Invalid(fields={"purpose": [_("Say why you need the full value, in at least four characters.")]})


def reveal(obj: Model, field: str, *, by: Any, purpose: str, case_id: UUID | None = None, legal_basis: str = "") -> str:
    """Show one personal value in clear: the audit row first, then the value (R29). A reason is required (R35)."""
    require_purpose(purpose)
    record(
        f"{obj._meta.model_name}.reveal",
        by=by,
        obj=obj,
        case_id=case_id,
        purpose=purpose,
        legal_basis=legal_basis,
        detail={"field": field},
    )
    value: str = getattr(obj, field).open()
    return value


def detail_of(entry: AuditEntry) -> dict[str, Any]:
    """The row's detail as it was written."""
    detail: dict[str, Any] = json.loads(bytes(entry.payload))["detail"]
    return detail
