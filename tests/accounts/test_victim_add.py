"""A victim found later: by the page and the API, audited without values, the new round of a return by the pages; denied to others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Involvement, RefundRound
from accounts.services.filing import FiledAccount, victim_with_account_enter
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from cases.models import Case, CaseGrant, Victim
from cases.services.steps import case_step
from cases.services.victims import VictimInput, victim_enter
from tests.accounts import factories
from tests.accounts.flow import refunding as make

FOUND = VictimInput(name="李小红", id_number="11010519491231002x", phone="13900139000")


def enter(by: Any, case: Case, data: VictimInput = FOUND, account: FiledAccount | None = None) -> Victim:
    with db.unit_of_work(by):
        return victim_with_account_enter(by=by, case_id=case.id, data=data, account=account)


def closed(world: Any, case: Case) -> None:
    with db.unit_of_work(world.supervisor_a) as work:
        case_step(by=world.supervisor_a, case_id=case.id, verb="withdraw", on=work.now.date(), document_number="W-1")
        case_step(by=world.supervisor_a, case_id=case.id, verb="close", on=work.now.date(), document_number="")


def grant_ended(case: Case) -> None:
    """Of the unit that filed it, a moment ago."""
    assert CaseGrant.objects.filter(content_object=case, group=case.unit.group_id).update(expires_at=db.app_now()) == 1


def test_a_victim_enters_a_filed_case_with_the_account_that_paid(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    number = factories.card()
    made = enter(
        world.second_a, case, account=FiledAccount(number, world.bank_b, "李小红", place="victim_account_number")
    )
    found = Victim.objects.get(pk=made.pk)
    assert (found.name.open(), found.id_number.open(), found.phone.open()) == (
        "李小红",
        "11010519491231002X",
        "13900139000",
    )
    part = Involvement.objects.select_related("account").get(case=case, role="victim")
    assert (part.level, part.state, part.account.number.open()) == (0, "confirmed", number)
    entry = AuditEntry.objects.get(verb="victim.add", object_id=made.pk)
    assert (entry.case_id, detail_of(entry)) == (case.id, {"fields": ["name", "id_number", "phone"]})


def test_a_proposed_account_may_turn_out_to_be_a_victims(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    proposed = factories.involve(world.analyst_a, case, world.bank_b, level=2, state="proposed")
    taken = factories.involve(world.analyst_a, case, world.bank_b, level=1)
    enter(
        world.analyst_a, case, account=FiledAccount(proposed.account.number.open(), None, place="victim_account_number")
    )
    proposed.refresh_from_db()
    assert (proposed.role, proposed.level, proposed.state) == ("victim", 0, "confirmed")
    other = VictimInput(name="周小明")
    with factories.nothing_happens(), pytest.raises(Invalid) as refused:
        enter(world.analyst_a, case, other, FiledAccount(taken.account.number.open(), place="victim_account_number"))
    assert list(refused.value.fields) == ["victim_account_number"]
    assert Victim.objects.filter(case=case).count() == 2


def test_the_same_victim_is_not_entered_twice(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    enter(world.analyst_a, case)
    with pytest.raises(Invalid) as refused:
        enter(world.second_a, case)
    assert list(refused.value.fields) == ["victim_name"]
    enter(world.second_a, case, VictimInput(name=FOUND.name, phone="13900139001"))
    assert Victim.objects.filter(case=case).count() == 3


def test_not_into_a_closed_case(world: Any, log_in: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    closed(world, case)
    with pytest.raises(WrongState):
        enter(world.analyst_a, case)
    client = log_in(world.analyst_a)
    assert f"/cases/{case.id}/victims/new/" not in client.get(f"/cases/{case.id}/").content.decode()
    assert client.post(f"/cases/{case.id}/victims/new/", {"victim_name": "李小红"}).status_code == 409
    assert Victim.objects.filter(case=case).count() == 1


@pytest.mark.parametrize(("name", "error"), [
    ("analyst_b", NotFound), ("risk_a", NotFound), ("approver_a", Forbidden), ("admin", NotFound),
    ("overseer", NotFound), ("auditor", NotFound), ("duty_b", NotFound), ("machine_a", NotFound),
])  # fmt: skip
def test_others_add_nobody(world: Any, name: str, error: type[Exception]) -> None:
    case, by = factories.new_case(world.analyst_a, filed=True), getattr(world, name)
    with factories.nothing_happens(), pytest.raises(error), db.unit_of_work(by):
        victim_enter(by=by, case_id=case.id, data=FOUND)
    assert Victim.objects.filter(case=case).count() == 1


def test_the_duty_officer_adds_one_until_the_grant_ends(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    enter(world.duty_a, case)
    grant_ended(case)
    for by in (world.duty_a, world.analyst_a, world.supervisor_a):
        with factories.nothing_happens(), pytest.raises(NotFound):
            enter(by, case, VictimInput(name="周小明"))
    assert Victim.objects.filter(case=case).count() == 2


def test_by_the_page_masked_and_by_the_api(world: Any, log_in: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    client = log_in(world.analyst_a)
    assert f"/cases/{case.id}/victims/new/" in client.get(f"/cases/{case.id}/").content.decode()
    typed = {"victim_name": "李小红", "victim_phone": "13900139000", "victim_id_number": ""}
    assert client.get(f"/cases/{case.id}/victims/new/").status_code == 200
    wrong = client.post(f"/cases/{case.id}/victims/new/", typed | {"victim_phone": "one two"})
    assert wrong.status_code == 422
    assert 'value="李小红"' in wrong.content.decode()
    answer = client.post(f"/cases/{case.id}/victims/new/", typed)
    assert (answer.status_code, answer["Location"]) == (303, f"/cases/{case.id}/#victims")
    page = client.get(f"/cases/{case.id}/").content.decode()
    assert "李小红" not in page
    assert "13900139000" not in page
    path, key = f"/api/v1/cases/{case.id}/victims/", {"HTTP_IDEMPOTENCY_KEY": "victim-add-0001"}
    body = json.dumps({"name": "周小明"})
    told = client.post(path, body, content_type="application/json", **key)
    assert told.status_code == 201, told.content
    assert client.post(path, body, content_type="application/json", **key).content == told.content
    assert Victim.objects.filter(case=case).count() == 3
    assert log_in(world.approver_a).get(f"/cases/{case.id}/victims/new/").status_code == 403
    assert f"/cases/{case.id}/victims/new/" not in log_in(world.approver_a).get(f"/cases/{case.id}/").content.decode()


def test_the_api_names_the_fields_as_they_were_sent_and_heeds_the_version(world: Any, log_in: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    client, path = log_in(world.analyst_a), f"/api/v1/cases/{case.id}/victims/"

    def post(url: str = path, version: int = case.version, **body: Any) -> Any:
        return client.post(url, json.dumps(body), content_type="application/json", HTTP_IF_MATCH=f'"{version}"')

    with factories.nothing_happens():
        wrong = post(name="李小红", phone="one two").json()
        twin = post(name="王小明", phone="13800138000").json()
        late = post(name="李小红", version=case.version + 1)
    assert [row["name"] for row in wrong["fields"]] == ["phone"]
    assert [row["name"] for row in twin["fields"]] == ["name"]
    assert (late.status_code, late.json()["code"]) == (409, "superseded")
    filed: dict[str, Any] = {"reported_at": "2026-01-01T00:00:00Z", "fraud_type": case.fraud_type}
    told = post("/api/v1/cases/", **filed, victims=[{"name": "李小红", "phone": "one two"}]).json()
    assert [row["name"] for row in told["fields"]] == ["victims"]
    assert Victim.objects.filter(case=case).count() == 1
    assert post(name="李小红").status_code == 201


def test_a_new_round_for_a_newly_found_victim_by_the_pages(world: Any, log_in: Any) -> None:
    refund = make.direct(world, loss=400_000)
    case, client = refund.case, log_in(world.analyst_a)
    page = client.get(f"/refunds/{refund.id}/renew/").content.decode()
    assert f"/cases/{case.id}/victims/new/" in page
    assert client.post(f"/cases/{case.id}/victims/new/", {"victim_name": "李小红"}).status_code == 303
    first, second = make.victims(case)
    assert f"claim-{second.id}-loss" in client.get(f"/refunds/{refund.id}/renew/").content.decode()
    data = {
        "legal_basis": factories.FRAUD_20, "cause": "victim_found", "reason": "a second victim reported", "version": refund.version,
        f"claim-{first.id}-picked": "on", f"claim-{first.id}-loss": "4,000.00",
        f"claim-{second.id}-picked": "on", f"claim-{second.id}-loss": "8,000.00", f"claim-{second.id}-payee_name": "李小红",
        f"claim-{second.id}-payee_account": make.PAYEE, f"claim-{second.id}-payee_bank": "Construction Bank",
    }  # fmt: skip
    answer = client.post(f"/refunds/{refund.id}/renew/", data)
    assert answer.status_code == 303, answer.content.decode()[:3000]
    current = RefundRound.objects.get(refund=refund, number=2)
    assert (current.branch, current.cause) == ("pro_rata", "victim_found")
    assert [share.share_minor for share in make.shares(refund)] == [166_667, 333_333]
