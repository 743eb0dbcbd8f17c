"""Command that brings the Chinese catalogue up to date with the source; the work is in `banks.management`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from banks.management import catalogue, source_texts


class Command(BaseCommand):
    """Collect the visible texts and merge them into locale/zh_Hans; no database, no system gettext needed."""

    help = "Collect the texts to translate into locale/zh_Hans; --check fails where the catalogue is incomplete."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--check writes nothing and exits with 1 when the catalogue is not complete."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing, fail where the catalogue is not complete"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Merge, or with --check list what is missing."""
        path = Path(settings.LOCALE_PATHS[0]) / catalogue.LANGUAGE / "LC_MESSAGES" / "django.po"
        try:
            found = source_texts.collect(settings.BASE_DIR)
            if check:
                self._check(path, found)
                return
            glossary = catalogue.load_glossary(settings.BASE_DIR / catalogue.GLOSSARY)
        except source_texts.CatalogueError as error:
            raise CommandError(str(error)) from error
        merged = catalogue.merge(catalogue.read(path), found, glossary)
        changed = catalogue.write_atomically(path, f"{merged}\n".encode())
        state = "file written" if changed else "file unchanged"
        open_count = len(catalogue.defects(merged, found))
        self.stdout.write(f"{len(found)} texts, {open_count} without translation, {state}")

    def _check(self, path: Path, found: dict[source_texts.Message, list[str]]) -> None:
        lines = catalogue.defects(catalogue.read(path), found)
        if lines:
            raise CommandError(
                "\n".join([*lines, f"{len(lines)} texts to translate; run extract_messages, then fill them in"])
            )
        self.stdout.write(f"{len(found)} texts, all translated")
