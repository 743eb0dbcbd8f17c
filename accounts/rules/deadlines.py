"""When answers, holds and duties are due, from a legal profile; the moment "now" is always given from
outside.

Every datetime in and out is aware; results are UTC. The source of each term is domain.md, chapter 4.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from banks.rules.legal_profile import LegalProfile

TimedHold = Literal["stop", "freeze"]


def answer_due_at(available_at: datetime, minutes: int) -> datetime:
    """End of an answer's term: it runs from the first availability to the bank, not from the issue."""
    if minutes < 1:
        raise ValueError("an answer's term is at least one minute")
    return _utc(available_at) + timedelta(minutes=minutes)


def stop_expires_at(effective_from: datetime, profile: LegalProfile) -> datetime:
    """A stop ends this many hours after the bank's moment of stopping, whatever day it is."""
    return _utc(effective_from) + timedelta(hours=profile.clocks.stop_hours)


def freeze_expires_at(
    effective_from: datetime,
    profile: LegalProfile,
    *,
    zone: str,
    major: bool = False,
    asked: datetime | None = None,
) -> datetime:
    """End of a freeze: the profile's term from the bank's moment, or the earlier end that was asked for.

    `major` = major or complex with the approval that the profile demands. An asked end beyond the term
    is cut to it; one that is not after `effective_from` raises ValueError. Months: see `add_months`.
    """
    start = _utc(effective_from)
    return _earlier(_freeze_term_end(start, profile, zone=zone, major=major), asked, start)


def extend_expires_at(
    kind: TimedHold,
    expires_at: datetime,
    profile: LegalProfile,
    *,
    zone: str,
    major: bool = False,
    asked: datetime | None = None,
) -> datetime:
    """End after one extension: one more term, counted from the present end (not from the extension's moment).

    An asked end beyond the term is cut to it; one that is not after the present end raises ValueError.
    Whether the extension is allowed at all is asked of `may_extend`, `stop_allowed` and
    `freeze_allowed`.
    """
    present = _utc(expires_at)
    if kind == "stop":
        end = present + timedelta(hours=profile.clocks.stop_extension_hours)
    else:
        end = _freeze_term_end(present, profile, zone=zone, major=major)
    return _earlier(end, asked, present)


def add_months(at: datetime, months: int, zone: str) -> datetime:
    """The same local day and time `months` calendar months later, in UTC.

    A day that the target month lacks becomes its last day (31 August + 6 months = 28 or 29 February);
    the shorter day then stays for later terms. A local time that a clock change skips moves on by the
    length of the gap, one that occurs twice is the first.
    """
    local = _utc(at).astimezone(ZoneInfo(zone))
    years, month0 = divmod(local.month - 1 + months, 12)
    year, month = local.year + years, month0 + 1
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day, fold=0).astimezone(UTC)


def in_force(expires_at: datetime, now: datetime) -> bool:
    """A hold is in force strictly before its legal end, whatever its status says."""
    return _utc(now) < _utc(expires_at)


def may_extend(expires_at: datetime, now: datetime) -> bool:
    """Only a hold that is still in force can be extended; at its last moment it no longer is."""
    return in_force(expires_at, now)


def stop_allowed(count: int, profile: LegalProfile) -> bool:
    """Whether one more stop of the same account and case is allowed after `count`; extensions count as
    stops.
    """
    return 0 <= count < profile.clocks.stop_max_per_account_case


def freeze_allowed(terms: int, profile: LegalProfile) -> bool:
    """Whether one more freeze term (the first or an extension) is allowed after `terms` of them."""
    most = profile.clocks.freeze_max_terms
    return terms >= 0 and (most is None or terms < most)


def announced_at(
    kind: TimedHold, effective_from: datetime, expires_at: datetime, profile: LegalProfile
) -> list[datetime]:
    """When the coming end is announced to both sides, earliest first; times before the hold began are
    left out.
    """
    start, end = _utc(effective_from), _utc(expires_at)
    ahead = profile.announce
    steps = (
        [timedelta(hours=h) for h in ahead.stop_hours]
        if kind == "stop"
        else [timedelta(days=d) for d in ahead.freeze_days]
    )
    return sorted(end - step for step in steps if end - step > start)


def lift_due_at(ended_at: datetime, profile: LegalProfile) -> datetime:
    """Until when the bank confirms that a hold is off its books, from the hold's legal end or release."""
    return _utc(ended_at) + timedelta(hours=profile.clocks.lift_confirm_hours)


def approval_expires_at(approved_at: datetime, profile: LegalProfile) -> datetime:
    """How long an approval can be used."""
    return _utc(approved_at) + timedelta(minutes=profile.clocks.approval_minutes)


def emergency_approval_due_at(issued_at: datetime, profile: LegalProfile) -> datetime:
    """Until when a supervisor approves an emergency stop; being late escalates, it never releases."""
    return _utc(issued_at) + timedelta(minutes=profile.clocks.emergency_approval_minutes)


def first_account_due_at(reported_at: datetime, profile: LegalProfile) -> datetime:
    """Until when the first level-1 account of a reported case is entered."""
    return _utc(reported_at) + timedelta(minutes=profile.clocks.first_account_minutes)


def release_due_at(found_at: datetime, profile: LegalProfile, *, issued_in_error: bool = False) -> datetime:
    """Until when a hold is released that was found unrelated, or that was issued in error."""
    clocks = profile.clocks
    hours = clocks.issued_in_error_hours if issued_in_error else clocks.release_unrelated_hours
    return _utc(found_at) + timedelta(hours=hours)


def papers_due_at(effective_from: datetime, profile: LegalProfile) -> datetime:
    """Until when police complete the papers of a hold that the bank placed first; without them it lapses."""
    return _utc(effective_from) + timedelta(hours=profile.clocks.bank_first_hours)


def auto_lift_at(
    effective_from: datetime,
    profile: LegalProfile,
    *,
    amount_minor: int,
    currency: str,
    court_order: bool,
) -> datetime | None:
    """When a small hold ends by itself; None when the profile has no such rule or the hold does not
    fall under it.
    """
    rule = profile.auto_lift
    if rule is None or court_order or currency != rule.currency or amount_minor >= rule.below_minor:
        return None
    return _utc(effective_from) + timedelta(days=rule.days)


def _freeze_term_end(start: datetime, profile: LegalProfile, *, zone: str, major: bool) -> datetime:
    clocks = profile.clocks
    if clocks.freeze_days is not None:
        local = start.astimezone(ZoneInfo(zone))
        return (local + timedelta(days=clocks.freeze_days)).astimezone(UTC)
    months = clocks.freeze_major_months if major else None
    return add_months(start, months or clocks.freeze_months or 0, zone)


def _earlier(end: datetime, asked: datetime | None, start: datetime) -> datetime:
    if asked is None:
        return end
    wanted = _utc(asked)
    if wanted <= start:
        raise ValueError("the asked end must be later than the start of the term")
    return min(end, wanted)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("a legal clock needs a time with its zone")
    return at.astimezone(UTC)
