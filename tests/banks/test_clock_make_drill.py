"""Only the owner, and only of a new database, can say that it is for drills."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.databases import entered, new_database


@pytest.fixture(autouse=True)
def _unblocked(django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        yield


def mode() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM app_clock")
        return str(cursor.fetchone()[0])


def said(*words: str) -> str:
    out = StringIO()
    call_command("clock_mode", *words, stdout=out)
    return out.getvalue().strip()


def test_the_owner_of_a_new_database_makes_it_a_drill() -> None:
    with new_database() as name:
        with entered(name), pytest.raises(CommandError, match="only the owner changes the mode"):
            said("drill")
        with entered(name):
            assert mode() == "production"
        with entered(name, owner=True):
            assert said("drill") == "This database is a drill now."
            assert said("drill") == "This database is a drill already."
        with entered(name), connection.cursor() as cursor:
            assert mode() == "drill"
            cursor.execute("UPDATE app_clock SET \"offset\" = interval '1 hour'")


def test_an_installation_never_becomes_a_drill() -> None:
    with new_database(with_cast=True) as name, entered(name, owner=True):
        with pytest.raises(CommandError, match="Institutions take part here already"):
            said("drill")
        assert said("drill", "--if-new").endswith("It was left as it is.")
        assert mode() == "production"
