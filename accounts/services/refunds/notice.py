"""The public notice of a return: its text, the start of its clock, and the printed sheet's content."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundRound
from accounts.policy import RefundAction
from accounts.services.refunds.checks import require_holdable, require_unit
from accounts.services.refunds.draft import ROWS
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, WrongState
from antifraud.plain_text import NUMBER, without_numbers
from banks.models import User
from banks.rules.working_days import end_of_day
from banks.selectors.profiles import clocks_of

LONGEST = 4000


def refund_notice(*, by: User, refund_id: UUID, text: str, expected_version: int | None = None) -> Refund:
    """Announce a pro-rata return; the time for objections runs from now, as long as the legal profile says.

    The term ends with the last of its days by the unit's calendar. Raises Invalid on `text` (empty, too long, with a
    number that may name an account or a person), WrongState for a direct return or from another state.
    """
    refund = policy.get(by, RefundAction.REFUND_NOTICE, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("notice", refund.status)
    current = current_round(refund)
    if current.branch != RefundRound.Branch.PRO_RATA:
        raise WrongState(_("A direct return is not announced: it can be submitted for approval."))
    require_holdable(refund.hold)
    text = _sound(text)
    now = db.require_unit_of_work().now
    days = clocks_of(refund.legal_profile).refund_notice_days
    first = now.astimezone(ZoneInfo(refund.unit.time_zone)).date()
    current.notice_text, current.notice_days = text, days
    current.noticed_at, current.noticed_by = now, by
    current.notice_ends_at = end_of_day(first + timedelta(days=days), refund.unit.time_zone)
    current.save(update_fields=["notice_text", "notice_days", "noticed_at", "noticed_by", "notice_ends_at"])
    return refund_flow.apply(
        refund, "notice", by=by, expected_version=expected_version, legal_basis=refund.legal_basis,
        detail={"round": current.number, "days": days, "ends_at": current.notice_ends_at},
    )  # fmt: skip


def current_round(refund: Refund) -> RefundRound:
    """The round that counts."""
    return RefundRound.objects.get(refund=refund, number=refund.round_number)


def notice_is_over(current: RefundRound) -> bool:
    """Whether the term for objections has run out; a direct return has none."""
    if current.branch != RefundRound.Branch.PRO_RATA:
        return True
    return current.notice_ends_at is not None and current.notice_ends_at <= db.require_unit_of_work().now


def notice_print(*, by: User, refund_id: UUID, round_number: int) -> tuple[Refund, RefundRound]:
    """An announced round for the printed sheet; each printing is audited. Raises WrongState before the notice."""
    refund = policy.get(by, RefundAction.REFUND_PRINT, ROWS, refund_id)
    found = RefundRound.objects.filter(refund=refund, number=round_number, noticed_at__isnull=False).first()
    if found is None:
        raise WrongState(_("This round was not announced. Publish the notice first."))
    diary.record(
        "refund.print", by=by, obj=refund, case_id=refund.case_id, detail={"what": "notice", "round": round_number}
    )
    return refund, found


def _sound(text: str) -> str:
    problems: list[Any] = []
    clean = text.strip()
    if not 20 <= len(clean) <= LONGEST:
        problems.append(_("Write a notice of 20 to 4,000 characters."))
    if NUMBER in without_numbers(clean):
        problems.append(_("Everybody reads the notice. Leave account, telephone and identity numbers out of it."))
    if problems:
        raise Invalid(fields={"text": problems})
    reject_forbidden(clean, field="text")
    return clean
