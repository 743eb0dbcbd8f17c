"""Sending a dead letter again, under two persons (R13): the same delivery, the same order; until then it counts as open."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from uuid import UUID

from django.db import connection

from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.audit import diary
from antifraud.errors import WrongState
from antifraud.outbox import post
from banks.models import Attempt, Delivery, User
from banks.policy import Action
from banks.rules.paths import lane_path
from banks.selectors.lanes import POISON
from banks.selectors.users import lane_people
from banks.services.deliveries import LANE_TASK
from banks.services.notifications import notify

VALID_FOR = timedelta(minutes=30)
ACTION = str(Action.DELIVERY_REDRIVE)
LETTERS = Delivery.objects.select_related("institution")

_REDRIVE = """
UPDATE banks_delivery SET state = 'ready', push_at = clock_timestamp(), next_at = clock_timestamp(), push_attempt = 0,
  push_failures = 0, error = '', lease_token = NULL, lease_until = NULL
WHERE id = %s AND state = 'dead_lettered'
"""


def redrive_request(*, by: User, delivery_id: UUID) -> Delivery:
    """Ask for a second person's consent, within half an hour. Raises NotFound, WrongState (no dead letter)."""
    delivery = _letter(by, delivery_id)
    requests.open_request(ACTION, delivery.id, _payload(delivery), maker=by, valid_for=VALID_FOR)
    diary.record("delivery.redrive_request", by=by, obj=delivery, case_id=delivery.case_id, detail=_told(delivery))
    people = lane_people(delivery.institution_id).exclude(pk=by.pk)
    params = {"institution": delivery.institution.code}
    notify(users=people, code="delivery.redrive_asked", params=params, url=lane_path(delivery.institution_id))
    return delivery


def redrive_decide(*, by: User, delivery_id: UUID, approve: bool) -> Delivery:
    """The second person: back into the lane at once for every door, or not.

    Raises NotFound, WrongState, Forbidden `same_person`, Conflict `approval_missing` or `approval_lapsed`.
    """
    delivery = _letter(by, delivery_id)
    requests.decide(ACTION, delivery.id, _payload(delivery), by=by, approve=approve)
    if approve:
        with connection.cursor() as cursor:
            cursor.execute(_REDRIVE, [delivery.id])
        Attempt.objects.create(
            delivery=delivery, institution_id=delivery.institution_id, number=delivery.attempt, door="people",
            outcome="redriven", by_id=by.id,
        )  # fmt: skip
        delivery.refresh_from_db()
        post.ring_after_commit(db.require_unit_of_work(), LANE_TASK, str(delivery.institution_id))
    verb = "delivery.redrive" if approve else "delivery.redrive_refuse"
    diary.record(verb, by=by, obj=delivery, case_id=delivery.case_id, detail=_told(delivery))
    return delivery


def _letter(by: User, delivery_id: UUID) -> Delivery:
    delivery = policy.get(by, Action.DELIVERY_REDRIVE, LETTERS, delivery_id, lock=True)
    if delivery.state != Delivery.State.DEAD_LETTERED or not delivery.error.startswith(POISON):
        raise WrongState
    return delivery


def _payload(delivery: Delivery) -> bytes:
    parts = [str(delivery.id), delivery.topic, str(delivery.subject_id), delivery.attempt]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _told(delivery: Delivery) -> dict[str, object]:
    return {"topic": delivery.topic, "attempt": delivery.attempt, "error": delivery.error}
