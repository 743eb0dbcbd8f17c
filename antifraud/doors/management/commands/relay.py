"""`manage.py relay`: runs until SIGTERM or ctrl-C; several copies may run side by side."""

from __future__ import annotations

import gc
from typing import Any

from django.core.management.base import BaseCommand

from antifraud import db
from antifraud.doors import posting
from antifraud.doors.loop import Loop
from antifraud.doors.relay import PAUSE, Relay


class Command(BaseCommand):
    """The process; one round of it is `antifraud.doors.relay`."""

    requires_system_checks = ()  # the web processes check; a restart in trouble must be quick
    help = "Carries facts of the outbox further and pushes lanes that no worker took."

    def handle(self, *args: Any, **options: Any) -> None:
        """Returns after a signal."""
        db.set_request_id("relay")
        loop = Loop("relay")
        loop.listen()
        loop.run(Relay(loop.is_stopping).turn, PAUSE)
        posting.close()
        gc.freeze()  # else the interpreter's last sweep takes longer than everything before it: up to a second
