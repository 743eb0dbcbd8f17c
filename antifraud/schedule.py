"""time → duty: what the platform does by the clock; a process (`manage.py scheduler`) runs it, the duties are floors'.

Legal expiry needs none of this to be true: a hold is in force only while the database's clock says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from accounts.services.alerts.duties import alerts_tend
from accounts.services.escalation import escalations_climb
from accounts.services.holds import holds_expire
from accounts.services.refunds.duties import refunds_overdue_tell
from accounts.services.reminders import approvals_escalate, approvals_lapse, expiries_announce
from accounts.services.series.checks import series_check_submit
from accounts.services.sync_watch import syncs_watch
from antifraud import db
from antifraud.api import idempotency
from antifraud.jobs import queue as jobs
from antifraud.outbox import post
from banks.models import User
from banks.services.keys import messages_prune, originals_prune
from banks.services.platform import platform_observe
from banks.services.queue import leases_reap
from cases.services.attachments import attachments_sweep

BATCH = 200
LOCK_SPACE = 0x4146  # "AF": the first half of the advisory locks' keys


@dataclass(frozen=True)
class Duty:
    """`run(user, limit)` does at most `limit` pieces of work in the open unit of work and says how many it did."""

    name: str
    period_seconds: int
    run: Callable[[User, int], int]


DUTIES: tuple[Duty, ...] = (
    Duty("holds_expire", 1, lambda by, limit: holds_expire(by=by, limit=limit)),
    Duty("approvals_lapse", 5, lambda by, limit: approvals_lapse(by=by, limit=limit)),
    Duty("jobs_ring", 5, lambda _by, limit: jobs.ring_waiting(limit)),
    Duty("leases_reap", 5, lambda _by, limit: leases_reap(limit)),
    Duty("platform_observe", 15, lambda by, _limit: int(platform_observe(by=by))),
    Duty("alerts_tend", 15, lambda by, limit: alerts_tend(by=by, limit=limit)),
    Duty("approvals_escalate", 15, lambda by, limit: approvals_escalate(by=by, limit=limit)),
    Duty("escalations_climb", 5, lambda by, limit: escalations_climb(by=by, limit=limit)),
    Duty("syncs_watch", 60, lambda by, limit: syncs_watch(by=by, limit=limit)),
    Duty("refunds_overdue_tell", 60, lambda by, limit: refunds_overdue_tell(by=by, limit=limit)),
    Duty("expiries_announce", 60, lambda by, limit: expiries_announce(by=by, limit=limit)),
    Duty("messages_prune", 300, lambda _by, _limit: messages_prune()),
    Duty("originals_prune", 3600, lambda _by, limit: originals_prune(limit)),
    Duty("jobs_prune", 3600, lambda _by, _limit: jobs.prune()),
    Duty("outbox_prune", 3600, lambda _by, _limit: post.prune()),
    Duty("attachments_sweep", 3600, lambda _by, limit: attachments_sweep(limit)),
    Duty("series_check", 86_400, lambda by, _limit: series_check_submit(by=by)),
    Duty("idempotency_prune", 3600, lambda _by, _limit: idempotency.prune()),
)


def duty_run(duty: Duty, by: User, *, limit: int = BATCH) -> int | None:
    """Run one duty in a unit of work of its own and beat for it; None where another scheduler is at it."""
    with db.unit_of_work(by):
        if not _only_one(duty.name):
            return None
        done = duty.run(by, limit)
        post.beat(f"duty:{duty.name}", duty.period_seconds)
        return done


def _only_one(name: str) -> bool:
    """An advisory lock that ends with the transaction (R15): two schedulers may run, no duty runs twice at once."""
    key = zlib.crc32(name.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, key])
        return bool(cursor.fetchone()[0])
