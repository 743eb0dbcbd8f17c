"""Money goes back to victims: no payee is the held account or another involved one, and who decides sees who is paid for whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Hold, Involvement, Refund
from accounts.selectors.refund_parties import LeftOut, named
from accounts.services.identity import account_merge, alias_add
from accounts.services.involvements import involvement_dismiss
from accounts.services.refunds.draft import refund_draft, refund_renew
from antifraud import db
from antifraud.crypto import data_keys
from antifraud.crypto.models import DataKey
from antifraud.errors import Invalid
from cases.models import Victim
from tests.accounts.factories import card, involve, pay
from tests.accounts.flow import refunding as make
from tests.accounts.flow.second_numbers import Both, imported_both
from tests.accounts.flow.statement_files import A, B, Line, imported
from tests.accounts.flow.test_refund_pdf import drawn, paper

HELD = "This is the account on which the money is held."
INVOLVED = "This account is involved in the case."


def drafted(world: Any, hold: Hold, payee: str, **changes: Any) -> Refund:
    (person, *_others) = make.victims(hold.case)
    claim = make.claim(person, 300_000, payee_account=payee, **changes)
    with db.unit_of_work(world.analyst_a):
        return refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(claim, is_stated_single=True))


def refused(world: Any, hold: Hold, payee: str, words: str) -> None:
    with make.nothing_happens(), pytest.raises(Invalid) as problem:
        drafted(world, hold, payee)
    (text,) = problem.value.fields["claims.0.payee_account"]
    assert str(text).startswith(words)


def spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def test_the_held_account_is_refused_however_it_is_written(world: Any) -> None:
    hold = make.frozen(world)
    refused(world, hold, hold.account.number.open(), HELD)
    refused(world, hold, spaced(hold.account.number.open()), HELD)


def test_an_alias_and_a_merged_number_of_the_held_account_are_refused(world: Any) -> None:
    hold = make.frozen(world)
    alias = card()
    with db.unit_of_work(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=hold.account_id, number=alias, reason="the card of this account")
    refused(world, hold, alias, HELD)
    other = involve(world.analyst_a, hold.case, world.bank_a).account
    number = other.number.open()
    refused(world, hold, number, INVOLVED)
    with db.unit_of_work(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=other.id, into_id=hold.account_id, reason="one and the same")
    refused(world, hold, number, HELD)


def test_a_second_number_that_the_ledger_joined_is_refused(world: Any) -> None:
    hold = make.frozen(world)
    held = hold.account.number.open()
    imported(world.analyst_a, hold.case, [Line(A, "out", 4_000_00, 0, B, serial="P1")])
    rows = [Both(held, "in", 4_000_00, 0, A, 4_000_00, serial="R1", number=B)]
    imported_both(world.analyst_a, hold.case, rows, institution=world.bank_a)
    refused(world, hold, B, HELD)


def test_an_involved_account_is_refused_a_victims_own_and_a_dismissed_one_are_not(world: Any) -> None:
    hold = make.frozen(world)
    mule = involve(world.analyst_a, hold.case, world.bank_b, level=2)
    own = involve(world.analyst_a, hold.case, world.bank_b, level=0)
    refused(world, hold, mule.account.number.open(), INVOLVED)
    drafted(world, hold, own.account.number.open())
    again = make.frozen(world, case=None)
    other = involve(world.analyst_a, again.case, world.bank_b, level=2)
    with db.unit_of_work(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=other.id)
    drafted(world, again, other.account.number.open())


def test_whom_a_bank_only_told_as_payer_is_not_refused_and_where_the_money_went_on_is(world: Any) -> None:
    hold = make.frozen(world)
    payer = involve(world.analyst_a, hold.case, world.bank_b, level=1, state="proposed").account
    refused(world, hold, payer.number.open(), INVOLVED)  # nobody says that it is a payer only
    pay(world.analyst_a, hold.case, hold.account, payer=payer)
    onward = involve(world.analyst_a, hold.case, world.bank_b, level=2, state="proposed").account
    pay(world.analyst_a, hold.case, onward, payer=hold.account)
    pay(world.analyst_a, hold.case, hold.account, payer=onward)
    refused(world, hold, onward.number.open(), INVOLVED)
    drafted(world, hold, payer.number.open())


def test_an_account_that_is_entered_after_the_draft_stops_submission_and_decision(world: Any) -> None:
    refund = make.direct(world)
    row = involve(world.analyst_a, refund.case, world.bank_b, number=make.PAYEE, level=2)
    with make.nothing_happens(), pytest.raises(Invalid) as problem:
        make.submit(world, refund)
    assert str(problem.value.fields["claims"][0]).startswith(f"Line 1: {INVOLVED}")
    Involvement.objects.filter(pk=row.pk).update(state="dismissed")
    make.submit(world, refund)
    Involvement.objects.filter(pk=row.pk).update(state="confirmed")
    with make.nothing_happens(), pytest.raises(Invalid):
        make.approve(world, refund)


def test_a_refused_draft_takes_no_number(world: Any) -> None:
    hold = make.frozen(world)
    first = make.direct(world)
    for _at in range(3):
        with pytest.raises(Invalid):
            drafted(world, hold, hold.account.number.open())
        with pytest.raises(Invalid), db.unit_of_work(world.analyst_a):
            refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data())
    second = drafted(world, hold, make.PAYEE)
    assert int(second.number[-7:]) == int(first.number[-7:]) + 1
    assert second.rounds.get().worksheet["facts"]["about"]["number"] == second.number


def one_left_out(world: Any, **changes: Any) -> tuple[Refund, Victim]:
    """Round 1 with two victims; round 2 gives one of them a line, and an officer answers for the one source."""
    refund = make.shared(world, 200_000, 300_000)
    first, second = make.victims(refund.case)
    claim = make.claim(first, 200_000, **changes)
    with db.unit_of_work(world.analyst_a):
        found = refund_renew(
            by=world.analyst_a, refund_id=refund.id, data=make.data(claim, is_stated_single=True), cause="changed",
            reason="the other one is paid elsewhere",
        )  # fmt: skip
    return found, second


def test_who_decides_sees_the_victim_beside_the_payee_and_who_was_left_out(world: Any, client: Any) -> None:
    refund, left_out = one_left_out(world, payee_name="李四")
    make.submit(world, refund)
    client.force_login(world.approver_a)
    page = client.get(f"/refunds/{refund.id}/decide/").content.decode()
    (share,) = make.shares(refund)
    assert share.victim.name.open() in page
    assert "李四" in page
    assert "not the victim&#x27;s name" in page or "not the victim's name" in page
    assert refund.hold.account.number.open() in page
    assert "answers in person for it that one payment alone fed this account" in page
    assert "was the rule of round 1" in page
    assert left_out.name.open() in page
    assert "left out since the round before" in page
    assert "3,000.00" in page


def test_the_same_name_is_no_warning(world: Any, client: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    person = share.victim.name.open()
    hold = make.frozen(world)
    same = drafted(world, hold, make.PAYEE, payee_name=f" {person} ")
    client.force_login(world.analyst_a)
    assert "not the victim" not in client.get(f"/refunds/{same.id}/").content.decode()
    other = drafted(world, make.frozen(world), make.PAYEE, payee_name="李四")
    page = client.get(f"/refunds/{other.id}/").content.decode()
    assert "not the victim" in page
    assert "李四" not in page


def test_page_and_files_say_it_too(world: Any, client: Any) -> None:
    refund, left_out = one_left_out(world, payee_name="李四")
    client.force_login(world.analyst_a)
    page = client.get(f"/refunds/{refund.id}/").content.decode()
    assert "left out since the round before" in page
    assert left_out.name.open() not in page
    found = client.post(f"/refunds/{refund.id}/rounds/2/export/csv/").content.decode("utf-8-sig")
    assert "another than the victim's" in found
    assert str(left_out.pk) in found
    assert "3000.00" in next(line for line in found.splitlines() if str(left_out.pk) in line)
    assert refund.hold.account.number.open() not in found


def test_the_paper_names_them_and_stays_as_it_was(world: Any) -> None:
    refund, left_out = one_left_out(world, payee_name="李四")
    make.approve(world, make.submit(world, refund))
    first = paper(world, refund)
    text = drawn(first).replace("\n", " ")
    (share,) = make.shares(refund)
    assert share.victim.name.open() in text
    assert refund.hold.account.number.open() in text.replace(" ", "")
    assert "without a line: 1" in text
    assert left_out.name.open() not in text
    make.another_victim(world, refund.case, "赵新")
    assert paper(world, refund) == first


def test_two_hundred_payees_are_judged_in_a_dozen_statements(world: Any, django_assert_max_num_queries: Any) -> None:
    from accounts.selectors.refund_payees import payees_barred

    hold = Hold.objects.select_related("account").get(pk=make.frozen(world).pk)
    with django_assert_max_num_queries(14, connection=connection):
        assert payees_barred(hold, [card() for _at in range(200)]) == {}


@pytest.mark.django_db(transaction=True)
def test_names_under_many_keys_are_opened_by_one_statement(world: Any, django_assert_num_queries: Any) -> None:
    hold = make.frozen(world)
    for at in range(3):
        DataKey.objects.filter(scope_id=hold.case_id).update(retired_at=timezone.now())
        data_keys.forget()
        make.another_victim(world, hold.case, f"赵{at}")
    people = make.victims(hold.case)
    assert len({row.name.key_id for row in people}) == 4
    data_keys.forget()
    with django_assert_num_queries(1):
        found = named(LeftOut(person, None, None, is_since=False) for person in people)
    assert [each.name for each in found][1:] == ["赵0", "赵1", "赵2"]
