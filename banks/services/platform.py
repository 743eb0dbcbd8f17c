"""Raise the epoch and stop handing over after a restore or failover, resume when the banks have been compared (R16)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid, Superseded, Unavailable, WrongState
from antifraud.logs import get_logger
from banks.models import PlatformState, User
from banks.policy import Action
from banks.selectors.platform import Platform, forget, platform_now
from banks.selectors.users import platform_watchers
from banks.services.notifications import notify

RECONCILING, RUNNING = PlatformState.Mode.RECONCILING, PlatformState.Mode.RUNNING
SHORTEST_REASON = 10
RETRY_SECONDS = 60
HIGHEST_EPOCH = 2_000_000_000
PAGE = "/reconciliation/"
log = get_logger(__name__)


class Reconciling(Unavailable):
    """Nothing is handed over until banks and platform have been compared."""

    code = "reconciling"
    message = _("The platform was restored or moved. Nothing is handed over until it has been compared with the banks.")


def require_running() -> Platform:
    """Before anything is handed over; raises Reconciling (503 with Retry-After)."""
    found = platform_now()
    if not found.is_running:
        raise Reconciling(extra={"retry_after": RETRY_SECONDS, "epoch": found.epoch})
    return found


def platform_observe(*, by: User) -> bool:
    """Note which database answers; another one than before starts a new epoch in reconciling mode. True where it did.

    Run at the start of each process and by the clock. Any number of processes may do it at once: the first one notes
    it. The handing over itself does not wait for this note (`Platform.is_running`).
    """
    db.require_unit_of_work()
    if not _is_news(platform_now()):
        return False
    row = _locked()
    seen = platform_now()  # anew: another process may have noted it while we waited
    if not _is_news(seen):
        return False
    if not seen.is_elsewhere:
        _write(row, seen, {})
        return False
    reason = (
        f"database changed: system {seen.known.system_id or '?'} to {seen.found.system_id or '?'}, "
        f"timeline {seen.known.timeline} to {seen.found.timeline}"
    )
    _begin(row, seen, by=by, reason=reason, epoch=seen.epoch + 1)
    return True


def epoch_bump(*, by: User, reason: str, to: int | None = None) -> PlatformState:
    """Start a new epoch in reconciling mode: for restores that the database itself does not show (a copied volume).

    `to` names a higher epoch than the next, for a backup from before an earlier restore. Raises Invalid.
    """
    policy.require(by, Action.PLATFORM_BUMP)
    reason = _reason(reason)
    row = _locked()
    wanted = row.epoch + 1 if to is None else to
    if not row.epoch < wanted <= HIGHEST_EPOCH:
        raise Invalid(fields={"to": [_("The epoch only rises. Give a number above the present one.")]})
    return _begin(row, platform_now(), by=by, reason=reason, epoch=wanted)


def platform_resume(*, by: User, reason: str, epoch: int) -> PlatformState:
    """Hand over again. An administrator says why, and which epoch was looked at.

    Raises Invalid (reason), Superseded where another epoch has begun meanwhile, WrongState where it runs.
    """
    policy.require(by, Action.PLATFORM_RESUME)
    reason = _reason(reason)
    row, seen = _locked(), platform_now()
    if row.epoch != epoch or seen.is_elsewhere:
        raise Superseded
    if row.mode == RUNNING:
        raise WrongState(extra={"state": row.mode, "verb": "resume"})
    now = db.require_unit_of_work().now
    _write(row, seen, {"mode": RUNNING, "since": now, "reason": reason})
    diary.record("platform.resume", by=by, object_type="platformstate", detail={"epoch": epoch, "reason": reason})
    notify(users=platform_watchers(), code="platform.resumed", params={"epoch": epoch}, url=PAGE)
    return row


def _is_news(seen: Platform) -> bool:
    """Something can be read that is not noted: another database, or the first look."""
    first_system = not seen.known.system_id and seen.found.system_id
    first_timeline = seen.known.timeline is None and seen.found.timeline is not None
    return seen.is_elsewhere or bool(first_system) or first_timeline


def _begin(row: PlatformState, seen: Platform, *, by: User, reason: str, epoch: int) -> PlatformState:
    now = db.require_unit_of_work().now
    _write(row, seen, {"epoch": epoch, "mode": RECONCILING, "since": now, "reason": reason})
    detail = {"epoch": epoch, "reason": reason, "system_id": row.system_id, "timeline": row.timeline}
    diary.record("platform.bump", by=by, object_type="platformstate", detail=detail)
    notify(users=platform_watchers(), code="platform.reconciling", params={"epoch": epoch}, url=PAGE)
    log.warning("reconciling", epoch=epoch)
    return row


def _locked() -> PlatformState:
    return PlatformState.objects.select_for_update().get()


def _write(row: PlatformState, seen: Platform, changes: dict[str, Any]) -> None:
    """The changes, and the database that answers now as the known one; what cannot be read stays as it was noted."""
    changes = {
        "system_id": seen.found.system_id or row.system_id,
        "timeline": row.timeline if seen.found.timeline is None else seen.found.timeline,
    } | changes
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=[*changes])
    forget()


def _reason(text: str) -> str:
    if len(text.strip()) < SHORTEST_REASON:
        raise Invalid(fields={"reason": [_("Say why, in at least ten characters. It is kept in the audit log.")]})
    return text.strip()[:300]
