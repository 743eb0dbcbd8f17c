"""topic → what deliveries change when they come into their lane; and bringing them there, many at a time (R1–R3).

The facts of the outbox, and who is told of what, are in `deliveries`; posting to webhooks is in `courier`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, InterfaceError

from accounts.services.availability import orders_make_available
from antifraud import db, hints
from antifraud.alert_facts import ALERT_DELIVERIES
from antifraud.errors import AppError
from antifraud.logs import get_logger
from antifraud.refund_facts import REFUND_DELIVERIES
from banks.models import Delivery, User
from banks.selectors.institutions import system_user
from banks.selectors.platform import is_running
from banks.services.deliveries import deliveries_claim, deliveries_make_available, delivery_postpone

BATCH = 100
log = get_logger(__name__)
Stop = Callable[[], bool]
Arrival = Callable[[Sequence[Delivery], User, datetime], None]  # deliveries of one lane, who brings them, when

# What one message may fail with without stopping the post. Anything else ends the process; its supervisor starts it
# again, and the leases run out.
FAILURES = (
    AppError, DatabaseError, InterfaceError, ObjectDoesNotExist, ArithmeticError, AttributeError, LookupError,
    RuntimeError, TypeError, ValueError, OSError,
)  # fmt: skip


class LeaseLostError(Exception):
    """Another process has taken the message over: this one's work is rolled back."""


def never() -> bool:
    return False


def orders_come(deliveries: Sequence[Delivery], by: User, at: datetime) -> None:
    """The orders' terms run from now."""
    orders_make_available([delivery.subject_id for delivery in deliveries], by=by, at=at)


def cancellations_come(deliveries: Sequence[Delivery], by: User, at: datetime) -> None:
    """The orders themselves have changed already; the institution only has to see it."""


DELIVERIES: Mapping[str, Arrival] = {
    "order.issued": orders_come,
    "order.cancelled": cancellations_come,
    **ALERT_DELIVERIES,
    **REFUND_DELIVERIES,
}


def lane_push(institution_id: UUID, *, stop: Stop = never) -> int:
    """Bring what is queued into one institution's lane; returns how many deliveries became available.

    Goes on until the lane is empty or another process has it in hand; nothing while the platform is reconciling (R16).
    A batch is one unit of work; where it fails, each of its deliveries gets one of its own, so that a failure costs
    its own delivery a delay (R12), nothing else.
    """
    by = system_user()
    pushed, more = 0, True
    while more and not stop() and is_running():
        try:
            arrived, more = _push_together(institution_id, by)
        except (LeaseLostError, *FAILURES) as error:
            log.warning("batch not pushed", exc_info=error, institution=institution_id)
            arrived, more = _push_singly(institution_id, by)
        if arrived:
            hints.publish(f"inst:{institution_id}", "queue")
        pushed += arrived
    return pushed


def _push_together(institution_id: UUID, by: User) -> tuple[int, bool]:
    with db.unit_of_work(by) as work:
        claimed = deliveries_claim(institution_id, BATCH, within_cap=False)
        _arrive(claimed, by, work.now)
    return len(claimed), len(claimed) == BATCH


def _push_singly(institution_id: UUID, by: User) -> tuple[int, bool]:
    """A whole batch, as many at a time as the lane's cap allows: the one that fails may be the last of them, and each way
    back to `_push_together` before it would cost a batch that fails again."""
    arrived = seen = 0
    while seen < BATCH:
        with db.unit_of_work(by):
            claimed = deliveries_claim(institution_id, BATCH - seen)
        arrived += sum(_push(delivery, by) for delivery in claimed)
        seen += len(claimed)
        if not claimed or len(claimed) < claimed[0].free_slots:
            return arrived, False
    return arrived, True


def _push(delivery: Delivery, by: User) -> int:
    try:
        with db.unit_of_work(by) as work:
            _arrive([delivery], by, work.now)
    except LeaseLostError:
        return 0
    except FAILURES as error:
        log.error("delivery not pushed", exc_info=error, delivery=delivery.id, topic=delivery.topic)
        with db.unit_of_work(by):
            delivery_postpone(delivery, delivery.lease_token, error=type(error).__name__)
        return 0
    return 1


def _arrive(claimed: Sequence[Delivery], by: User, at: datetime) -> None:
    """All of one claim into their lane, kind by kind; raises LeaseLostError where another process has one by now."""
    kinds: dict[Arrival, list[Delivery]] = {}
    for delivery in claimed:
        kinds.setdefault(DELIVERIES[delivery.topic], []).append(delivery)
    for arrival, rows in kinds.items():
        arrival(rows, by, at)
    if not deliveries_make_available(claimed):
        raise LeaseLostError
