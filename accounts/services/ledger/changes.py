"""The ledger of a case as one thing: held while it changes, its version and digest moved on afterwards."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import CaseLedger
from antifraud import db
from antifraud.errors import Conflict
from antifraud.outbox import post

CHANGED = "ledger.changed"


def ledger_hold(case_id: UUID) -> CaseLedger:
    """The case's ledger, made where there is none, locked until the end of the unit of work: one change at a time.

    Waits as long as the unit's lock_timeout: for jobs. Somebody at a page asks `ledger_hold_now`.
    """
    now = db.require_unit_of_work().now
    CaseLedger.objects.bulk_create([CaseLedger(case_id=case_id, changed_at=now)], ignore_conflicts=True)
    return CaseLedger.objects.select_for_update(no_key=True).get(pk=case_id)


def ledger_wait(case_id: UUID) -> None:
    """Wait for whoever changes the ledger and keep others from it, also from a case's first change; none is made by it.

    The row of a first change is not seen before that change is over: only to insert the same row waits for it.
    """
    was_there = CaseLedger.objects.filter(pk=case_id).exists()
    ledger = ledger_hold(case_id)
    if not was_there and not ledger.version:
        ledger.delete()  # whoever inserts it still waits for the end of this unit of work


def ledger_hold_now(case_id: UUID) -> CaseLedger:
    """The same without waiting. Raises Conflict `ledger_changing` while an import holds the ledger."""
    rows = CaseLedger.objects.select_for_update(no_key=True, skip_locked=True)
    ledger = rows.filter(pk=case_id).first()
    if ledger is None:
        raise Conflict(
            _("The ledger of this case is being changed, by an import or by somebody else. Look again in a moment."),
            code="ledger_changing",
        )
    return ledger


def ledger_change(case_id: UUID, change: bytes) -> CaseLedger:
    """Note a change: `change` is a digest of what changed; posts `ledger.changed` (subject: the case)."""
    ledger = ledger_hold(case_id)
    ledger.version += 1
    ledger.digest = hashlib.sha256(bytes(ledger.digest) + change).digest()
    ledger.changed_at = db.require_unit_of_work().now
    ledger.save(update_fields=["version", "digest", "changed_at"])
    post.enqueue(CHANGED, case_id)
    return ledger


def nodes_new(count: int) -> list[int]:
    """So many ledger nodes that nobody has had."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('accounts_ledger_node') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]
