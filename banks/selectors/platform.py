"""The platform's epoch and mode, and whether the database under it is still the one it knew (R16); changing them is
in `services.platform`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from banks.models import PlatformState

KEPT_SECONDS = 5.0
_ASK = """
SELECT p.epoch, p.mode, p.since, p.reason, p.system_id, p.timeline, i.system_id, i.timeline, app_now()
FROM banks_platformstate p, app_database_identity() i
"""


@dataclass(frozen=True)
class Identity:
    """PostgreSQL's own names for a database; "" and None where the application's role may not read them."""

    system_id: str
    timeline: int | None


@dataclass(frozen=True)
class Platform:
    """The platform at this moment. `known` is the database that it ran on last, `found` the one that answers now."""

    epoch: int
    mode: str
    since: datetime | None
    reason: str
    known: Identity
    found: Identity
    now: datetime  # the legal time at which it was asked

    @property
    def is_elsewhere(self) -> bool:
        """Another system identifier, or another timeline of the same: restored, or failed over."""
        other_system = (
            bool(self.known.system_id and self.found.system_id) and self.known.system_id != self.found.system_id
        )
        lines = (self.known.timeline, self.found.timeline)
        return other_system or (None not in lines and lines[0] != lines[1])

    @property
    def is_running(self) -> bool:
        """Whether anything may be handed over. False from the first moment on another database, noted or not."""
        return self.mode == PlatformState.Mode.RUNNING and not self.is_elsewhere


def platform_now() -> Platform:
    """The state as it stands, in one statement: whoever hands something over asks each time."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        epoch_now, mode, since, reason, system_id, timeline, found_id, found_timeline, now = cursor.fetchone()
    known, found = Identity(system_id, timeline), Identity(found_id or "", found_timeline)
    return Platform(epoch_now, mode, since, reason, known, found, now)


def epoch() -> int:
    """The number that stands in every message; it only rises."""
    return platform_now().epoch


def is_running() -> bool:
    """Whether anything may be handed over to an institution now."""
    return platform_now().is_running


class _Kept:
    lock = threading.Lock()
    until = 0.0
    platform: Platform | None = None


def page_now() -> datetime:
    """The legal time for a page; what its frame says of the platform comes with it, in the same statement."""
    return _asked().now


def _asked() -> Platform:
    found = platform_now()
    with _Kept.lock:
        _Kept.platform, _Kept.until = found, time.monotonic() + KEPT_SECONDS
    return found


def platform_shown() -> Platform:
    """For the banner of pages: at most five seconds old, so that no page costs a further statement."""
    with _Kept.lock:
        kept = _Kept.platform if time.monotonic() < _Kept.until else None
    return kept or _asked()


def forget() -> None:
    """Ask anew at the next page."""
    _Kept.platform = None
