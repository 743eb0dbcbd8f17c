"""`manage.py create_officer`: a person of an institution, with a password that is asked for or made and shown once."""

from __future__ import annotations

import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from banks.management.refusals import told
from banks.models import Institution, User
from banks.rules.roles import NOBODYS_LOGIN
from banks.selectors.institutions import institution_by_code
from banks.services.foundation import foundation_lay
from banks.services.users import password_generate, user_create

ROLES = [role for role in User.Role.values if role not in NOBODYS_LOGIN]


class Command(BaseCommand):
    """Acts as the platform's own user. The first administrator belongs to the institution `platform`."""

    help = "Creates a person of an institution."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """A password never stands on the command line: other users of the machine could read it there."""
        parser.add_argument("--username", required=True)
        parser.add_argument("--full-name", required=True)
        parser.add_argument("--role", required=True, choices=ROLES)
        parser.add_argument("--institution", required=True, help="its code")
        parser.add_argument("--badge-number", default="")
        parser.add_argument("--home-institution", default="", help="code of where a seconded officer comes from")
        parser.add_argument("--language", default="zh-hans", choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--ask-password", action="store_true", help="ask for the password instead of making one")

    def handle(self, *args: Any, **options: Any) -> None:
        """One unit of work; a made password is printed once and kept nowhere in clear."""
        with db.unit_of_work(None):
            by = foundation_lay()
        institution = _institution("--institution", options["institution"])
        home = options["home_institution"]
        password = _ask() if options["ask_password"] else password_generate()
        with told(), db.unit_of_work(by):
            user = user_create(
                by=by,
                username=options["username"],
                full_name=options["full_name"],
                role=options["role"],
                institution=institution,
                password=password,
                badge_number=options["badge_number"],
                home_institution=_institution("--home-institution", home) if home else None,
                language=options["language"],
            )
        self.stdout.write(f"Created {user.role} {user.username} of {institution.code} ({user.id})")
        if not options["ask_password"]:
            self.stdout.write(f"Password, shown once: {password}")


def _institution(option: str, code: str) -> Institution:
    found = institution_by_code(code)
    if found is None:
        raise CommandError(f"{option}: no institution has the code {code}. Create it with create_institution.")
    return found


def _ask() -> str:
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise CommandError("The two passwords differ. Nothing was created; start again.")
    return first
