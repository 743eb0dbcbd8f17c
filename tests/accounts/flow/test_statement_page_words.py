"""What the pages of statement files call things: the file's name, a wrong naming of columns, work that runs or ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import StatementFile
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow.files import address, csv_file, fresh, preview, receive, row, upload, work
from tests.cast import World

NAME = "张小花 流水.csv"


@pytest.fixture
def case(world: World) -> Any:
    """A case of unit A."""
    return factories.new_case(world.analyst_a)


def page(client: Any, file: StatementFile) -> str:
    text: str = client.get(address("statement", file)).content.decode()
    return text


def listed(client: Any, case: Any) -> str:
    text: str = client.get(reverse("accounts:case_statements", args=[case.pk])).content.decode()
    return text


def test_the_name_of_an_uploaded_file_tells_it_apart(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    upload(client, case, csv_file(row(card(), card(), "in", 100), name=NAME))
    work()
    file = StatementFile.objects.get()
    assert NAME in listed(client, case)
    shown = page(client, file)
    assert NAME in shown
    assert NAME not in shown.split("<title>")[1].split("</title>")[0]
    assert NAME not in file.attachment.title.masked()
    for stranger in (world.analyst_b, world.risk_a):
        answer = log_in(stranger).get(address("statement", file))
        assert (answer.status_code, NAME in answer.content.decode()) == (404, False)


def test_the_list_costs_the_same_for_one_file_and_for_ten(world: World, case: Any, log_in: Any, counted: Any) -> None:
    client = log_in(world.analyst_a)

    def sent() -> int:
        listed(client, case)
        with counted(40) as seen:
            assert NAME in listed(client, case)
        return len(seen)

    receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100), name=NAME))
    few = sent()
    for _ in range(9):
        receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100), name=NAME))
    assert (StatementFile.objects.count(), sent()) == (10, few)


def test_a_wrong_naming_of_the_columns_leads_back_to_them(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    none = preview(world, case, row(card(), card(), "in", 0, amount_text="abc"))
    columns = address("statement_map", none)
    shown = page(client, none)
    assert "name the columns again" in shown
    assert f'href="{columns}"' in shown
    assert client.get(columns).status_code == 200
    some = preview(world, case, row(card(), card(), "in", 100))
    assert f'href="{address("statement_map", some)}"' in page(client, some)


def test_an_empty_file_is_named(world: World, case: Any, log_in: Any) -> None:
    good = csv_file(row(card(), card(), "in", 100))
    answer = upload(log_in(world.analyst_a), case, good, SimpleUploadedFile("leer.csv", b""))
    assert answer.status_code == 422
    assert "leer.csv: The submitted file is empty." in answer.content.decode()


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_file_that_is_being_taken_is_not_ready_to_be_checked(
    world: World, case: Any, log_in: Any, is_cancelled: bool
) -> None:
    client, file = log_in(world.analyst_a), preview(world, case, row(card(), card(), "in", 100))
    assert "Ready to be checked" in page(client, file)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk)
    Job.objects.filter(kind="statement.commit").update(state="running")
    if is_cancelled:
        with db.unit_of_work(world.analyst_a):
            queue.cancel(Job.objects.get(kind="statement.commit").pk)
    shown = page(client, fresh(file))
    assert "Being taken into the ledger" in shown
    assert "Ready to be checked" not in shown
    assert ("the work goes on" in shown) is not is_cancelled
    assert ("It is being cancelled. You can leave this page." in shown) is is_cancelled
