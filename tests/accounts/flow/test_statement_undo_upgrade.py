"""The upgrade that took the fingerprints away can be undone on a table with rows, and makes no two of them look like one."""

from __future__ import annotations

import os

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, preview
from tests.cast import World
from tests.databases import entered


@pytest.mark.django_db(transaction=True)
def test_the_way_back_gives_each_row_a_fingerprint_of_its_own(world: World) -> None:
    preview(world.analyst_a, new_case(world.analyst_a), [Line(A, "in", 5_00, at, B, serial="S1") for at in range(3)])
    with entered(os.environ["ANTIFRAUD_TEST_DATABASE"], owner=True), transaction.atomic():
        MigrationExecutor(connection).migrate([("accounts", "0014_second_number_by_second")])
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT line_key) FROM accounts_statementline")
            assert cursor.fetchone() == (3, 3)
        MigrationExecutor(connection).migrate([("accounts", "0015_import_indexes")])
        transaction.set_rollback(True)
