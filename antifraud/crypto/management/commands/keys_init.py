"""`manage.py keys_init FILE`: a new key file with one key of each class; it never overwrites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud.crypto import key_document


class Command(BaseCommand):
    help = "Create a key file (mode 0600) with one new key of each class. Refuses to overwrite."
    # The project has no keys yet when this runs.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            help="where the key file shall be; keep a copy apart from the database's backups",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            key_document.create(path, key_document.fresh())
        except FileExistsError:
            raise CommandError(
                f"{path} exists already; nothing was changed. Losing its keys means losing the data."
            ) from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error
        self.stdout.write(f"{path}: keys created")
