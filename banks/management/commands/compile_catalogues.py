"""Command that makes the .mo files that Django reads from the .po files; no text is changed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand

from banks.management.catalogue import write_atomically


class Command(BaseCommand):
    """Compile each catalogue under LOCALE_PATHS without system gettext; each file appears at once or not."""

    help = "Compile the translation catalogues (.po to .mo)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the .mo file beside each .po file; fuzzy and obsolete entries are left out."""
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                changed = write_atomically(source.with_suffix(".mo"), polib.pofile(str(source)).to_binary())
                if changed:
                    self.stdout.write(f"compiled {source.parent.parent.name}/{source.stem}")
