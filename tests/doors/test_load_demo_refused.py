"""Demo data, whose password is published, never comes into a production database."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from banks.models import Institution
from tests.databases import entered, new_database


def told(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def test_a_production_database_is_refused(django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), new_database() as name, entered(name):
        with pytest.raises(CommandError, match="production database"):
            told("load_demo")
        assert "Nothing was loaded" in told("load_demo", "--if-empty")
        assert "No demo data is loaded" in told("demo_logins")
        assert not Institution.objects.exclude(kind="platform").exists()


@pytest.mark.parametrize("command", ["load_demo", "demo_logins"])
def test_nothing_of_it_works_where_demos_are_off(command: str) -> None:
    # Refused before the database is asked: this test has none.
    with override_settings(DEMO=False), pytest.raises(CommandError, match="DEMO is off"):
        told(command)
