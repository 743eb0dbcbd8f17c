"""One round of the scheduler: every duty of `antifraud.schedule` whose time has come."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

from antifraud.deliveries import FAILURES
from antifraud.logs import get_logger
from antifraud.outbox import post
from antifraud.schedule import BATCH, DUTIES, Duty, duty_run
from banks.models import User
from banks.selectors.institutions import system_user

PAUSE = 0.25
BEAT_SECONDS = 2
log = get_logger(__name__)


class Scheduler:
    """Remembers when each duty was last run by this process; that two processes run it twice is harmless."""

    def __init__(self, stop: Callable[[], bool], duties: tuple[Duty, ...] = DUTIES) -> None:
        self.stop = stop
        self.duties = duties
        self.due_at = {duty.name: float("-inf") for duty in duties}
        self.beat_at = float("-inf")

    def turn(self) -> None:
        """Run what is due; a duty that fails is tried again after its period and stops no other."""
        by: User | None = None
        for duty in self.duties:
            if self.stop():
                return
            if time.monotonic() < self.due_at[duty.name]:
                continue
            by = by or system_user()
            self._run(duty, by)
        if time.monotonic() - self.beat_at >= BEAT_SECONDS:
            post.beat("scheduler", BEAT_SECONDS)
            self.beat_at = time.monotonic()

    def _run(self, duty: Duty, by: User) -> None:
        self.due_at[duty.name] = time.monotonic() + duty.period_seconds
        try:
            done = duty_run(duty, by)
        except (OperationalError, InterfaceError):
            raise  # the database: the loop closes the connection
        except FAILURES as error:
            log.error("duty failed", duty=duty.name, exc_info=error)
            return
        if done:
            log.info("duty done", duty=duty.name, count=done)
        if done is not None and done >= BATCH:
            self.due_at[duty.name] = time.monotonic()  # more is waiting
