"""`manage.py keys_rotate --class kek FILE`: a new active key; a new KEK wraps the data keys anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from antifraud.crypto import key_document, local_keys, rotation
from antifraud.crypto.key_document import KeyClass
from antifraud.crypto.local_keys import KeyRefused

# No index key: every stored index would have to be computed anew, by the floors that own the rows.
_CLASSES = [str(each) for each in (KeyClass.KEK, KeyClass.RECEIPT, KeyClass.TICKET, KeyClass.SIGNING)]


class Command(BaseCommand):
    help = "Add a new active key of one class to a key file. The old keys stay in the file and go on reading."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the key file that the platform runs with")
        parser.add_argument("--class", dest="key_class", choices=_CLASSES, required=True)
        parser.add_argument(
            "--rewrap-only",
            action="store_true",
            help="make no new key, only finish wrapping the data keys under the active KEK",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        key_class = KeyClass(options["key_class"])
        if not options["rewrap_only"]:
            document = key_document.with_new_active(key_document.read(path, private=True), key_class)
            key_document.replace(path, document)
            self.stdout.write(f"{path}: {document[key_class].active} is the active key of class {key_class}")
        if key_class is KeyClass.KEK:
            self._rewrap(path)

    def _rewrap(self, path: Path) -> None:
        provider = local_keys.from_file(path)
        count = 0
        try:
            while batch := self._rewrap_batch(provider):
                count += batch
        except KeyRefused as error:
            raise CommandError(f"{count} data keys wrapped anew, then stopped: {error}") from error
        self.stdout.write(
            f"{count} data keys wrapped anew; in use: {', '.join(sorted(rotation.keys_in_use())) or 'none'}"
        )
        self.stdout.write("Before you remove an old key from the file, run this again with --rewrap-only.")

    def _rewrap_batch(self, provider: local_keys.LocalKeys) -> int:
        with db.unit_of_work(None):
            return rotation.rewrap_batch(provider)
