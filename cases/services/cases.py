"""File and complete a case, and keep the counters that the floor above carries down; the steps of law are in `steps`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BigIntegerField, ExpressionWrapper, F, When
from django.db.models import Case as Choose
from django.utils.translation import gettext_lazy as _

from antifraud import db, money, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, Superseded
from banks.models import Institution, User
from banks.selectors.institutions import police_audience
from cases.models import Case
from cases.policy import Action
from cases.rules.fraud_types import FRAUD_TYPES
from cases.services.victims import LeadInput, VictimInput, lead_add, victim_add
from cases.states import case_flow

FUTURE_TOLERANCE = timedelta(minutes=5)
EDITABLE = (
    "incident_number",
    "jurisdiction",
    "fraud_type",
    "fraud_subtype",
    "narrative",
    "occurred_at",
    "loss_minor",
    "currency",
)


@dataclass(frozen=True)
class CaseInput:
    """What an officer enters; amounts in minor units, times aware. Only `reported_at` and `fraud_type` are always needed."""

    reported_at: datetime
    fraud_type: str
    incident_number: str = ""
    jurisdiction: str = ""
    fraud_subtype: str = ""
    narrative: str = ""
    occurred_at: datetime | None = None
    loss_minor: int | None = None
    currency: str = "CNY"
    is_express: bool = False
    victims: tuple[VictimInput, ...] = ()
    leads: tuple[LeadInput, ...] = field(default_factory=tuple)


def case_file(*, by: User, data: CaseInput) -> Case:
    """Open a case for the officer's own unit and let the unit, its superiors and the centre see it.

    Raises Invalid naming each field: a report in the future, an unknown fraud type, a negative loss, card secrets in the text.
    """
    policy.require(by, Action.CASE_FILE)
    now = db.require_unit_of_work().now
    _check(data, now)
    case = Case(
        number=_next_number(by.institution, now),
        unit=by.institution,
        legal_profile_id=by.institution.legal_profile_id,
        reported_at=data.reported_at,
        fraud_type=data.fraud_type,
        is_express=data.is_express,
        logged_at=now,
        operator=by,
        created_by=by,
        **{name: getattr(data, name) for name in EDITABLE if name not in {"fraud_type", "narrative"}},
    )
    case.narrative = data.narrative or None
    case_flow.begin(case, by=by, verb="file", topic="case.filed", detail={"express": data.is_express})
    policy.grant(
        police_audience(by.institution), case, by=by, purpose="case work", legal_basis=f"incident {data.incident_number or case.number}",
        sort_at=case.reported_at, case_id=case.id,
    )  # fmt: skip
    for victim in data.victims:
        victim_add(case=case, data=victim)
    for lead in data.leads:
        lead_add(case=case, data=lead)
    return case


def case_update(*, by: User, case_id: UUID, expected_version: int, changes: dict[str, Any]) -> Case:
    """Complete or correct the report.

    Raises Superseded where somebody else saved first (nothing is overwritten), Invalid.
    """
    case = policy.get(by, Action.CASE_UPDATE, Case.objects.all(), case_id, lock=True)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    if case.version != expected_version:
        raise Superseded
    merged: dict[str, Any] = {name: changes.get(name, getattr(case, name)) for name in EDITABLE if name != "narrative"}
    merged["narrative"] = changes.get("narrative", "")
    if merged["currency"] != case.currency and case.open_holds:
        text = _("Money is held in this case, and the sum is kept in the case's currency. The currency stays as it is.")
        raise Invalid(fields={"currency": [text]})
    _check(CaseInput(reported_at=case.reported_at, **merged), db.require_unit_of_work().now)
    if merged["currency"] != case.currency:
        case.claimed_minor = None  # a sum in the former currency
    for name, value in changes.items():
        setattr(case, name, (value or None) if name == "narrative" else value)
    case.version += 1
    case.is_express = False
    case.save(update_fields=[*changes, "claimed_minor", "version", "is_express"])
    diary.record("case.update", by=by, obj=case, case_id=case.id, detail={"fields": sorted(changes)})
    return case


def case_count(
    case_id: UUID,
    *,
    open_orders: int = 0,
    open_holds: int = 0,
    accounts_total: int = 0,
    held_minor: int = 0,
    currency: str = "",
) -> None:
    """Add to the counters in one UPDATE; the caller's transaction holds the fact that is counted.

    `held_minor` counts only where `currency` is the case's own: amounts of two currencies have no sum.
    """
    added = ExpressionWrapper(F("held_minor") + held_minor, output_field=BigIntegerField())
    held = When(currency=currency, then=added)
    Case.objects.filter(pk=case_id).update(
        open_orders=F("open_orders") + open_orders,
        open_holds=F("open_holds") + open_holds,
        accounts_total=F("accounts_total") + accounts_total,
        held_minor=Choose(held, default=F("held_minor")),
    )


def case_claimed(case_id: UUID, *, claimed_minor: int | None, currency: str) -> None:
    """Keep what the victims lost by the returns' worksheets; sums in another currency than the case's are not kept."""
    Case.objects.filter(pk=case_id, currency=currency).update(claimed_minor=claimed_minor)


def first_account_seen(case_id: UUID) -> None:
    """Stop the 30-minute entry clock: the first level-1 account has been entered (domain.md §4)."""
    now = db.require_unit_of_work().now
    Case.objects.filter(pk=case_id, first_account_at__isnull=True).update(first_account_at=now)


def _next_number(unit: Institution, now: datetime) -> str:
    """`A<year>-<7 digits>`; the year is that of the unit's own calendar."""
    year = now.astimezone(ZoneInfo(unit.time_zone)).year
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('case_number_seq')")
        return f"A{year}-{cursor.fetchone()[0]:07d}"


def _check(data: CaseInput, now: datetime) -> None:
    problems: dict[str, list[Any]] = {}
    if data.fraud_type not in FRAUD_TYPES:
        problems["fraud_type"] = [_("Choose one of the fraud types in the list.")]
    if data.reported_at > now + FUTURE_TOLERANCE:
        problems["reported_at"] = [_("The time of the report lies in the future. Enter when the victim reported.")]
    if data.occurred_at and data.occurred_at > data.reported_at + FUTURE_TOLERANCE:
        problems["occurred_at"] = [_("The fraud cannot happen after the report. Check the two times.")]
    if data.loss_minor is not None and data.loss_minor < 0:
        problems["loss"] = [_("The loss cannot be negative. Enter the amount without a sign.")]
    if data.loss_minor is not None and data.loss_minor > money.MAX_MINOR:
        problems["loss"] = [_(money.MESSAGES["amount_out_of_range"])]
    if problems:
        raise Invalid(fields=problems)
    reject_forbidden(data.narrative, field="narrative")
