"""A victim's data is corrected: what is left empty stays, values stay masked, the diary names fields only; denied to others."""

from __future__ import annotations

from typing import Any

import pytest

from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from cases.models import Victim
from cases.selectors.cases import cases_by_victim
from cases.services.victims import VictimInput, victim_enter, victim_update
from tests.accounts import factories
from tests.accounts.test_victim_add import closed, grant_ended


@pytest.fixture
def person(world: Any) -> Victim:
    """The only victim of a filed case of unit A: 王小明, 13800138000."""
    return Victim.objects.select_related("case").get(case=factories.new_case(world.analyst_a, filed=True))


def update(by: Any, person: Victim, **changes: str) -> Victim:
    with db.unit_of_work(by):
        return victim_update(by=by, victim_id=person.id, changes=changes)


def test_one_field_is_corrected_and_the_others_stay(world: Any, person: Victim) -> None:
    update(world.second_a, person, name="王晓明", id_number="11010519491231002x")
    found = Victim.objects.get(pk=person.pk)
    assert (found.name.open(), found.id_number.open(), found.phone.open()) == (
        "王晓明",
        "11010519491231002X",
        "13800138000",
    )
    assert person.case in cases_by_victim(user=world.analyst_a, name="王晓明")
    assert person.case not in cases_by_victim(user=world.analyst_a, name="王小明")
    entry = AuditEntry.objects.get(verb="victim.update", object_id=person.pk)
    assert detail_of(entry) == {"fields": ["id_number", "name"]}


def test_a_wrong_phone_is_taken_away(world: Any, person: Victim) -> None:
    update(world.analyst_a, person, phone="")
    found = Victim.objects.get(pk=person.pk)
    assert (found.phone, found.phone_bucket) == (None, None)


@pytest.mark.parametrize("wrong", [{}, {"name": " "}, {"phone": "one two"}])
def test_what_cannot_stand_changes_nothing(world: Any, person: Victim, wrong: dict[str, str]) -> None:
    with factories.nothing_happens(), pytest.raises(Invalid):
        update(world.analyst_a, person, **wrong)
    assert Victim.objects.get(pk=person.pk).name.open() == "王小明"


def test_nobody_becomes_another_victim_of_the_case(world: Any, person: Victim) -> None:
    with db.unit_of_work(world.analyst_a):
        other = victim_enter(by=world.analyst_a, case_id=person.case_id, data=VictimInput(name="李小红"))
    with pytest.raises(Invalid):
        update(world.analyst_a, other, name="王小明", phone="13800138000")
    assert Victim.objects.get(pk=other.pk).name.open() == "李小红"


@pytest.mark.parametrize(("name", "error"), [
    ("analyst_b", NotFound), ("risk_a", NotFound), ("approver_a", Forbidden), ("admin", NotFound),
    ("overseer", NotFound), ("auditor", NotFound), ("duty_b", NotFound), ("machine_a", NotFound),
])  # fmt: skip
def test_others_correct_nothing(world: Any, person: Victim, name: str, error: type[Exception]) -> None:
    with factories.nothing_happens(), pytest.raises(error):
        update(getattr(world, name), person, name="王晓明")
    assert Victim.objects.get(pk=person.pk).name.open() == "王小明"


def test_the_duty_officer_corrects_until_the_grant_ends(world: Any, person: Victim) -> None:
    update(world.duty_a, person, name="王晓明")
    grant_ended(person.case)
    for by in (world.duty_a, world.analyst_a, world.supervisor_a):
        with factories.nothing_happens(), pytest.raises(NotFound):
            update(by, person, name="王小明")
    assert Victim.objects.get(pk=person.pk).name.open() == "王晓明"


def test_not_in_a_closed_case(world: Any, person: Victim) -> None:
    closed(world, person.case)
    with pytest.raises(WrongState):
        update(world.analyst_a, person, name="王晓明")
    assert Victim.objects.get(pk=person.pk).name.open() == "王小明"


def test_by_the_page_without_a_value_in_clear(world: Any, person: Victim, log_in: Any) -> None:
    client, page = log_in(world.analyst_a), f"/victims/{person.id}/edit/"
    assert page in client.get(f"/cases/{person.case_id}/").content.decode()
    shown = client.get(page).content.decode()
    assert "王小明" not in shown
    assert "13800138000" not in shown
    assert client.post(page, {"victim_name": ""}).status_code == 422
    assert client.post(page, {"victim_name": "王晓明", "remove": ["phone"]}).status_code == 302
    found = Victim.objects.get(pk=person.pk)
    assert (found.name.open(), found.phone) == ("王晓明", None)
    assert log_in(world.approver_a).get(page).status_code == 403
    assert page not in client.get(f"/cases/{person.case_id}/timeline/").content.decode()
