"""`manage.py create_institution`: a police unit, centre, bank, payment institution, telecom operator or oversight office."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from banks.management.refusals import told
from banks.models import Institution, LegalProfile
from banks.selectors.institutions import institution_by_code
from banks.selectors.profiles import latest_profile
from banks.services.foundation import foundation_lay
from banks.services.institutions import institution_create

KINDS = [kind for kind in Institution.Kind.values if kind != Institution.Kind.PLATFORM]


class Command(BaseCommand):
    """Acts as the platform's own user; lays the foundation first where it is missing."""

    help = "Creates an institution with its group and, where it executes orders, its lane."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Everything by name; only kind, code and name are needed."""
        parser.add_argument("--kind", required=True, choices=KINDS)
        parser.add_argument("--code", required=True, help="short name for ever: small letters, digits, - and _")
        parser.add_argument("--name", required=True, help="English name")
        parser.add_argument("--name-zh", default="", help="Chinese name")
        parser.add_argument("--parent", default="", help="code of the body above, of the same kind")
        parser.add_argument("--bank-code", default="", help="the bank's code in the card-prefix table, such as ICBC")
        parser.add_argument("--profile", default="CN", help="code of the legal profile (default CN)")
        parser.add_argument("--time-zone", default="Asia/Shanghai")
        parser.add_argument("--phone", default="")
        parser.add_argument("--not-connected", action="store_true", help="its orders are printed and answered on paper")

    def handle(self, *args: Any, **options: Any) -> None:
        """One unit of work; nothing is created where anything is wrong."""
        with db.unit_of_work(None):
            by = foundation_lay()
        with told(), db.unit_of_work(by):
            institution = institution_create(
                by=by,
                kind=options["kind"],
                code=options["code"],
                name=options["name"],
                name_zh=options["name_zh"],
                parent=_parent(options["parent"]),
                legal_profile=_profile(options["profile"]),
                connected=not options["not_connected"],
                bank_code=options["bank_code"],
                time_zone=options["time_zone"],
                phone=options["phone"],
            )
        self.stdout.write(f"Created {institution.kind} {institution.code}: {institution.name} ({institution.id})")


def _parent(code: str) -> Institution | None:
    if not code:
        return None
    found = institution_by_code(code)
    if found is None:
        raise CommandError(f"--parent: no institution has the code {code}. Create it first.")
    return found


def _profile(code: str) -> LegalProfile:
    try:
        return latest_profile(code)
    except LegalProfile.DoesNotExist:
        raise CommandError(f"--profile: no legal profile has the code {code}.") from None
