"""Whether this process answers (`/livez`) and whether the platform can work (`/readyz`); no log-in, no personal data."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from antifraud.crypto import keyring
from banks.selectors.platform import platform_now

KEPT_SECONDS = 1.0
REDIS_TIMEOUT = 0.5
LATE_PERIODS = 3
# The names that processes beat under (`outbox.post.beat`); several copies of one add a colon and their own name.
DUTIES = ("relay", "worker", "scheduler")
# Without these no order can reach an institution. The others slow the work down or are made up for by the relay.
CRITICAL = frozenset({"database", "migrations", "keys", "relay"})
# By the database's clock, as the beats were written: the clocks of two machines may differ.
_AGES = """
SELECT name, extract(epoch FROM clock_timestamp() - last_ok_at)::float8, period_seconds FROM af_outbox_heartbeat
"""


@dataclass(frozen=True)
class Part:
    """One finding; `detail` is for operators and says what to look at."""

    ok: bool
    detail: str = ""


WELL = Part(ok=True)


def bad(detail: str) -> Part:
    """A part that does not do its work, and what an operator should look at."""
    return Part(ok=False, detail=detail)


class _Kept:
    """The last finding, so that any number of askers costs one look a second."""

    lock = threading.Lock()
    until = 0.0
    parts: Mapping[str, Part] = {}


def livez(request: HttpRequest) -> JsonResponse:
    """200: this process answers. Nothing else is asked, so that a dead database does not restart every process."""
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 or 503 `{"ready": bool, "parts": {name: {"ok", "detail"}}}`; redis, worker and scheduler only degrade."""
    parts = current_parts()
    ready = all(part.ok for name, part in parts.items() if name in CRITICAL)
    body = {"ready": ready, "parts": {name: {"ok": part.ok, "detail": part.detail} for name, part in parts.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def current_parts() -> Mapping[str, Part]:
    """The findings, at most one second old."""
    with _Kept.lock:
        if time.monotonic() >= _Kept.until:
            _Kept.parts = look()
            _Kept.until = time.monotonic() + KEPT_SECONDS
        return _Kept.parts


def forget() -> None:
    """Look anew at the next question."""
    _Kept.until = 0.0


def look() -> dict[str, Part]:
    """Every part, each asked even where another one failed."""
    database = _asked(_database)
    found = {"database": database, "keys": _keys(), "redis": _redis()}
    if database.ok:
        found["migrations"] = _asked(_migrations)
        found["platform"] = _asked(_platform)
        found |= _duties()
    else:
        found |= {name: bad("not known without the database") for name in ("migrations", "platform", *DUTIES)}
    return found


def _asked(question: Callable[[], Part]) -> Part:
    try:
        return question()
    except (DatabaseError, InterfaceError) as error:
        return bad(f"cannot be asked ({type(error).__name__})")


def _database() -> Part:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        row = cursor.fetchone()
    return bad("read-only: a standby or a restore in progress") if row and row[0] else WELL


def _migrations() -> Part:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return bad(f"{len(plan)} not applied: run migrate") if plan else WELL


def _platform() -> Part:
    """Degraded, not red: banks must reach the platform to be compared with it."""
    found = platform_now()
    if found.is_running:
        return WELL
    what = "on another database than before" if found.is_elsewhere else "reconciling"
    return bad(f"{what}, epoch {found.epoch}: nothing is handed over until an administrator resumes")


def _keys() -> Part:
    fault = keyring.fault()
    return bad(f"the key ring cannot be used ({fault})") if fault else WELL


def _redis() -> Part:
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        ) as redis:
            redis.ping()
    except (RedisError, OSError) as error:
        return bad(f"away ({type(error).__name__}): the relay works by polling, pages refresh by themselves")
    return WELL


def _duties() -> dict[str, Part]:
    """Progress, not processes: a duty is well where some copy of it succeeded within three periods (R15)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_AGES)
            rows = cursor.fetchall()
    except (DatabaseError, InterfaceError) as error:
        return {name: bad(f"cannot be asked ({type(error).__name__})") for name in DUTIES}
    return {duty: _duty([row[1:] for row in rows if row[0].partition(":")[0] == duty]) for duty in DUTIES}


def _duty(copies: list[tuple[float, int]]) -> Part:
    if not copies:
        return bad("has never succeeded")
    age, period = min(copies, key=lambda copy: copy[0] / copy[1])
    if age > LATE_PERIODS * period:
        return bad(f"last succeeded {age:.0f} s ago, expected every {period} s")
    return WELL
