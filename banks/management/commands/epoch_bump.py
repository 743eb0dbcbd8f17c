"""`manage.py epoch_bump --reason TEXT [--to N]`: after a restore that the database itself does not show."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from antifraud import db
from banks.management.refusals import told
from banks.selectors.institutions import system_user
from banks.services.platform import epoch_bump


class Command(BaseCommand):
    """Starts a new epoch: nothing is handed over until an administrator resumes (docs/operations.md)."""

    requires_system_checks = ()
    help = "Starts a new epoch in reconciling mode: nothing is handed over until an administrator resumes."

    def add_arguments(self, parser: CommandParser) -> None:
        """A reason is required; it is kept in the audit log."""
        parser.add_argument("--reason", required=True, help="what happened, at least ten characters")
        parser.add_argument("--to", type=int, help="a higher epoch than the next one")

    def handle(self, *args: Any, **options: Any) -> None:
        """In the name of the platform itself: whoever may run this has the machine."""
        by = system_user()
        with told(), db.unit_of_work(by):
            row = epoch_bump(by=by, reason=options["reason"], to=options["to"])
        self.stdout.write(f"Epoch {row.epoch} has begun. Nothing is handed over until an administrator resumes.")
