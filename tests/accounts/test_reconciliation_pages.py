"""The page "Reconciliation": who sees what, exact ids, the repair button, and the end of the reconciling mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import SyncFinding
from antifraud import db
from banks.models import Delivery, PlatformState
from banks.selectors.institutions import system_user
from banks.selectors.platform import forget
from banks.services.platform import epoch_bump
from banks.services.queue import queue_ack, queue_receive
from tests.accounts.answering import bank_order
from tests.accounts.syncing import Books, today

pytestmark = pytest.mark.django_db
PAGE = "/reconciliation/"
REASON = "all banks were compared, no order was lost"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def lost(world: Any, log_in: Any) -> Any:
    """An order that bank A has fetched and lost."""
    order = bank_order(world)
    with db.unit_of_work(world.machine_a):
        for _delivery, receipt in queue_receive(by=world.machine_a, max_count=10, visibility_seconds=60):
            queue_ack(by=world.machine_a, receipt=receipt)
    Books(log_in(world.machine_a)).compare(scope="orders", day=today())
    return order


def institution_page(world: Any) -> str:
    return f"{PAGE}{world.bank_a.id}/"


@pytest.mark.parametrize("name", ["centre_supervisor", "supervisor_a", "duty_a", "overseer", "auditor", "admin"])
def test_who_watches_over_banks_sees_all_of_them(world: Any, lost: Any, log_in: Any, name: str) -> None:
    answer = log_in(getattr(world, name)).get(PAGE)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert world.bank_a.name in page
    assert world.bank_b.name in page
    assert "Village Bank" not in page, "it is not connected"
    assert str(lost.id) not in page


def test_a_bank_sees_itself_alone(world: Any, lost: Any, log_in: Any) -> None:
    client = log_in(world.risk_b)
    page = client.get(PAGE).content.decode()
    assert world.bank_b.name in page
    assert world.bank_a.name not in page
    foreign, absent = client.get(institution_page(world)), client.get(f"{PAGE}{uuid4()}/")
    assert (foreign.status_code, absent.status_code) == (404, 404)
    repair = client.post(f"{institution_page(world)}repair/", {"ids": [str(lost.id)]})
    assert repair.status_code == 404
    assert Delivery.objects.get(subject_id=lost.id).state == "transported"
    assert str(lost.id) in log_in(world.risk_a).get(institution_page(world)).content.decode()


@pytest.mark.parametrize("name", ["analyst_a", "approver_a"])
def test_others_have_no_such_page(world: Any, lost: Any, log_in: Any, name: str) -> None:
    client = log_in(getattr(world, name))
    for path in (PAGE, institution_page(world)):
        assert client.get(path).status_code == 403
    assert client.post(f"{institution_page(world)}repair/", {"ids": [str(lost.id)]}).status_code == 403
    assert Delivery.objects.get(subject_id=lost.id).state == "transported"


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("centre_supervisor", True), ("supervisor_a", True), ("risk_a", True), ("supervisor_b", False), ("overseer", False),
        ("auditor", False), ("admin", False),
    ],
)  # fmt: skip
def test_ids_are_seen_by_who_may_see_the_order(world: Any, lost: Any, log_in: Any, name: str, sees: bool) -> None:
    answer = log_in(getattr(world, name)).get(institution_page(world))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert (str(lost.id) in page) == sees
    assert ("1 open difference is not shown to you" in page) == (not sees)
    assert "agree on everything" not in page


@pytest.mark.parametrize("name", ["centre_supervisor", "supervisor_a", "supervisor_b", "overseer", "auditor", "admin"])
def test_all_who_have_the_page_are_told_how_much_is_open(world: Any, lost: Any, log_in: Any, name: str) -> None:
    client = log_in(getattr(world, name))
    rows = {row.institution.pk: row.findings for row in client.get(PAGE).context["rows"]}
    assert (rows[world.bank_a.id], rows[world.bank_b.id]) == (1, 0)
    assert [each["value"] for each in client.get(PAGE).context["figures"]][1] == 1
    other = client.get(f"{PAGE}{world.bank_b.id}/").content.decode()
    assert "agree on everything" in other
    assert "not shown to you" not in other


def test_a_bank_is_told_nothing_of_another_banks_differences(world: Any, lost: Any, log_in: Any) -> None:
    context = log_in(world.risk_b).get(PAGE).context
    assert [(row.institution.pk, row.findings) for row in context["rows"]] == [(world.bank_b.id, 0)]
    assert context["figures"][1]["value"] == 0


@pytest.mark.parametrize("name", ["centre_supervisor", "supervisor_a", "risk_a"])
def test_the_button_delivers_again_once(world: Any, lost: Any, log_in: Any, name: str) -> None:
    client = log_in(getattr(world, name))
    before = Delivery.objects.get(subject_id=lost.id)
    for _ in range(2):
        answer = client.post(f"{institution_page(world)}repair/", {"ids": [str(lost.id), "x"]})
        assert answer.status_code == 303
    after = Delivery.objects.get(subject_id=lost.id)
    assert (after.id, after.state, after.attempt) == (before.id, "ready", before.attempt)
    assert after.attempts.filter(outcome="asked_again").count() == 1
    found = SyncFinding.objects.get()
    assert (found.resolution, found.resolved_by_id) == ("redelivered", getattr(world, name).id)


def test_a_police_unit_repairs_nothing_that_it_does_not_see(world: Any, lost: Any, log_in: Any) -> None:
    answer = log_in(world.supervisor_b).post(f"{institution_page(world)}repair/", {"ids": [str(lost.id)]})
    assert answer.status_code == 303
    assert Delivery.objects.get(subject_id=lost.id).state == "transported"


def test_an_administrator_resumes_with_a_reason(world: Any, log_in: Any) -> None:
    by = system_user()
    with db.unit_of_work(by):
        epoch_bump(by=by, reason="restored from a backup")
    forget()
    client = log_in(world.admin)
    page = client.get(PAGE).content.decode()
    assert "Hand over again" in page
    assert re.search(r'name="epoch" value="2"', page)
    assert "Hand over again" not in log_in(world.centre_supervisor).get(PAGE).content.decode()
    assert log_in(world.centre_supervisor).post(f"{PAGE}resume/", {"reason": REASON, "epoch": 2}).status_code == 403
    assert client.post(f"{PAGE}resume/", {"reason": "short", "epoch": 2}).status_code == 422
    assert client.post(f"{PAGE}resume/", {"reason": REASON, "epoch": 1}).status_code == 409
    assert client.post(f"{PAGE}resume/", {"reason": REASON}).status_code == 422
    assert PlatformState.objects.get().mode == "reconciling"
    assert client.post(f"{PAGE}resume/", {"reason": REASON, "epoch": 2}).status_code == 303
    assert PlatformState.objects.get().mode == "running"


def test_the_pages_cost_the_same_for_one_finding_and_for_many(world: Any, lost: Any, log_in: Any, counted: Any) -> None:
    client = log_in(world.centre_supervisor)
    books = Books(log_in(world.machine_a))

    def count(path: str) -> int:
        client.get(path)
        with counted(10) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    first = [count(path) for path in (PAGE, institution_page(world))]
    for _ in range(4):
        bank_order(world)
    books.compare(scope="orders", day=today())
    books.compare(scope="open_holds")
    assert SyncFinding.objects.filter(resolved_at__isnull=True).count() == 5
    assert [count(path) for path in (PAGE, institution_page(world))] == first
