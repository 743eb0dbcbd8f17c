"""`manage.py scheduler`: runs until SIGTERM or ctrl-C; several copies may run side by side."""

from __future__ import annotations

import gc
from typing import Any

from django.core.management.base import BaseCommand

from antifraud import db
from antifraud.doors.loop import Loop
from antifraud.doors.scheduler import PAUSE, Scheduler


class Command(BaseCommand):
    """The process; one round of it is `antifraud.doors.scheduler`."""

    requires_system_checks = ()  # the web processes check; a restart in trouble must be quick
    help = "Runs the periodic duties: expiry, lapses, escalations, announcements, tidying."

    def handle(self, *args: Any, **options: Any) -> None:
        """Returns after a signal."""
        db.set_request_id("scheduler")
        loop = Loop("scheduler")
        loop.listen()
        loop.run(Scheduler(loop.is_stopping).turn, PAUSE)
        gc.freeze()  # else the interpreter's last sweep takes longer than everything before it: up to a second
