"""A decided return to the bank that holds the money: its own extract, its grant, its delivery, its term in working days.

The extract names whom to pay, where and how much, the case's number and type, and who decided; no loss, no
objection, nothing of a victim who gets nothing (domain.md §8).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Refund, RefundRound
from accounts.policy import RefundAction
from accounts.services.payload import payload_bytes, sha256_of
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.fields import preload_rows
from antifraud.errors import NotFound
from banks.models import Institution, User
from banks.rules import working_days
from banks.selectors.profiles import clocks_of, working_calendar
from banks.services.deliveries import delivery_enqueue

SCHEMA = "antifraud.refund/1"
TOPIC = "refund.decided"  # of the delivery that carries it
PRIORITY = 35  # behind every order, before alerts


def refund_send(refund: Refund, current: RefundRound, *, by: User) -> Refund:
    """Take the step to `decided` with all its effects. The caller holds the row and has had it approved."""
    now = db.require_unit_of_work().now
    refund.approver = by
    refund.decided_at = now
    text = payload_bytes(payout_content(refund, current))
    sha256 = bytes(current.sha256)
    changes: dict[str, Any] = {
        "approver": by, "decided_at": now, "decided_sha256": sha256, "payload": text.decode(),
        "payload_sha256": sha256_of(text),
    }  # fmt: skip
    if not refund.institution.connected:
        changes |= {"available_at": now, "payout_due_at": payout_due_at(refund, now)}
    refund_flow.apply(
        refund, "approve", by=by, changes=changes, legal_basis=refund.legal_basis,
        detail={"round": current.number, "sha256": sha256.hex(), "shared_minor": current.shared_minor},
    )  # fmt: skip
    policy.grant(
        [refund.institution.group_id], refund, by=by, purpose="pay a return decision", legal_basis=refund.legal_basis,
        sort_at=now, case_id=refund.case_id,
    )  # fmt: skip
    if refund.institution.connected:
        delivery_enqueue(
            institution=refund.institution, topic=TOPIC, subject_id=refund.id, case_id=refund.case_id, priority=PRIORITY
        )
    return refund


def payout_due_at(refund: Refund, at: datetime) -> datetime:
    """Until when the bank has paid: working days of its own calendar after the day of `at`, or the profile's hours."""
    clocks = clocks_of(refund.legal_profile)
    if clocks.refund_payout_hours is not None:
        return at + timedelta(hours=clocks.refund_payout_hours)
    bank = refund.institution
    return working_days.due_at(working_calendar(bank.calendar), at, clocks.refund_payout_days, bank.time_zone)


def refunds_make_available(refund_ids: Collection[UUID], *, by: User, at: datetime) -> list[Refund]:
    """Note `at` as the first availability to the bank and until when it pays; `by` is the platform's own user.

    Returns those whose term begins: nothing changes where one was available before. Raises NotFound if a single one is
    out of reach.
    """
    wanted = set(refund_ids)
    rows = Refund.objects.select_related("institution__calendar", "legal_profile").defer("payload")
    refunds = list(db.lock(policy.scope(by, RefundAction.REFUND_VIEW, rows.filter(pk__in=wanted))))
    if len(refunds) != len(wanted):
        raise NotFound
    fresh = [refund for refund in refunds if refund.available_at is None]
    for refund in fresh:
        refund.available_at, refund.payout_due_at = at, payout_due_at(refund, at)
    Refund.objects.bulk_update(fresh, ["available_at", "payout_due_at"])
    details = [(refund, refund.case_id, {"due_at": refund.payout_due_at}) for refund in fresh]
    diary.record_many("refund.available", by=by, rows=details)
    return fresh


def payout_content(refund: Refund, current: RefundRound) -> dict[str, Any]:
    """What the bank is told, as plain JSON values; payees stand in clear: keep it in the encrypted `payload` alone."""
    shares = list(current.shares.filter(share_minor__gt=0).order_by("position"))
    preload_rows([*shares, refund.hold.account])
    clocks = clocks_of(refund.legal_profile)
    hold = refund.hold
    return {
        "schema": SCHEMA,
        "refund": {"id": str(refund.id), "number": refund.number, "decided_at": _time(refund.decided_at)},
        "case": {"number": refund.case.number, "fraud_type": refund.case.fraud_type},
        "hold": {"order_number": hold.order.number, "account": hold.account.number.open(), "kind": hold.kind},
        "currency": refund.currency,
        "total_minor": sum(share.share_minor for share in shares),
        "shares": [
            {
                "id": str(share.id),
                "payee": {
                    "name": share.payee_name.open(), "account": share.payee_account.open(), "bank": share.payee_bank
                },
                "amount_minor": share.share_minor,
            }
            for share in shares
        ],
        "legal": {"basis": refund.legal_basis},
        "unit": _institution(refund.unit) | {"phone": refund.unit.phone},
        "operator": _officer(refund.operator),
        "second_officer": _officer(refund.second_officer),
        "approver": _officer(refund.approver),
        "terms": {
            "legal_profile": {"code": refund.legal_profile.code, "version": refund.legal_profile.version},
            "payout_days": None if clocks.refund_payout_hours is not None else clocks.refund_payout_days,
            "payout_hours": clocks.refund_payout_hours,
        },
        "decision_sha256": bytes(current.sha256).hex(),
    }  # fmt: skip


def _institution(institution: Institution) -> dict[str, Any]:
    return {"code": institution.code, "name": institution.name, "name_zh": institution.name_zh}


def _officer(user: User | None) -> dict[str, Any] | None:
    return {"name": user.full_name, "badge_number": user.badge_number} if user else None


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
