"""Work that ends while a page of its file is being read: the page shows the file as it is after it, or the work as going on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import StatementFile
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.jobs.models import Job
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, preview, work
from tests.cast import World

TABLES = (Job._meta.db_table, StatementFile._meta.db_table)
pytestmark = pytest.mark.django_db(transaction=True)


class EndsBetween:
    """Runs the waiting commit after the nth statement that reads the file or its jobs."""

    def __init__(self, file_id: Any, nth: int) -> None:
        self.file_id, self.left = file_id, nth

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith("SELECT") and any(f'FROM "{table}"' in sql for table in TABLES):
            self.left -= 1
            if self.left == 0:
                with ThreadPoolExecutor(1) as worker:
                    assert worker.submit(self._work).result() == "done"
        return answer

    def _work(self) -> str:
        try:
            return work("statement.commit", self.file_id)
        finally:
            connection.close()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("door", ["page", "api"])
def test_an_ended_commit_never_stands_beside_the_file_before_it(world: World, log_in: Any, door: str, nth: int) -> None:
    by = world.analyst_a
    file = preview(by, new_case(by), [Line(A, "out", 5_00, 0, B, 10_00)])
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    ends = EndsBetween(file.pk, nth)
    client = log_in(by)
    address = reverse("accounts:statement", args=[file.pk]) if door == "page" else f"/api/v1/statements/{file.pk}/"
    with connection.execute_wrapper(ends):
        answer = client.get(address)
    assert (answer.status_code, ends.left <= 0) == (200, True)
    if door == "page":
        text = answer.content.decode()
        assert 'id="commit"' not in text, "a form that has been used"
        assert "Taken into the ledger" in text or 'hx-trigger="every 1s"' in text
    else:
        told = answer.json()
        assert (told["status"], told["job"]["state"]) in {
            ("preview", "queued"),
            ("committed", "queued"),
            ("committed", "done"),
        }
