"""`manage.py keys_revoke FILE KEY_ID`: a signing key of the platform ends at once; another one goes on signing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud.crypto import key_document
from antifraud.crypto.key_document import KeyClass


class Command(BaseCommand):
    help = "Revoke one signing key of a key file, for ever. Where no other one is valid, a new one is made."
    # A stolen key cannot wait for a database that is away.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the key file that the platform runs with")
        parser.add_argument("key_id", help="as GET /api/v1/keys/ shows it")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        document = key_document.read(path, private=True)
        try:
            document = key_document.with_revoked(document, options["key_id"])
        except KeyError:
            known = ", ".join(document[KeyClass.SIGNING].keys)
            raise CommandError(f"{path} has no signing key {options['key_id']!r}; it has: {known}") from None
        key_document.replace(path, document)
        self.stdout.write(f"{path}: {options['key_id']} is revoked; {document[KeyClass.SIGNING].active} signs")
        self.stdout.write("Processes that read this file follow at their next signature; copy it to every other host.")
