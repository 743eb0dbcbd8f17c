"""Bring a delivery that has arrived before into its lane once more, as the same delivery (R11); first deliveries are in
`deliveries`, what only poison ended is `redrive`'s.
"""

from __future__ import annotations

from uuid import UUID

from antifraud import db
from banks.models import Attempt, Delivery, User

DOOR = "sync"

# Its attempts go on counting, so that the receiver is told of a possible duplicate also where a person had opened it.
_AGAIN = """
UPDATE banks_delivery SET state = 'ready', next_at = clock_timestamp(), push_at = clock_timestamp(),
  attempt = GREATEST(attempt, 1),
  lease_token = NULL, lease_until = NULL, lease_total_seconds = 0, transported_at = NULL, door = '', error = ''
WHERE institution_id = %(institution)s AND topic = %(topic)s AND subject_id = %(subject)s
  AND state = 'transported' AND available_at IS NOT NULL
RETURNING *
"""


def delivery_redeliver(*, by: User, institution_id: UUID, topic: str, subject_id: UUID) -> Delivery | None:
    """The delivery, ready once more: same id, same subject, its next attempt one higher. The caller has authorised.

    None where there is nothing to bring again: it is on its way or in the lane already, or was given up as poison
    (then two persons redrive it). So the second call of two changes nothing.
    """
    db.require_unit_of_work()
    wanted = {"institution": institution_id, "topic": topic, "subject": subject_id}
    found = list(Delivery.objects.raw(_AGAIN, wanted))
    for delivery in found:
        Attempt.objects.create(
            delivery=delivery,
            institution_id=institution_id,
            number=delivery.attempt,
            door=DOOR,
            outcome="asked_again",
            by_id=by.id,
        )
    return found[0] if found else None


def delivery_state(*, institution_id: UUID, topic: str, subject_id: UUID) -> str:
    """Where the delivery stands; "" for one that was never enqueued."""
    rows = Delivery.objects.filter(institution=institution_id, topic=topic, subject_id=subject_id)
    return rows.values_list("state", flat=True).first() or ""
