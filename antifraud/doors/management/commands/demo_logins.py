"""`manage.py demo_logins`: who can log in to the demo city, and the one password of all."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from antifraud.doors.demo.bodies import LOG_INS
from antifraud.doors.demo.city import DEMO_PASSWORD
from antifraud.doors.demo.load import is_interrupted
from antifraud.doors.management.commands.load_demo import INTERRUPTED
from banks.models import User


class Command(BaseCommand):
    """Prints what is true: only people who exist, nothing where demo data was not loaded."""

    requires_system_checks = ()
    help = "Prints the log-ins of the demo data."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refused outside of demo settings."""
        if not settings.DEMO:
            raise CommandError("There are no demo log-ins here (DEMO is off).")
        known = set(
            User.objects.filter(username__in=[row.username for row in LOG_INS]).values_list("username", flat=True)
        )
        shown = [row for row in LOG_INS if row.username in known]
        if not shown:
            self.stdout.write("No demo data is loaded, so there are no demo log-ins.")
            return
        self.stdout.write(f"Demo log-ins, all with the password {DEMO_PASSWORD}")
        for row in shown:
            self.stdout.write(f"  {row.username:<22} {row.what_for}")
        if is_interrupted():
            self.stdout.write(INTERRUPTED)
