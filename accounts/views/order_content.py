"""The exact content of an order (its canonical JSON) in words: for who decides on it, and for the printed order.

Read from the text that was hashed, never from the tables: what is shown is what is signed for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import InvolvedAccount, Order
from accounts.rules.order_kinds import MODE_LABELS
from banks.rules.legal_profile import ORDER_KIND_LABELS
from banks.templatetags.ui_values import money, when
from cases.rules.fraud_types import FRAUD_TYPE_LABELS

Row = tuple[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the content; rows are (label, value), empty ones left out."""

    title: str
    rows: list[Row]


def content_of(text: str) -> dict[str, Any]:
    """The content as it was written by `accounts.services.payload`."""
    found: dict[str, Any] = json.loads(text)
    return found


def content_sections(content: Mapping[str, Any]) -> list[Section]:
    """Everything that the content says, in the order of a legal document."""
    parts = [
        (_("Order"), _order(content)),
        (_("Case"), _case(content["case"])),
        (_("Account to act on"), _target(content["target"])),
        (_("Measure"), measure_rows(content)),
        (_("Transfer into the account"), _transfer(content["hop"])),
        (_("The victim's payment"), _transfer(content["victim_transfer"])),
        (_("Legal ground"), _legal(content["legal"])),
        (_("Issued by"), _issuer(content)),
    ]
    return [
        Section(title, found) for title, rows in parts if (found := [row for row in rows if row[1] not in ("", None)])
    ]


def institution_name(part: Mapping[str, Any] | None) -> str:
    """The name in the reader's language."""
    if not part:
        return ""
    chinese = (get_language() or "").startswith("zh")
    return str(part["name_zh"] if chinese and part["name_zh"] else part["name"])


def measure_rows(content: Mapping[str, Any]) -> list[Row]:
    """Extent, amount and times of the measure, and the reason."""
    measure = content["measure"]
    placed = bool(measure["mode"])
    return [
        (_("Extent"), _(MODE_LABELS[measure["mode"]]) if placed else ""),
        (_("Amount"), _money(measure)),
        (_("Sub-accounts included"), _yes_no(measure["with_sub_accounts"]) if placed else ""),
        (_("Interest included"), _yes_no(measure["with_interest"]) if placed else ""),
        (_("Start"), _moment(measure["starts_at"])),
        (_("End asked for"), _moment(measure["asked_expires_at"])),
        (_("Major or complex case"), _("Yes") if measure["major_case"] else ""),
        (_("Transactions from"), measure["period_from"]),
        (_("Transactions to"), measure["period_to"]),
        (_("Join the waiting list"), _("Yes") if measure["join_waiting_list"] else ""),
        (_("Reason"), content["reason"]),
    ]


def _order(content: Mapping[str, Any]) -> list[Row]:
    order, terms = content["order"], content["terms"]
    return [
        (_("Order number"), order["number"]),
        (_("Kind of order"), f"{_(ORDER_KIND_LABELS[order['kind']])} · {order['code']}"),
        (_("Urgency"), Order.Urgency(order["urgency"]).label),
        (_("Emergency stop"), _("Yes") if order["emergency"] else ""),
        (_("Original order"), (order["original"] or {}).get("number", "")),
        (_("Corrects order"), (order["corrects"] or {}).get("number", "")),
        (_("Minutes to answer"), terms["answer_minutes"]),
        (_("Profile"), f"{terms['legal_profile']['code']} v{terms['legal_profile']['version']}"),
        (_("Version of the agreement"), terms["agreement_version"]),
    ]


def _case(part: Mapping[str, Any]) -> list[Row]:
    kind = part["fraud_type"]
    return [
        (_("Case number"), part["number"]),
        (_("Incident number"), part["incident_number"]),
        (_("Fraud type"), _(FRAUD_TYPE_LABELS[kind]) if kind in FRAUD_TYPE_LABELS else kind),
    ]


def _target(part: Mapping[str, Any]) -> list[Row]:
    kinds = dict(InvolvedAccount.Kind.choices)
    return [
        (_("Bank or operator"), institution_name(part["institution"])),
        (_("Account number"), part["number"]),
        (_("Account name"), part["name"]),
        (_("Account kind"), kinds.get(part["kind"], part["kind"])),
    ]


def _transfer(part: Mapping[str, Any] | None) -> list[Row]:
    if part is None:
        return []
    payer = part["from"]
    return [
        (_("Amount"), _money(part)),
        (_("Time"), _moment(part["at"])),
        (_("Payer's bank"), institution_name(payer["institution"])),
        (_("Payer's account number"), payer["number"]),
        (_("Payer's name"), payer["name"]),
        (_("Channel"), part["channel"]),
        (_("Reference"), part["reference"]),
    ]


def _legal(part: Mapping[str, Any]) -> list[Row]:
    document = part["document"] or {}
    return [
        (_("Legal basis"), _(part["basis"])),
        (_("Legal instrument"), part["instrument_type"]),
        (_("Number of the instrument"), part["instrument_number"]),
        (_("Date on the instrument"), part["instrument_issued_on"]),
        (_("SHA-256 of the document"), document.get("sha256", "")),
    ]


def _issuer(content: Mapping[str, Any]) -> list[Row]:
    return [
        (_("Issuing unit"), institution_name(content["unit"])),
        (_("Phone"), content["unit"]["phone"]),
        (_("Operator"), _officer(content["operator"])),
        (_("Second officer"), _officer(content["second_officer"])),
    ]


def _officer(part: Mapping[str, Any]) -> str:
    return " · ".join(word for word in (part["name"], part["badge_number"]) if word)


def _money(part: Mapping[str, Any]) -> Any:
    return money(part["amount_minor"], part["currency"]) if part["amount_minor"] is not None else ""


def _moment(text: str | None) -> Any:
    return when(datetime.fromisoformat(text), "seconds") if text else ""


def _yes_no(value: bool) -> str:
    return _("Yes") if value else _("No")
