"""Make the template database in one process: keys, migrations, a movable clock, the foundation, the cast."""

from __future__ import annotations

import os
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from tests.cast import build  # noqa: E402


def main(*, cast: bool) -> None:
    """Runs with the owner's URL; the rows are the same as those that the application role would write."""
    call_command("keys_init", os.environ["ANTIFRAUD_KEY_FILE"], verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_clock SET mode = 'test'")
    call_command("lay_foundation", verbosity=0)
    if cast:
        build()


if __name__ == "__main__":
    main(cast="--cast" in sys.argv)
