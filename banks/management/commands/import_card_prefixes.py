"""`manage.py import_card_prefixes FILE [--names FILE]`: the table that says whose bank a card number may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from antifraud.problems import Problem
from banks.management.refusals import told
from banks.rules import bank_names, card_prefixes
from banks.services.foundation import foundation_lay
from banks.services.prefixes import bank_names_import, prefixes_import

ENCODINGS = ("utf-8-sig", "gb18030")
LARGEST = 20 * 1024 * 1024


class Command(BaseCommand):
    """Adds to what is there; doing it twice changes nothing. No bad line is passed over in silence."""

    help = "Imports card prefixes (CSV: bin, bank, type, length) and, with --names, bank names (CSV: bank, name)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Paths of CSV files in UTF-8 or GB18030."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--names", type=Path, help="CSV of bank codes and names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Good lines are imported, bad ones are listed on the error stream with their numbers."""
        found = card_prefixes.read_prefix_csv(_read(options["file"]))
        self._list(found.problems, card_prefixes.MESSAGES)
        if not found.rows:
            raise CommandError("The file holds no usable row. Nothing was imported.")
        names = bank_names.read_names_csv(_read(options["names"])) if options["names"] else None
        with db.unit_of_work(None):
            by = foundation_lay()
        with told(), db.unit_of_work(by):
            done = prefixes_import(by=by, rows=found.rows)
            new_names = bank_names_import(by=by, rows=names.rows) if names else 0
        self.stdout.write(
            f"Read {len(found.rows)} rows, {found.distinct} distinct prefixes, "
            f"{len(found.rows) - found.distinct} rows in conflict (kept as candidates), {len(found.problems)} refused."
        )
        self.stdout.write(f"New: {done.new}. The table now holds {done.rows} rows, {done.distinct} distinct prefixes.")
        if names:
            self._list(names.problems, bank_names.MESSAGES)
            self.stdout.write(
                f"Read {len(names.rows)} bank names, {new_names} of them new, {len(names.problems)} refused."
            )

    def _list(self, problems: list[Problem], messages: dict[str, str]) -> None:
        for problem in problems:
            self.stderr.write(problem.text(messages))


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than 20 MB. This cannot be a table of card prefixes.")
        raw = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError(f"{path} is neither UTF-8 nor GB18030. Save it as CSV (UTF-8).")
