"""Set up what every installation needs; harmless when it has been done before."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from antifraud import db
from banks.services.foundation import foundation_lay


class Command(BaseCommand):
    """`manage.py lay_foundation`, after `migrate`."""

    requires_system_checks = ()
    help = "Creates the platform institution, its system user, the legal profile, the calendar and the powers."

    def handle(self, *args: Any, **options: Any) -> None:
        """One unit of work; nobody acts yet, so it has no principal."""
        with db.unit_of_work(None):
            user = foundation_lay()
        self.stdout.write(f"Foundation is laid: {user.institution.name}, user {user.username}.")
