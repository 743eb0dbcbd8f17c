"""`manage.py clock_mode drill`: the owner of a new database says that it is for drills and demonstrations only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from antifraud import db
from antifraud.errors import Conflict
from banks.services.clock import DRILL, clock_make_drill


class Command(BaseCommand):
    """Runs with the owner's URL as DATABASE_URL; there is no way back to production."""

    requires_system_checks = ()
    help = "Marks a new database as a drill, so that its legal clock can be moved and demo data loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        """The mode is named, so that nobody marks a database by accident."""
        parser.add_argument("mode", choices=[DRILL])
        parser.add_argument("--if-new", action="store_true", help="leave a database alone that is not new")

    def handle(self, *args: Any, **options: Any) -> None:
        """One unit of work without a principal: it is the database's owner who acts, not a person of the platform."""
        try:
            with db.unit_of_work(None):
                done = clock_make_drill()
        except Conflict as refusal:
            if not options["if_new"]:
                raise CommandError(str(refusal.message)) from refusal
            self.stdout.write(f"{refusal.message} It was left as it is.")
            return
        except DatabaseError as error:
            raise CommandError(
                f"The database refuses: {str(error).splitlines()[0]}. Run this with the owner's URL as DATABASE_URL."
            ) from error
        self.stdout.write("This database is a drill now." if done else "This database is a drill already.")
