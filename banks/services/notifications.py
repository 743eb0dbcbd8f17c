"""In-app notifications: a code with parameters that the screen translates; never personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from antifraud import db, hints, policy
from banks.models import Notification, User
from banks.policy import Action

Param = str | int

# code -> text as the notifications page shows it; the parameters stand in braces
TEXTS: dict[str, str] = {
    "order.submitted": _("Order {number} waits for your approval."),
    "order.to_confirm": _("You are named second officer of emergency order {number}. Confirm it."),
    "order.approval_due": _("Emergency order {number} was issued. A supervisor's approval is due within the hour."),
    "order.approval_overdue": _("The approval of emergency order {number} is overdue."),
    "order.lapsed": _("The request for approval of order {number} has lapsed. Submit it again."),
    "order.rejected": _("Order {number} was rejected."),
    "order.acknowledged": _("Order {number} was acknowledged."),
    "order.answered": _("Order {number} was answered."),
    "order.release_drafted": _("A release is due: order {number} was drafted for you."),
    "hold.expiring_hours": _("The hold of order {number} ends in less than {count} hours."),
    "hold.expiring_days": _("The hold of order {number} ends in less than {count} days."),
    "hold.expired": _("The hold of order {number} has ended. The institution must confirm the lift."),
    "hold.lifted": _("The lift of the hold of order {number} was confirmed."),
    "alert.submitted": _("Alert {number} waits for your approval."),
    "alert.lapsed": _("The request for approval of alert {number} has lapsed. Submit it again."),
    "alert.rejected": _("Alert {number} was rejected."),
    "alert.arrived": _("Alert {number} has arrived. Read and acknowledge it."),
    "alert.reported_back": _("An institution reported back on alert {number}."),
    "refund.submitted": _("Return {number} waits for your approval."),
    "refund.rejected": _("Return {number} was sent back."),
    "refund.objected": _("Somebody objects to return {number}."),
    "refund.arrived": _("Return {number} was decided. Pay it within its term."),
    "refund.paid": _("Return {number} was paid."),
    "refund.failed": _("A payment of return {number} failed."),
    "refund.overdue": _("Return {number} is not paid and its term is over."),
    "lane.circuit_opened": _("The webhook of {institution} does not answer. Pushing rests; queue and inbox go on."),
    "lane.push_paused": _("The webhook of {institution} wants no more calls (410). Pushing is paused."),
    "lane.dead_letter": _("The webhook of {institution} refused a message three times. Look at its dead letters."),
    "lane.unreadable": _("A message for {institution} cannot be opened and was put aside. Look at its dead letters."),
    "lane.unopened": _(
        "Messages for {institution} cannot be opened. They are tried again; ask the operators for the keys."
    ),
    "lane.paused": _("The lane of {institution} is paused: nothing reaches it until it is resumed."),
    "lane.limited": _("The lane of {institution} has new limits: {count} calls at once, {rate} a second."),
    "lane.resumed": _("The lane of {institution} is open again."),
    "endpoint.proposed": _("A new webhook address for {institution} waits for a second person."),
    "endpoint.approved": _("The new webhook address of {institution} was approved."),
    "endpoint.withdrawn": _("The webhook address of {institution} was withdrawn. It is not called any more."),
    "delivery.redrive_asked": _("Sending a dead letter of {institution} again waits for a second person."),
    "platform.reconciling": _("Epoch {epoch} has begun. Nothing is handed over until platform and banks are compared."),
    "order.unacknowledged": _("Order {number} is not acknowledged."),
    "order.unanswered": _("Order {number} is not answered."),
    "hold.lift_unconfirmed": _("The lift of the hold of order {number} is not confirmed."),
    "order.clock_request": _("The institution asks to stop the clock of order {number}."),
    "order.clock_consent": _("The clock of order {number} was stopped as you asked."),
    "order.clock_refuse": _("The clock of order {number} goes on: the request was refused."),
    "order.clock_end": _("The clock of order {number} runs again."),
    "sync.differs": _("Comparison with {institution}: {count} new differences."),
    "sync.late_orders": _("{institution} has not compared the orders of {day}."),
    "sync.late_holds": _("{institution} has not compared its open holds for a quarter of an hour."),
    "statement.read": _("A statement of case {number} was read. Check it and take it into the ledger."),
    "statement.asked": _("A statement of case {number} has columns that must be named."),
    "statement.refused": _("A statement of case {number} cannot be read. See what to do."),
    "trace.changed": _("Case {number}: new payments changed a trace. See what is different."),
    "watch.credited": _("Order {number}: the bank told new credits of the watched account."),
    "platform.resumed": _("The platform hands over again in epoch {epoch}."),
}


def notify(*, users: Iterable[User], code: str, params: Mapping[str, Param], url: str) -> list[Notification]:
    """Tell each user one thing, in one INSERT; open pages hear of it after commit.

    Whoever must not say it twice finishes the message, or leaves a mark, in the same unit of work. Raises ValueError
    for a code without a text.
    """
    return notify_each(users=users, code=code, things=[(params, url)])


def notify_each(
    *, users: Iterable[User], code: str, things: Iterable[tuple[Mapping[str, Param], str]]
) -> list[Notification]:
    """As `notify`, but several things of one kind, (params, url) each; one INSERT, one hint for each user."""
    now = db.require_unit_of_work().now
    if code not in TEXTS:
        raise ValueError(f"no text for notification {code}")
    people = {user.pk: user for user in users}
    rows = [
        Notification(user=user, code=code, params=dict(params), url=url[:200], created_at=now)
        for params, url in things
        for user in people.values()
    ]
    Notification.objects.bulk_create(rows)
    for user_id in people if rows else ():
        transaction.on_commit(partial(_hint, user_id), robust=True)
    return rows


def told_since(*, user_id: UUID, code: str, urls: Iterable[str], since: datetime) -> bool:
    """Whether the user was told one of these things after a moment: what follows from it need not be told as well."""
    rows = Notification.objects.filter(user=user_id, created_at__gt=since, code=code, url__in=list(urls))
    return rows.exists()


def notifications_read(*, by: User) -> int:
    """Mark all of the reader's own notifications as read; returns how many were new."""
    now = db.require_unit_of_work().now
    rows = policy.scope(by, Action.NOTIFICATION_VIEW, Notification.objects.filter(read_at__isnull=True))
    return rows.update(read_at=now)


def notification_open(*, by: User, notification_id: UUID) -> Notification:
    """Mark one as read and give it back, for following its address; raises NotFound."""
    now = db.require_unit_of_work().now
    row = policy.get(by, Action.NOTIFICATION_VIEW, Notification.objects.all(), notification_id, lock=True)
    if row.read_at is None:
        row.read_at = now
        row.save(update_fields=["read_at"])
    return row


def _hint(user_id: UUID) -> None:
    hints.publish(f"user:{user_id}", "notice")
