"""When a delivery that cannot be opened here is given up, and who hears of it; the lease itself is `services.queue`'s.

A broken row is given up alone, also where nothing else is in its lane. Keys that are away, or the wrong ones, break every
row of every lane at once: then nothing is given up, people are told, and all of it is tried again until the keys are back.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile

from django.db.models import Q

from antifraud import db
from antifraud.audit import diary
from antifraud.crypto import keyring
from banks.models import Attempt, Delivery, Notification
from banks.rules.circuit import Verdict
from banks.rules.paths import NOTIFICATIONS, lane_path
from banks.selectors.institutions import system_user
from banks.selectors.users import administrators, lane_people
from banks.services.notifications import notify

DOOR = "pull"
# In a row. By the schedule of R12 an hour for orders, five for alerts: longer than a key store is away as a rule.
MOST_WITHHELD = 60
REDRIVEN = "redriven"  # the outcome of `services.dead_letters`
HANDED_OVER = "handed_over"
PAUSE = timedelta(hours=1)  # of one lane people hear once in it


def failed_in_a_row(delivery: Delivery) -> list[int]:
    """Leases that ended in "cannot be opened" since it could last be opened, or people sent it again; newest first.

    The lease that is being withheld now is not among them. Ids of their attempts, MOST_WITHHELD at most.
    """
    tried = Attempt.objects.filter(delivery=delivery).order_by("-pk")
    again = tried.filter(outcome=REDRIVEN).values_list("pk", flat=True).first() or 0
    tried = tried.filter(door=DOOR, pk__gt=again, number__lt=delivery.attempt)
    failed = set(tried.filter(outcome=Verdict.FAILED.value).values_list("number", flat=True)[:MOST_WITHHELD])
    leases = tried.filter(outcome=HANDED_OVER).values_list("number", "pk")[:MOST_WITHHELD]
    return [key for _number, key in takewhile(lambda lease: lease[0] in failed, leases)]


def may_give_up(delivery: Delivery, failed: list[int], *, of_keys: bool) -> bool:
    """Whether it is this row alone: our keys are well, and the lane got something else across since it began to fail.

    That was opened since then, too: the ack of what left before says nothing about the keys. In a lane where nothing else
    gets across it is this row alone where its own key opened and the cell did not (not `of_keys`), and either no other
    delivery failed since, or another lane got something across.
    """
    if not failed or keyring.fault():
        return False
    since = Attempt.objects.filter(door=DOOR, pk__gt=failed[-1])
    opened = Q(
        delivery__attempts__pk__gt=failed[-1], delivery__attempts__outcome=HANDED_OVER, delivery__attempts__door=DOOR
    )
    across = since.filter(opened, outcome="transported")
    if across.filter(institution=delivery.institution_id).exists():
        return True
    if of_keys:
        return False
    others = since.filter(outcome=Verdict.FAILED.value).exclude(delivery=delivery)
    return not others.exists() or across.exists()


def given_up(delivery: Delivery, error: str) -> None:
    """Audit it and tell people. Ours, not the bank's act: it only asked."""
    detail = {"reason": error[:200], "topic": delivery.topic, "attempt": delivery.attempt}
    diary.record("delivery.dead_letter", by=system_user(), obj=delivery, case_id=delivery.case_id, detail=detail)
    _tell(delivery, "lane.unreadable")


def kept(delivery: Delivery) -> None:
    """Tell people that it fails for long and is tried again all the same."""
    _tell(delivery, "lane.unopened")


def _tell(delivery: Delivery, code: str) -> None:
    """The people of the lane and the administrators, once in an hour however many deliveries fail."""
    lane = delivery.institution_id
    people, admins = list(lane_people(lane)), list(administrators())
    params = {"institution": delivery.institution.code}
    since = db.require_unit_of_work().now - PAUSE
    told = Notification.objects.filter(user__in=[*people, *admins], code=code, params=params, created_at__gt=since)
    knowing = set(told.values_list("user", flat=True))
    for users, url in ((people, lane_path(lane)), (admins, NOTIFICATIONS)):
        notify(users=[user for user in users if user.pk not in knowing], code=code, params=params, url=url)
