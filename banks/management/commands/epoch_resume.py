"""`manage.py epoch_resume --by ADMINISTRATOR --epoch N --reason TEXT`: hand over again, where the page cannot be reached."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from banks.management.refusals import told
from banks.selectors.users import administrator_named
from banks.services.platform import platform_resume


class Command(BaseCommand):
    """The same act as the button on the page "Reconciliation", in the name of an administrator."""

    requires_system_checks = ()
    help = "Ends the reconciling mode: orders are handed over again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, which epoch, and why: nobody resumes by accident."""
        parser.add_argument("--by", required=True, help="user name of an administrator")
        parser.add_argument("--epoch", type=int, required=True, help="the epoch that was reconciled")
        parser.add_argument("--reason", required=True, help="why it is safe, at least ten characters")

    def handle(self, *args: Any, **options: Any) -> None:
        """One audited unit of work."""
        by = administrator_named(options["by"])
        if by is None:
            raise CommandError("--by: no active administrator has this user name.")
        with told(), db.unit_of_work(by):
            row = platform_resume(by=by, reason=options["reason"], epoch=options["epoch"])
        self.stdout.write(f"Epoch {row.epoch} runs: orders are handed over again.")
