"""The bank's pull door: receive under a lease, ack, extend, nack (R10); the way into the lane is `deliveries`.

A receipt is valid while its lease lasts: a stale one is a Conflict `receipt_stale`, a foreign or forged one does not
exist. None of this is an answer to the order (R6).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import BooleanField, DateTimeField, ExpressionWrapper, Func, Q
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.crypto.receipts import Receipt, read_receipt, sign_receipt
from antifraud.errors import Conflict, Invalid, NotFound
from antifraud.logs import masked
from antifraud.plain_text import fold
from banks.models import Attempt, Delivery, User
from banks.policy import Action
from banks.rules.circuit import Verdict
from banks.rules.retries import retry_delay
from banks.selectors.institutions import system_user
from banks.selectors.lanes import POISON
from banks.services import unreadable
from banks.services.unreadable import DOOR, HANDED_OVER

MOST_AT_ONCE = 10
SHORTEST_LEASE, LONGEST_LEASE = 30, 900
LONGEST_TOTAL = 12 * 3600

# The rows are chosen by ARRAY(…), which is evaluated once. With IN (…) the planner may run the sub-select again for
# each row that it meets, and LIMIT then lets more through than it says (seen in a test, now and then).
_RECEIVE = """
UPDATE banks_delivery SET state = 'leased', lease_token = gen_random_uuid(), attempt = attempt + 1,
  lease_until = clock_timestamp() + make_interval(secs => %(seconds)s),
  lease_total_seconds = %(seconds)s, leased_by_id = %(by)s
WHERE id = ANY(ARRAY(
  SELECT id FROM banks_delivery
  WHERE institution_id = %(institution)s AND state IN ('ready', 'leased') AND next_at <= clock_timestamp()
    AND COALESCE(lease_until, '-infinity') < clock_timestamp()
  ORDER BY priority, next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING *
"""
_ACK = """
UPDATE banks_delivery SET state = 'transported', transported_at = %(now)s, door = 'pull',
  lease_token = NULL, lease_until = NULL
WHERE id = ANY(%(ids)s::uuid[]) AND state = 'leased' RETURNING *
"""
_EXTEND = """
UPDATE banks_delivery SET lease_until = lease_until + make_interval(secs => %(seconds)s),
  lease_total_seconds = lease_total_seconds + %(seconds)s
WHERE id = %(id)s AND state = 'leased' AND lease_token = %(token)s RETURNING *
"""
_NACK = """
UPDATE banks_delivery SET state = 'ready', lease_token = NULL, lease_until = NULL, error = %(reason)s,
  next_at = clock_timestamp() + make_interval(secs => %(delay)s)
WHERE id = %(id)s AND state = 'leased' AND lease_token = %(token)s RETURNING *
"""
_BURY = """
UPDATE banks_delivery SET state = 'dead_lettered', lease_token = NULL, lease_until = NULL, error = %(reason)s
WHERE id = %(id)s AND state = 'leased' AND lease_token = %(token)s RETURNING *
"""
_REAP = """
UPDATE banks_delivery SET state = 'ready', lease_token = NULL, lease_until = NULL
WHERE id = ANY(ARRAY(SELECT id FROM banks_delivery WHERE state = 'leased' AND lease_until < clock_timestamp()
  ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING *
"""


def queue_receive(*, by: User, max_count: int, visibility_seconds: int) -> list[tuple[Delivery, str]]:
    """Lease up to `max_count` (1–10) of the institution's deliveries for 30–900 s, each with its receipt.

    Most urgent first; what another lease of the institution holds stays hidden until that lease ends. An attempt above 1
    may be a duplicate: the receiver must recognise the order. Raises Forbidden, Invalid.
    """
    policy.require(by, Action.QUEUE_RECEIVE)
    db.require_unit_of_work()
    problems = {}
    if not 1 <= max_count <= MOST_AT_ONCE:
        problems["max"] = [_("Ask for 1 to 10 deliveries at once.")]
    if not SHORTEST_LEASE <= visibility_seconds <= LONGEST_LEASE:
        problems["visibility"] = [_("A lease lasts 30 to 900 seconds. Choose a number in this range.")]
    if problems:
        raise Invalid(fields=problems)
    wanted = {
        "institution": by.institution_id,
        "limit": max_count,
        "seconds": visibility_seconds,
        "by": by.id,
    }
    taken = sorted(Delivery.objects.raw(_RECEIVE, wanted), key=lambda d: (d.priority, d.next_at))
    _note(taken, HANDED_OVER, by=by)
    return [(delivery, sign_receipt(_parts(delivery))) for delivery in taken]


def queue_ack(*, by: User, receipt: str) -> Delivery:
    """The bank's system has the delivery safely: it is not offered again. The same ack twice is one ack.

    Raises NotFound, Conflict `receipt_stale`.
    """
    delivery = _presented(by, Action.QUEUE_ACK, receipt)
    if delivery.state == Delivery.State.TRANSPORTED:
        return delivery
    return _acknowledge([delivery.id], by)[0]


def queue_acks(*, by: User, receipts: Sequence[str]) -> dict[str, str]:
    """As `queue_ack` for each, in a few statements: receipt → "" or the code of its refusal; one costs the others nothing."""
    told = dict.fromkeys(receipts, "")
    wanted: dict[str, Receipt] = {}
    for handle in receipts:
        try:
            wanted[handle] = read_receipt(handle, institution_id=by.institution_id)
        except NotFound as error:
            told[handle] = error.code
    offered = Delivery.objects.only("id", "attempt", "state").annotate(is_held=_held_now())
    offered = offered.filter(pk__in={receipt.delivery_id for receipt in wanted.values()})
    rows = {row.id: row for row in db.lock(policy.scope(by, Action.QUEUE_ACK, offered))}
    for handle, receipt in wanted.items():
        row = rows.get(receipt.delivery_id)
        told[handle] = NotFound().code if row is None else "" if _is_live(row, receipt) else _stale().code
    good = {wanted[handle].delivery_id for handle, code in told.items() if not code}
    _acknowledge([key for key in good if rows[key].state == Delivery.State.LEASED], by)
    return told


def queue_extend(*, by: User, receipt: str, seconds: int) -> Delivery:
    """Add 30–900 s to the lease; `lease_until` of the result says until when. At most 12 h from receiving in all.

    Raises NotFound, Invalid, Conflict `receipt_stale` or `lease_limit`.
    """
    if not SHORTEST_LEASE <= seconds <= LONGEST_LEASE:
        raise Invalid(fields={"seconds": [_("Extend a lease by 30 to 900 seconds. Choose a number in this range.")]})
    delivery = _held(by, Action.QUEUE_EXTEND, receipt)
    if delivery.lease_total_seconds + seconds > LONGEST_TOTAL:
        raise Conflict(
            _("A delivery can be held for 12 hours at most. Acknowledge it or give it back."), code="lease_limit"
        )
    return _changed(_EXTEND, delivery, "", by=by, seconds=seconds)


def queue_nack(*, by: User, receipt: str, reason: str) -> Delivery:
    """Give the delivery back, to be offered again after 0, 2, 5, 10, 20, 40, 60, 60 … s (R12); it is never dropped.

    Long runs of digits in `reason` are masked before it is kept. Raises NotFound, Conflict `receipt_stale`.
    """
    delivery = _held(by, Action.QUEUE_NACK, receipt)
    told = masked(fold(reason))[:200]
    return _changed(
        _NACK, delivery, "given_back", by=by, reason=told, delay=retry_delay(delivery.attempt, topic=delivery.topic)
    )


def queue_withhold(*, by: User, delivery: Delivery, error: str, of_keys: bool) -> None:
    """Take back what was leased in this very unit of work and cannot be made into a message: our fault, not the caller's.

    It is offered again by the schedule of R12, with its attempt counted; the lane's page shows the failure as that of a
    post. After MOST_WITHHELD times in a row it is a dead letter if it alone fails (`services.unreadable`): people are
    told, and may send it again under two persons. `error` is a class name or code, never data; `of_keys`: it may lie in the
    keys and not in the row.
    """
    failed = unreadable.failed_in_a_row(delivery)
    is_lasting = len(failed) + 1 >= unreadable.MOST_WITHHELD
    if is_lasting and unreadable.may_give_up(delivery, failed, of_keys=of_keys):
        _changed(_BURY, delivery, "dead_lettered", by=system_user(), reason=f"{POISON}{error}"[:200])
        unreadable.given_up(delivery, error)
        return
    delay = retry_delay(delivery.attempt, topic=delivery.topic)
    _changed(_NACK, delivery, Verdict.FAILED.value, by=by, reason=error[:200], delay=delay)
    if is_lasting:
        unreadable.kept(delivery)


def leases_reap(limit: int = 500) -> int:
    """leased → ready where the bank's client let its lease run out; for the scheduler. Returns how many.

    Receiving does not wait for this: it takes such rows itself.
    """
    db.require_unit_of_work()
    freed = list(Delivery.objects.raw(_REAP, {"limit": limit}))
    _note(freed, "lease_ended", by=None)
    return len(freed)


def _parts(delivery: Delivery) -> Receipt:
    return Receipt(delivery.institution_id, delivery.id, delivery.attempt)


def _presented(by: User, action: Action, handle: str) -> Delivery:
    """The delivery of a receipt, locked: held under the receipt's own lease, or transported already by its attempt."""
    receipt = read_receipt(handle, institution_id=by.institution_id)
    offered = Delivery.objects.annotate(is_held=_held_now())
    delivery = policy.get(by, action, offered, receipt.delivery_id, lock=True)
    if not _is_live(delivery, receipt):
        raise _stale()
    return delivery


def _held_now() -> ExpressionWrapper[Q]:
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    return ExpressionWrapper(Q(state=Delivery.State.LEASED, lease_until__gt=clock), output_field=BooleanField())


def _is_live(delivery: Delivery, receipt: Receipt) -> bool:
    is_held: bool = vars(delivery)["is_held"]
    return delivery.attempt == receipt.attempt and (is_held or delivery.state == Delivery.State.TRANSPORTED)


def _acknowledge(ids: list[UUID], by: User) -> list[Delivery]:
    """Of locked rows that were found live."""
    done = list(Delivery.objects.raw(_ACK, {"ids": ids, "now": db.require_unit_of_work().now}))
    _note(done, "transported", by=by)
    return done


def _held(by: User, action: Action, handle: str) -> Delivery:
    delivery = _presented(by, action, handle)
    if delivery.state == Delivery.State.TRANSPORTED:
        raise _stale()
    return delivery


def _stale() -> Conflict:
    return Conflict(
        _("The lease of this receipt has ended. Receive again and use the new receipt."), code="receipt_stale"
    )


def _changed(statement: str, delivery: Delivery, outcome: str, *, by: User, **values: object) -> Delivery:
    """Run a fenced UPDATE on the locked row and note the attempt's outcome."""
    wanted = {"id": delivery.id, "token": delivery.lease_token, **values}
    found = list(Delivery.objects.raw(statement, wanted))
    if not found:
        raise _stale()
    if outcome:
        _note(found, outcome, by=by, detail=str(values.get("reason", "")))
    return found[0]


def _door(delivery: Delivery) -> str:
    """Whose lease it was: nobody's name in it means that we were posting (`services.pushes`)."""
    return DOOR if delivery.leased_by_id else "webhook"


def _note(deliveries: list[Delivery], outcome: str, *, by: User | None, detail: str = "") -> None:
    """One row of evidence for each; none for an empty list."""
    actor = by.id if by else None
    Attempt.objects.bulk_create(
        Attempt(
            delivery=d,
            institution_id=d.institution_id,
            number=d.attempt,
            door=_door(d),
            outcome=outcome,
            by_id=actor,
            detail=detail,
        )
        for d in deliveries
    )
