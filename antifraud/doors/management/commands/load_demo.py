"""`manage.py load_demo [--if-empty] [--seed N]`: the demo city, in a database that its owner has marked as a drill."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from antifraud.doors.demo.clock import MOVABLE, clock_mode, stand_still
from antifraud.doors.demo.load import SEED, is_empty, is_interrupted, load

INTERRUPTED = (
    "An earlier loading of the demo data was interrupted, so that it is incomplete. Start with an empty database to "
    "have all of it."
)


class Command(BaseCommand):
    """Everything goes through the services that pages and API call, on a moved legal clock (docs/adr/0008)."""

    requires_system_checks = ()
    help = "Loads a believable city: institutions, people, and 60 cases of 30 days. Only for drill databases."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without options a database that holds cases is refused."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing where the database holds cases already")
        parser.add_argument("--seed", type=int, default=SEED, help="another number makes another city")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses a production database whatever the options, for the demo's password is published."""
        if not settings.DEMO:
            raise CommandError("Demo data is for drills: these settings do not allow it (DEMO is off).")
        reason = self._reason_not_to()
        if reason and options["if_empty"]:
            self.stdout.write(f"{reason} Nothing was loaded.")
            return
        if reason:
            raise CommandError(reason)
        db.set_request_id("load_demo")
        found = load(options["seed"])
        orders = ", ".join(f"{number} {status}" for status, number in sorted(found.orders.items()))
        holds = ", ".join(f"{number} {status}" for status, number in sorted(found.holds.items()))
        self.stdout.write(f"Loaded {found.cases} cases; orders: {orders}; holds: {holds}.")

    def _reason_not_to(self) -> str:
        if is_interrupted():
            stand_still()  # whoever was killed in the middle left the clock moved
            return INTERRUPTED
        if not is_empty():
            return "The database holds cases already; demo data belongs into an empty one."
        if clock_mode() not in MOVABLE:
            return (
                "This is a production database: its clock cannot be moved. Its owner marks a new one as a drill with "
                "`manage.py clock_mode drill`."
            )
        return ""
