"""What an order says, complete: the same bytes are shown to the approver, hashed, stored and given to the bank.

Nothing is decided here. Values stand in clear: keep the result in the encrypted `Order.payload` and nowhere else.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Case as Choice
from django.db.models import F, IntegerField, Q, Value, When

from accounts.models import InvolvedAccount, Involvement, Order, Transfer
from accounts.rules.order_kinds import order_kind
from antifraud.audit import diary
from antifraud.crypto.fields import preload_rows
from antifraud.crypto.secret import Secret
from banks.models import Institution, User

SCHEMA = "antifraud.order/1"

# Everything that the payload reads, in one statement.
ROWS = Order.objects.select_related(
    "case__legal_profile", "account__institution", "account__merged_into", "institution", "routed_to", "unit__legal_profile",
    "operator__institution", "second_officer__institution", "transfer__from_account__institution", "instrument", "legal_profile",
    "original", "corrects__account",
)  # fmt: skip


def build_payload(order: Order) -> dict[str, Any]:
    """The order's content (domain.md §3) as plain JSON values; `ROWS` loads what it needs.

    Amounts are minor units, times ISO 8601 in UTC. `hop` is the transfer into the target (what a stop is matched
    against), `victim_transfer` the victim's own payment that it follows from; for a first receiver the two are one.
    """
    paid = _victim_payment(order)
    _open_keys(order, paid)
    return {
        "schema": SCHEMA,
        "order": {
            "id": str(order.id),
            "number": order.number,
            "kind": order.kind,
            "code": order_kind(order.kind).code,
            "urgency": order.urgency,
            "emergency": order.emergency,
            "original": _reference(order.original),
            # What went to another institution is not this one's to know (domain.md §8).
            "corrects": _reference(order.corrects if _same_addressee(order) else None),
        },
        "case": {
            "number": order.case.number,
            "incident_number": order.case.incident_number,
            "fraud_type": order.case.fraud_type,
        },
        "legal": _legal(order),
        "victim_transfer": _from_victim(order, paid) if paid else None,
        "hop": _transfer(order.transfer) if order.transfer else None,
        "target": _account(order.account) | {"institution": _institution(order.institution)},
        "measure": _measure(order),
        "reason": _open(order.reason),
        "unit": _institution(order.unit) | {"phone": order.unit.phone},
        "operator": _officer(order.operator),
        "second_officer": _officer(order.second_officer),
        "terms": {
            "legal_profile": {"code": order.legal_profile.code, "version": order.legal_profile.version},
            "agreement_version": order.agreement_version,
            "answer_minutes": order.answer_minutes,
        },
    }


def payload_bytes(payload: dict[str, Any]) -> bytes:
    """The canonical bytes: sorted keys, no blanks, UTF-8; equal content gives equal bytes."""
    return diary.canonical(payload)


def sha256_of(text: bytes) -> bytes:
    """What an approval is bound to."""
    return hashlib.sha256(text).digest()


def _legal(order: Order) -> dict[str, Any]:
    paper = order.instrument
    return {
        "basis": order.legal_basis,
        "instrument_type": order.instrument_type,
        "instrument_number": order.instrument_number,
        "instrument_issued_on": _day(order.instrument_issued_on),
        "document": {"id": str(paper.id), "sha256": bytes(paper.sha256).hex()} if paper else None,
    }


def _measure(order: Order) -> dict[str, Any]:
    return {
        "mode": order.mode,
        "amount_minor": order.amount_minor,
        "currency": order.currency,
        "with_sub_accounts": order.with_sub_accounts,
        "with_interest": order.with_interest,
        "starts_at": _time(order.starts_at),
        "asked_expires_at": _time(order.asked_expires_at),
        "major_case": order.major_case,
        "period_from": _day(order.period_from),
        "period_to": _day(order.period_to),
        "join_waiting_list": order.join_waiting_list,
    }


def _victim_payment(order: Order) -> Transfer | None:
    """The hop itself where it comes from the victim, else the victim's last payment before it, else the first known."""
    of_case = Involvement.objects.filter(case=order.case_id)
    victims = of_case.filter(role=Involvement.Role.VICTIM).values("account")
    first = of_case.filter(level=1).values("account")
    hop = order.transfer
    near = [When(pk=hop.pk, then=Value(0))] if hop else []
    near += [When(at__lte=hop.at, then=Value(1))] if hop and hop.at else []
    rank = Choice(*near, default=Value(2), output_field=IntegerField())
    return (
        Transfer.objects.filter(case=order.case_id)
        .filter(Q(from_account__in=victims) | Q(from_account__isnull=True, to_account__in=first))
        .select_related("from_account__institution")
        .order_by(rank, F("at").desc(nulls_last=True), "pk")
        .first()
    )


def _from_victim(order: Order, paid: Transfer) -> dict[str, Any]:
    found = _transfer(paid)
    if not found["from"]["name"]:
        victim = order.case.victims.order_by("created_at", "pk").first()
        found["from"]["name"] = victim.name.open() if victim else ""
    return found


def _open_keys(order: Order, paid: Transfer | None) -> None:
    """Read the keys of everything that is opened here in one statement, where this process has not got them yet."""
    payers = [transfer.from_account for transfer in (order.transfer, paid) if transfer and transfer.from_account]
    preload_rows([order, order.account, *payers])


def _transfer(transfer: Transfer) -> dict[str, Any]:
    payer = transfer.from_account
    return {
        "from": _account(payer) if payer else {"number": "", "name": "", "kind": "", "institution": None},
        "amount_minor": transfer.amount_minor,
        "currency": transfer.currency,
        "at": _time(transfer.at),
        "channel": transfer.channel,
        "reference": transfer.reference,
    }


def _account(account: InvolvedAccount) -> dict[str, Any]:
    return {
        "number": account.number.open(),
        "name": _open(account.holder_name),
        "kind": account.kind,
        "institution": _institution(account.institution) if account.institution else None,
    }


def _institution(institution: Institution) -> dict[str, Any]:
    return {"code": institution.code, "name": institution.name, "name_zh": institution.name_zh}


def _officer(user: User) -> dict[str, Any]:
    return {"name": user.full_name, "badge_number": user.badge_number}


def _same_addressee(order: Order) -> bool:
    return order.corrects is not None and order.corrects.institution_id == order.institution_id


def _reference(order: Order | None) -> dict[str, Any] | None:
    return {"id": str(order.id), "number": order.number} if order else None


def _open(secret: Secret[str] | None) -> str:
    return secret.open() if secret is not None else ""


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None
