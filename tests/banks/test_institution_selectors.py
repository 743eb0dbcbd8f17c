"""Who works a unit's cases, who can be addressed, who may issue what, and the other people of floor 1."""

from __future__ import annotations

from typing import Any

from banks.models import Institution
from banks.selectors import institutions as found
from banks.selectors import users
from tests.cast import World


def _codes(rows: Any) -> list[str]:
    return [row.code for row in rows]


def _names(rows: Any) -> set[str]:
    return set(rows.values_list("username", flat=True))


def test_a_units_audience_is_the_unit_its_superiors_and_the_centres(world: World, counted: Any) -> None:
    unit, expected = world.unit_a, {world.unit_a.group_id, world.bureau.group_id, world.centre.group_id}
    with counted(1):
        assert set(found.police_audience(unit)) == expected
    assert set(found.police_audience(world.bureau)) == {world.bureau.group_id, world.centre.group_id}
    assert found.police_audience(world.centre) == [world.centre.group_id]


def test_a_ring_in_the_tree_does_not_hang(world: World) -> None:
    Institution.objects.filter(code="bureau").update(parent=world.unit_a)
    assert set(found.police_audience(world.unit_a)) == {
        world.unit_a.group_id,
        world.bureau.group_id,
        world.centre.group_id,
    }


def test_an_inactive_centre_sees_nothing_new(world: World) -> None:
    Institution.objects.filter(code="centre").update(is_active=False)
    assert world.centre.group_id not in found.police_audience(world.unit_a)


def test_orders_can_be_addressed_to_active_executing_institutions(world: World) -> None:
    assert _codes(found.executing_institutions()) == [
        "bank_a",
        "bank_b",
        "bank_paper",
        "branch_a",
        "payment",
        "telecom",
    ]
    assert _codes(found.connected_institutions()) == ["bank_a", "bank_b", "branch_a", "payment", "telecom"]
    Institution.objects.filter(code="bank_b").update(is_active=False)
    assert "bank_b" not in _codes(found.executing_institutions())


def test_branches_are_the_own_ones(world: World) -> None:
    assert _codes(found.branches_of(world.bank_a)) == ["branch_a"]
    assert _codes(found.branches_of(world.bank_b)) == []


def test_powers_are_the_kinds_own(world: World) -> None:
    police = found.issue_powers(world.unit_a)
    assert {power.institution_kind for power in police} == {"police"}
    assert police.filter(order_kind="stop", legal_basis="Anti-Telecom-Fraud Law art. 20").exists()
    assert not found.issue_powers(world.bank_a).exists()


def test_the_table_of_powers_names_every_issuer_of_a_line(world: World) -> None:
    table = found.powers_table(user=world.risk_a)
    freeze = [line for line in table if line["order_kind"] == "freeze"]
    assert [(line["legal_basis"], line["instrument_required"]) for line in freeze] == [
        ("Criminal Procedure Law art. 144", True)
    ]
    assert [str(issuer) for issuer in freeze[0]["issuers"]] == ["Police unit", "Anti-fraud centre"]


def test_a_second_officer_is_an_active_colleague(world: World) -> None:
    assert _names(users.second_officers(user=world.analyst_a)) == {"second_a", "approver_a", "duty_a", "supervisor_a"}
    type(world.second_a).objects.filter(username="second_a").update(is_active=False)
    assert "second_a" not in _names(users.second_officers(user=world.analyst_a))
    assert _names(users.second_officers(user=world.risk_a)) == set()


def test_approvers_come_from_the_unit_above_and_the_centres(world: World) -> None:
    assert _names(users.approvers(world.unit_a)) == {
        "approver_a", "supervisor_a", "bureau_approver", "centre_approver", "centre_supervisor",
    }  # fmt: skip


def test_lists_of_people_show_what_the_policy_allows(world: World) -> None:
    everyone = _names(users.users_list(user=world.admin))
    assert {"analyst_a", "risk_b", "machine_a", "admin"} <= everyone
    assert "system" not in everyone
    assert _names(users.users_list(user=world.supervisor_a)) == {
        "analyst_a", "second_a", "approver_a", "duty_a", "supervisor_a",
    }  # fmt: skip
    assert _names(users.users_list(user=world.risk_a)) == _names(users.users_list(user=world.auditor)) == set()
    assert _names(users.users_list(user=world.admin, search="risk_a", role="risk_officer")) == {"risk_a"}
    assert _names(users.users_list(user=world.admin, institution_id=world.unit_b.id)) == {
        "analyst_b", "second_b", "approver_b", "duty_b", "supervisor_b",
    }  # fmt: skip


def test_lists_of_institutions_are_searched_and_counted(world: World, counted: Any) -> None:
    user = world.admin
    with counted(1):
        every: Any = list(found.institutions_list(user=user))
    rows = {row.code: row.people for row in every}
    assert rows["unit_a"] == 5
    assert _codes(found.institutions_list(user=user, search="建设")) == ["bank_b"]
    assert _codes(found.institutions_list(user=user, search="icbc")) == ["bank_a"]
    assert _codes(found.institutions_list(user=user, kind="telecom")) == ["telecom"]
