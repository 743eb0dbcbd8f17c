"""A statement of another case, brought into this one without upload: who may, what is copied, what both diaries say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import LedgerEntry, StatementFile
from accounts.selectors.statements_elsewhere import statements_elsewhere
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.crypto.evidence import open_evidence
from cases.models import Attachment, Case
from tests.accounts.factories import involve, new_case
from tests.accounts.flow.serial_cases import case_with, joined
from tests.accounts.flow.statement_files import A, B, C, Line, commit, csv_file, imported, preview, receive, work
from tests.cast import World

pytestmark = pytest.mark.django_db
ROWS = [Line(A, "in", 500_00, 0, B, 500_00, serial="S1"), Line(A, "out", 400_00, 60, C, 100_00, serial="S2")]
BASIS = "query 2026-11 covers both incidents"


def _cases(world: World, *, by: Any = None) -> tuple[Case, Case, StatementFile]:
    """(the case that wants it, the case that has it, the file); the first is about account A."""
    lender, wanting = new_case(by or world.analyst_a), new_case(world.analyst_a, incident="110-20261101-0002")
    file = imported(by or world.analyst_a, lender, ROWS, institution=world.bank_a, zone="Asia/Hong_Kong")
    involve(world.analyst_a, wanting, world.bank_a, number=A)
    return wanting, lender, file


def _send(client: Any, case: Case, file: StatementFile, basis: str = BASIS) -> Any:
    return client.post(
        reverse("accounts:statement_adopt", args=[case.pk]), {"file": str(file.pk), "legal_basis": basis}
    )


def _url(case: Case) -> str:
    return reverse("accounts:case_statements", args=[case.pk])


def test_the_tab_offers_it_and_a_click_receives_it(world: World, log_in: Any) -> None:
    wanting, lender, file = _cases(world)
    client = log_in(world.analyst_a)
    assert lender.number in client.get(_url(wanting)).content.decode()
    answer = _send(client, wanting, file)
    found = StatementFile.objects.get(case=wanting)
    assert (answer.status_code, answer.url) == (303, reverse("accounts:statement", args=[found.pk]))
    assert (found.status, found.source, found.adopted_from, found.zone) == ("received", "case", file, "Asia/Hong_Kong")
    assert (found.institution, bytes(found.sha256)) == (world.bank_a, bytes(file.sha256))
    assert found.attachment.storage_name != file.attachment.storage_name
    with open_evidence(found.attachment.storage_name) as mine, open_evidence(file.attachment.storage_name) as theirs:
        assert mine.read() == theirs.read()
    work("statement.read", found.pk)
    found.refresh_from_db()
    assert LedgerEntry.objects.filter(case=wanting).count() == 0, "nothing reaches the ledger unseen"
    assert commit(world.analyst_a, found).totals == file.totals
    assert LedgerEntry.objects.filter(case=wanting).count() == 2
    page = client.get(answer.url).content.decode()
    assert "From another case" in page
    assert lender.number in page


def test_both_diaries_say_so(world: World, log_in: Any) -> None:
    wanting, lender, file = _cases(world)
    _send(log_in(world.analyst_a), wanting, file)
    found = StatementFile.objects.get(case=wanting)
    taken = AuditEntry.objects.get(verb="statement.adopt")
    lent = AuditEntry.objects.get(verb="statement.lend")
    assert (taken.case_id, taken.object_id, taken.legal_basis) == (wanting.pk, found.pk, BASIS)
    assert detail_of(taken)["from_case"] == str(lender.pk)
    assert (lent.case_id, lent.object_id, lent.legal_basis) == (lender.pk, file.pk, BASIS)
    assert detail_of(lent) == {"to_case": str(wanting.pk), "to_file": str(found.pk)}


def test_twice_is_refused_and_leaves_no_copy(world: World, log_in: Any) -> None:
    wanting, _lender, file = _cases(world)
    client = log_in(world.analyst_a)
    _send(client, wanting, file)
    stored = Attachment.objects.count()
    assert not statements_elsewhere(user=world.analyst_a, case=wanting)
    again = client.post(
        f"/api/v1/statements/{file.pk}/adopt/", json.dumps({"case": str(wanting.pk), "legal_basis": BASIS}),
        content_type="application/json", headers={"Idempotency-Key": "adopt-1"},
    )  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (409, "statement_known")
    assert again.json()["file"] == str(StatementFile.objects.get(case=wanting).pk)
    assert (Attachment.objects.count(), StatementFile.objects.filter(case=wanting).count()) == (stored, 1)


def test_the_same_bytes_uploaded_meanwhile_are_named(world: World, log_in: Any) -> None:
    wanting, lender, file = _cases(world)
    client = log_in(world.analyst_a)
    page = client.get(_url(wanting)).content.decode()
    assert lender.number in page
    receive(world.analyst_a, wanting, csv_file(ROWS))
    answer = _send(client, wanting, file)
    assert answer.status_code == 422
    assert StatementFile.objects.filter(case=wanting).count() == 1


def test_without_a_legal_basis_nothing_happens(world: World, log_in: Any) -> None:
    wanting, _lender, file = _cases(world)
    answer = _send(log_in(world.analyst_a), wanting, file, basis="")
    assert answer.status_code == 422
    assert not StatementFile.objects.filter(case=wanting).exists()
    assert not AuditEntry.objects.filter(verb__in=["statement.adopt", "statement.lend"]).exists()


def test_a_case_that_nothing_leads_to_is_no_ground(world: World, log_in: Any) -> None:
    _wanting, _lender, file = _cases(world)
    other = new_case(world.analyst_a, incident="110-20261101-0003")
    client = log_in(world.analyst_a)
    assert not statements_elsewhere(user=world.analyst_a, case=other)
    assert "Bring from another case" not in client.get(_url(other)).content.decode()
    assert _send(client, other, file).status_code == 422
    sent = client.post(
        f"/api/v1/statements/{file.pk}/adopt/", json.dumps({"case": str(other.pk), "legal_basis": BASIS}),
        content_type="application/json", headers={"Idempotency-Key": "adopt-2"},
    )  # fmt: skip
    assert (sent.status_code, [field["name"] for field in sent.json()["fields"]]) == (422, ["file"])
    assert not StatementFile.objects.filter(case=other).exists()


def test_cases_of_one_series_may_bring(world: World, log_in: Any) -> None:
    lender, wanting = case_with(world.analyst_a), case_with(world.analyst_a)
    file = imported(world.analyst_a, lender, ROWS)
    assert not statements_elsewhere(user=world.analyst_a, case=wanting)
    joined(world.analyst_a, lender, wanting)
    assert [each.is_account for each in statements_elsewhere(user=world.analyst_a, case=wanting)] == [False]
    assert _send(log_in(world.analyst_a), wanting, file).status_code == 303


@pytest.mark.parametrize("status", ["withdrawn", "not_fraud"])
def test_a_case_without_ground_lends_nothing(world: World, log_in: Any, status: str) -> None:
    wanting, lender, file = _cases(world)
    Case.objects.filter(pk=lender.pk).update(status=status)
    client = log_in(world.analyst_a)
    assert not statements_elsewhere(user=world.analyst_a, case=wanting)
    assert lender.number not in client.get(_url(wanting)).content.decode()
    assert _send(client, wanting, file).status_code == 422
    assert not StatementFile.objects.filter(case=wanting).exists()


def test_a_file_that_brought_nothing_is_not_offered_beside_the_one_that_did(world: World) -> None:
    wanting, lender, file = _cases(world)
    again = imported(world.analyst_a, lender, list(reversed(ROWS)))
    assert again.taken == []
    assert [each.file for each in statements_elsewhere(user=world.analyst_a, case=wanting)] == [file]


def test_another_units_file_is_not_there(world: World, log_in: Any) -> None:
    wanting, _lender, file = _cases(world, by=world.analyst_b)
    client = log_in(world.analyst_a)
    assert not statements_elsewhere(user=world.analyst_a, case=wanting)
    sent = client.post(
        f"/api/v1/statements/{file.pk}/adopt/", json.dumps({"case": str(wanting.pk), "legal_basis": BASIS}),
        content_type="application/json", headers={"Idempotency-Key": "adopt-3"},
    )  # fmt: skip
    assert sent.status_code == 404
    assert not StatementFile.objects.filter(case=wanting).exists()
    assert not AuditEntry.objects.filter(verb="statement.lend").exists()


def test_who_may_not_import_may_not_bring(world: World, log_in: Any) -> None:
    wanting, _lender, file = _cases(world)
    assert _send(log_in(world.approver_a), wanting, file).status_code in {403, 404}
    assert _send(log_in(world.risk_a), wanting, file).status_code == 404
    assert not StatementFile.objects.filter(case=wanting).exists()


def test_a_preview_is_not_lent(world: World) -> None:
    lender, wanting = case_with(world.analyst_a), case_with(world.analyst_a)
    preview(world.analyst_a, lender, ROWS)
    joined(world.analyst_a, lender, wanting)
    assert not statements_elsewhere(user=world.analyst_a, case=wanting)


def test_by_api(world: World, log_in: Any) -> None:
    wanting, _lender, file = _cases(world)
    sent = log_in(world.analyst_a).post(
        f"/api/v1/statements/{file.pk}/adopt/", json.dumps({"case": str(wanting.pk), "legal_basis": BASIS}),
        content_type="application/json", headers={"Idempotency-Key": "adopt-4"},
    )  # fmt: skip
    found = StatementFile.objects.get(case=wanting)
    assert (sent.status_code, sent.json()["id"], sent.json()["adopted_from"]) == (201, str(found.pk), str(file.pk))
