"""Involved accounts: the list and one account for both sides, and the corrections of its identity."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AccountChange, AccountName, InvolvedAccount, Involvement
from accounts.services.identity import account_merge, alias_add
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import draft, hold_of, involve, issue, new_case
from tests.accounts.pages import unchanged
from tests.cast import World

LIST = "accounts:accounts"


@pytest.fixture
def row(world: World) -> Involvement:
    """An account at bank A in a case of unit A."""
    return involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)


def page(account_id: Any) -> str:
    """The account's address."""
    return reverse("accounts:account", args=[account_id])


# -- the list --------------------------------------------------------------------------------------


def test_each_side_sees_its_own_masked(world: World, log_in: Any, row: Involvement) -> None:
    other = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a)
    text = log_in(world.analyst_a).get(reverse(LIST)).content.decode()
    assert page(row.account_id) in text
    assert page(other.account_id) not in text
    assert row.account.number.open() not in text
    assert page(row.account_id) not in log_in(world.risk_a).get(reverse(LIST)).content.decode()
    issue(world, row)
    assert page(row.account_id) in log_in(world.risk_a).get(reverse(LIST)).content.decode()
    assert page(row.account_id) not in log_in(world.risk_b).get(reverse(LIST)).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?institution={bank}", True), ("?institution={other}", False), ("?kind=card", True), ("?kind=phone", False),
        ("?risk=involved", True), ("?risk=cleared", False), ("?unknown_institution=on", False),
    ],
)  # fmt: skip
def test_filters(world: World, log_in: Any, row: Involvement, query: str, found: bool) -> None:
    query = query.format(bank=world.bank_a.id, other=world.bank_b.id)
    assert (page(row.account_id) in log_in(world.analyst_a).get(reverse(LIST) + query).content.decode()) is found


def test_a_number_is_searched_by_post_only(world: World, log_in: Any, row: Involvement) -> None:
    other = involve(world.analyst_a, row.case, world.bank_b)
    client = log_in(world.analyst_a)
    number = row.account.number.open()
    found = client.post(reverse(LIST), {"number": f"{number[:4]} {number[4:]}"})
    assert page(row.account_id) in found.content.decode()
    assert page(other.account_id) not in found.content.decode()
    assert client.post(reverse(LIST), {"number": ""}).status_code == 422
    assert page(other.account_id) in client.get(reverse(LIST), {"number": number}).content.decode()


def test_a_foreign_account_is_not_found_by_its_number(world: World, log_in: Any, row: Involvement) -> None:
    for name in ("analyst_b", "risk_a"):
        text = log_in(getattr(world, name)).post(reverse(LIST), {"number": row.account.number.open()}).content.decode()
        assert page(row.account_id) not in text, name


def test_the_list_costs_the_same_for_many(world: World, log_in: Any, counted: Any, row: Involvement) -> None:
    client = log_in(world.analyst_a)
    client.get(reverse(LIST))
    with counted(10) as one:
        client.get(reverse(LIST))
    for _number in range(12):
        involve(world.analyst_a, row.case, world.bank_b)
    with counted(len(one)):
        assert client.get(reverse(LIST)).content.decode().count("data-row") == 13


@pytest.mark.parametrize("name", ["admin", "auditor"])
def test_who_has_no_such_page(world: World, log_in: Any, name: str) -> None:
    client = log_in(getattr(world, name))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.post(reverse(LIST), {"number": "6222020000000000001"}).status_code == 403


# -- one account -----------------------------------------------------------------------------------


def test_everything_that_the_police_may_know(world: World, log_in: Any, row: Involvement) -> None:
    order = issue(world, row)
    hold_of(order, world.risk_a)
    with db.unit_of_work(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=row.account_id, number="62220288887777", reason="from the bank")
    text = log_in(world.analyst_a).get(page(row.account_id)).content.decode()
    for shown in (row.case.number, order.number, "7777", "entered by the police", "Stop-payment"):
        assert shown in text, shown
    for hidden in ("62220288887777", "张三", row.account.number.open()):
        assert hidden not in text, hidden


def test_the_bank_learns_nothing_of_cases_and_names(world: World, log_in: Any, row: Involvement) -> None:
    order = issue(world, row)
    text = log_in(world.risk_a).get(page(row.account_id)).content.decode()
    assert order.number in text
    for hidden in (row.case.number, "entered by the police", "/merge/", "/institution/"):
        assert hidden not in text, hidden


def test_the_page_costs_the_same_for_many(world: World, log_in: Any, counted: Any, row: Involvement) -> None:
    order = issue(world, row)
    hold_of(order, world.risk_a)
    client = log_in(world.analyst_a)
    client.get(page(row.account_id))
    with counted(10) as one:  # eight, the session and its user
        client.get(page(row.account_id))
    for number in range(12):
        with db.unit_of_work(world.analyst_a) as work:
            AccountName(
                account=row.account, name=f"名{number}", name_bucket=0, source="answer", learnt_at=work.now
            ).save(force_insert=True)
            alias_add(
                by=world.analyst_a,
                account_id=row.account_id,
                number=f"622202888800{number:02d}",
                reason="from the bank",
            )
        same = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=row.account.number.open())
        draft(world.analyst_a, world.second_a, same)
    with counted(len(one)):
        client.get(page(row.account_id))


@pytest.mark.parametrize("name", ["analyst_b", "risk_b", "admin", "overseer"])
def test_who_does_not_see_it(world: World, log_in: Any, row: Involvement, name: str) -> None:
    issue(world, row)
    assert log_in(getattr(world, name)).get(page(row.account_id)).status_code == 404


def test_a_value_in_clear_needs_its_reason(world: World, log_in: Any, row: Involvement) -> None:
    issue(world, row)
    url = reverse("accounts:account_reveal", args=[row.account_id, "number"])
    for name in ("analyst_a", "risk_a"):
        client = log_in(getattr(world, name))
        assert client.post(url, {"purpose": ""}).status_code == 422
        assert client.post(url, {"purpose": "to compare"}).content.decode() == row.account.number.open()
    assert AuditEntry.objects.filter(verb="involvedaccount.reveal").count() == 2
    assert log_in(world.analyst_b).post(url, {"purpose": "to compare"}).status_code == 404
    assert (
        log_in(world.analyst_a)
        .post(reverse("accounts:account_reveal", args=[row.account_id, "number_index"]), {"purpose": "to compare"})
        .status_code
        == 422
    )
    assert AuditEntry.objects.filter(verb="involvedaccount.reveal").count() == 2


# -- corrections -----------------------------------------------------------------------------------


def test_another_institution(world: World, log_in: Any, row: Involvement) -> None:
    url = reverse("accounts:account_correct", args=[row.account_id])
    client = log_in(world.analyst_a)
    assert f'value="{world.bank_a.id}" selected' in client.get(url).content.decode()
    with unchanged():
        short = client.post(url, {"institution": str(world.bank_b.id), "reason": "no"})
        same = client.post(url, {"institution": str(world.bank_a.id), "reason": "card prefix"})
    assert (short.status_code, same.status_code) == (422, 422)
    assert f'value="{world.bank_b.id}" selected' in short.content.decode()
    answer = client.post(url, {"institution": str(world.bank_b.id), "reason": "card prefix"})
    assert (answer.status_code, answer.url) == (303, page(row.account_id))
    assert InvolvedAccount.objects.get().institution_id == world.bank_b.id
    assert "card prefix" in client.get(page(row.account_id)).content.decode()


def test_a_further_number(world: World, log_in: Any, row: Involvement) -> None:
    other = involve(world.analyst_a, row.case, world.bank_a)
    url = reverse("accounts:alias_add", args=[row.account_id])
    client = log_in(world.analyst_a)
    with unchanged():
        taken = client.post(url, {"number": other.account.number.open(), "reason": "from the bank"})
    assert taken.status_code == 409
    assert "Merge the two accounts instead" in taken.content.decode()
    client.post(url, {"number": "6222 0288 8877 77", "reason": "from the bank"})
    assert row.account.aliases.get().number.open() == "62220288887777"


def test_merge_and_undo(world: World, log_in: Any, row: Involvement) -> None:
    other = involve(world.analyst_a, row.case, world.bank_a)
    elsewhere = involve(world.analyst_a, row.case, world.bank_b)
    url = reverse("accounts:account_merge", args=[row.account_id])
    client = log_in(world.analyst_a)
    for number in ("6222999999999999999", elsewhere.account.number.open(), row.account.number.open()):
        with unchanged():
            assert client.post(url, {"number": number, "reason": "the same card"}).status_code == 422
    answer = client.post(url, {"number": other.account.number.open(), "reason": "the same card"})
    assert answer.url == page(other.account_id)
    assert InvolvedAccount.objects.get(pk=row.account_id).merged_into_id == other.account_id
    change = AccountChange.objects.get()
    undo = reverse("accounts:account_unmerge", args=[row.account_id, change.id])
    assert undo in client.get(page(other.account_id)).content.decode()
    client.post(undo, {"reason": "two cards after all"})
    assert InvolvedAccount.objects.get(pk=row.account_id).merged_into_id is None
    with unchanged():
        assert client.post(undo, {"reason": "two cards after all"}).status_code == 409


@pytest.mark.parametrize(
    ("name", "status"), [("approver_a", 403), ("analyst_b", 404), ("risk_a", 403), ("risk_b", 404), ("admin", 404)]
)
def test_who_may_not_correct(world: World, log_in: Any, row: Involvement, name: str, status: int) -> None:
    issue(world, row)
    other = involve(world.analyst_a, row.case, world.bank_a)
    third = involve(world.analyst_a, row.case, world.bank_a)
    with db.unit_of_work(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=third.account_id, into_id=other.account_id, reason="the same card")
    change = AccountChange.objects.get()
    client = log_in(getattr(world, name))
    args = [row.account_id]
    with unchanged():
        for url in (
            reverse("accounts:account_correct", args=args), reverse("accounts:alias_add", args=args),
            reverse("accounts:account_merge", args=args), reverse("accounts:account_unmerge", args=[*args, change.id]),
        ):  # fmt: skip
            assert client.get(url).status_code == status, url
            sent = {
                "number": other.account.number.open(),
                "institution": str(world.bank_b.id),
                "reason": "a good reason",
            }
            assert client.post(url, sent).status_code == status, url
