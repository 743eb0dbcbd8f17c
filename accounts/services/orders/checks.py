"""Whether the terms of a draft may stand: case, power, officers, papers, measure, times; single lines are in `lines`."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.models import Order
from accounts.rules import deadlines
from accounts.rules.order_kinds import OrderKind, case_allows
from accounts.rules.watching import watch_latest
from accounts.services.orders.inputs import OrderTerms
from antifraud import db, money
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid
from banks.models import Institution, LegalProfile, User
from banks.policy import POLICE
from banks.selectors.institutions import issue_powers
from banks.selectors.profiles import profile_of
from cases.models import Attachment, Case

Problems = defaultdict[str, list[Any]]


def check_terms(*, by: User, case: Case, row: OrderKind, terms: OrderTerms, profile: LegalProfile) -> Problems:
    """Every problem of the shared terms by field name; empty where there is none.

    `by` is the operator; `profile` the legal profile that the orders will keep.
    """
    found: Problems = defaultdict(list)
    now = db.require_unit_of_work().now
    _case(found, case, row)
    _second_officer(found, by, terms)
    _papers(found, by, case, row, terms, now)
    _measure(found, row, terms)
    _times(found, by.institution, row, terms, profile, now)
    try:
        reject_forbidden(terms.reason, field="reason")
    except Invalid as refused:
        found["reason"] += refused.fields["reason"]
    return found


def case_problem(case: Case, row: OrderKind) -> Any:
    """Why the case does not carry an order of this kind, or "" where it does (domain.md §2).

    A stop needs only the incident number, a freeze a filed case; what sets free is never blocked.
    """
    if not case_allows(row.name, case.status):
        return _("The case's present state does not allow this kind of order. Take the step of law first.")
    if row.name == "stop" and not (case.incident_number.strip() or case.filed_on):
        return _("A stop needs the incident number of the report. Enter it on the case first.")
    if row.name == "freeze" and case.filed_on is None:
        return _("A freeze needs a filed case. Record the case filing first, or ask for a stop.")
    return ""


def _case(found: Problems, case: Case, row: OrderKind) -> None:
    problem = case_problem(case, row)
    if problem:
        found["case"].append(problem)


def _second_officer(found: Problems, by: User, terms: OrderTerms) -> None:
    second = terms.second_officer
    if second is None:
        found["second_officer"].append(_("An order names a second officer. Choose a colleague of your unit."))
    elif second.id == by.id:
        found["second_officer"].append(
            _("The second officer must be another person than the operator. Choose a colleague.")
        )
    elif not second.is_active or second.role not in POLICE or second.institution_id != by.institution_id:
        found["second_officer"].append(
            _("The second officer must be an active officer of your unit. Choose a colleague.")
        )


def _papers(found: Problems, by: User, case: Case, row: OrderKind, terms: OrderTerms, now: datetime) -> None:
    power = issue_powers(by.institution).filter(order_kind=row.name, legal_basis=terms.legal_basis).first()
    if power is None:
        found["legal_basis"].append(
            _("Your institution may not issue this kind of order on this legal basis. Choose one of the list.")
        )
    if terms.emergency and row.name != "stop":
        found["emergency"].append(_("Only a stop can take the emergency path. Submit this order for approval."))
    if power is not None and power.instrument_required and not terms.emergency:
        for name in ("instrument_type", "instrument_number", "instrument_issued_on"):
            if not getattr(terms, name):
                found[name].append(_("This legal basis demands a legal instrument. Enter its type, number and date."))
    today = now.astimezone(ZoneInfo(by.institution.time_zone)).date()
    if terms.instrument_issued_on and terms.instrument_issued_on > today:
        found["instrument_issued_on"].append(_("The date lies in the future. Enter the date on the document."))
    paper = terms.instrument
    if paper is not None and (paper.case_id != case.id or paper.purpose != Attachment.Purpose.INSTRUMENT):
        found["instrument"].append(_("This file is not a legal instrument of the case. Upload it to the case as one."))


def _measure(found: Problems, row: OrderKind, terms: OrderTerms) -> None:
    if terms.urgency not in Order.Urgency.values:
        found["urgency"].append(_("Choose normal or urgent."))
    if row.needs_mode and terms.mode not in Order.Mode.values:
        found["mode"].append(_("Say how far the measure goes: an amount, the whole account, or credit only."))
    if not row.needs_mode and terms.mode:
        found["mode"].append(_("This kind of order has no mode. Leave it empty."))
    if terms.currency not in money.EXPONENTS:
        found["currency"].append(_("The currency is not an ISO 4217 code. Use three letters such as CNY."))
    if row.name != "query_transactions":
        return
    if terms.period_from is None or terms.period_to is None:
        found["period_from"].append(_("Say from which day to which day the transactions are wanted."))
    elif terms.period_to < terms.period_from:
        found["period_to"].append(_("The period ends before it begins. Correct one of the two days."))


def _times(
    found: Problems, issuer: Institution, row: OrderKind, terms: OrderTerms, profile: LegalProfile, now: datetime
) -> None:
    asked, start = terms.asked_expires_at, terms.starts_at or now
    if asked is None:
        if row.name == "watch":
            found["asked_expires_at"].append(_("Say how long the account is to be watched: one, two or three months."))
        return
    if not row.asks_end:
        found["asked_expires_at"].append(_("This kind of order has no end. Leave it empty."))
    elif asked <= max(start, now):
        found["asked_expires_at"].append(
            _("The end that is asked for has passed or lies before the start. Choose a later one.")
        )
    elif row.name == "watch" and asked > watch_latest(now):
        found["asked_expires_at"].append(_("An account is watched for 100 days at most. Choose an earlier end."))
    elif row.hold_kind in {"stop", "freeze"} and asked > _legal_end(issuer, row, terms, profile, start):
        found["asked_expires_at"].append(_("The law allows a shorter term for this order. Choose an earlier end."))


def _legal_end(
    issuer: Institution, row: OrderKind, terms: OrderTerms, profile: LegalProfile, start: datetime
) -> datetime:
    rules = profile_of(profile)
    if row.hold_kind == "stop":
        return deadlines.stop_expires_at(start, rules)
    return deadlines.freeze_expires_at(start, rules, zone=issuer.time_zone, major=terms.major_case)
