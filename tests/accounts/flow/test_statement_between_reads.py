"""Work that ends while a page of its file is being read: the page shows the file as it is after it, or the work as going on."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import StatementFile
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.jobs.models import Job
from tests.accounts.between import between
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, preview, work
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("door", ["page", "api"])
def test_an_ended_commit_never_stands_beside_the_file_before_it(world: World, log_in: Any, door: str, nth: int) -> None:
    by = world.analyst_a
    file = preview(by, new_case(by), [Line(A, "out", 5_00, 0, B, 10_00)])
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    client = log_in(by)
    address = reverse("accounts:statement", args=[file.pk]) if door == "page" else f"/api/v1/statements/{file.pk}/"
    with between((Job, StatementFile), nth, lambda: work("statement.commit", file.pk)):
        answer = client.get(address)
    file.refresh_from_db()
    assert (answer.status_code, file.status) == (200, "committed")
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


def test_work_that_began_while_the_page_was_led_on_does_not_hold_it_back(world: World, log_in: Any) -> None:
    """The fragment of an ended work puts nothing else in its place: an answer that is no leading would be its last."""
    by = world.analyst_a
    file = preview(by, new_case(by), [Line(A, "out", 5_00, 0, B, 10_00)])
    url, htmx = reverse("accounts:statement_progress", args=[file.pk]), {"HX-Request": "true"}
    client = log_in(by)
    shown = client.get(url, headers=htmx).content.decode()
    assert 'hx-trigger="load" hx-swap="none"' in shown
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    answer = client.get(f"{url}?ended=1", headers=htmx)
    assert answer["HX-Redirect"] == reverse("accounts:statement", args=[file.pk])
    assert 'hx-trigger="every 1s"' in client.get(answer["HX-Redirect"]).content.decode()
