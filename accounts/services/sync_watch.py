"""A duty of the platform's clock: note which institutions did not compare their books in time, and tell people once."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import SyncRun
from accounts.rules.digests import ORDERS
from accounts.rules.paths import reconciliation_path
from accounts.selectors.reconciliation import days_due, institutions_behind
from antifraud import db
from antifraud.audit import diary
from banks.models import Institution, User
from banks.selectors.institutions import centre_institutions
from banks.selectors.platform import epoch
from banks.selectors.users import risk_people, supervisors
from banks.services.notifications import notify

MOST = 200
CODES = {ORDERS: "sync.late_orders"}
HOLDS_CODE = "sync.late_holds"


def syncs_watch(*, by: User, limit: int = MOST) -> int:
    """Note each institution that is behind with a day's orders or its open holds; returns how many were noted.

    The row that says so keeps two schedulers, and the next round, from saying it again.
    """
    now = db.require_unit_of_work().now
    noted = 0
    for scope, day in days_due(now).items():
        for institution in institutions_behind(scope=scope, day=day, now=now)[: limit - noted]:
            noted += _note(institution, scope, day, now, by=by)
    return noted


def _note(institution: Institution, scope: str, day: date, now: datetime, *, by: User) -> int:
    wanted = SyncRun(institution=institution, scope=scope, day=day, outcome=SyncRun.Outcome.MISSING, epoch=epoch())
    SyncRun.objects.bulk_create([wanted], ignore_conflicts=True)
    run = db.lock(SyncRun.objects.filter(institution=institution, scope=scope, day=day)).get()
    if run.late_noted_at is not None and (run.last_at is None or run.last_at < run.late_noted_at):
        return 0  # another scheduler was faster
    run.late_noted_at = now
    run.save(update_fields=["late_noted_at"])
    diary.record("sync.late", by=by, obj=run, detail={"scope": scope, "day": day.isoformat()})
    people = {user.pk: user for user in risk_people([institution.id])}
    people |= {user.pk: user for centre in centre_institutions() for user in supervisors(centre)}
    params: dict[str, str | int] = {"institution": institution.code, "day": day.isoformat()}
    code = CODES.get(scope, HOLDS_CODE)
    notify(users=people.values(), code=code, params=params, url=reconciliation_path(institution.id))
    return 1
