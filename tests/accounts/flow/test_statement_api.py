"""Statements by API: a bank's system announces and sends a file; the police read, commit and discard."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from accounts.models import LedgerEntry, Order, StatementFile
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import Fact, order_answered
from antifraud.jobs.models import Job
from banks.models import Notification, SignedMessage
from banks.selectors.institutions import system_user
from tests.accounts import factories
from tests.accounts.answering import bank_order
from tests.accounts.factories import card
from tests.accounts.flow.files import csv_bytes, csv_file, fresh, receive, row, work
from tests.banks.signing import Bank
from tests.cast import World

URL, CONTENT = "/api/v1/statements/", "/api/v1/statements/content/"


def query(world: World, kind: str = "query_transactions") -> Order:
    """An order that bank A has in its queue."""
    return bank_order(world, kind)


def announced(content: bytes, **changes: Any) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "ending": "csv"} | changes


def announce(client: Any, order: Order, body: dict[str, Any], key: str = "announce-1") -> Any:
    path = f"/api/v1/orders/{order.id}/statements/"
    return client.post(path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})


def put(client: Any, ticket: str, content: bytes) -> Any:
    return client.put(CONTENT, content, content_type="application/octet-stream", headers={"Antifraud-Ticket": ticket})


@pytest.fixture
def order(world: World) -> Order:
    return query(world)


@pytest.fixture
def content(order: Order) -> bytes:
    """One row of the queried account."""
    return csv_bytes([row(order.account.number.open(), card(), "in", 50_000)])


# -- the bank's door -------------------------------------------------------------------------------


def test_a_bank_announces_and_sends_a_file(world: World, order: Order, content: bytes, log_in: Any) -> None:
    client = log_in(world.risk_a)
    told = announce(client, order, announced(content))
    assert (told.status_code, told.json()["upload"]) == (201, CONTENT)
    assert announce(client, order, announced(content)).json() == told.json(), "one key, one answer"
    sent = put(client, told.json()["ticket"], content)
    assert sent.status_code == 201, sent.content
    file = StatementFile.objects.get()
    assert sent.json() == {
        "id": str(file.id), "order": str(order.id), "sha256": hashlib.sha256(content).hexdigest(), "size": len(content),
        "received_at": sent.json()["received_at"],
    }  # fmt: skip
    assert (file.source, file.institution_id, file.case_id) == ("api", world.bank_a.id, order.case_id)
    again = put(client, told.json()["ticket"], content)
    assert (again.status_code, again.json()["id"]) == (201, str(file.id))
    assert StatementFile.objects.count() == 1
    assert work() == ["done"]
    assert fresh(file).status == "preview", "an officer takes it into the ledger, nobody else"
    verbs = set(AuditEntry.objects.filter(actor_id=world.risk_a.id).values_list("verb", flat=True))
    assert {"statement.announce", "statement.upload"} <= verbs


def test_a_signing_bank_signs_the_announcement_and_it_is_kept(world: World, order: Order, content: bytes) -> None:
    bank = Bank(world).with_key()
    path, body = f"/api/v1/orders/{order.id}/statements/", json.dumps(announced(content)).encode()
    unsigned = bank.send(path, body, headers={})
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature_missing")
    told = bank.send(path, body)
    assert told.status_code == 201, told.content
    kept = SignedMessage.objects.get(subject_id=order.id)
    assert kept.action == "order.answer"
    from django.test import Client

    sent = Client().put(
        CONTENT, content, content_type="application/octet-stream",
        headers={"Antifraud-Ticket": told.json()["ticket"], "Authorization": f"Bearer {bank.token}"},
    )  # fmt: skip
    assert sent.status_code == 201, sent.content
    assert StatementFile.objects.get().sha256.hex() == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("named", [True, False], ids=["for the bank", "for nobody"])
def test_bytes_that_the_police_have_get_a_receipt_like_any_other(
    world: World, order: Order, content: bytes, log_in: Any, named: bool
) -> None:  # fmt: skip
    institution = world.bank_a if named else None
    earlier = receive(world.analyst_a, order.case, csv_file_of(content), institution=institution)
    client = log_in(world.risk_a)
    ticket = announce(client, order, announced(content)).json()["ticket"]
    sent, again = put(client, ticket, content), put(client, ticket, content)
    assert (sent.status_code, again.status_code) == (201, 201), sent.content
    assert set(sent.json()) == {"id", "order", "sha256", "size", "received_at"}
    assert sent.json()["id"] == again.json()["id"]
    assert str(earlier.id) not in sent.content.decode()
    assert "reply" not in sent.content.decode()
    assert StatementFile.objects.get().id == earlier.id
    entry = AuditEntry.objects.filter(verb="statement.upload", object_id=order.id).first()
    assert entry is not None
    detail = json.loads(bytes(entry.payload))["detail"]
    assert (detail["file"], detail["same_bytes"]) == (str(earlier.id), True)


@pytest.mark.parametrize("change", ["shorter", "longer", "other"])
def test_other_bytes_than_announced_are_refused(
    world: World, order: Order, content: bytes, log_in: Any, change: str
) -> None:  # fmt: skip
    client = log_in(world.risk_a)
    ticket = announce(client, order, announced(content)).json()["ticket"]
    sent = {"shorter": content[:-1], "longer": content + b"x", "other": content[:-1] + b"!"}[change]
    answer = put(client, ticket, sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "content_differs")
    assert (StatementFile.objects.count(), Job.objects.count()) == (0, 0)


@pytest.mark.parametrize("ticket", ["", "nonsense", "AQRhYWFh"])
def test_without_a_ticket_nothing_is_received(
    world: World, order: Order, content: bytes, log_in: Any, ticket: str
) -> None:  # fmt: skip
    answer = put(log_in(world.risk_a), ticket, content)
    assert (answer.status_code, answer.json()["code"]) == (403, "ticket_invalid")
    assert StatementFile.objects.count() == 0


def test_another_banks_ticket_is_worth_nothing(world: World, order: Order, content: bytes, log_in: Any) -> None:
    ticket = announce(log_in(world.risk_a), order, announced(content)).json()["ticket"]
    answer = put(log_in(world.risk_b), ticket, content)
    assert (answer.status_code, answer.json()["code"]) == (403, "ticket_invalid")
    assert StatementFile.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [{"size": 0}, {"size": 257 * 2**20}, {"sha256": "abc"}, {"sha256": "G" * 64}, {"ending": "exe"}],
    ids=["empty", "too large", "short digest", "no digest", "wrong ending"],
)
def test_a_wrong_announcement_names_its_field(
    world: World, order: Order, content: bytes, log_in: Any, changes: dict[str, Any]
) -> None:  # fmt: skip
    answer = announce(log_in(world.risk_a), order, announced(content, **changes))
    assert answer.status_code == 422
    assert [each["name"] for each in answer.json()["fields"]] == list(changes)
    assert not AuditEntry.objects.filter(verb="statement.announce").exists()


def test_an_order_that_asks_for_no_statement_takes_none(world: World, content: bytes, log_in: Any) -> None:
    stop = query(world, "stop")
    answer = announce(log_in(world.risk_a), stop, announced(content))
    assert (answer.status_code, [each["name"] for each in answer.json()["fields"]]) == (422, ["order"])


@pytest.mark.parametrize("role", ["risk_b", "machine_b", "analyst_b", "auditor", "admin"])
def test_others_find_no_order(world: World, order: Order, content: bytes, log_in: Any, role: str) -> None:
    answer = announce(log_in(getattr(world, role)), order, announced(content))
    assert answer.status_code in {403, 404}
    assert StatementFile.objects.count() == 0


def test_police_send_no_banks_statement(world: World, order: Order, content: bytes, log_in: Any) -> None:
    answer = announce(log_in(world.analyst_a), order, announced(content))
    assert answer.status_code == 403


def test_a_wrong_kind_of_file_is_refused(world: World, order: Order, log_in: Any) -> None:
    client, picture = log_in(world.risk_a), b"\x89PNG\r\n\x1a\n" + b"\0" * 40
    ticket = announce(client, order, announced(picture)).json()["ticket"]
    answer = put(client, ticket, picture)
    assert answer.status_code == 422
    assert StatementFile.objects.count() == 0


# -- with the answer -------------------------------------------------------------------------------


def test_a_statement_that_comes_with_the_answer_is_received_once(world: World, order: Order, content: bytes) -> None:
    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome="executed", handled_by="Wang", statement=csv_file_of(content))
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    assert StatementFile.objects.count() == 0, "a bank's answer does not wait for the police's reading"
    by = system_user()
    for _carried in range(2):
        with db.unit_of_work(by):
            order_answered(Fact("order.answered", order.id, by))
    file = StatementFile.objects.get()
    assert (file.source, file.institution_id) == ("answer", world.bank_a.id)
    assert file.answer is not None
    assert file.attachment_id == file.answer.statement_id, "the original is kept once"
    work()
    assert fresh(file).status == "preview"


def test_the_operator_hears_when_it_waits(world: World, order: Order, content: bytes) -> None:
    from antifraud.statement_facts import statement_told

    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome="executed", handled_by="Wang", statement=csv_file_of(content))
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    by = system_user()
    with db.unit_of_work(by):
        order_answered(Fact("order.answered", order.id, by))
    work()
    file = StatementFile.objects.get()
    Notification.objects.all().delete()
    with db.unit_of_work(by):
        statement_told(Fact("statement.read", file.id, by))
    note = Notification.objects.get()
    assert (note.user_id, note.code, note.url) == (world.analyst_a.id, "statement.read", f"/statements/{file.id}/")


def test_a_file_that_is_in_the_case_already_does_not_disturb_the_answer(
    world: World, order: Order, content: bytes
) -> None:  # fmt: skip
    receive(world.analyst_a, order.case, csv_file_of(content))
    with db.unit_of_work(world.risk_a):
        answer = AnswerInput(outcome="executed", handled_by="Wang", statement=csv_file_of(content))
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source="logged_in")
    by = system_user()
    with db.unit_of_work(by):
        order_answered(Fact("order.answered", order.id, by))
    assert StatementFile.objects.count() == 1
    assert AuditEntry.objects.filter(verb="statement.not_received", outcome="refused").count() == 1


def csv_file_of(content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("reply.csv", content)


# -- the police ------------------------------------------------------------------------------------


def test_suspected_repeats_need_a_word_of_the_caller(world: World, order: Order, log_in: Any) -> None:
    client, case = log_in(world.analyst_a), order.case
    once = row(card(), card(), "in", 100, serial="")
    taken(world, receive_and_read(world, case, once))
    file = receive_and_read(world, case, once, row(card(), card(), "in", 200, serial=""))
    path = f"{URL}{file.id}/commit/"

    def post(body: dict[str, Any], key: str) -> Any:
        return client.post(path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})

    refused = post({}, "commit-no-word")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    told = json.dumps(refused.json()["fields"])
    assert ("leave_out_repeats" in told, "1 row looks like a row of an earlier file" in told) == (True, True)
    assert not Job.objects.filter(kind="statement.commit", subject_id=file.pk).exists()
    assert post({"leave_out_repeats": None}, "commit-null").status_code == 422
    assert post({"leave_out_repeats": True}, "commit-a-word").status_code == 200
    work()
    assert (fresh(file).status, LedgerEntry.objects.filter(case=case).count()) == ("committed", 2)


def taken(world: World, file: StatementFile) -> None:
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk)
    work()


def receive_and_read(world: World, case: Any, *rows: Any) -> StatementFile:
    file = receive(world.analyst_a, case, csv_file(*rows))
    work()
    return fresh(file)


def test_police_read_commit_and_discard(world: World, log_in: Any) -> None:
    client, case, a = log_in(world.analyst_a), factories.new_case(world.analyst_a), card()
    file = receive(world.analyst_a, case, csv_file(row(a, card(), "in", 700), row(a, card(), "in", 0, amount_text="x")))
    other = receive(world.analyst_a, case, csv_file(row(a, card(), "in", 900)))
    work()
    listed = client.get(f"{URL}?case={case.id}").json()["items"]
    assert {each["id"] for each in listed} == {str(file.id), str(other.id)}
    here = f"{URL}{file.id}/"
    seen = client.get(here).json()
    assert seen["totals"] == [{"currency": "CNY", "direction": "in", "count": 1, "sum_minor": 700}]
    assert (seen["status"], seen["rows_bad"], seen["job"]["state"]) == ("preview", 1, "done")
    issue = client.get(f"{here}issues/").json()["items"][0]
    assert (issue["row"], issue["severity"]) == (3, "bad")
    assert a not in client.get(here).content.decode()

    def post(path: str, body: dict[str, Any], key: str, **headers: str) -> Any:
        sent = {"Idempotency-Key": key} | headers
        return client.post(path, json.dumps(body), content_type="application/json", headers=sent)

    refused = post(f"{here}commit/", {"all_or_nothing": True}, "commit-all")
    assert refused.status_code == 422
    stale = post(f"{here}commit/", {}, "commit-old", **{"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (409, "superseded")
    assert LedgerEntry.objects.count() == 0
    taken = post(f"{here}commit/", {}, "commit-one", **{"If-Match": f'"{seen["version"]}"'})
    assert taken.status_code == 200
    work()
    assert client.get(here).json()["status"] == "committed"
    assert LedgerEntry.objects.count() == 1
    gone = post(f"{URL}{other.id}/discard/", {}, "discard-1")
    assert (gone.status_code, gone.json()["status"]) == (200, "discarded")
    assert post(f"{here}discard/", {}, "discard-2").status_code == 409


@pytest.mark.parametrize("role", ["risk_a", "machine_a", "analyst_b", "auditor", "admin"])
def test_banks_and_other_units_read_no_statement(world: World, log_in: Any, role: str) -> None:
    case = factories.new_case(world.analyst_a)
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 700)), institution=world.bank_a)
    client = log_in(getattr(world, role))
    assert client.get(f"{URL}{file.id}/").status_code in {403, 404}
    listed = client.get(URL)
    assert listed.status_code == 403 or listed.json()["items"] == []
