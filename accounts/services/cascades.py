"""Drafts of releases for holds that rest only on a wrong one; an officer ticks, each release goes the usual way (two persons)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Order
from accounts.policy import RefundAction
from accounts.rules.deadlines import release_due_at
from accounts.selectors.cascades import cascade_of
from accounts.services.orders.approve import required_reason
from accounts.services.orders.follow import release_draft
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import User
from banks.selectors.profiles import profile_of

TRIGGER = "unrelated"


def cascade_draft(*, by: User, hold_id: UUID, hold_ids: Iterable[UUID], reason: str) -> list[Order]:
    """Draft the release of the ticked holds, due in the profile's term for unrelated accounts.

    Only holds that rest on the wrong one alone can be ticked: whatever else feeds an account is a reason to keep it.
    Raises NotFound, WrongState, Invalid where nothing or something else is ticked or the reason is missing.
    """
    wrong, proposals = cascade_of(user=by, hold_id=hold_id)
    policy.require(by, RefundAction.CASCADE_DRAFT, wrong.case)
    reason = required_reason(reason)
    wanted = set(hold_ids)
    offered = {proposal.hold.pk: proposal.hold for proposal in proposals if proposal.is_only}
    if not wanted or wanted - offered.keys():
        raise Invalid(fields={"holds": [_("Tick at least one of the holds that rest only on the wrong one.")]})
    due_at = release_due_at(db.require_unit_of_work().now, profile_of(by.institution.legal_profile))
    drafts = [
        release_draft(by=by, hold=hold, trigger=TRIGGER, due_at=due_at, reason=reason)
        for pk, hold in offered.items()
        if pk in wanted
    ]
    diary.record(
        "cascade.draft", by=by, obj=wrong, case_id=wrong.case_id,
        detail={"holds": sorted(str(pk) for pk in wanted), "orders": [str(order.pk) for order in drafts]},
    )  # fmt: skip
    return drafts
