"""What was paid back out of a hold comes off what it holds, and off what its case counts as held; the only writer of it."""

from __future__ import annotations

from accounts.models import Hold, Refund
from accounts.models.hold import IN_FORCE
from accounts.selectors.holds_beside import paid_out_of, same_money
from antifraud import db
from antifraud.audit import diary
from banks.models import User
from cases.services.cases import case_count


def hold_counts(hold: Hold) -> int:
    """What the case counts as held by this hold, in minor units."""
    return (hold.left_minor or 0) if hold.status in IN_FORCE else 0


def hold_returned(*, by: User, refund: Refund) -> None:
    """Count anew what went out of the return's hold, or out of the freeze that it became, after the bank told of payments.

    The hold's own history names the return and the amount. The caller has the shares written and the return locked.
    """
    # Locked first: a freeze that was answered since the return was read has taken its stop over, and counts too.
    own = db.lock(Hold.objects.filter(pk=refund.hold_id)).get()
    for hold in db.lock(same_money(own)):
        before, held = hold.returned_minor, hold_counts(hold)
        if not _count(hold):
            continue
        case_count(hold.case_id, held_minor=hold_counts(hold) - held, currency=hold.currency)
        diary.record(
            "hold.return", by=by, obj=hold, case_id=hold.case_id,
            detail={"refund": refund.number, "amount_minor": hold.returned_minor - before, "currency": hold.currency},
        )  # fmt: skip


def returns_taken_over(*, stop: Hold, freeze: Hold) -> None:
    """Of a stop that has become this freeze, what was paid after the freeze took effect went out of the freeze.

    The bank's sum of the freeze is that of its first moment, and an answer may come after such a payment.
    """
    for hold in (stop, freeze):
        _count(hold)


def _count(hold: Hold) -> bool:
    """Whether the sum was another one."""
    paid = paid_out_of(hold)
    if paid == hold.returned_minor:
        return False
    hold.returned_minor = paid
    hold.version += 1
    hold.save(update_fields=["returned_minor", "version"])
    return True
