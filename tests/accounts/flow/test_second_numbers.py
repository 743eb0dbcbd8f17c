"""Card and account number of one account are one node, whichever file comes first; disputes, previews, undoing, traces."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry, LedgerMatch, SecondNumber, StatementLine
from accounts.services.ledger.undo import match_undo
from accounts.services.statements.files import statement_discard
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import new_case
from tests.accounts.flow.second_numbers import ACCOUNT, OTHER_ACCOUNT, Both, imported_both, preview_both
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, commit, imported, told_entries, work
from tests.cast import World

pytestmark = pytest.mark.django_db

# The victim A pays to the account number of card B, whose bank writes both numbers; B pays C on.
VICTIM = [Line(A, "out", 500_00, 0, ACCOUNT, 0, serial="V1")]
MULE = [
    Both(B, "in", 500_00, 5, A, 500_00, serial="M1", number=ACCOUNT),
    Both(B, "out", 400_00, 60, C, 100_00, serial="M2", number=ACCOUNT),
]
THIRD = [Line(C, "in", 400_00, 62, ACCOUNT, 400_00, serial="T1")]


def _brought(world: World, case: Any, names: Any) -> None:
    files = {"victim": VICTIM, "third": THIRD}
    for name in names:
        if name == "mule":
            imported_both(world.analyst_a, case, MULE)
        else:
            imported(world.analyst_a, case, files[name])


@pytest.mark.parametrize("order", list(itertools.permutations(("victim", "mule", "third"))))
def test_in_any_order_both_numbers_are_one_account(world: World, order: tuple[str, ...]) -> None:
    case = new_case(world.analyst_a)
    _brought(world, case, order)
    rows = [(row[0], row[1], row[4], row[10], row[11]) for row in told_entries(case)]
    assert rows == [(A, B, 500_00, True, True), (B, C, 400_00, True, True)]
    second, main = account_of(case, ACCOUNT), account_of(case, B)
    assert (second.main, main.main) == (main.node, None)
    chain = LedgerChain.objects.get(case=case, node=main.node)
    assert (chain.entries_in, chain.entries_out, chain.in_minor, chain.out_minor, chain.breaks) == (
        1,
        1,
        500_00,
        400_00,
        0,
    )
    assert not LedgerChain.objects.filter(node=second.node).exists()
    assert StatementLine.objects.filter(case_id=case.pk, named_counter=second.node, counter=main.node).count() == 2
    assert LedgerMatch.objects.filter(case=case, entry__isnull=False).count() == 2
    told = AuditEntry.objects.filter(verb="ledger.join", case_id=case.pk)
    assert [detail_of(entry)["joined"] for entry in told] == [[[second.node, main.node]]]


@pytest.mark.parametrize("order", [("victim", "mule", "third"), ("third", "victim", "mule")])
@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr"])
def test_a_trace_follows_through_the_account(world: World, order: tuple[str, ...], method: str) -> None:
    case = new_case(world.analyst_a)
    _brought(world, case, order)
    first = LedgerEntry.objects.get(case=case, src=account_of(case, A).node)
    with db.unit_of_work(world.analyst_a):
        seeds = [{"entry": first.pk, "from_minor": 0, "to_minor": 500_00}]
        run = trace_run(
            by=world.analyst_a, case_id=case.pk, seeds=seeds, params={"min_amount_minor": 0, "method": method}
        )
    assert [(edge["hop"], edge["amount"]) for edge in run.result["edges"]] == [(1, 500_00), (2, 400_00)]
    ends = {row["node"]: row["ends"] for row in run.result["nodes"]}
    assert ends[account_of(case, B).node] == {"resting": 100_00}
    assert ends[account_of(case, C).node] == {"resting": 400_00}


def test_a_statement_of_the_account_number_alone_is_the_accounts_own(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [Line(ACCOUNT, "out", 10_00, 90, D, 90_00, serial="P1")])
    imported_both(world.analyst_a, case, MULE)
    chain = LedgerChain.objects.get(case=case, node=account_of(case, B).node)
    assert (chain.entries_out, chain.closing_minor) == (2, 90_00)


@pytest.mark.parametrize("is_second_first", [True, False])
@pytest.mark.parametrize("serial", ["X9", ""])
def test_one_entry_told_under_both_numbers_counts_once(world: World, is_second_first: bool, serial: str) -> None:
    case = new_case(world.analyst_a)
    alone, beside = (
        Line(ACCOUNT, "out", 10_00, 90, D, serial=serial),
        Both(B, "out", 10_00, 90, D, serial=serial, number=ACCOUNT),
    )
    if is_second_first:
        imported(world.analyst_a, case, [alone])
    imported_both(world.analyst_a, case, [*MULE, beside])
    if not is_second_first:
        imported(world.analyst_a, case, [alone])
    chain = LedgerChain.objects.get(case=case, node=account_of(case, B).node)
    assert (chain.entries_out, chain.out_minor) == (2, 410_00)
    assert StatementLine.objects.filter(case_id=case.pk, left_out="twin").count() == 1


def test_a_preview_joins_nothing_and_its_discarding_leaves_nothing(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, VICTIM)
    before = told_entries(case)
    file = preview_both(world.analyst_a, case, MULE)
    assert SecondNumber.objects.filter(file=file).count() == 1
    assert (told_entries(case), account_of(case, ACCOUNT).main) == (before, None)
    imported(world.analyst_a, case, THIRD)  # another commit does not take the claim for granted either
    assert account_of(case, ACCOUNT).main is None
    with db.unit_of_work(world.analyst_a):
        statement_discard(by=world.analyst_a, file_id=file.pk)
    work("statement.clear", file.pk)
    assert not SecondNumber.objects.filter(case=case).exists()
    assert not LedgerAccount.objects.filter(
        case=case, number_index=bytes(account_of(case, ACCOUNT).number_index)
    ).exclude(main=None)
    assert account_of(case, ACCOUNT).main is None


def test_a_preview_that_names_the_second_number_is_led_at_its_commit(world: World) -> None:
    case = new_case(world.analyst_a)
    waiting = preview_both(world.analyst_a, case, [Both(D, "out", 7_00, 0, ACCOUNT, serial="W1")])
    imported_both(world.analyst_a, case, MULE)
    second, main = account_of(case, ACCOUNT), account_of(case, B)
    assert (second.main, waiting.lines.get().counter) == (main.node, second.node)
    commit(world.analyst_a, waiting)
    assert LedgerEntry.objects.get(src=account_of(case, D).node).dst == main.node


@pytest.mark.parametrize("is_dispute_first", [True, False])
def test_a_number_that_two_accounts_claim_joins_neither(world: World, is_dispute_first: bool) -> None:
    case = new_case(world.analyst_a)
    claims = [MULE, [Both(D, "out", 9_00, 600, C, 0, serial="D1", number=ACCOUNT)]]
    if is_dispute_first:
        claims.reverse()
    imported_both(world.analyst_a, case, claims[0])
    imported(world.analyst_a, case, VICTIM)
    assert account_of(case, ACCOUNT).main is not None
    imported_both(world.analyst_a, case, claims[1])
    imported(world.analyst_a, case, THIRD)
    assert account_of(case, ACCOUNT).main is None
    assert not StatementLine.objects.filter(case_id=case.pk, named_counter__isnull=False).exists()
    rows = [(row[0], row[1], row[4]) for row in told_entries(case)]
    assert rows == sorted([(A, ACCOUNT, 500_00), (A, B, 500_00), (B, C, 400_00), (ACCOUNT, C, 400_00), (D, C, 9_00)])
    last = AuditEntry.objects.filter(verb="ledger.join", case_id=case.pk).latest("at")
    assert detail_of(last) == {"joined": [], "parted": [account_of(case, ACCOUNT).node]}


def test_what_was_parted_is_the_same_as_if_it_had_never_been_joined(world: World) -> None:
    joined, plain = new_case(world.analyst_a), new_case(world.analyst_a)
    claim = [Both(D, "out", 9_00, 600, C, 0, serial="D1", number=ACCOUNT)]
    imported_both(world.analyst_a, joined, claim)
    for case, last in ((joined, ()), (plain, (claim,))):
        imported_both(world.analyst_a, case, MULE)
        imported(world.analyst_a, case, VICTIM)
        imported(world.analyst_a, case, THIRD)
        for rows in last:
            imported_both(world.analyst_a, case, rows)
    assert told_entries(joined) == told_entries(plain)


def test_money_between_two_numbers_of_one_account_has_no_other_side(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [
        Both(B, "out", 30_00, 70, OTHER_ACCOUNT, 70_00, serial="I1", number=ACCOUNT),
        Both(B, "in", 30_00, 70, ACCOUNT, 100_00, serial="I2", number=OTHER_ACCOUNT),
    ]
    imported_both(world.analyst_a, case, rows)
    node = account_of(case, B).node
    found = LedgerEntry.objects.filter(case=case).values_list("src", "dst")
    assert set(found) == {(None, node), (node, None)}
    assert not LedgerMatch.objects.filter(case=case).exists()


def test_what_an_officer_took_apart_stays_so_when_the_numbers_are_joined(world: World) -> None:
    case = new_case(world.analyst_a)
    _brought(world, case, ("victim", "mule"))
    match = LedgerMatch.objects.get(case=case, entry__isnull=False)
    with db.unit_of_work(world.analyst_a):
        match_undo(by=world.analyst_a, match_id=match.pk, reason="two different payments")
    imported_both(world.analyst_a, case, [Both(B, "in", 1_00, 900, D, 101_00, serial="M3", number=OTHER_ACCOUNT)])
    imported(world.analyst_a, case, [Line(D, "out", 1_00, 899, OTHER_ACCOUNT, 0, serial="D2")])
    amounts = [row[4] for row in told_entries(case)]
    assert amounts.count(500_00) == 2
    assert amounts.count(1_00) == 1


def test_a_rounded_or_masked_number_teaches_nothing(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [
        Both(B, "in", 1_00, 0, A, number="622202123456789000"), Both(B, "in", 2_00, 1, A, number="4010****0500"),
        Both(B, "in", 3_00, 2, A, number=B),
    ]  # fmt: skip
    imported_both(world.analyst_a, case, rows)
    assert not SecondNumber.objects.filter(case=case).exists()


def test_the_tab_names_a_disputed_number_and_nothing_of_an_agreed_one(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    imported_both(world.analyst_a, case, MULE)
    imported(world.analyst_a, case, VICTIM)
    url, client = reverse("accounts:case_statements", args=[case.pk]), log_in(world.analyst_a)
    assert "more than one account" not in client.get(url).content.decode()
    imported_both(world.analyst_a, case, [Both(D, "out", 9_00, 600, C, 0, serial="D1", number=ACCOUNT)])
    page = client.get(url).content.decode()
    shown = [account_of(case, number).number.masked() for number in (ACCOUNT, B, D)]
    assert "more than one account" in page
    assert all(text in page for text in shown)
    assert ACCOUNT not in page
