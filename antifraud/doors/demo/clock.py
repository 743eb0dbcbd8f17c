"""The legal clock of a drill database, moved so that the city's thirty days can pass in half a minute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

MOVABLE = ("drill", "test")


def clock_mode() -> str:
    """What kind of database this is: production, drill or test."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM app_clock")
        mode: str = cursor.fetchone()[0]
    return mode


def move_to(at: datetime) -> None:
    """From now on the legal clock runs on from `at`. The database refuses it where its mode is production."""
    with connection.cursor() as cursor:
        cursor.execute('UPDATE app_clock SET "offset" = %s - clock_timestamp()', [at])


def stand_still() -> None:
    """The legal clock shows the real time again."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_clock SET \"offset\" = interval '0'")


# Loading again costs less than waiting for the disk after each of some thousand acts; and with a few hundred rows,
# planning joins of twenty tables in every order takes longer than running them in the written one.
HASTE = {"synchronous_commit": "off", "join_collapse_limit": "1", "from_collapse_limit": "1"}


@contextmanager
def moved_clock() -> Iterator[None]:
    """Whatever happens in between, the clock shows the real time again afterwards."""
    with connection.cursor() as cursor:
        for name, value in HASTE.items():
            cursor.execute(f"SET {name} TO {value}")
    try:
        yield
    finally:
        stand_still()
        with connection.cursor() as cursor:
            for name in HASTE:
                cursor.execute(f"RESET {name}")
