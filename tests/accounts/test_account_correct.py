"""The account's institution is corrected: sealed anew, history kept, and one account where the other row is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AccountChange, InvolvedAccount, Involvement
from accounts.services.identity import account_correct, alias_add
from accounts.services.involvements import involvement_dismiss
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.crypto.envelope import key_id_of
from antifraud.crypto.models import DataKey
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.models import Institution
from tests.accounts.answering import answer, hop
from tests.accounts.factories import card, involve, issue, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def correct(act: Act, by: Any, account: InvolvedAccount, institution: Institution | None) -> InvolvedAccount:
    with act(by):
        return account_correct(by=by, account_id=account.id, institution=institution, reason="the card prefix says so")


def scope_of(sealed: Any) -> tuple[str, Any]:
    """The scope of the key that a stored cell is sealed with."""
    key = DataKey.objects.get(pk=key_id_of(bytes(sealed)))
    return key.scope_kind, key.scope_id


def test_unknown_becomes_known_and_everything_is_sealed_anew(world: World, act: Act) -> None:
    number, other = card(), card()
    account = involve(world.analyst_a, new_case(world.analyst_a), None, number=number, name="张三").account
    assert scope_of(InvolvedAccount.objects.values_list("number", flat=True).get())[0] == "platform"
    correct(act, world.analyst_a, account, world.bank_a)
    with act(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=account.id, number=other, reason="second card")
    correct(act, world.analyst_a, account, world.bank_b)
    stored = InvolvedAccount.objects.get()
    assert (stored.institution_id, stored.number.open(), stored.holder_name.open()) == (world.bank_b.id, number, "张三")
    assert stored.aliases.get().number.open() == other
    assert stored.names.get().name.open() == "张三"
    cells = [
        InvolvedAccount.objects.values_list("number", flat=True).get(),
        InvolvedAccount.objects.values_list("holder_name", flat=True).get(),
        stored.aliases.values_list("number", flat=True).get(),
        stored.names.values_list("name", flat=True).get(),
    ]
    assert {scope_of(cell) for cell in cells} == {("institution", world.bank_b.id)}


def test_back_to_unknown(world: World, act: Act) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    correct(act, world.analyst_a, account, None)
    stored = InvolvedAccount.objects.get()
    assert stored.institution_id is None
    assert scope_of(InvolvedAccount.objects.values_list("number", flat=True).get())[0] == "platform"


def test_the_history_says_who_when_and_why(world: World, act: Act) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    correct(act, world.analyst_a, account, world.bank_b)
    change = AccountChange.objects.get()
    assert (change.kind, change.from_institution_id, change.to_institution_id, change.by_id) == (
        "institution", world.bank_a.id, world.bank_b.id, world.analyst_a.id
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="account.correct")
    assert detail_of(entry) == {"from": str(world.bank_a.id), "to": str(world.bank_b.id), "change": str(change.id)}
    assert bytes(entry.subject_hmac or b"") == bytes(account.number_index)


def test_the_former_bank_loses_sight(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    issue(world, row)
    assert policy.can(world.risk_a, "account.view", row.account)
    correct(act, world.analyst_a, row.account, world.bank_b)
    assert not policy.can(world.risk_a, "account.view", row.account)
    assert not policy.can(world.risk_b, "account.view", row.account)
    assert not row.account.grants.filter(group=world.bank_a.group_id, revoked_at__isnull=True).exists()


def test_where_the_bank_has_it_already_the_two_become_one(world: World, act: Act) -> None:
    number = card()
    unknown = involve(world.analyst_a, new_case(world.analyst_a), None, number=number)
    known = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    found = correct(act, world.analyst_a, unknown.account, world.bank_a)
    assert found.id == known.account_id
    stored = InvolvedAccount.objects.get(pk=unknown.account_id)
    assert (stored.merged_into_id, stored.institution_id) == (known.account_id, None)
    assert set(Involvement.objects.values_list("account", flat=True)) == {known.account_id}
    assert policy.can(world.analyst_a, "account.view", found)
    assert AccountChange.objects.get().kind == "merge"


def test_where_the_number_is_an_alias_there_too(world: World, act: Act) -> None:
    number = card()
    known = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a).account
    with act(world.analyst_b):
        alias_add(by=world.analyst_b, account_id=known.id, number=number, reason="second card")
    unknown = involve(world.analyst_a, new_case(world.analyst_a), None, number=number)
    assert correct(act, world.analyst_a, unknown.account, world.bank_a).id == known.id


@pytest.mark.parametrize("name", ["bank_a", "unit_b", "oversight"])
def test_institutions_that_do_not_fit(world: World, act: Act, name: str) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=account.id, institution=getattr(world, name), reason="a reason")
    assert list(refused.value.fields) == ["institution"]


@pytest.mark.parametrize("reason", [" ", "the PIN is 471122"])
def test_a_reason_is_needed_and_holds_no_secret(world: World, act: Act, reason: str) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=account.id, institution=world.bank_b, reason=reason)
    assert list(refused.value.fields) == ["reason"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_b", NotFound), ("approver_a", Forbidden), ("risk_a", NotFound), ("overseer", NotFound)],
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    account, by = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account, getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        account_correct(by=by, account_id=account.id, institution=world.bank_b, reason="a reason")


# -- aliases ---------------------------------------------------------------------------------------


def test_an_alias_of_another_account_is_a_merge(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a).account for _ in range(2))
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=one.id, number=two.number.open(), reason="second card")
    assert refused.value.code == "account_exists"


def test_an_alias_needs_a_known_institution_and_a_new_number(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    unknown, known = involve(world.analyst_a, case, None).account, involve(world.analyst_a, case, world.bank_a).account
    for account, number in ((unknown, card()), (known, known.number.open()), (known, "12")):
        with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
            alias_add(by=world.analyst_a, account_id=account.id, number=number, reason="second card")
        assert list(refused.value.fields) == ["number"]


def test_a_merged_account_is_not_corrected(world: World, act: Act) -> None:
    from accounts.services.identity import account_merge

    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a).account for _ in range(2))
    with act(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=one.id, into_id=two.id, reason="same book")
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=one.id, institution=world.bank_b, reason="a reason")


@contextmanager
def nothing_corrected() -> Iterator[None]:
    """No account's institution changes and none is merged."""
    yield
    assert not AccountChange.objects.exists()
    assert not AuditEntry.objects.filter(verb__in=["account.correct", "account.merge"]).exists()


def test_entered_again_with_its_institution_it_is_the_same_account(world: World, log_in: Any) -> None:
    case, number = new_case(world.analyst_a), card()
    account = involve(world.analyst_a, case, None, number=number).account
    assert involve(world.analyst_a, case, world.bank_a, number=number).account_id == account.id
    assert InvolvedAccount.objects.get().institution_id == world.bank_a.id
    assert AccountChange.objects.get().reason == "", "what the page says is in the reader's language"
    assert AuditEntry.objects.get(verb="account.correct").case_id == case.id
    page = log_in(world.analyst_a).get(reverse("accounts:account", args=[account.id])).content.decode()
    assert "Its institution was named when the account was entered again." in page


def test_entered_again_it_becomes_one_with_the_institutions_own(world: World) -> None:
    case, number = new_case(world.analyst_a), card()
    known = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number).account
    involve(world.analyst_a, case, None, number=number)
    assert involve(world.analyst_a, case, world.bank_a, number=number).account_id == known.id
    assert AuditEntry.objects.get(verb="account.merge").case_id == case.id


def test_a_banks_word_alone_corrects_nothing(world: World) -> None:
    case, number = new_case(world.analyst_a), card()
    account = involve(world.analyst_a, case, None, number=number).account
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    with nothing_corrected():
        answer(order, world.risk_a, next_hops=(hop(number=number, institution=world.bank_b, institution_text=""),))
    account.refresh_from_db()
    assert account.institution_id is None
    proposed = Involvement.objects.get(case=case, state="proposed").account
    assert (proposed.number.open(), proposed.institution_id) == (number, world.bank_b.id)


def test_an_account_that_another_case_has_too_stays_as_it_is(world: World) -> None:
    number = card()
    shared = involve(world.analyst_b, new_case(world.analyst_b), None, number=number).account
    case = new_case(world.analyst_a)
    assert involve(world.analyst_a, case, None, number=number).account_id == shared.id
    with nothing_corrected():
        assert involve(world.analyst_a, case, world.bank_a, number=number).account_id != shared.id
    shared.refresh_from_db()
    assert shared.institution_id is None


def test_an_account_that_the_case_dismissed_stays_as_it_is(world: World, act: Act) -> None:
    case, number = new_case(world.analyst_a), card()
    row = involve(world.analyst_a, case, None, number=number)
    with act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
    with nothing_corrected():
        assert involve(world.analyst_a, case, world.bank_a, number=number).account_id != row.account_id
